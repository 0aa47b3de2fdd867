import { OffStepError } from "../errors/inputErrors.ts";
import { formatDecimal, parseDecimal } from "./decimal.ts";

/**
 * Turns an amount of collateral tokens into the token's smallest unit.
 *
 * @param amount - Tokens, a signed decimal text.
 * @param decimals - Decimals of the token; `getCollateral` reads them.
 * @returns Collateral units.
 * @throws {@link OffStepError} when it has more decimal places than the token; {@link InvalidDecimalError} when it is no
 * decimal number.
 *
 * @example
 * import { parseCollateral } from "@usance/sdk";
 *
 * const amount = parseCollateral("1250.5"); // 1250500000n
 */
export function parseCollateral(amount: string, decimals = 6): bigint {
  const { digits, scale } = parseDecimal(amount);
  if (scale <= decimals) return digits * 10n ** BigInt(decimals - scale);
  const surplus = 10n ** BigInt(scale - decimals);
  if (digits % surplus !== 0n) throw new OffStepError(amount, formatDecimal({ digits: 1n, scale: decimals }));
  return digits / surplus;
}

/**
 * Turns collateral units into tokens.
 *
 * @param amount - Collateral units, signed.
 * @param decimals - Decimals of the token.
 * @returns Tokens, an exact decimal text.
 *
 * @example
 * import { formatCollateral } from "@usance/sdk";
 *
 * const tokens = formatCollateral(1_250_500_000n); // "1250.5"
 */
export function formatCollateral(amount: bigint, decimals = 6): string {
  return formatDecimal({ digits: amount, scale: decimals });
}
