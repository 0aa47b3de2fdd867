const secondsOfDay = 86_400n;

/**
 * Gives the period that a moment falls into.
 *
 * @param moment - A date, or Unix time in seconds.
 * @returns UTC day number.
 *
 * @example
 * import { periodOf } from "@usance/sdk";
 *
 * const first = periodOf(new Date("2025-01-01T12:00:00Z")); // 20089
 */
export function periodOf(moment: Date | bigint): number {
  const seconds = typeof moment === "bigint" ? moment : BigInt(Math.floor(moment.getTime() / 1000));
  return Number(seconds / secondsOfDay);
}

/**
 * Gives the first moment of a period.
 *
 * @param period - UTC day number.
 * @returns Its 00:00 UTC.
 *
 * @example
 * import { dateOf } from "@usance/sdk";
 *
 * const day = dateOf(20089).toISOString().slice(0, 10); // "2025-01-01"
 */
export function dateOf(period: number): Date {
  return new Date(Number(BigInt(period) * secondsOfDay) * 1000);
}
