import { InvalidDecimalError, OutOfRangeError } from "../errors/inputErrors.ts";

/** An exact decimal number: `digits` ÷ 10^`scale`. */
type Decimal = { digits: bigint; scale: number };

/** How to round what does not fit: to the lower, the upper or the nearest step (the upper of two equally near). */
export type Rounding = "down" | "up" | "nearest";

export function parseDecimal(text: string): Decimal {
  // A number of JavaScript would have been rounded already, whatever its text looks like.
  const parts = typeof text === "string" && /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!parts) throw new InvalidDecimalError(text);
  const [, sign = "", whole = "", fraction = ""] = parts;
  return { digits: BigInt(`${sign}${whole}${fraction}`), scale: fraction.length };
}

export function formatDecimal({ digits, scale }: Decimal, places = scale): string {
  const rounded = places < scale ? divide(digits, 10n ** BigInt(scale - places), "nearest") : digits;
  const shown = Math.min(places, scale);
  const text = (rounded < 0n ? -rounded : rounded).toString().padStart(shown + 1, "0");
  const whole = text.slice(0, text.length - shown);
  const fraction = text.slice(text.length - shown).replace(/0+$/, "");
  return `${rounded < 0n ? "-" : ""}${whole}${fraction && `.${fraction}`}`;
}

/** Number of steps in a decimal text as a fraction of integers; the denominator is above zero. */
export function stepsOf(text: string, step: string): { numerator: bigint; denominator: bigint } {
  const value = parseDecimal(text);
  const size = parseDecimal(step);
  if (size.digits <= 0n) throw new InvalidDecimalError(step);
  return {
    numerator: value.digits * 10n ** BigInt(size.scale),
    denominator: size.digits * 10n ** BigInt(value.scale),
  };
}

/** Decimal text of a number of steps. */
export function formatSteps(steps: bigint, step: string): string {
  const { digits, scale } = parseDecimal(step);
  return formatDecimal({ digits: digits * steps, scale });
}

export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (rounding === "nearest") return divide(2n * numerator + denominator, 2n * denominator, "down");
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (rounding === "down") return remainder < 0n ? quotient - 1n : quotient;
  return remainder > 0n ? quotient + 1n : quotient;
}

/** Lets a number through that fits a word of the contracts. */
export function requireWithin(field: string, value: bigint, min: bigint, max: bigint): bigint {
  if (value < min || value > max) throw new OutOfRangeError(field, value, min, max);
  return value;
}
