import { HedgeError } from "./errors.ts";
import { changesOf, type Change, type Week } from "./series.ts";
import { LEAST_POINTS, mean, regress, variance, type Regression } from "./statistics.ts";

/** Hedge ratio at one horizon: by how much own usage grows where the index grows by one. */
export interface HorizonEstimate extends Regression {
  /** Weeks over which growth is measured. */
  readonly weeks: number;
  /** Changes that do not overlap. */
  readonly independent: number;
  /** Standard deviation of the growth of own usage and of the index, as fractions. */
  readonly ownDeviation: number;
  readonly indexDeviation: number;
}

/** What the ratio of the first part would have done in the last part, which it has not seen. */
export interface OutOfSample {
  readonly fitted: number;
  readonly tested: number;
  /** Ratio of the first part. */
  readonly ratio: number;
  /** Variance of own growth in the last part, without and with the hedge. */
  readonly before: number;
  readonly after: number;
  /** Share of the variance that the hedge took away; below zero where it added some. */
  readonly reduction: number;
}

/** How good a hedge with the index is. */
export type Quality = "good" | "fair" | "weak" | "none";

/** A ratio to hedge with, and why. */
export interface Advice {
  readonly quality: Quality;
  readonly ratio: number;
  readonly reasons: readonly string[];
}

/** Everything that is known of own usage beside the index. */
export interface Estimate {
  readonly weeks: readonly Week[];
  /** Changes over the horizon of the hedge. */
  readonly changes: readonly Change[];
  /** Ratios at other horizons, for comparison, and that of the hedge. */
  readonly horizons: readonly HorizonEstimate[];
  readonly chosen: HorizonEstimate;
  /** Undefined where there are too few changes for it. */
  readonly check: OutOfSample | undefined;
  readonly advice: Advice;
}

/** Growth over four weeks is what moves a month's bill. */
export const DEFAULT_HORIZON = 4;
const COMPARED = [1, 2, 4];
/** Fewest changes of the last part in the check. */
const LEAST_TESTED = 8;
/** Hedge accounting's old bound of 80 % for a hedge that works. */
const GOOD = 0.8;
/** Half of the variance is left: the deviation falls by 29 % alone. */
const FAIR = 0.5;

/**
 * Estimates the hedge ratio.
 * @param horizon Weeks over which growth is measured.
 * @throws HedgeError TooFewDays.
 */
export function estimate(weeks: readonly Week[], horizon = DEFAULT_HORIZON): Estimate {
  const changes = changesOf(weeks, horizon);
  if (changes.length < LEAST_POINTS) throw tooFewDays(weeks, horizon, changes.length);
  const lengths = [...new Set([...COMPARED, horizon])].sort((a, b) => a - b);
  const horizons = lengths
    .filter((length) => changesOf(weeks, length).length >= LEAST_POINTS)
    .map((length) => atHorizon(weeks, length));
  const chosen = horizons.find((each) => each.weeks === horizon)!;
  const check = checkOutOfSample(weeks, horizon);
  return { weeks, changes, horizons, chosen, check, advice: advise(chosen, check) };
}

function atHorizon(weeks: readonly Week[], length: number): HorizonEstimate {
  const changes = changesOf(weeks, length);
  const own = changes.map((change) => change.own);
  const index = changes.map((change) => change.index);
  return {
    ...regress(index, own),
    weeks: length,
    independent: Math.floor((weeks.length - 1) / length),
    ownDeviation: Math.sqrt(variance(own)),
    indexDeviation: Math.sqrt(variance(index)),
  };
}

/**
 * Fits on the first two thirds of the weeks and tests on changes that start after them, in money: there growth is a ratio and no
 * logarithm.
 */
function checkOutOfSample(weeks: readonly Week[], horizon: number): OutOfSample | undefined {
  const split = Math.floor((2 * weeks.length) / 3);
  const fit = changesOf(weeks.slice(0, split), horizon);
  const test = changesOf(weeks.slice(split), horizon);
  if (fit.length < LEAST_POINTS || test.length < LEAST_TESTED) return undefined;
  const { slope: ratio } = regress(
    fit.map(({ index }) => index),
    fit.map(({ own }) => own),
  );
  const { before, after } = variances(test, ratio);
  return { fitted: fit.length, tested: test.length, ratio, before, after, reduction: 1 - after / before };
}

/** Variance of own growth as a ratio, without a hedge and with one. */
export function variances(changes: readonly Change[], ratio: number): { before: number; after: number } {
  return {
    before: variance(changes.map(({ own }) => Math.expm1(own))),
    after: variance(hedgedGrowth(changes, ratio)),
  };
}

/** Growth of own usage less what the hedge paid, as ratios of the bill at the start. */
export function hedgedGrowth(changes: readonly Change[], ratio: number): number[] {
  const growth = mean(changes.map(({ index }) => Math.expm1(index)));
  // A futures price has the growth in it that everybody expects; the hedge pays what comes beside it.
  return changes.map(({ own, index }) => Math.expm1(own) - ratio * (Math.expm1(index) - growth));
}

/** Chooses the ratio to hedge with. A ratio h lowers the variance only between zero and twice the true one, hence the low end. */
export function advise(chosen: Regression, check: OutOfSample | undefined): Advice {
  const { slope, low, high, rSquared } = chosen;
  const none = (...reasons: string[]): Advice => ({ quality: "none", ratio: 0, reasons });
  const interval = `the 95 % interval of the ratio, ${fixed(low)} to ${fixed(high)},`;
  if (high < 0)
    return none(
      `${interval} lies below zero: this usage falls where the index rises, which is no ground to build a hedge on`,
    );
  if (low <= 0) return none(`${interval} includes zero: nothing shows that this usage moves with the index`);
  if (check !== undefined && check.reduction <= 0)
    return none(
      `on the last ${check.tested} changes, which it had not seen, a hedge at the ratio of the first ${check.fitted} would have added risk: ${percent(-check.reduction, 1)} more variance`,
    );
  const explained = `the index explains ${percent(rSquared)} of the variance`;
  if (check === undefined)
    return {
      quality: "weak",
      ratio: low,
      reasons: [`${explained}, but there are too few weeks to test that on data it has not seen`],
    };
  const seen = `on data that it had not seen the hedge took ${percent(check.reduction)} of it away`;
  const proven = Math.min(rSquared, check.reduction);
  if (proven < FAIR) return { quality: "weak", ratio: low, reasons: [explained, seen] };
  return { quality: proven < GOOD ? "fair" : "good", ratio: slope, reasons: [explained, seen] };
}

function tooFewDays(weeks: readonly Week[], horizon: number, changes: number): HedgeError {
  const needed = 7 * (LEAST_POINTS + horizon);
  const actual = 7 * weeks.length;
  const shorter = 7 * (LEAST_POINTS + 1);
  const gaps = actual >= needed ? `, of which only ${changes} pairs of weeks have enough days` : "";
  const advice =
    horizon > 1 && actual >= shorter && changes < LEAST_POINTS
      ? `: \`--horizon 1\` does with ${shorter}`
      : ": export a longer time";
  return new HedgeError(
    "TooFewDays",
    actual,
    needed,
    `Usage and index have ${actual} days of whole weeks in common${gaps}, and a ratio over ${horizon} weeks needs ${needed}${advice}.`,
  );
}

function fixed(value: number): string {
  return value.toFixed(2);
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}
