import { divideNearest, fraction, type Fraction } from "./fraction.ts";
import { exp, ln } from "./logarithm.ts";
import type { Rules } from "./rules.ts";

/** A matched contributor as the gate sees it. */
export interface Growth {
  /** Natural logarithm of its counted tokens by those of the previous printed day, units of 1e-27. */
  readonly growth: bigint;
  /** Its share of the link, over any common denominator. Above zero. */
  readonly weight: bigint;
}

/** What the gate found. Logarithms are in units of 1e-27. */
export interface GateVerdict {
  /** Trimmed weighted mean of the contributors' growth. */
  readonly mean: bigint;
  /** Logarithm of the link less the mean. */
  readonly distance: bigint;
  /** Does the link pass as it is? */
  readonly passed: boolean;
  /** Weight that was left out on each side. */
  readonly trimmed: Fraction;
}

/**
 * Weight that the mean leaves out on each side: what the rules say, or the largest shares where they are more: the largest one of
 * three or four contributors, the two largest of five or more. So that many, lying together in one direction, are left out whole.
 */
export function trimOf(weights: readonly bigint[], { trim }: Pick<Rules, "trim">): Fraction {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const tolerated = Math.min(2, Math.floor((weights.length - 1) / 2));
  const largest = [...weights]
    .sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
    .slice(0, tolerated)
    .reduce((sum, weight) => sum + weight, 0n);
  return largest * trim.denominator > trim.numerator * total ? fraction(largest, total) : trim;
}

/**
 * Weighted mean without the lowest and the highest part. A contributor at the edge counts with what is left of its weight.
 * @param trim Share of the weight that is left out on each side, below a half.
 * @returns Nearest unit.
 */
export function trimmedMean(growths: readonly Growth[], trim: Fraction): bigint {
  const sorted = [...growths].sort((a, b) => (a.growth < b.growth ? -1 : a.growth > b.growth ? 1 : 0));
  const total = sorted.reduce((sum, { weight }) => sum + weight * trim.denominator, 0n);
  const low = (total / trim.denominator) * trim.numerator;
  const high = total - low;
  if (low >= high) throw new RangeError("nothing is left to take a mean of");
  let start = 0n;
  let sum = 0n;
  for (const { growth, weight } of sorted) {
    const end = start + weight * trim.denominator;
    const kept = (end < high ? end : high) - (start > low ? start : low);
    if (kept > 0n) sum += kept * growth;
    start = end;
  }
  return divideNearest(sum, high - low);
}

/**
 * Holds a link against the growth of its contributors.
 * @returns Undefined where there are too few contributors for a gate.
 */
export function judge(link: Fraction, growths: readonly Growth[], rules: Rules): GateVerdict | undefined {
  if (growths.length < rules.gateContributors) return undefined;
  const trimmed = trimOf(
    growths.map(({ weight }) => weight),
    rules,
  );
  const mean = trimmedMean(growths, trimmed);
  const distance = ln(link) - mean;
  const passed = distance <= rules.gateLimit && distance >= -rules.gateLimit;
  return { mean, distance, passed, trimmed };
}

/** The link that a calculation takes instead of one that did not pass: the nearest that would have. */
export function limitedLink({ mean, distance }: GateVerdict, { gateLimit }: Rules): Fraction {
  return exp(distance > 0n ? mean + gateLimit : mean - gateLimit);
}
