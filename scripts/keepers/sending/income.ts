/** What an action earns and costs. */
export interface Trade {
  /** Collateral units that the keeper would be paid. */
  income: bigint;
  /** Units of gas. */
  gas: bigint;
  /** Wei that a unit of gas costs now. */
  price: bigint;
  /** Collateral units that one native coin (10^18 wei) is worth; undefined where nobody has said. */
  nativePrice: bigint | undefined;
}

const WEI = 10n ** 18n;

/** Collateral units that gas costs, rounded up; undefined where the native coin has no price. */
export function costOf({ gas, price, nativePrice }: Omit<Trade, "income">): bigint | undefined {
  return nativePrice === undefined ? undefined : (gas * price * nativePrice + WEI - 1n) / WEI;
}

/**
 * Whether an action earns at least what its gas costs; it counts as one that does where the native coin has no price. What
 * does not pay is left to others if it can be; a liquidation cannot: it goes out all the same, at the plain price.
 */
export function pays({ income, ...rest }: Trade): boolean {
  const cost = costOf(rest);
  return cost === undefined || income >= cost;
}
