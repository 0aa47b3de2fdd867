import { lotValue } from "../maker/snapshot.ts";
import {
  datedOf,
  idle,
  positionIn,
  takeOrder,
  type Taker,
  type TakerDecision,
  type TakerState,
} from "./taker.ts";

/** A business whose result moves with usage, and how it hedges. */
export interface HedgerParameters {
  name: string;
  /** 1: pays for tokens and buys months ahead; −1: sells tokens and sells months ahead. */
  side: 1 | -1;
  /** Collateral tokens a month that one index point costs (or earns) at the start. */
  exposure: number;
  /** Growth of the business itself per 30 days, on top of the world's usage. */
  growth: number;
  /** Share of a month's exposure that is hedged by the time the month is front, next, third. */
  coverage: readonly number[];
  /** Days in which a change of target is traded. */
  pace: number;
  /** Equity is topped up to this multiple of the initial margin when it falls below two thirds of it. */
  cushion: number;
  /** First UTC day number: growth counts from here. */
  since: number;
}

/**
 * Hedger: holds a share of each coming month's usage, builds it in daily slices and carries it into settlement. It is
 * no speculator: it tops its margin up from the business instead of cutting the hedge.
 */
export function createHedger(parameters: HedgerParameters): Taker {
  const { name, side, exposure, growth, coverage, pace, cushion, since } = parameters;
  return {
    name,
    decide(state: TakerState): TakerDecision {
      const months = datedOf(state.markets);
      if (state.round !== 0 || months.length === 0) return idle();
      const scale = exposure * (1 + growth) ** ((state.today - since) / 30);
      const orders: TakerDecision["orders"] = [];
      let marginAfter = state.account?.initialMargin ?? 0;
      months.forEach((market, distance) => {
        const share = coverage[distance] ?? 0;
        const target = (side * share * scale) / (market.ticksPerPoint * market.tickValue);
        const missing = target - positionIn(state, market);
        // Towards the hedge only: what was bought for a month is carried into its settlement.
        if (missing * side <= 0) return;
        const slice = Math.max(Math.abs(target) / pace, market.minLots);
        const order = takeOrder(market, side * Math.min(Math.abs(missing), slice));
        if (order === undefined) return;
        orders.push(order);
        marginAfter += Math.abs(order.lots) * lotValue(market) * market.initialMargin;
      });
      const equity = state.account?.equity ?? 0;
      const deposit = equity < (cushion * marginAfter * 2) / 3 ? cushion * marginAfter - equity : 0;
      return { deposit, orders, withdraw: 0 };
    },
  };
}
