/**
 * What strategies see: plain numbers read from the chain once per round. Ticks and lots are whole numbers far below
 * 2^53; amounts of money are in collateral tokens and only steer decisions, the chain counts them exactly.
 */
export interface MarketSnapshot {
  id: number;
  name: string;
  kind: "perpetual" | "dated";
  /** Whether orders that add risk are taken. */
  open: boolean;
  /** Mark price in ticks, with its fraction. */
  mark: number;
  /** Index (perpetual) or previous daily settlement price (dated) in ticks. */
  anchor: number;
  /** Best prices in ticks, 0 when there is none. */
  bestBid: number;
  bestAsk: number;
  /** Edges of the fill band in ticks. */
  lowestFill: number;
  highestFill: number;
  /** Margins as fractions of notional. */
  initialMargin: number;
  maintenanceMargin: number;
  /** Smallest order in lots. */
  minLots: number;
  /** Lots a side behind which the mid counts. */
  impactLots: number;
  /** Collateral tokens that one lot gains per tick. */
  tickValue: number;
  /** Ticks of one index point. */
  ticksPerPoint: number;
  /** Seconds over which the premium is paid once; 0 for a dated future. */
  fundingPeriod: number;
  /** Delivery window in UTC day numbers; 0 for a perpetual. */
  firstPeriod: number;
  lastPeriod: number;
}

/** An account as a strategy sees it; money in collateral tokens. */
export interface AccountSnapshot {
  id: number;
  retired: boolean;
  equity: number;
  initialMargin: number;
  maintenanceMargin: number;
  withdrawable: number;
  /** Signed lots per market id; absent means flat. */
  positions: ReadonlyMap<number, number>;
}

/** Notional of one lot at mark, in collateral tokens. */
export function lotValue(market: MarketSnapshot): number {
  return market.mark * market.tickValue;
}

/** Whole lots worth about `amount` collateral tokens at mark, never below zero. */
export function lotsFor(market: MarketSnapshot, amount: number): number {
  return Math.max(0, Math.floor(amount / lotValue(market)));
}
