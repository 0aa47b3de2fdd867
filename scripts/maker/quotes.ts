import { lotsFor, type MarketSnapshot } from "./snapshot.ts";

/** One step of the ladder. */
export interface QuoteLevel {
  /** Distance from fair value, as a fraction of it. */
  offset: number;
  /** Size as a fraction of the maker's capital. */
  share: number;
}

/** How a maker quotes. */
export interface QuoteParameters {
  levels: readonly QuoteLevel[];
  /** Furthest that inventory shifts the ladder, as a fraction of fair value. */
  maxSkew: number;
  /** Inventory at which the skew is full and the adding side stops, as a multiple of capital (notional). */
  maxInventory: number;
}

/** Three levels within what a liquidation may reach. */
export const defaultQuotes: QuoteParameters = {
  levels: [
    { offset: 0.0015, share: 0.005 },
    { offset: 0.005, share: 0.01 },
    { offset: 0.014, share: 0.02 },
  ],
  maxSkew: 0.02,
  maxInventory: 1,
};

/** What a maker knows about one market when it quotes. */
export interface QuoteState {
  market: MarketSnapshot;
  /** Fair value in ticks. */
  fair: number;
  /** The maker's own position in lots. */
  position: number;
  /** Capital that sizes are a share of, in collateral tokens. */
  capital: number;
  /** Best prices of others in ticks, 0 when there is none: post-only orders must not meet them. */
  othersBid: number;
  othersAsk: number;
}

/** A post-only order: lots above zero bid, below zero ask. */
export interface Quote {
  tick: number;
  lots: number;
}

/**
 * Ladder of a few levels a side around fair value, shifted against the maker's inventory. Bids never stand above the
 * fill band and asks never below it, since those would be refused; a side whose fair price lies outside the band stands
 * at its edge, so that mark can follow. The side that would add to a full inventory is left out.
 */
export function quotes(state: QuoteState, parameters: QuoteParameters = defaultQuotes): Quote[] {
  const { market, fair, capital } = state;
  if (!market.open || !(fair >= 2) || !(capital > 0)) return [];
  const full = Math.max(1, lotsFor(market, capital * parameters.maxInventory));
  const inventory = Math.max(-1, Math.min(1, state.position / full));
  const centre = fair * (1 - parameters.maxSkew * inventory);
  const orders: Quote[] = [];
  let bidCap = Math.min(market.highestFill, state.othersAsk > 0 ? state.othersAsk - 1 : Infinity);
  let askFloor = Math.max(market.lowestFill, state.othersBid + 1);
  for (const { offset, share } of parameters.levels) {
    const lots = Math.max(lotsFor(market, capital * share), market.impactLots, market.minLots);
    const bid = Math.min(Math.floor(centre * (1 - offset)), bidCap);
    const ask = Math.max(Math.ceil(centre * (1 + offset)), askFloor, bid + 1);
    if (inventory < 1 && bid > 0) orders.push({ tick: bid, lots });
    if (inventory > -1) orders.push({ tick: ask, lots: -lots });
    // Levels that a cap pushes together stay apart by a tick.
    bidCap = bid - 1;
    askFloor = ask + 1;
  }
  return orders;
}
