import { fraction, type Fraction } from "../calculator/fraction.ts";
import { PriceError } from "./errors.ts";

const DECIMAL = /^(\d{1,40})(?:\.(\d{1,40}))?(?:e([+-]?\d{1,2}))?$/;

/**
 * Reads a decimal number exactly.
 * @param text Digits, such as "0.0028" or "2.5e-7".
 * @throws PriceError InvalidDecimal.
 */
export function parseDecimal(text: string): Fraction {
  const match = DECIMAL.exec(text);
  if (match === null)
    throw new PriceError("InvalidDecimal", "price", text, "a decimal number of zero or more");
  const [, whole = "", decimals = "", exponent = "0"] = match;
  const power = Number(exponent) - decimals.length;
  const digits = BigInt(whole + decimals);
  return power < 0 ? fraction(digits, 10n ** BigInt(-power)) : fraction(digits * 10n ** BigInt(power), 1n);
}

/**
 * The decimal that a number of JavaScript was written as. Its text is the shortest one that reads as the same number, on
 * every machine, so a literal of up to 15 digits comes back as it stands in the source.
 * @throws PriceError InvalidDecimal, also below zero and where it is no number.
 */
export function decimalOf(value: number): Fraction {
  return parseDecimal(String(value));
}
