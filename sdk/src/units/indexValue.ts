import { formatDecimal } from "./decimal.ts";

/**
 * Turns an index value of the chain into points.
 *
 * @param value - WAD: 1e18 is one point.
 * @param options - `digits`: decimal places to round to (half up); all when left out.
 * @returns Points, a decimal text.
 *
 * @example
 * import { formatIndex } from "@usance/sdk";
 *
 * const points = formatIndex(1_234_567_890_000_000_000_000n, { digits: 2 }); // "1234.57"
 */
export function formatIndex(value: bigint, { digits }: { digits?: number | undefined } = {}): string {
  return formatDecimal({ digits: value, scale: 18 }, digits);
}
