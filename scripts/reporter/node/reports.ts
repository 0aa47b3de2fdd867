import { recoverReporter, type Report, type ReportDomain, type SignedReport } from "@usance/sdk";
import { isAddressEqual, type Address, type Hex } from "viem";
import { z } from "zod";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import { RefusalError } from "../../lib/errors.ts";
import { hashSchema } from "../../lib/schema.ts";
import { LAST_REVISION } from "./protocol.ts";

/** A report with everything that its signature is over. */
export type FullReport = Report & SignedReport;

/** Why a peer's report is refused. */
export type ReportErrorCode =
  | "Malformed"
  | "WrongIndex"
  | "FuturePeriod"
  | "PeriodTooEarly"
  | "RevisionOutOfRange"
  | "ZeroValue"
  | "ValueTooLarge"
  | "ReportExpired"
  | "MalleableSignature"
  | "WrongSigner"
  | "ReporterInactive";

/** Refusal of a peer's report, with the value that it had and the one that is allowed. */
export class ReportError extends RefusalError<ReportErrorCode> {
  override readonly name = "ReportError";

  constructor(code: ReportErrorCode, actual: bigint | number | string, allowed: bigint | number | string) {
    super(code, "", actual, allowed);
  }
}

/** What a peer's report is held against. */
export interface ReportTerms extends ReportDomain {
  readonly index: Hex;
  readonly firstPeriod: number;
  /** WAD. */
  readonly maxValue: bigint;
  /** Does an address hold a seat on the panel? */
  isActive(reporter: Address): Promise<boolean>;
}

/** Half of the curve's order: of the two `s` of a signature the lower one counts. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const PARITY = 1n << 255n;

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address>;
const whole = z
  .string()
  .regex(/^(0|[1-9]\d{0,38})$/)
  .transform(BigInt);

const reportSchema = z.strictObject({
  index: hashSchema,
  period: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  revision: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  value: whole.refine((value) => value < 2n ** 128n),
  vintage: hashSchema,
  deadline: whole.refine((deadline) => deadline < 2n ** 64n),
  signer: address,
  r: hashSchema,
  vs: hashSchema,
});

/** JSON form of a list of reports, as peers exchange it. */
export const reportListSchema = z.object({ reports: z.array(reportSchema).max(256) });

/** Writes a report as what `JSON.stringify` takes. */
export function reportToJson({ value, deadline, ...rest }: FullReport) {
  return { ...rest, value: value.toString(), deadline: deadline.toString() };
}

/**
 * Reads a report from parsed JSON.
 * @throws ReportError Malformed.
 */
export function reportFromJson(json: unknown): FullReport {
  const parsed = reportSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ReportError("Malformed", issue?.path.join(".") ?? "report", issue?.message ?? "?");
}

/**
 * Checks a report as the index contract would, and that its signer is who it says.
 * @param now Unix seconds.
 * @throws ReportError
 */
export async function verifyReport(report: FullReport, terms: ReportTerms, now: number): Promise<void> {
  const { index, period, revision, value, deadline, signer, vs } = report;
  if (index !== terms.index) throw new ReportError("WrongIndex", index, terms.index);
  const today = Math.floor(now / SECONDS_PER_DAY);
  if (period >= today) throw new ReportError("FuturePeriod", period, today - 1);
  if (period < terms.firstPeriod) throw new ReportError("PeriodTooEarly", period, terms.firstPeriod);
  // Nobody of the panel signs others, and keeping them would let one reporter fill a disk.
  if (revision < 1 || revision > LAST_REVISION)
    throw new ReportError("RevisionOutOfRange", revision, `1 to ${LAST_REVISION}`);
  if (value === 0n) throw new ReportError("ZeroValue", value, 1n);
  if (value > terms.maxValue) throw new ReportError("ValueTooLarge", value, terms.maxValue);
  if (deadline < BigInt(now)) throw new ReportError("ReportExpired", deadline, now);
  const s = BigInt(vs) & (PARITY - 1n);
  if (s > HALF_ORDER) throw new ReportError("MalleableSignature", s, HALF_ORDER);
  if (!(await terms.isActive(signer)))
    throw new ReportError("ReporterInactive", signer, "a seat on the panel");
  const { chainId, usageIndex } = terms;
  const recovered = await signerOf({ ...report, chainId, usageIndex });
  if (recovered === undefined || !isAddressEqual(recovered, signer))
    throw new ReportError("WrongSigner", recovered ?? "nobody", signer);
}

async function signerOf(report: Parameters<typeof recoverReporter>[0]): Promise<Address | undefined> {
  try {
    return await recoverReporter(report);
  } catch {
    return undefined;
  }
}
