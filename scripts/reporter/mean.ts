import { divideHalfEven, integerSquareRoot } from "../lib/rational.ts";

/** Furthest neighbour, in days, from which a missing day may be filled. */
const MAX_DISTANCE = 31;

/** Mean of a delivery window as an exact fraction. */
export interface WindowMean {
  /** Sum of the values of all days, filled ones included, WAD. */
  sum: bigint;
  /** Number of days. */
  days: number;
  /** Days without a print, which were filled. */
  filled: number[];
}

/**
 * Calculates what a window settles on, from prints that were not read from the chain: a second way to the number that
 * the contracts write. A missing day takes the integer square root of the product of its nearest known neighbours, or
 * the one that is known; filled days are nobody's neighbours.
 * @param values Value (WAD) of every day that has a print.
 * @param firstPeriod First UTC day of the window.
 * @param lastPeriod Last UTC day of the window.
 * @throws RangeError where a missing day has no neighbour within 31 days.
 */
export function windowMean(
  values: ReadonlyMap<number, bigint>,
  firstPeriod: number,
  lastPeriod: number,
): WindowMean {
  const filled: number[] = [];
  let sum = 0n;
  for (let period = firstPeriod; period <= lastPeriod; period++) {
    let value = values.get(period);
    if (value === undefined) {
      filled.push(period);
      value = fillDay(values, period);
    }
    sum += value;
  }
  return { sum, days: lastPeriod - firstPeriod + 1, filled };
}

/** Settlement price in ticks: the exact mean rounded half-even to a tick, once. */
export function settlementTick({ sum, days }: WindowMean, indexPerTick: bigint): bigint {
  return divideHalfEven(sum, BigInt(days) * indexPerTick);
}

/**
 * Mean of the prints among the last days, as the perpetual's index takes it: missing days are skipped.
 * @returns WAD, rounded down; undefined where no day has a print.
 */
export function trailingMean(
  values: ReadonlyMap<number, bigint>,
  lastPeriod: number,
  days = 7,
): bigint | undefined {
  let sum = 0n;
  let present = 0n;
  for (let period = lastPeriod - days + 1; period <= lastPeriod; period++) {
    const value = values.get(period);
    if (value === undefined) continue;
    sum += value;
    present += 1n;
  }
  return present === 0n ? undefined : sum / present;
}

function fillDay(values: ReadonlyMap<number, bigint>, period: number): bigint {
  const before = nearest(values, period, -1);
  const after = nearest(values, period, 1);
  if (before !== undefined && after !== undefined) return integerSquareRoot(before * after);
  const known = before ?? after;
  if (known === undefined) throw new RangeError(`day ${period} has no neighbour within ${MAX_DISTANCE} days`);
  return known;
}

function nearest(values: ReadonlyMap<number, bigint>, period: number, step: 1 | -1): bigint | undefined {
  for (let distance = 1; distance <= MAX_DISTANCE; distance++) {
    const value = values.get(period + step * distance);
    if (value !== undefined) return value;
  }
  return undefined;
}
