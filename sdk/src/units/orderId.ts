import { requireWithin } from "./decimal.ts";

/** What an order id is made of. */
export type OrderIdParts = {
  market: number;
  /** Price level, ticks. */
  tick: bigint;
  /** Life of the level: an emptied level starts a new one. */
  epoch: bigint;
  /** Place in the level's queue. */
  index: bigint;
};

/**
 * Takes an order id apart.
 *
 * @param id - Order id.
 *
 * @example
 * import { decodeOrderId, formatPrice } from "@usance/sdk";
 *
 * const priceOf = (id: bigint) => formatPrice(decodeOrderId(id).tick);
 */
export function decodeOrderId(id: bigint): OrderIdParts {
  return {
    market: Number(id >> 104n),
    tick: BigInt.asUintN(24, id >> 80n),
    epoch: BigInt.asUintN(40, id >> 40n),
    index: BigInt.asUintN(40, id),
  };
}

/**
 * Composes an order id.
 *
 * @throws {@link OutOfRangeError} when a part does not fit.
 *
 * @example
 * import { encodeOrderId } from "@usance/sdk";
 *
 * const id = encodeOrderId({ market: 1, tick: 7683n, epoch: 0n, index: 4n });
 */
export function encodeOrderId({ market, tick, epoch, index }: OrderIdParts): bigint {
  const parts: [string, bigint, bigint][] = [
    ["market", BigInt(market), 24n],
    ["tick", tick, 24n],
    ["epoch", epoch, 40n],
    ["index", index, 40n],
  ];
  return parts.reduce(
    (id, [field, value, bits]) => (id << bits) | requireWithin(field, value, 0n, (1n << bits) - 1n),
    0n,
  );
}
