import { divideNearest, fraction, type Fraction } from "./fraction.ts";

/** Logarithms are integers in units of 1e-27. */
export const LOGARITHM_UNIT = 10n ** 27n;

// Binary places that are carried inside. The truncations of a series of about 60 terms, and ln 2 taken 2^20 times, lose less than
// 2^-160, so that a result is off by half a unit of rounding and a 2^-70th part.
const PLACES = 192n;
const WHOLE = 1n << PLACES;
const LN_2 = 2n * inverseHyperbolicTangent(WHOLE / 3n);

/**
 * Natural logarithm of a fraction above zero.
 * @returns Units of 1e-27, less than one unit from the exact value. The logarithm of 1/x is exactly the negative of that of x.
 */
export function ln({ numerator, denominator }: Fraction): bigint {
  if (numerator <= 0n) throw new RangeError("only a number above zero has a logarithm");
  // x = 2^exponent × m with m between 1/2 and 2; ln m = 2 artanh((m − 1) / (m + 1)), whose argument is within a third of zero.
  const exponent = bitLength(numerator) - bitLength(denominator);
  const top = exponent < 0n ? numerator << -exponent : numerator;
  const bottom = exponent > 0n ? denominator << exponent : denominator;
  const argument = ((top - bottom) * WHOLE) / (top + bottom);
  const sum = exponent * LN_2 + 2n * inverseHyperbolicTangent(argument);
  return divideNearest(sum * LOGARITHM_UNIT, WHOLE);
}

/**
 * The number whose natural logarithm is given.
 * @param logarithm Units of 1e-27.
 * @returns A fraction; its relative error is below 1e-26.
 */
export function exp(logarithm: bigint): Fraction {
  const scaled = divideNearest(logarithm * WHOLE, LOGARITHM_UNIT);
  let exponent = scaled / LN_2;
  // Division truncates; the rest of the work wants what is left between 0 and ln 2.
  if (exponent * LN_2 > scaled) exponent -= 1n;
  const rest = scaled - exponent * LN_2;
  let sum = 0n;
  for (let term = WHOLE, index = 1n; term > 0n; index++) {
    sum += term;
    term = (term * rest) / (WHOLE * index);
  }
  const mantissa = divideNearest(sum * LOGARITHM_UNIT, WHOLE);
  return exponent < 0n
    ? fraction(mantissa, LOGARITHM_UNIT << -exponent)
    : fraction(mantissa << exponent, LOGARITHM_UNIT);
}

/** Series x + x³/3 + x⁵/5 + …; argument and result are in units of 2^-192. */
function inverseHyperbolicTangent(argument: bigint): bigint {
  const square = (argument * argument) / WHOLE;
  let sum = 0n;
  for (let power = argument, index = 1n; power !== 0n; index += 2n) {
    sum += power / index;
    power = (power * square) / WHOLE;
  }
  return sum;
}

function bitLength(value: bigint): bigint {
  const digits = value.toString(16);
  return BigInt(4 * (digits.length - 1) + 32 - Math.clz32(parseInt(digits.charAt(0), 16)));
}
