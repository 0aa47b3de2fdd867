/** Seconds of a UTC day; a period is a day's number since 1970-01-01. */
export const SECONDS_PER_DAY = 86_400;

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * Reads an ISO date ("2025-01-31") as a UTC day number.
 * @throws RangeError where the text is not a date of the calendar.
 */
export function periodOfDate(date: string): number {
  const period = DAY.test(date) ? Date.parse(`${date}T00:00:00Z`) / (SECONDS_PER_DAY * 1000) : NaN;
  // Date.parse lets "2025-02-30" through as March.
  if (!Number.isInteger(period) || dateOfPeriod(period) !== date)
    throw new RangeError(`"${date}" is not a date such as 2025-01-31`);
  return period;
}

/** Writes a UTC day number as an ISO date. */
export function dateOfPeriod(period: number): string {
  return new Date(period * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10);
}

/** The month ("2025-01") in which a UTC day lies. */
export function monthOfPeriod(period: number): string {
  return dateOfPeriod(period).slice(0, 7);
}

/**
 * The month that lies `count` months after another (before it where `count` is below zero).
 * @throws RangeError where the text is not a month.
 */
export function addMonths(month: string, count: number): string {
  const match = MONTH.exec(month);
  if (match === null) throw new RangeError(`"${month}" is not a month such as 2025-01`);
  return new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1 + count, 1)).toISOString().slice(0, 7);
}

/** First and last UTC day of a month. */
export function monthWindow(month: string): { firstPeriod: number; lastPeriod: number } {
  return {
    firstPeriod: periodOfDate(`${addMonths(month, 0)}-01`),
    lastPeriod: periodOfDate(`${addMonths(month, 1)}-01`) - 1,
  };
}
