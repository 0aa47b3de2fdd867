import { type FeedState, haltMinute, staleMinute } from "./feed.ts";
import { phaseOf } from "./margin.ts";
import { DAY, MINUTE } from "./numbers.ts";
import { type Market, Refusal, type Stage, type State } from "./types.ts";

/** The stale ladder: what may happen while an index is silent. */

/** Minutes, from the one of the push that ended a halt, in which orders only rest or reduce and nobody is forced out. */
const GRACE_MINUTES = 30n;

/** Where an index stands in a minute that is not before its last push. */
export function stageAt(feed: FeedState, minute: bigint): Stage {
  if (minute >= haltMinute(feed)) return "halted";
  const last = feed.halts.at(-1);
  if (last && minute < last.until - 1n + GRACE_MINUTES) return "grace";
  return minute >= staleMinute(feed) ? "stale" : "fresh";
}

/** Whether a minute belongs to a halt, be it over or not. */
export const isHalted = (feed: FeedState, minute: bigint): boolean =>
  minute >= haltMinute(feed) || feed.halts.some(({ from, until }) => minute >= from && minute < until);

const isTrading = (state: State, market: Market): boolean =>
  ["open", "reduceOnly"].includes(phaseOf(market, state.now));

/** Refusal where mark of a trading market is not valid. */
export const brokenMark = (state: State, market: Market): Refusal[] =>
  isTrading(state, market) && market.stage === "halted" ? [new Refusal("IndexStale")] : [];

/** The same, and while nobody may be forced out. */
export const unenforceable = (state: State, market: Market): Refusal[] =>
  isTrading(state, market) && market.stage === "grace"
    ? [new Refusal("InGracePeriod")]
    : brokenMark(state, market);

/** What the stage does not let an order do. */
export function brokenStage(
  market: Market,
  order: { reduces: boolean; postOnly: boolean; crosses: boolean },
): Refusal[] {
  if (market.stage === "halted") return [new Refusal("IndexStale")];
  if (order.reduces || order.postOnly) return [];
  if (market.stage === "grace") return [new Refusal("InGracePeriod")];
  return market.stage === "stale" && order.crosses ? [new Refusal("IndexStale")] : [];
}

export const minuteOf = (second: bigint): bigint => second / MINUTE;

/** Four fifths of the tick range, ticks × 2^16, and the days for which a perpetual beyond it still trades. */
const RUN_OFF_X16 = ((((1n << 24n) - 2n) * 4n) / 5n) << 16n;
const RUN_OFF_DAYS = 30n;

/** A perpetual that follows its index beyond four fifths of the tick range takes no new risk and ends, whatever comes after. */
export function runOff(market: Market, now: bigint, indexX16: bigint): void {
  if (indexX16 <= RUN_OFF_X16 || market.end !== 0n || market.settlementTick !== 0n) return;
  market.end = (now / DAY + RUN_OFF_DAYS) * DAY;
  market.reduceOnly = true;
}
