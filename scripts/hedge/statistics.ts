// Statistics of small samples in floating point: they steer a recommendation and never touch money. Nothing here depends on
// chance or time, so that the same files give the same plan.

/** A line through points, with what is known of its slope. */
export interface Regression {
  /** Points. */
  readonly count: number;
  readonly intercept: number;
  readonly slope: number;
  /** Standard error of the slope, which allows for overlap and for unequal variances. */
  readonly standardError: number;
  /** Degrees of freedom of its t distribution. */
  readonly degrees: number;
  /** 95 % interval of the slope. */
  readonly low: number;
  readonly high: number;
  /** Share of the variance of y that the line explains. */
  readonly rSquared: number;
}

/** Fewest points of a regression: below, the interval says nothing. */
export const LEAST_POINTS = 16;

/**
 * Least squares of y on x with an intercept. The interval is that of the equal-weighted cosine estimator of the long-run variance with
 * ⌊0.4 n^(2/3)⌋ terms and the t distribution of as many degrees (Lazarus, Lewis, Stock and Watson 2018): changes that overlap are not
 * independent, and the usual error would be far too small.
 * @throws RangeError below 16 points, or where x does not vary.
 */
export function regress(x: readonly number[], y: readonly number[]): Regression {
  const count = x.length;
  if (count < LEAST_POINTS || y.length !== count)
    throw new RangeError(`a regression needs ${LEAST_POINTS} points, not ${count}`);
  const meanX = mean(x);
  const meanY = mean(y);
  const spread = sum(x.map((value) => (value - meanX) ** 2));
  if (!(spread > 0)) throw new RangeError("the index does not change");
  const slope = sum(x.map((value, t) => (value - meanX) * (y[t]! - meanY))) / spread;
  const intercept = meanY - slope * meanX;
  const residuals = x.map((value, t) => y[t]! - intercept - slope * value);
  const total = sum(y.map((value) => (value - meanY) ** 2));
  const rSquared = total > 0 ? 1 - sum(residuals.map((value) => value ** 2)) / total : 0;

  const scores = residuals.map((residual, t) => residual * (x[t]! - meanX));
  const degrees = Math.max(2, Math.floor(0.4 * count ** (2 / 3)));
  const standardError = Math.sqrt(count * longRunVariance(scores, degrees)) / spread;
  const reach = studentQuantile(0.975, degrees) * standardError;
  const interval = { low: slope - reach, high: slope + reach };
  return { count, intercept, slope, standardError, degrees, ...interval, rSquared };
}

/** Long-run variance of scores with mean zero: mean of the squares of their first cosine transforms. */
function longRunVariance(scores: readonly number[], terms: number): number {
  const count = scores.length;
  let squares = 0;
  for (let term = 1; term <= terms; term++) {
    const transform = sum(scores.map((score, t) => score * Math.cos((Math.PI * term * (t + 0.5)) / count)));
    squares += (2 / count) * transform ** 2;
  }
  return squares / terms;
}

/** Quantile of Student's t distribution, for a whole number of degrees of freedom. */
export function studentQuantile(probability: number, degrees: number): number {
  let low = -1e3;
  let high = 1e3;
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (studentProbability(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Distribution function of Student's t: the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4. */
function studentProbability(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(angle) ** 2;
  const odd = degrees % 2 === 1;
  let term = odd ? Math.cos(angle) : 1;
  let series = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine;
    series += term;
  }
  const inside = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * series) : Math.sin(angle) * series;
  return 0.5 + inside / 2;
}

/**
 * The value that a share of the values does not exceed, between order statistics (Hyndman and Fan's type 7).
 * @throws RangeError where there is no value.
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("no value has no quantile");
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Variance about the mean, with one degree of freedom less than values. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
