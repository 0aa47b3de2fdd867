import { lotsFor } from "../maker/snapshot.ts";
import { idle, positionIn, takeOrder, type Taker, type TakerDecision, type TakerState } from "./taker.ts";
import { pick } from "./random.ts";

/** How much a noise trader trades. */
export interface NoiseParameters {
  name: string;
  /** Collateral tokens that it refills to. */
  capital: number;
  /** Chance that it trades in a round. */
  activity: number;
  /** Largest order, and largest position, as multiples of capital (notional). */
  maxOrder: number;
  maxPosition: number;
}

/** Noise: buys and sells by chance in a market by chance, and turns around when its position grows large. */
export function createNoise({ name, capital, activity, maxOrder, maxPosition }: NoiseParameters): Taker {
  return {
    name,
    decide(state: TakerState): TakerDecision {
      const { random } = state;
      // All numbers are drawn first, so that what is on offer does not shift the stream.
      const [acts, side, fraction] = [random() < activity, random() < 0.5 ? 1 : -1, random()];
      const market = pick(
        random,
        state.markets.filter(({ open }) => open),
      );
      if (!acts || market === undefined) return idle();
      const equity = state.account?.equity ?? 0;
      if (equity < capital / 2) return { deposit: capital - equity, orders: [], withdraw: 0 };
      const size = positionIn(state, market);
      const limit = lotsFor(market, capital * maxPosition);
      const direction = Math.abs(size) > limit / 2 ? -Math.sign(size) : side;
      const wanted = Math.max(market.minLots, lotsFor(market, capital * maxOrder * fraction));
      const room = limit - size * direction;
      const order = takeOrder(market, direction * Math.min(wanted, room));
      return { deposit: 0, orders: order === undefined ? [] : [order], withdraw: 0 };
    },
  };
}
