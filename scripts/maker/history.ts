/** Daily prints as a strategy remembers them: UTC day number → value in index points. */
export class PrintHistory {
  readonly #values = new Map<number, number>();
  #newest = -1;

  /** Remembers (or corrects) the print of a day. */
  record(period: number, value: number): void {
    if (!(value > 0)) throw new RangeError(`a print must be above zero, not ${value}`);
    this.#values.set(period, value);
    this.#newest = Math.max(this.#newest, period);
  }

  /** Newest day that has a print; −1 when there is none. */
  get newest(): number {
    return this.#newest;
  }

  /** Number of prints known. */
  get size(): number {
    return this.#values.size;
  }

  /** Value of a day in points, undefined where there is no print. */
  at(period: number): number | undefined {
    return this.#values.get(period);
  }

  /** Mean of the prints present among the `days` days up to `period`, undefined when there is none. */
  mean(period: number = this.#newest, days = 7): number | undefined {
    let sum = 0;
    let present = 0;
    for (let day = period - days + 1; day <= period; day++) {
      const value = this.#values.get(day);
      if (value === undefined) continue;
      sum += value;
      present++;
    }
    return present === 0 ? undefined : sum / present;
  }
}
