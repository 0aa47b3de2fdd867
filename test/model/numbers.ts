/** Whole-number arithmetic of the model. Every rounding is named; nothing here is a float. */

/** Fraction bits of the model's own marks: far finer than the 16 and 20 bits kept on chain. */
export const FINE_BITS = 128n;
export const FINE = 1n << FINE_BITS;

export const MINUTE = 60n;
export const DAY = 86_400n;
export const BPS = 10_000n;

export const abs = (a: bigint): bigint => (a < 0n ? -a : a);
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const sign = (a: bigint): bigint => (a > 0n ? 1n : a < 0n ? -1n : 0n);
export const clamp = (a: bigint, low: bigint, high: bigint): bigint => max(low, min(a, high));

/** Quotient rounded to −∞ (`/` truncates to zero). The divisor is above zero. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** Quotient rounded to +∞. The divisor is above zero. */
export const ceilDiv = (a: bigint, b: bigint): bigint => -floorDiv(-a, b);

/** Quotient rounded to the nearest whole number, a tie to the even one. Operands are not below zero. */
export function halfEvenDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const twice = (a % b) * 2n;
  if (twice < b || (twice === b && quotient % 2n === 0n)) return quotient;
  return quotient + 1n;
}
