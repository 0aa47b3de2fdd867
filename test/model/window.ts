import { BPS, ceilDiv, clamp, DAY, floorDiv, max, min } from "./numbers.ts";
import type { Listing, Market, Tier } from "./types.ts";

/** The delivery window of a dated future: what of it is locked, and what that makes of margins and mark. */

/** A print as the index has it, and when it was last revised. */
export interface Print {
  value: bigint;
  revisedAt: bigint;
}

/** Prints of an index by day. */
export type Prints = Map<bigint, Print>;

/** Days of the window, days whose print is locked, the sum of those prints in ticks × 2^16, and the margins before they shrank. */
export interface Window {
  days: bigint;
  locked: bigint;
  sumX16: bigint;
  front?: Tier;
}

export const NO_WINDOW: Window = { days: 0n, locked: 0n, sumX16: 0n };

/** A print of four days ago is final at 00:00, unless it was revised late. */
const FINAL_AFTER = 4n;
const FINALITY = 3n * DAY;
const HIGHEST = ((1n << 24n) - 2n) << 16n;

/** Second from which a print cannot change any more. */
export const finalAt = (period: bigint, { revisedAt }: Print): bigint =>
  max((period + 1n) * DAY + FINALITY, revisedAt + DAY);

/** Days of a market's delivery window whose print is not locked, and all of them; 1 of 1 outside of a window. */
export const unlockedShare = ({ window }: Pick<Market, "window">): { unlocked: bigint; days: bigint } =>
  window.days === 0n
    ? { unlocked: 1n, days: 1n }
    : { unlocked: window.days - window.locked, days: window.days };

/** What was locked at 00:00 UTC of a day. */
export function lockedAt(
  { firstPeriod, lastPeriod, indexPerTick, tiers }: Listing,
  prints: Prints,
  day: bigint,
): Window {
  let [locked, sum] = [0n, 0n];
  for (let period = firstPeriod; period <= day - FINAL_AFTER; period++) {
    const print = prints.get(period);
    if (!print || finalAt(period, print) > day * DAY) continue;
    locked++;
    sum += print.value;
  }
  const sumX16 = floorDiv(sum << 16n, indexPerTick);
  return { days: lastPeriod - firstPeriod + 1n, locked, sumX16, front: tiers[0] };
}

/** Margins and band of the front month when `unlocked` of `days` are not locked; IM never below 4 %, MM never below 3 %. */
export function scaledTier(front: Tier, unlocked: bigint, days: bigint): Tier {
  return {
    initialMarginBps: max(400n, ceilDiv(front.initialMarginBps * unlocked, days)),
    maintenanceMarginBps: max(300n, ceilDiv(front.maintenanceMarginBps * unlocked, days)),
    fillBandBps: max(1n, floorDiv(front.fillBandBps * unlocked, days)),
  };
}

/** A day of the window: its margins, and the anchor and clamp that keep mark within what the rest may be worth. */
export interface WindowDay {
  window: Window;
  tier: Tier;
  anchorX16: bigint;
  clampBps: bigint;
  /** Whether the clamp was nearly rounded to the next basis point. */
  close: boolean;
}

/**
 * The day that begins with this mark. What the book implies for the rest is p0 = (mark × days − sum) / unlocked; the day's p lies
 * within p0 ± clamp and 25 % around the followed mean, and is the nearer end of that where p0 lies outside.
 */
export function windowDay(listing: Listing, window: Window, markX16: bigint, followedX16: bigint): WindowDay {
  const { days, locked, sumX16 } = window;
  const unlocked = days - locked;
  const tier = scaledTier(listing.tiers[0], unlocked, days);
  const implied = floorDiv(markX16 * days - sumX16, unlocked);
  const lowest = (followedX16 * 3n) / 4n;
  const highest = followedX16 === 0n ? HIGHEST : (followedX16 * 5n) / 4n;
  const inside = clamp(implied, lowest, highest);
  const width = inside === implied ? listing.clampBps : 0n;
  const low = max(lowest, floorDiv(inside * (BPS - width), BPS));
  const high = min(highest, floorDiv(inside * (BPS + width), BPS));
  const markAt = (price: bigint): bigint => min(HIGHEST, floorDiv(sumX16 + unlocked * price, days));
  const anchorX16 = max(1n, (markAt(low) + markAt(high)) / 2n);
  const halves = (markAt(high) - markAt(low)) * BPS;
  const clampBps = max(1n, min(tier.maintenanceMarginBps - 1n, halves / (2n * anchorX16)));
  const rest = halves % (2n * anchorX16);
  const close = min(rest, 2n * anchorX16 - rest) < 2_000_000n;
  return { window, tier, anchorX16, clampBps, close };
}
