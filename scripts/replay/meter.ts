import { clearinghouseAbi, collateralAbi, usageIndexAbi } from "@usance/sdk/abis";
import { parseTransaction, toFunctionSelector, type Hash, type Hex } from "viem";
import type { GasSummary } from "./result.ts";

/** Name of every function of the exchange by its selector. */
const FUNCTIONS: ReadonlyMap<Hex, string> = new Map(
  [...collateralAbi, ...usageIndexAbi, ...clearinghouseAbi].flatMap((item) =>
    item.type === "function" ? [[toFunctionSelector(item), item.name] as const] : [],
  ),
);

/**
 * Counts the gas of whole transactions by function called. It watches raw transactions and receipts go by, so it sees
 * what every participant sends, keepers included.
 */
export class GasMeter {
  readonly #pending = new Map<Hash, string>();
  readonly #used = new Map<string, number[]>();

  /** Notes a transaction that the node took. */
  sent(hash: Hash, raw: Hex): void {
    const { data = "0x" } = parseTransaction(raw);
    const name = FUNCTIONS.get(data.slice(0, 10) as Hex);
    if (name !== undefined) this.#pending.set(hash, name);
  }

  /** Notes a receipt; further ones of the same transaction change nothing. */
  received({ transactionHash, gasUsed, status }: { transactionHash: Hash; gasUsed: Hex; status: Hex }): void {
    const name = this.#pending.get(transactionHash);
    if (name === undefined) return;
    this.#pending.delete(transactionHash);
    if (Number(status) !== 1) return;
    const list = this.#used.get(name) ?? [];
    list.push(Number(gasUsed));
    this.#used.set(name, list);
  }

  /** Transactions counted. */
  get count(): number {
    return [...this.#used.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Summary by function, in alphabetical order. */
  summary(): Record<string, GasSummary> {
    const rows = [...this.#used].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(rows.map(([name, values]) => [name, summarise(values)]));
  }
}

/** Count, smallest, median (the lower of two middle ones) and largest of at least one value. */
export function summarise(values: readonly number[]): GasSummary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    min: sorted[0]!,
    median: sorted[(sorted.length - 1) >> 1]!,
    max: sorted.at(-1)!,
  };
}
