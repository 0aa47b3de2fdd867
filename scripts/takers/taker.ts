import type { PrintHistory } from "../maker/history.ts";
import type { AccountSnapshot, MarketSnapshot } from "../maker/snapshot.ts";
import type { Random } from "./random.ts";

/** What a taker knows when it decides. */
export interface TakerState {
  /** Number of the trading round within the day, from 0. */
  round: number;
  /** UTC day number of today. */
  today: number;
  markets: readonly MarketSnapshot[];
  /** Its account; undefined before the first deposit and after the account was retired. */
  account: AccountSnapshot | undefined;
  history: PrintHistory;
  random: Random;
}

/** An immediate-or-cancel order: lots above zero buy, below zero sell. */
export interface TakerOrder {
  market: number;
  lots: number;
  /** Worst price in ticks. */
  tick: number;
  reduceOnly: boolean;
}

/** What a taker wants done, in this order; money in collateral tokens. */
export interface TakerDecision {
  deposit: number;
  orders: TakerOrder[];
  withdraw: number;
}

/** A view of the market with its own memory; `decide` has no other effect. */
export interface Taker {
  readonly name: string;
  decide(state: TakerState): TakerDecision;
}

/** Nothing to do. */
export function idle(): TakerDecision {
  return { deposit: 0, orders: [], withdraw: 0 };
}

/** The account's signed lots in a market. */
export function positionIn(state: TakerState, market: MarketSnapshot): number {
  return state.account?.positions.get(market.id) ?? 0;
}

/**
 * Order that takes what stands within `slippage` of the best price and inside the fill band.
 * Undefined when that side of the book is empty, the size is below the smallest order, or the market takes no risk.
 */
export function takeOrder(
  market: MarketSnapshot,
  lots: number,
  { slippage = 0.02, reduceOnly = false }: { slippage?: number; reduceOnly?: boolean } = {},
): TakerOrder | undefined {
  const whole = Math.trunc(lots);
  if (Math.abs(whole) < market.minLots || (!market.open && !reduceOnly)) return undefined;
  const best = whole > 0 ? market.bestAsk : market.bestBid;
  if (best === 0) return undefined;
  const tick =
    whole > 0
      ? Math.min(Math.floor(best * (1 + slippage)), market.highestFill)
      : Math.max(Math.ceil(best * (1 - slippage)), market.lowestFill);
  // A best price outside the band cannot be traded now.
  if (whole > 0 ? tick < best : tick > best) return undefined;
  return { market: market.id, lots: whole, tick, reduceOnly };
}

/** Perpetual of the markets, undefined before it is listed. */
export function perpetualOf(markets: readonly MarketSnapshot[]): MarketSnapshot | undefined {
  return markets.find(({ kind, open }) => kind === "perpetual" && open);
}

/** Dated futures that are open, the nearest first. */
export function datedOf(markets: readonly MarketSnapshot[]): MarketSnapshot[] {
  return markets
    .filter(({ kind, open }) => kind === "dated" && open)
    .sort((a, b) => a.firstPeriod - b.firstPeriod);
}
