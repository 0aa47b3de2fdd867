import type { Order } from "../internal/order.ts";

/** What of a market decides how far an order may go; `getMarket` and `clearinghouse.market` give it. */
export type MarketPrices = {
  /** Number of the market. */
  id: number | bigint;
  /** Highest bid, ticks; 0 when there is none. */
  bestBid: bigint;
  /** Lowest ask, ticks; 0 when there is none. */
  bestAsk: bigint;
  /** Lower end of the fill band, ticks. */
  lowestFill: bigint;
  /** Upper end of the fill band, ticks. */
  highestFill: bigint;
};

export type MarketOrderOptions = {
  /** Furthest from the best price, basis points of it; the end of the fill band when left out. */
  slippageBps?: number | undefined;
  /** "fillOrKill" takes all or nothing, "immediateOrCancel" what there is; the former when left out. */
  kind?: "fillOrKill" | "immediateOrCancel" | undefined;
  /** Whether it may only bring the position nearer to zero. */
  reduceOnly?: boolean | undefined;
};

/**
 * Make an order that trades at once: a limit order as far from the best price as is allowed, which never rests.
 *
 * @param market - State of the market.
 * @param lots - Signed size: above zero buys, below zero sells.
 * @returns Parameters of `placeOrder`, `previewOrder` and `batchOrders`.
 *
 * @example
 * import { getMarket, marketOrder, parseLots, placeOrder, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function buy(wallet: WalletClient, deployment: Deployment, accountId: number) {
 *   const market = await getMarket(wallet, { deployment, market: 1 });
 *   const order = marketOrder(market, parseLots("0.5"), { slippageBps: 50 });
 *   return placeOrder(wallet, { deployment, accountId, ...order });
 * }
 */
export function marketOrder(
  market: MarketPrices,
  lots: bigint,
  { slippageBps, kind = "fillOrKill", reduceOnly = false }: MarketOrderOptions = {},
): Order {
  const buys = lots > 0n;
  const best = buys ? market.bestAsk : market.bestBid;
  const edge = buys ? market.highestFill : market.lowestFill;
  return { market: Number(market.id), lots, tick: furthest(), kind, reduceOnly };

  function furthest(): bigint {
    if (slippageBps === undefined || best === 0n) return edge;
    const slipped = best * BigInt(buys ? 10_000 + slippageBps : 10_000 - slippageBps);
    // A price between two ticks goes to the one nearer to the best: never further than was allowed.
    const tick = buys ? slipped / 10_000n : (slipped + 9_999n) / 10_000n;
    return (buys ? tick < edge : tick > edge) ? tick : edge;
  }
}
