import type { Address, Hex } from "viem";
import { z } from "zod";
import { ReportError, reportFromJson, type FullReport } from "./reports.ts";

/** Two reports of one reporter that contradict each other. */
export interface Equivocation {
  readonly signer: Address;
  readonly index: Hex;
  readonly period: number;
  readonly revision: number;
  readonly first: FullReport;
  readonly second: FullReport;
}

const schema = z.object({ reports: z.array(z.tuple([z.unknown(), z.unknown()])).max(10_000) });

/**
 * Reads what a node shows at /evidence. Whether the pairs prove anything is for the contract to say.
 * @throws ReportError Malformed.
 */
export function evidenceOf(json: unknown): Equivocation[] {
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new ReportError("Malformed", "evidence", parsed.error.issues[0]?.message ?? "?");
  return parsed.data.reports.map((pair): Equivocation => {
    const [first, second] = [reportFromJson(pair[0]), reportFromJson(pair[1])];
    const { signer, index, period, revision } = first;
    return { signer, index, period, revision, first, second };
  });
}
