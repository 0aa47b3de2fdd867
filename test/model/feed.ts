import { BPS, ceilDiv, clamp, DAY, floorDiv } from "./numbers.ts";

/** How markets follow an index: at most `maxMove` from any value that was followed within the last 24 hours. */
export interface FeedState {
  maxMoveBps: bigint;
  limit1: bigint;
  limit2: bigint;
  target: bigint;
  newestPeriod: bigint;
  /** Values followed, the newest last, each with the second from which it holds. */
  history: { from: bigint; value: bigint }[];
}

export const followedOf = ({ history }: FeedState): bigint => history.at(-1)?.value ?? 0n;

/** Second from which takers must reduce: age counts from 24 hours after the end of the newest day. */
export const staleAtOf = ({ newestPeriod, limit1 }: FeedState): bigint => (newestPeriod + 2n) * DAY + limit1;

/** Second from which mark is no longer valid. */
export const invalidAtOf = ({ newestPeriod, limit2 }: FeedState): bigint =>
  (newestPeriod + 2n) * DAY + limit2;

/** A push: the newest trailing mean, followed as far as the rule allows. */
export function push(feed: FeedState, now: bigint, value: bigint, newestPeriod: bigint): void {
  feed.target = value;
  feed.newestPeriod = newestPeriod;
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
