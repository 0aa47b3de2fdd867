import { greatestCommonDivisor, type Fraction } from "./fraction.ts";

/** Factors over one denominator: `factors[i] / unit` is what the sum with this index is multiplied by, at most one. */
export interface Factors {
  readonly factors: readonly bigint[];
  readonly unit: bigint;
}

/**
 * Brings every share that is above the cap down to it, exactly, by water filling: the largest sums are cut to one
 * level, and the level is the cap's share of what is left after the cut.
 *
 * With n sums no cap below 1/n can hold, so it is relaxed to that, and then all sums come down to the smallest. Where `leastKept` is given,
 * the level is no lower than what leaves that share of all, even if the cap does not hold then.
 * @param sums Above zero, at least one.
 * @param cap Largest share.
 * @param leastKept Share of the total that must be left.
 */
export function capFactors(sums: readonly bigint[], cap: Fraction, leastKept?: Fraction): Factors {
  if (sums.length === 0 || sums.some((sum) => sum <= 0n)) throw new RangeError("sums above zero are needed");
  const sorted = [...sums].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  let level = levelOfCap(sorted, cap);
  if (leastKept !== undefined) {
    const floor = levelOfKept(sorted, leastKept);
    if (level.numerator * floor.denominator < floor.numerator * level.denominator) level = floor;
  }
  return factorsOf(sums, level);
}

function levelOfCap(sorted: readonly bigint[], cap: Fraction): Fraction {
  const count = BigInt(sorted.length);
  const { numerator, denominator } =
    cap.numerator * count < cap.denominator ? { numerator: 1n, denominator: count } : cap;
  // The sums that are not cut; a level L with k sums cut solves L = cap × (k × L + rest).
  let rest = sorted.reduce((total, sum) => total + sum, 0n);
  let cut = 0n;
  for (const sum of sorted) {
    const level = { numerator: numerator * rest, denominator: denominator - numerator * cut };
    if (sum * level.denominator <= level.numerator) return level;
    rest -= sum;
    cut += 1n;
  }
  // A cap of at least 1/n is met by the smallest sum at the latest: all others equal to it are n times it.
  throw new RangeError("no level was found");
}

function levelOfKept(sorted: readonly bigint[], kept: Fraction): Fraction {
  const total = sorted.reduce((sum, each) => sum + each, 0n);
  let rest = total;
  let cut = 0n;
  let level: Fraction = { numerator: sorted[0] ?? 0n, denominator: 1n };
  for (const sum of sorted) {
    rest -= sum;
    cut += 1n;
    // cut × L + rest = kept × total
    const numerator = kept.numerator * total - kept.denominator * rest;
    const denominator = kept.denominator * cut;
    const next = sorted[Number(cut)] ?? 0n;
    level = { numerator: numerator > 0n ? numerator : 0n, denominator };
    if (level.numerator >= next * denominator) break;
  }
  return level;
}

function factorsOf(sums: readonly bigint[], level: Fraction): Factors {
  const isCut = (sum: bigint) => sum * level.denominator > level.numerator;
  const cutSums = [...new Set(sums.filter(isCut))];
  if (cutSums.length === 0) return { factors: sums.map(() => 1n), unit: 1n };
  const unit = cutSums.reduce((product, sum) => product * sum, level.denominator);
  const factors = sums.map((sum) =>
    isCut(sum) ? (level.numerator * (unit / level.denominator)) / sum : unit,
  );
  const divisor = factors.reduce(greatestCommonDivisor, unit);
  return { factors: factors.map((factor) => factor / divisor), unit: unit / divisor };
}
