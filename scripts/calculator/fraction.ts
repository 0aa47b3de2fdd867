/** An exact number that is not negative. */
export interface Fraction {
  /** At least zero. */
  readonly numerator: bigint;
  /** Above zero. */
  readonly denominator: bigint;
}

/** One. */
export const ONE: Fraction = { numerator: 1n, denominator: 1n };

/** Largest common divisor; the other number where one is zero. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/**
 * Makes a fraction in lowest terms.
 * @param numerator At least zero.
 * @param denominator Above zero.
 */
export function fraction(numerator: bigint, denominator: bigint): Fraction {
  if (numerator < 0n || denominator <= 0n) throw new RangeError("a fraction of positive numbers is needed");
  const divisor = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** Product in lowest terms. */
export function multiply(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** Sum in lowest terms. */
export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

/**
 * Quotient in lowest terms.
 * @param b Above zero.
 */
export function divide(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** Below zero where `a` is less than `b`, zero where they are equal. */
export function compare(a: Fraction, b: Fraction): number {
  const left = a.numerator * b.denominator;
  const right = b.numerator * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The larger of two. */
export function larger(a: Fraction, b: Fraction): Fraction {
  return compare(a, b) < 0 ? b : a;
}

/** Largest integer that is not above `value × factor`. */
export function floorTimes({ numerator, denominator }: Fraction, factor: bigint): bigint {
  return (numerator * factor) / denominator;
}

/** Divides signed integers and rounds to the nearest, halves away from zero: −a gives exactly the negative of a. */
export function divideNearest(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError("a divisor above zero is needed");
  const size = numerator < 0n ? -numerator : numerator;
  const quotient = (2n * size + denominator) / (2n * denominator);
  return numerator < 0n ? -quotient : quotient;
}
