import { MAX_ENTRY_AMOUNT, type UsageEntry } from "../log/entry.ts";
import type { Appended, UsageLog } from "../log/log.ts";
import { MeterError } from "./errors.ts";

/** What a reading came to. */
export interface MeterOutcome extends Appended {
  /** Rows or points that could not be, and were left out. */
  readonly refused: number;
  /** What was wrong with the first of them. */
  readonly problem?: MeterError;
}

/** Reads one source into the log. */
export interface Meter {
  /** Name of the source in the log; it must stay the same. */
  readonly source: string;
  /**
   * Reads once and logs what is new. Reading again is harmless, and so is dying at any moment.
   * @throws MeterError where the source is away or what it says cannot be as a whole; what it said since the last good
   * reading is read the next time.
   */
  read(): Promise<MeterOutcome>;
}

/** What every meter is given. */
export interface MeterContext {
  readonly source: string;
  readonly log: UsageLog;
  /** Unix milliseconds. */
  readonly clock: () => number;
}

/** What a statement has to say of usage and this source cannot. */
export interface Marks {
  /** Is a price above zero paid for it? */
  readonly priced: boolean;
  /** Is it the contributor's own usage? */
  readonly ownAccount: boolean;
  /** Is it known by whom it was used? */
  readonly labelled: boolean;
  /** Models that are free, whatever `priced` says. */
  readonly freeModels: readonly string[];
}

/** The marks of one model's usage; without a name it has no label. */
export function marksOf(
  model: string,
  { priced, ownAccount, labelled, freeModels }: Marks,
): Pick<UsageEntry, "model" | "labelled" | "priced" | "ownAccount"> {
  return {
    model,
    labelled: labelled && model !== "",
    priced: priced && !freeModels.includes(model),
    ownAccount,
  };
}

/** Adds what became of several batches, and refusals, up to one outcome. */
export class OutcomeSum {
  #outcome = { added: 0, duplicates: 0, replaced: 0, late: 0, refused: 0 };
  #problem: MeterError | undefined;

  get outcome(): MeterOutcome {
    return { ...this.#outcome, ...(this.#problem && { problem: this.#problem }) };
  }

  add({ added, duplicates, replaced, late }: Appended): this {
    this.#outcome.added += added;
    this.#outcome.duplicates += duplicates;
    this.#outcome.replaced += replaced;
    this.#outcome.late += late;
    return this;
  }

  /**
   * Makes something of a row or a point; one that cannot be is left out, so that it does not stand in the way of others.
   * @throws whatever is not a MeterError.
   */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MeterError)) throw error;
      this.#outcome.refused += 1;
      this.#problem ??= error;
      return undefined;
    }
  }
}

/** Amounts of an entry. */
export interface Amounts {
  input: bigint;
  cached: bigint;
  output: bigint;
  reasoning: bigint;
  requests: bigint;
}

/** Amounts of nothing, to add to. */
export function noAmounts(): Amounts {
  return { input: 0n, cached: 0n, output: 0n, reasoning: 0n, requests: 0n };
}

/** Is any of the amounts above zero? */
export function isUsage({ input, cached, output, reasoning, requests }: Amounts): boolean {
  return input > 0n || cached > 0n || output > 0n || reasoning > 0n || requests > 0n;
}

/**
 * Reads a count as a source writes it. A floating-point number is taken as it is, rounded down once: counters are
 * differences of such readings, so that nothing is lost from one reading to the next.
 * @throws MeterError WrongAmount where it is below zero, absurd, or no number.
 */
export function amountOf(place: string, value: string | number): bigint {
  const text = String(value).trim();
  const number = Number(text);
  if (text === "" || !Number.isFinite(number) || number < 0 || number > Number(MAX_ENTRY_AMOUNT) / 2)
    throw new MeterError("WrongAmount", place, text, `0 to ${MAX_ENTRY_AMOUNT / 2n}`);
  // A whole number beyond 2^53 is exact only as a text.
  return /^\d+$/.test(text) ? BigInt(text) : BigInt(Math.floor(number));
}
