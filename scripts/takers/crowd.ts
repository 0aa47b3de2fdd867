import { createHedger } from "./hedger.ts";
import { createNoise } from "./noise.ts";
import { createOverleveraged } from "./overleveraged.ts";
import type { Taker } from "./taker.ts";
import { createTrendFollower } from "./trend.ts";

/**
 * The takers of the replay, each with another view of the market.
 * @param since First UTC day number of the run.
 */
export function createCrowd(since: number): Taker[] {
  return [
    createHedger({
      name: "buyer",
      side: 1,
      exposure: 40,
      growth: 0.02,
      coverage: [1, 0.7, 0.35],
      pace: 10,
      cushion: 2.5,
      since,
    }),
    createHedger({
      name: "provider",
      side: -1,
      exposure: 30,
      growth: 0.01,
      coverage: [0.8, 0.6, 0.3],
      pace: 12,
      cushion: 2.5,
      since,
    }),
    createTrendFollower({
      name: "trend",
      capital: 100_000,
      maxEquity: 1_000_000,
      lookback: 14,
      threshold: 0.06,
      leverage: 1.5,
      tolerance: 0.25,
      venue: "perpetual",
    }),
    createTrendFollower({
      name: "slow trend",
      capital: 80_000,
      maxEquity: 800_000,
      lookback: 28,
      threshold: 0.1,
      leverage: 1,
      tolerance: 0.25,
      venue: "next",
    }),
    createNoise({ name: "noise 1", capital: 150_000, activity: 0.9, maxOrder: 0.2, maxPosition: 0.8 }),
    createNoise({ name: "noise 2", capital: 100_000, activity: 0.8, maxOrder: 0.3, maxPosition: 0.8 }),
    createOverleveraged({
      name: "bull",
      stake: 20_000,
      side: 1,
      conviction: 0.05,
      appetite: 0.98,
      goal: 8,
      pause: 5,
    }),
    createOverleveraged({
      name: "bear",
      stake: 20_000,
      side: -1,
      conviction: 0.08,
      appetite: 0.98,
      goal: 4,
      pause: 5,
    }),
  ];
}
