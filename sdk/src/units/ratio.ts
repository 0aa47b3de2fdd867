import { divide, formatDecimal, parseDecimal } from "./decimal.ts";

/** An exact fraction, in lowest terms; the denominator is above zero. */
export type Ratio = {
  numerator: bigint;
  denominator: bigint;
  /** The same as a decimal text, rounded to six places (half up). */
  text: string;
};

/** The fraction of two integers. The denominator is not zero. */
export function toRatio(numerator: bigint, denominator: bigint): Ratio {
  const sign = denominator < 0n ? -1n : 1n;
  const common = greatestCommon(numerator, denominator) * sign;
  const parts = { numerator: numerator / common, denominator: denominator / common };
  return { ...parts, text: formatRatio(parts) };
}

/**
 * Writes a fraction as a decimal text.
 *
 * @param ratio - An average price in ticks, an impact in basis points, …
 * @param options - `unit`: what one of it is worth, such as the tick size of a market for points; "1" when left out.
 * `digits`: decimal places to round to (half up); 6 when left out.
 *
 * @example
 * import { formatRatio } from "@usance/sdk";
 *
 * const points = formatRatio({ numerator: 23051n, denominator: 3n }, { unit: "0.5", digits: 2 }); // "3841.83"
 */
export function formatRatio(
  { numerator, denominator }: Pick<Ratio, "numerator" | "denominator">,
  { unit = "1", digits = 6 }: { unit?: string | undefined; digits?: number | undefined } = {},
): string {
  const { digits: steps, scale } = parseDecimal(unit);
  const scaled = divide(
    numerator * steps * 10n ** BigInt(digits),
    denominator * 10n ** BigInt(scale),
    "nearest",
  );
  return formatDecimal({ digits: scaled, scale: digits });
}

function greatestCommon(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger === 0n ? 1n : larger;
}
