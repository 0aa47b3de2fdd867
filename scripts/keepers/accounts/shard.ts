/** Owners' accounts are numbered from here; the funds of markets 1 to 1023 have the markets' numbers. */
export const FIRST_ACCOUNT = 2048;

/** Which accounts a keeper looks after: those whose number leaves `index` when divided by `of`. Each has a row of its own. */
export class Shard {
  readonly #of: number;
  /** Lowest account. */
  readonly #first: number;

  constructor({ index, of } = { index: 0, of: 1 }) {
    this.#of = of;
    this.#first = FIRST_ACCOUNT + ((((index - FIRST_ACCOUNT) % of) + of) % of);
  }

  has(account: number): boolean {
    return account >= this.#first && (account - this.#first) % this.#of === 0;
  }

  rowOf(account: number): number {
    return (account - this.#first) / this.#of;
  }

  accountOf(row: number): number {
    return this.#first + row * this.#of;
  }

  /** Rows of the shard where so many accounts are open in all. */
  rows(accounts: number): number {
    return Math.max(0, Math.ceil((FIRST_ACCOUNT + accounts - this.#first) / this.#of));
  }
}
