/** Fees of a transaction, wei for a unit of gas. */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** What gas costs now, wei for a unit. */
export interface GasPrice {
  /** Base fee of the newest block. */
  baseFee: bigint;
  /** What the node suggests to pay beyond it. */
  tip: bigint;
}

/** By how much the base fee may rise before the transaction no longer fits, percent. */
const HEADROOM = { patient: 25n, urgent: 100n };

/** Blocks whose median base fee is the usual one. */
export const WINDOW = 240;

/** Fees of a new transaction: the market's, never more than the cap. An urgent one bears a base fee that doubles. */
export function feesFor({ baseFee, tip }: GasPrice, urgency: keyof typeof HEADROOM, cap?: bigint): Fees {
  return within(
    { maxFeePerGas: baseFee + (baseFee * HEADROOM[urgency]) / 100n + tip, maxPriorityFeePerGas: tip },
    cap,
  );
}

/**
 * Fees of a transaction that takes the place of another with the same nonce: an eighth more of both, which is more than
 * the tenth that nodes ask for, and at least what the market asks for now.
 * @returns Nothing where the cap leaves no room for an eighth more.
 */
export function raised(fees: Fees, market: Fees, cap?: bigint): Fees | undefined {
  const least = eighthMore(fees.maxFeePerGas);
  if (cap !== undefined && least > cap) return undefined;
  return within(
    {
      maxFeePerGas: greater(least, market.maxFeePerGas),
      maxPriorityFeePerGas: greater(eighthMore(fees.maxPriorityFeePerGas), market.maxPriorityFeePerGas),
    },
    cap,
  );
}

/** Twice the fees, for a place that somebody else's unknown fees hold; nothing at the cap. */
export function doubled(fees: Fees, cap?: bigint): Fees | undefined {
  if (cap !== undefined && fees.maxFeePerGas >= cap) return undefined;
  const twice = {
    maxFeePerGas: 2n * fees.maxFeePerGas,
    maxPriorityFeePerGas: 2n * fees.maxPriorityFeePerGas,
  };
  return within(twice, cap);
}

/** Remembers base fees, to tell a jump that passes from what gas costs these days. */
export class BaseFees {
  #block = -1n;
  readonly #seen: bigint[] = [];

  /** Notes a block's base fee; a block counts once. */
  note(block: bigint, baseFee: bigint): void {
    if (block === this.#block) return;
    this.#block = block;
    this.#seen.push(baseFee);
    if (this.#seen.length > WINDOW) this.#seen.shift();
  }

  /** Whether a base fee is more than so many times the median of what was seen: upkeep that can wait does. */
  isJump(baseFee: bigint, multiple: number): boolean {
    const sorted = [...this.#seen].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const median = sorted[Math.floor((sorted.length - 1) / 2)];
    return median !== undefined && baseFee > median * BigInt(multiple);
  }
}

function within(fees: Fees, cap?: bigint): Fees {
  const maxFeePerGas = cap !== undefined && cap < fees.maxFeePerGas ? cap : fees.maxFeePerGas;
  const { maxPriorityFeePerGas: tip } = fees;
  return { maxFeePerGas, maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas };
}

function eighthMore(fee: bigint): bigint {
  return fee === 0n ? 1n : (9n * fee + 7n) / 8n;
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
