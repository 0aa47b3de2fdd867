import { SECONDS_PER_DAY } from "../../lib/calendar.ts";

const DAY_MS = SECONDS_PER_DAY * 1_000;

/** A counter as it was read. Times are Unix milliseconds. */
export interface Reading {
  readonly value: bigint;
  readonly at: number;
  /** When it began to count, where the source says so. */
  readonly start?: number;
}

/** What a counter rose by, and in which time. */
export interface Rise {
  readonly amount: bigint;
  readonly from: number;
  readonly to: number;
}

/**
 * Says what was counted since the previous reading.
 *
 * - The first reading is a baseline and counts nothing, unless the counter began while its source was being watched: then
 *   all of it is new.
 * - A counter that is lower, or that began anew, was reset: all that it shows was counted since. What it counted between
 *   the last reading and the reset is lost.
 * - A reading older than the previous one says nothing.
 * @param watchedSince Since when any new counter of the source would have been noticed.
 */
export function riseOf(
  previous: Reading | undefined,
  reading: Reading,
  watchedSince?: number,
): Rise | undefined {
  const { value, at, start } = reading;
  if (previous === undefined) {
    if (start === undefined || watchedSince === undefined || start < watchedSince) return undefined;
    return { amount: value, from: Math.min(start, at), to: at };
  }
  if (at < previous.at) return undefined;
  const beganAnew = start !== undefined && previous.start !== undefined && start > previous.start;
  if (!beganAnew && value >= previous.value)
    return { amount: value - previous.value, from: previous.at, to: at };
  return { amount: value, from: Math.min(Math.max(previous.at, start ?? 0), at), to: at };
}

/**
 * Spreads what was counted between two moments over UTC days, in proportion to time: whole tokens, rounded down at each
 * midnight, the rest later, so that the parts add up to the whole.
 * @returns Amount of each day, days without any left out.
 */
export function overDays({ amount, from, to }: Rise): Map<number, bigint> {
  const days = new Map<number, bigint>();
  const first = Math.floor(from / DAY_MS);
  // What ends at midnight belongs to the day that ends there.
  const last = to > from ? Math.ceil(to / DAY_MS) - 1 : Math.floor(to / DAY_MS);
  let before = 0n;
  for (let period = first; period <= last; period++) {
    const until = Math.min((period + 1) * DAY_MS, to);
    const sum = to > from ? (amount * BigInt(until - from)) / BigInt(to - from) : amount;
    if (sum > before) days.set(period, sum - before);
    before = sum;
  }
  return days;
}

/** A reading as a checkpoint keeps it. */
export function packReading({ value, at, start }: Reading): string {
  return JSON.stringify([String(value), at, ...(start === undefined ? [] : [start])]);
}

/** Reads a checkpoint. */
export function unpackReading(text: string | undefined): Reading | undefined {
  if (text === undefined) return undefined;
  const [value, at, start] = JSON.parse(text) as [string, number, number?];
  return { value: BigInt(value), at, ...(start !== undefined && { start }) };
}
