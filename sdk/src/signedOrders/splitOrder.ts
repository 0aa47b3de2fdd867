import { requireWithin } from "../units/decimal.ts";
import type { OrderTerms } from "./SignedOrder.ts";

/** How an order is split over time. */
export type SplitOrderOptions = {
  /** Number of parts, from 1 to 1000; no more than the order has lots. */
  slices: number;
  /** Seconds from the start of one part to the start of the next. */
  everySeconds: bigint;
  /** First second (Unix time) of the first part. */
  start: bigint;
};

/**
 * Split an order into parts that start one after the other (TWAP).
 *
 * @remarks Lots and fee of the parts add up to those of the order, exactly. Nonces are consecutive from the order's on. All parts are in one
 * group, so that one call of `cancelSignedOrderGroups` ends them: the order's group, or its nonce where it has none. Each may be
 * executed from its start until the expiry of the order: a part that was missed is made up for.
 *
 * @returns The parts in the order of their starts, to be signed one by one.
 * @throws {@link OutOfRangeError} where there are more parts than lots, or the last one starts after the order's expiry.
 *
 * @example
 * import { parseLots, parsePrice, signOrder, splitOrder, type Deployment } from "@usance/sdk";
 * import type { LocalAccount } from "viem";
 *
 * // Buys 12 contracts in twelve parts over an hour, none above 3,900 points.
 * function sign(account: LocalAccount, deployment: Deployment, now: bigint) {
 *   const order = {
 *     owner: account.address,
 *     market: 1,
 *     lots: parseLots("12"),
 *     tick: parsePrice("3900"),
 *     expiry: now + 7_200n,
 *     nonce: BigInt(Date.now()),
 *   };
 *   const slices = splitOrder(order, { slices: 12, everySeconds: 300n, start: now });
 *   return Promise.all(slices.map((slice) => signOrder({ account, deployment, ...slice })));
 * }
 */
export function splitOrder(
  order: OrderTerms,
  { slices, everySeconds, start }: SplitOrderOptions,
): OrderTerms[] {
  const size = order.lots < 0n ? -order.lots : order.lots;
  const most = size < 1_000n ? size : 1_000n;
  const count = requireWithin("slices", BigInt(slices), 1n, most);
  requireWithin("everySeconds", everySeconds, 0n, 2n ** 32n);
  requireWithin("start", start + (count - 1n) * everySeconds, 0n, order.expiry);
  const part = (total: bigint, i: bigint) => (total * (i + 1n)) / count - (total * i) / count;
  const { fee = 0n, nonce } = order;
  // 0 is no group.
  const group = order.group || nonce || 1n;
  return Array.from({ length: slices }, (_, place) => {
    const i = BigInt(place);
    return {
      ...order,
      lots: part(order.lots, i),
      fee: part(fee, i),
      start: start + i * everySeconds,
      nonce: nonce + i,
      group,
    };
  });
}
