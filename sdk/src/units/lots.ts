import { OffStepError } from "../errors/inputErrors.ts";
import { formatSteps, stepsOf } from "./decimal.ts";

/** Size step of a market. */
export type SizeUnits = {
  /** Contracts of one lot, a decimal text; "0.001" when left out. */
  lotSize?: string | undefined;
};

/**
 * Turns a size in contracts into lots.
 *
 * @param size - Contracts, a signed decimal text: above zero is long or a buy.
 * @returns Lots, signed.
 * @throws {@link OffStepError} when it is not a whole number of lots; {@link InvalidDecimalError} when it is no decimal
 * number.
 *
 * @example
 * import { parseLots } from "@usance/sdk";
 *
 * const lots = parseLots("-1.25"); // -1250n
 */
export function parseLots(size: string, { lotSize = "0.001" }: SizeUnits = {}): bigint {
  const { numerator, denominator } = stepsOf(size, lotSize);
  if (numerator % denominator !== 0n) throw new OffStepError(size, lotSize);
  return numerator / denominator;
}

/**
 * Turns lots into a size in contracts.
 *
 * @param lots - Lots, signed.
 * @returns Contracts, an exact decimal text.
 *
 * @example
 * import { formatLots } from "@usance/sdk";
 *
 * const size = formatLots(-1250n); // "-1.25"
 */
export function formatLots(lots: bigint, { lotSize = "0.001" }: SizeUnits = {}): string {
  return formatSteps(lots, lotSize);
}
