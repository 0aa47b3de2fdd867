import { OffTickError } from "../errors/inputErrors.ts";
import {
  divide,
  formatDecimal,
  formatSteps,
  parseDecimal,
  requireWithin,
  stepsOf,
  type Rounding,
} from "./decimal.ts";

/** Price step of a market. */
export type PriceUnits = {
  /** Points of one tick, a decimal text; "0.5" (the TUX markets) when left out. */
  tickSize?: string | undefined;
};

const tux = "0.5";
const maxTick = 2n ** 24n - 2n;

/**
 * Turns a price in points into ticks.
 *
 * @param price - Points, a decimal text.
 * @returns Ticks.
 * @throws {@link OffTickError} when the price lies between two ticks; {@link InvalidDecimalError} when it is no decimal
 * number; {@link OutOfRangeError} when it is no price (ticks run from 1 to 2^24 − 2).
 *
 * @example
 * import { parsePrice } from "@usance/sdk";
 *
 * const tick = parsePrice("3841.5"); // 7683n
 */
export function parsePrice(price: string, { tickSize = tux }: PriceUnits = {}): bigint {
  const { numerator, denominator } = stepsOf(price, tickSize);
  if (numerator % denominator !== 0n) {
    const below = divide(numerator, denominator, "down");
    throw new OffTickError(price, tickSize, formatSteps(below, tickSize), formatSteps(below + 1n, tickSize));
  }
  return requireTick(numerator / denominator);
}

/**
 * Rounds a price in points to a tick.
 *
 * @param price - Points, a decimal text.
 * @param rounding - "down" and "up" go to the next tick on that side; "nearest" takes the upper of two equally near.
 * @returns Ticks.
 * @throws {@link InvalidDecimalError}, {@link OutOfRangeError} as {@link parsePrice}.
 *
 * @example
 * import { roundToTick } from "@usance/sdk";
 *
 * const bid = roundToTick("3841.7", "down"); // 7683n
 */
export function roundToTick(price: string, rounding: Rounding, { tickSize = tux }: PriceUnits = {}): bigint {
  const { numerator, denominator } = stepsOf(price, tickSize);
  return requireTick(divide(numerator, denominator, rounding));
}

/**
 * Turns ticks into a price in points.
 *
 * @param tick - Ticks.
 * @returns Points, an exact decimal text.
 *
 * @example
 * import { formatPrice } from "@usance/sdk";
 *
 * const price = formatPrice(7683n); // "3841.5"
 */
export function formatPrice(tick: bigint, { tickSize = tux }: PriceUnits = {}): string {
  return formatSteps(tick, tickSize);
}

/**
 * Turns a mark price of the chain into points.
 *
 * @param markX16 - Ticks × 2^16, such as `markX16`, `meanX16` and `anchorX16` of a market.
 * @param options - `digits`: decimal places to round to (half up); all when left out.
 * @returns Points, a decimal text.
 *
 * @example
 * import { pointsOfMark } from "@usance/sdk";
 *
 * const mark = pointsOfMark(503_513_088n + 1n, { digits: 2 }); // "3841.5"
 */
export function pointsOfMark(
  markX16: bigint,
  { tickSize = tux, digits }: PriceUnits & { digits?: number | undefined } = {},
): string {
  const size = parseDecimal(tickSize);
  // n ÷ 2^16 = n × 5^16 ÷ 10^16
  return formatDecimal({ digits: markX16 * size.digits * 5n ** 16n, scale: size.scale + 16 }, digits);
}

function requireTick(tick: bigint): bigint {
  return requireWithin("tick", tick, 1n, maxTick);
}
