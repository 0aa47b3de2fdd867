import { type Book, impactTick } from "./book.ts";
import { bandAround, tierOfMonth } from "./margin.ts";
import { BPS, clamp, DAY, FINE, FINE_BITS, floorDiv, min, MINUTE } from "./numbers.ts";
import { type FeedState, followedBefore } from "./feed.ts";
import { isHalted } from "./ladder.ts";
import type { Listing, Tier } from "./types.ts";
import { lockedAt, NO_WINDOW, type Prints, type Window, windowDay } from "./window.ts";

/**
 * Mark price and funding, minute by minute in a plain loop: the reference for the closed form on chain. Prices are ticks ×
 * 2^128, so that the loop's own rounding never shows.
 */
export interface MarkState {
  listing: Listing;
  /** Second up to which everything is accounted. */
  time: bigint;
  /** Moving average of mid, not clamped. */
  mean: bigint;
  /** Index (perpetual) or previous daily settlement price (dated). */
  anchor: bigint;
  /** Standing impact prices in ticks; 0 where a side is too thin. */
  bid: bigint;
  ask: bigint;
  /** Mid × seconds of the running minute, and the seconds for which there was a mid. */
  sum: bigint;
  seconds: bigint;
  /** Second up to which the standing mid is in them. */
  weighedAt: bigint;
  /** Ticks × 2^128 that one long lot has paid since listing. */
  cumulative: bigint;
  /** Second from which the index is stale and funding stands still. */
  staleAt: bigint;
  /** Margins, clamp and window of the day. */
  tier: Tier;
  clampBps: bigint;
  window: Window;
  /** Whether the window's clamp may be a basis point off. */
  close: boolean;
  /** What its days need of the index, and when it was silent; without them no minute is halted and nothing locks. */
  feed?: FeedState;
  prints?: Prints;
}

/** What `markMinutes` is, towards the index, for a perpetual without a two-sided book. */
export const IDLE_MINUTES = 24n * 60n;

const toFine = (tick: bigint): bigint => tick << FINE_BITS;
export const fromX16 = (x16: bigint): bigint => x16 << (FINE_BITS - 16n);
export const toX16 = (fine: bigint): bigint => fine >> (FINE_BITS - 16n);
export const toX20 = (fine: bigint): bigint => fine >> (FINE_BITS - 20n);

/** An index value (WAD) in ticks × 2^16, by floor. */
export const indexToX16 = (value: bigint, indexPerTick: bigint): bigint => (value << 16n) / indexPerTick;

export function startMark(listing: Listing, time: bigint, firstX16: bigint): MarkState {
  return {
    listing,
    time,
    mean: fromX16(firstX16),
    anchor: fromX16(firstX16),
    bid: 0n,
    ask: 0n,
    sum: 0n,
    seconds: 0n,
    weighedAt: time,
    cumulative: 0n,
    staleAt: (1n << 63n) - 1n,
    tier: tierOfMonth(listing, time),
    clampBps: listing.clampBps,
    window: NO_WINDOW,
    close: false,
  };
}

/** The mean, no further from its anchor than the clamp. */
export function clampedMark({ mean, anchor, clampBps }: MarkState): bigint {
  const distance = (anchor * clampBps) / BPS;
  return clamp(mean, anchor - distance, anchor + distance);
}

/** Ticks × 2^128 that a long pays in one minute at this mark and index. */
export function fundingOfMinute(listing: Listing, mark: bigint, index: bigint): bigint {
  if (listing.kind !== "perpetual") return 0n;
  const cap = (index * listing.fundingCapBps) / BPS;
  const premium = mark - index + floorDiv(index * listing.fundingInterestBps, BPS);
  return floorDiv(clamp(premium, -cap, cap) * MINUTE, listing.fundingPeriod);
}

/** Lets time pass with the standing mid, one minute after the other. */
export function advance(state: MarkState, now: bigint): void {
  while (state.time < now) {
    const end = (state.time / MINUTE + 1n) * MINUTE;
    state.time = min(now, end);
    if (state.time === end) closeMinute(state);
  }
}

