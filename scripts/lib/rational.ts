/**
 * Divides and rounds to the nearest integer, halves to the even one.
 * @param numerator At least zero.
 * @param denominator Above zero.
 */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (numerator < 0n || denominator <= 0n) throw new RangeError("a fraction of positive numbers is needed");
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** Largest integer whose square is at most `value`. */
export function integerSquareRoot(value: bigint): bigint {
  if (value < 0n) throw new RangeError("a number below zero has no root");
  if (value < 2n) return value;
  // Newton's iteration falls from any start above the root and stops at its floor.
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
