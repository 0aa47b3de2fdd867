import type { PrintHistory } from "./history.ts";

/** How a forecaster extrapolates usage. */
export interface ForecastParameters {
  /** Days over which growth is measured. */
  growthDays: number;
  /** Share of the measured growth that is believed, 0 to 1. */
  belief: number;
  /** Days over which growth fades out: usage far ahead is never the exponential of today's slope. */
  fadeDays: number;
  /** Largest daily growth believed (logarithm). */
  maxDailyGrowth: number;
}

/** Believes half of the growth of two weeks and lets it fade over a month. */
export const defaultForecast: ForecastParameters = {
  growthDays: 14,
  belief: 0.5,
  fadeDays: 30,
  maxDailyGrowth: 0.02,
};

/** Logarithm of the daily growth believed now: the slope of the 7-day mean, shrunk and bounded. */
export function dailyGrowth(history: PrintHistory, parameters = defaultForecast): number {
  const now = history.mean();
  const before = history.mean(history.newest - parameters.growthDays);
  if (now === undefined || before === undefined) return 0;
  const slope = (parameters.belief * Math.log(now / before)) / parameters.growthDays;
  return Math.max(-parameters.maxDailyGrowth, Math.min(parameters.maxDailyGrowth, slope));
}

/** Expected value of a day without a print, in points; undefined before the first print. */
export function forecastDay(
  history: PrintHistory,
  period: number,
  parameters = defaultForecast,
): number | undefined {
  const level = history.mean();
  if (level === undefined) return undefined;
  // The 7-day mean stands for the day three days before the newest print.
  const ahead = period - (history.newest - 3);
  const faded = parameters.fadeDays * (1 - Math.exp(-Math.max(0, ahead) / parameters.fadeDays));
  return level * Math.exp(dailyGrowth(history, parameters) * faded);
}

/**
 * Expected mean of a delivery window, in points: prints that are known, and the forecast for the other days.
 * Undefined before the first print.
 */
export function windowFair(
  history: PrintHistory,
  first: number,
  last: number,
  parameters = defaultForecast,
): number | undefined {
  let sum = 0;
  for (let period = first; period <= last; period++) {
    const value = history.at(period) ?? forecastDay(history, period, parameters);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum / (last - first + 1);
}

/**
 * Relative move of the 7-day mean that the next print is expected to bring: the day that drops out is known, and the
 * day that comes in is expected to look like the same weekday a week ago, grown by a week.
 */
export function expectedMeanMove(history: PrintHistory, parameters = defaultForecast): number {
  const now = history.mean();
  if (now === undefined) return 0;
  const next = history.newest + 1;
  const leaving = history.at(next - 7);
  const weekAgo = leaving ?? now;
  const coming = weekAgo * Math.exp(7 * dailyGrowth(history, parameters));
  let sum = coming;
  let present = 1;
  for (let day = next - 6; day < next; day++) {
    const value = history.at(day);
    if (value === undefined) continue;
    sum += value;
    present++;
  }
  return sum / present / now - 1;
}

/**
 * Fair value of a perpetual over the trailing mean, in points. Whoever is long earns the expected move of the index and
 * pays the premium once per funding period, so the premium that is fair is the move divided by the periods of a day.
 */
export function perpetualFair(
  history: PrintHistory,
  index: number,
  fundingPeriod: number,
  parameters = defaultForecast,
): number {
  const periodsADay = 86_400 / fundingPeriod;
  return index * (1 + expectedMeanMove(history, parameters) / periodsADay);
}