/**
 * Weighs the standing mid with the seconds since the last time: at the end of the minute and before the mid changes, be it
 * by the book or by an index that moves the edges of the band.
 */
function weigh(state: MarkState): void {
  if (state.bid !== 0n && state.ask !== 0n) {
    state.sum += midOf(state) * (state.time - state.weighedAt);
    state.seconds += state.time - state.weighedAt;
  }
  state.weighedAt = state.time;
}

/**
 * Mid of the standing impact prices, each held to the fill band around both ends of the clamp: one that mark has left
 * behind counts at the edge. The edges move with the anchor alone, so that the mid stands still while nothing happens.
 */
function midOf({ anchor, bid, ask, tier, clampBps }: MarkState): bigint {
  const { fillBandBps } = tier;
  const anchorX16 = toX16(anchor);
  const width = (anchorX16 * clampBps) / BPS;
  const { lowest } = bandAround(anchorX16 - width, 16n, fillBandBps);
  const { highest } = bandAround(anchorX16 + width, 16n, fillBandBps);
  return toFine(clamp(bid, lowest, highest) + clamp(ask, lowest, highest)) / 2n;
}

/** The end of a minute: the average, funding at the mark that it makes, then a new day. Nothing moves in a halted minute. */
function closeMinute(state: MarkState): void {
  weigh(state);
  const { listing, feed, time } = state;
  const minute = time / MINUTE;
  const halted = feed !== undefined && isHalted(feed, minute - 1n);
  const frozen = time - MINUTE >= state.staleAt;
  if (!halted) {
    state.mean = nextMean(state);
    if (!frozen && listing.kind === "perpetual")
      state.cumulative += fundingOfMinute(listing, clampedMark(state), state.anchor);
  }
  state.sum = 0n;
  state.seconds = 0n;
  // A midnight that a halt begins with or lasts over does not count; the first after it does.
  const counts = listing.kind === "dated" && time % DAY === 0n && !(feed && isHalted(feed, minute));
  if (counts && time / DAY <= listing.lastPeriod) newDay(state, time / DAY);
}

/** At 00:00 UTC mark is the settlement price of the day, and the margins and limits of the new day hold. */
function newDay(state: MarkState, day: bigint): void {
  const { listing, prints, feed } = state;
  const mark = clampedMark(state);
  if (day <= listing.firstPeriod || !prints || !feed) {
    Object.assign(state, { anchor: mark, tier: tierOfMonth(listing, day * DAY), clampBps: listing.clampBps });
    return;
  }
  const followed = indexToX16(followedBefore(feed, day * DAY), listing.indexPerTick);
  const { anchorX16, ...rest } = windowDay(listing, lockedAt(listing, prints, day), toX16(mark), followed);
  Object.assign(state, rest, { anchor: fromX16(anchorX16) });
}

/** Seconds without a two-sided book hold the mean; a perpetual's minute without any moves it towards the index. */
function nextMean({ listing, mean, sum, seconds, anchor }: MarkState): bigint {
  if (seconds > 0n) {
    const mid = (sum + mean * (MINUTE - seconds)) / MINUTE;
    return towards(mean, mid, decay(listing.markMinutes));
  }
  return listing.kind === "perpetual" ? towards(mean, anchor, decay(IDLE_MINUTES)) : mean;
}

const towards = (mean: bigint, target: bigint, kept: bigint): bigint =>
  target + floorDiv((mean - target) * kept, FINE);

/** Share of a difference that is left after one minute: all but one part in `minutes`. */
const decay = (minutes: bigint): bigint => FINE - FINE / minutes;

/** A new top of the book from this second on. */
export function standAt(state: MarkState, now: bigint, book: Book): void {
  advance(state, now);
  const bid = impactTick(book.bids, state.listing.impactLots);
  const ask = impactTick(book.asks, state.listing.impactLots);
  if (bid === state.bid && ask === state.ask) return;
  weigh(state);
  Object.assign(state, { bid, ask });
}

/** A new followed index from this second on. */
export function followAt(state: MarkState, now: bigint, indexX16: bigint, staleAt: bigint): void {
  advance(state, now);
  weigh(state);
  state.anchor = fromX16(indexX16);
  state.staleAt = staleAt;
}
