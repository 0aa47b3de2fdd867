import { BPS, ceilDiv, clamp, DAY, floorDiv, MINUTE } from "./numbers.ts";

/** How markets follow an index: at most `maxMove` from any value that was followed within the last 24 hours. */
export interface FeedState {
  maxMoveBps: bigint;
  limit1: bigint;
  limit2: bigint;
  limit3: bigint;
  target: bigint;
  newestPeriod: bigint;
  /** Halts that a push ended: their first minute and the first after them. */
  halts: { from: bigint; until: bigint }[];
  /** Values followed, the newest last, each with the second from which it holds. */
  history: { from: bigint; value: bigint }[];
}

export const followedOf = ({ history }: FeedState): bigint => history.at(-1)?.value ?? 0n;

/** Second from which takers must reduce: age counts from 24 hours after the end of the newest day. */
export const staleAtOf = ({ newestPeriod, limit1 }: FeedState): bigint => (newestPeriod + 2n) * DAY + limit1;

/** First minute of the first limit, and of the second. */
export const staleMinute = (feed: FeedState): bigint => staleAtOf(feed) / MINUTE;
export const haltMinute = ({ newestPeriod, limit2 }: FeedState): bigint =>
  ((newestPeriod + 2n) * DAY + limit2) / MINUTE;

/** The value that markets followed right before a second; the oldest if there was none yet. */
export const followedBefore = ({ history }: FeedState, time: bigint): bigint =>
  (history.filter(({ from }) => from < time).at(-1) ?? history[0])?.value ?? 0n;

/** A push: the newest trailing mean, followed as far as the rule allows. */
export function push(feed: FeedState, now: bigint, value: bigint, newestPeriod: bigint): void {
  feed.target = value;
  const [minute, from, first] = [now / MINUTE, haltMinute(feed), feed.history.length === 0];
  feed.newestPeriod = newestPeriod;
  // The minute of the push still belongs to the halt that it ends; where the index is still too old, the halt goes on.
  const until = minute >= haltMinute(feed) ? haltMinute(feed) : minute + 1n;
  if (!first && minute >= from && until > from) feed.halts.push({ from, until });
  follow(feed, now);
}

/** Moves the followed value towards the target. */
export function follow(feed: FeedState, now: bigint): void {
  const allowed = bounds(feed, now);
  const value = allowed ? clamp(feed.target, allowed.low, allowed.high) : feed.target;
  if (value !== followedOf(feed)) feed.history.push({ from: now, value });
}

/** Bounds set by every value that stood at some time in the last 24 hours. */
export function bounds(feed: FeedState, now: bigint): { low: bigint; high: bigint } | undefined {
  const recent = feed.history.filter((_, i) => {
    const until = feed.history[i + 1]?.from ?? now + 1n;
    return until > now - DAY;
  });
  const [first] = recent;
  if (!first) return undefined;
  let lowest = first.value;
  let highest = first.value;
  for (const { value } of recent) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const low = ceilDiv(highest * (BPS - feed.maxMoveBps), BPS);
  const high = floorDiv(lowest * (BPS + feed.maxMoveBps), BPS);
  return { low, high };
}
