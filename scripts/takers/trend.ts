import { lotValue } from "../maker/snapshot.ts";
import {
  datedOf,
  idle,
  perpetualOf,
  positionIn,
  takeOrder,
  type Taker,
  type TakerDecision,
  type TakerState,
} from "./taker.ts";

/** How a trend follower trades. */
export interface TrendParameters {
  name: string;
  /** Collateral tokens at the start; after a loss it is refilled to this once equity is below half of it. */
  capital: number;
  /** Equity that it trades with at most; what it earns beyond is withdrawn once it is flat enough to be free. */
  maxEquity: number;
  /** Days between the two 7-day means that are compared. */
  lookback: number;
  /** Move over the lookback from which there is a trend. */
  threshold: number;
  /** Notional as a multiple of equity when the trend is on. */
  leverage: number;
  /** Share of target that a position may be off before it is traded. */
  tolerance: number;
  /** Market it trades: the perpetual, or the next month. */
  venue: "perpetual" | "next";
}

/** Direction of the trend: 1, −1 or 0, undefined while the history is too short. */
export function trendOf(
  { history }: Pick<TakerState, "history">,
  { lookback, threshold }: Pick<TrendParameters, "lookback" | "threshold">,
): -1 | 0 | 1 | undefined {
  const now = history.mean();
  const before = history.mean(history.newest - lookback);
  if (now === undefined || before === undefined) return undefined;
  const move = now / before - 1;
  return Math.abs(move) < threshold ? 0 : move > 0 ? 1 : -1;
}

/** Trend follower: long in rising usage, short in falling usage, flat between, at moderate leverage. */
export function createTrendFollower(parameters: TrendParameters): Taker {
  const { name, capital, maxEquity, leverage, tolerance, venue } = parameters;
  return {
    name,
    decide(state: TakerState): TakerDecision {
      const direction = trendOf(state, parameters);
      const chosen = venue === "perpetual" ? perpetualOf(state.markets) : datedOf(state.markets)[1];
      if (state.round !== 1 || direction === undefined || chosen === undefined) return idle();
      const equity = state.account?.equity ?? 0;
      if (equity < capital / 2) return { deposit: capital - equity, orders: [], withdraw: 0 };

      const surplus = Math.max(0, Math.min(equity - maxEquity, (state.account?.withdrawable ?? 0) / 2));
      const orders: TakerDecision["orders"] = [];
      for (const market of state.markets.filter(({ open }) => open)) {
        const size = positionIn(state, market);
        const target =
          market === chosen ? (direction * leverage * Math.min(equity, maxEquity)) / lotValue(market) : 0;
        const off = target - size;
        if (Math.abs(off) <= tolerance * Math.max(Math.abs(target), Math.abs(size))) continue;
        // Reducing orders may be of any size down to the smallest order.
        const order = takeOrder(market, off, { reduceOnly: target === 0 });
        if (order !== undefined) orders.push(order);
      }
      // Small surpluses are not worth a transaction.
      return { deposit: 0, orders, withdraw: surplus > 0.2 * maxEquity ? surplus : 0 };
    },
  };
}
