import type { Hex } from "viem";
import { calculateDay, type Calculation, type PrintedDay } from "../calculator/calculate.ts";
import { TU1D_RULES, type Rules } from "../calculator/rules.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import { verifyStatement } from "../statements/signed.ts";
import type { Archive, ArchiveReader, PrintEntry, PublishedPrint } from "./archive.ts";
import { PublicationError } from "./errors.ts";

/** What the chain says of a day. */
export interface ChainPrint {
  /** WAD; zero where the day has no print. */
  readonly value: bigint;
  readonly revision: number;
  readonly vintage: Hex;
  /** Was the day filled at settlement, without a print? */
  readonly filled: boolean;
}

/** Two statements of the same thing that are not equal. */
export interface Difference {
  readonly date: string;
  readonly what: "value" | "vintage" | "revision" | "print" | "statement";
  /** What the recalculation gave. */
  readonly recomputed: string;
  /** What was published, or what stands on chain. */
  readonly stated: string;
  readonly by: "the archive" | "the chain";
}

/** What a verification found. */
export interface Verification {
  /** The print of the day. */
  readonly entry: PrintEntry;
  /** The recalculation of it. */
  readonly calculation: Calculation;
  /** Prints that were recalculated, from the base day on. */
  readonly days: number;
  /** Statements whose signatures were verified. */
  readonly statements: number;
  /** Empty where everything agrees. */
  readonly differences: readonly Difference[];
}

/** What a day is verified with. */
export interface VerificationInput {
  readonly reader: ArchiveReader;
  /** UTC day number. */
  readonly period: number;
  /** Reads the chain; left out, only the archive is verified. */
  readonly readChain?: (period: number) => Promise<ChainPrint>;
  /** Unix seconds: nobody can have stated a day that has not ended. */
  readonly now: number;
  /** TU1D when left out. */
  readonly rules?: Rules;
}

/**
 * Recomputes a print from the statements that were published with it and with every print before it, back to the base day, so that
 * nothing has to be believed but the contributors' signatures.
 * @throws PublicationError where files are missing or malformed; other faults are differences.
 */
export async function verifyDay({
  reader,
  period,
  readChain,
  now,
  rules = TU1D_RULES,
}: VerificationInput): Promise<Verification> {
  const archive = await reader.head(rules);
  const onChain = await readChain?.(period);
  const last = entryOf(archive, period, onChain);
  const prints = await historyOf(reader, archive, last);
  const differences: Difference[] = [];
  let previous: PrintedDay | undefined;
  let calculation: Calculation | undefined;
  let statements = 0;
  for (const print of prints) {
    const date = dateOfPeriod(print.period);
    for (const signed of print.statements) {
      await verifyStatement(signed, { contributors: archive.contributors, rules }, now).catch(
        (error: unknown) => {
          const recomputed = error instanceof Error ? error.message : String(error);
          const stated = signed.statement.contributor;
          differences.push({ date, what: "statement", recomputed, stated, by: "the archive" });
        },
      );
      statements += 1;
    }
    calculation = calculateDay({
      period: print.period,
      stage: print.stage,
      statements: print.statements.map(({ statement }) => statement),
      previous,
      rules,
    });
    compare(calculation, print, "the archive", differences);
    if (calculation.printed === undefined) break;
    previous = calculation.printed;
  }
  if (calculation === undefined)
    throw new PublicationError("NotFound", dateOfPeriod(period), "nothing", "a print");
  if (onChain !== undefined && calculation.period === period) {
    compare(calculation, onChain, "the chain", differences);
    if (onChain.value !== 0n && onChain.revision !== last.revision)
      differences.push({
        date: dateOfPeriod(period),
        what: "revision",
        recomputed: String(last.revision),
        stated: String(onChain.revision),
        by: "the chain",
      });
  }
  return { entry: last, calculation, days: prints.length, statements, differences };
}

/** The published print that stands on chain, else the newest one of the day. */
function entryOf(archive: Archive, period: number, onChain: ChainPrint | undefined): PrintEntry {
  const entries = archive.prints.filter((entry) => entry.period === period);
  const standing = entries.find(({ vintage }) => vintage === onChain?.vintage);
  const found = standing ?? entries.at(-1);
  if (found === undefined)
    throw new PublicationError(
      "NotFound",
      dateOfPeriod(period),
      "no print of this day is published",
      archive.prints.length === 0
        ? "the archive is empty"
        : `${dateOfPeriod(archive.prints[0]?.period ?? 0)} to ${dateOfPeriod(archive.prints.at(-1)?.period ?? 0)}`,
    );
  return found;
}

/** The print and all before it, each being the one that the next one's link goes from; from the base day on. */
async function historyOf(
  reader: ArchiveReader,
  archive: Archive,
  last: PrintEntry,
): Promise<PublishedPrint[]> {
  const prints: PublishedPrint[] = [];
  for (let entry: PrintEntry | undefined = last; entry !== undefined;) {
    const print = await reader.print(entry);
    prints.push(print);
    const { previous } = print;
    if (previous === undefined) break;
    entry = archive.prints.find(
      ({ period, vintage }) => period === previous.period && vintage === previous.vintage,
    );
    // Days go backwards only, so that a file that names a later one ends the walk.
    if (entry === undefined || previous.period >= print.period)
      throw new PublicationError(
        "NotFound",
        `print before ${dateOfPeriod(print.period)}`,
        `${dateOfPeriod(previous.period)}, vintage ${previous.vintage}`,
        "an earlier print of the archive",
      );
  }
  return prints.reverse();
}

function compare(
  calculation: Calculation,
  stated: { readonly value: bigint; readonly vintage: Hex; readonly filled?: boolean },
  by: Difference["by"],
  differences: Difference[],
): void {
  const date = dateOfPeriod(calculation.period);
  const { print, vintage } = calculation;
  if (stated.value === 0n || stated.filled === true) {
    const nothing = stated.filled === true ? "filled at settlement" : "no print";
    differences.push({
      date,
      what: "print",
      recomputed: print?.toString() ?? "missing",
      stated: nothing,
      by,
    });
    return;
  }
  if (print !== stated.value)
    differences.push({
      date,
      what: "value",
      recomputed: print?.toString() ?? `no print: ${calculation.status}`,
      stated: stated.value.toString(),
      by,
    });
  if (vintage !== stated.vintage)
    differences.push({ date, what: "vintage", recomputed: vintage, stated: stated.vintage, by });
}
