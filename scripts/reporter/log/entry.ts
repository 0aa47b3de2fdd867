import { encodeAbiParameters, keccak256, type Hex } from "viem";
import { byName, isModelName, type UsageRow } from "../../calculator/statement.ts";
import { LogError } from "./errors.ts";

/** What a source says was used on one UTC day: by a request, or by as much as a counter rose. */
export interface UsageEntry extends UsageRow {
  /** Under which the source knows it: the same key is the same usage, and counts once. */
  readonly key: string;
  /** UTC day number. */
  readonly period: number;
  /** As the source spells it; it becomes a name of the statement, or no name, when rows are made. */
  readonly model: string;
}

/** An entry as the log has it. */
export interface LoggedEntry extends UsageEntry {
  readonly source: string;
  /** 0, and one more for each time that the source corrected it. */
  readonly version: number;
}

/** Most that an amount of an entry may be: the sum of 2^32 of them is within what a statement can say. */
export const MAX_ENTRY_AMOUNT = 2n ** 96n - 1n;

/**
 * Refuses an entry that the log cannot keep.
 * @throws LogError EmptyKey, WrongPeriod, AmountOutOfRange.
 */
export function checkEntry(source: string, entry: UsageEntry): void {
  const place = `${source}, ${entry.key}`;
  if (entry.key === "") throw new LogError("EmptyKey", source, entry.key, "a text");
  if (!Number.isInteger(entry.period) || entry.period < 0 || entry.period >= 2 ** 32)
    throw new LogError("WrongPeriod", place, entry.period, "a UTC day number");
  for (const amount of [entry.input, entry.cached, entry.output, entry.reasoning, entry.requests])
    if (amount < 0n || amount > MAX_ENTRY_AMOUNT)
      throw new LogError("AmountOutOfRange", place, amount, MAX_ENTRY_AMOUNT);
}

/** Do two entries say the same? */
export function sameUsage(a: UsageEntry, b: UsageEntry): boolean {
  return (
    a.period === b.period &&
    a.model === b.model &&
    a.labelled === b.labelled &&
    a.priced === b.priced &&
    a.ownAccount === b.ownAccount &&
    a.input === b.input &&
    a.cached === b.cached &&
    a.output === b.output &&
    a.reasoning === b.reasoning &&
    a.requests === b.requests
  );
}

/** Leaf of an entry in the tree of its day: the hash of the hash of an ABI encoding, as in the tree of a print's inputs. */
export function entryLeaf(contributor: string, entry: LoggedEntry): Hex {
  const encoding = encodeAbiParameters(
    [
      { type: "string" },
      { type: "string" },
      { type: "string" },
      { type: "uint32" },
      { type: "uint32" },
      { type: "string" },
      { type: "bool[3]" },
      { type: "uint128[5]" },
    ],
    [
      contributor,
      entry.source,
      entry.key,
      entry.version,
      entry.period,
      entry.model,
      [entry.labelled, entry.priced, entry.ownAccount],
      [entry.input, entry.cached, entry.output, entry.reasoning, entry.requests],
    ],
  );
  return keccak256(keccak256(encoding));
}

/**
 * Adds entries of a day up to one row for each combination of model and marks. It refuses nothing: a name that a
 * statement cannot bear becomes a row without label, and a part above its whole is cut to the whole, since one bad
 * value of a source must not cost the day.
 */
export class RowSums {
  readonly #sums = new Map<string, Sum>();

  add(entry: UsageEntry): void {
    const { labelled, priced, ownAccount } = entry;
    const named = isModelName(entry.model);
    const marks = { model: named ? entry.model : "", labelled: labelled && named, priced, ownAccount };
    const key = JSON.stringify(marks);
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = { ...marks, input: 0n, cached: 0n, output: 0n, reasoning: 0n, requests: 0n };
      this.#sums.set(key, sum);
    }
    sum.input += entry.input;
    sum.cached += entry.cached;
    sum.output += entry.output;
    sum.reasoning += entry.reasoning;
    sum.requests += entry.requests;
  }

  /** Rows that `checkStatement` accepts, in the order of names; none without usage. */
  rows(): UsageRow[] {
    return [...this.#sums]
      .sort(([a], [b]) => byName(a, b))
      .map(([, sum]) => ({
        ...sum,
        cached: sum.cached < sum.input ? sum.cached : sum.input,
        reasoning: sum.reasoning < sum.output ? sum.reasoning : sum.output,
      }))
      .filter(({ input, output, requests }) => input > 0n || output > 0n || requests > 0n);
  }
}

type Sum = { -readonly [K in keyof UsageRow]: UsageRow[K] };

/** Rows of entries that are at hand. */
export function rowsOf(entries: Iterable<UsageEntry>): UsageRow[] {
  const sums = new RowSums();
  for (const entry of entries) sums.add(entry);
  return sums.rows();
}
