import type { Stage } from "../../calculator/calculate.ts";
import type { Rules } from "../../calculator/rules.ts";
import { cutoffOf } from "../../calculator/series.ts";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";

// What all reporters of a panel must do alike. These are no settings: a panel that differs here comes to no quorum.

/**
 * Seconds after a cut-off during which reporters tell each other what they received before it. A reporter believes a peer about the
 * time of receipt, but not about more than this long ago.
 */
export const EXCHANGE_SECONDS = 600;

/** Seconds that a reporter has for posting before the next one may. */
export const TAKEOVER_SECONDS = 120;

/** Days after a day's end until which its first print may still be posted: then a settlement may fill it. */
const FILLABLE_DAYS = 10;

/** One calculation of a day that is signed. Its number is its revision, so that all sign the same. */
export interface Sitting {
  readonly period: number;
  readonly stage: Stage;
  readonly revision: number;
  /** Unix seconds: statements received from then on do not count. */
  readonly cutoff: number;
  /** When reporters have told each other what they know, and sign. */
  readonly opens: number;
  /** Last second at which it may be posted; the deadline of every report of it, so that a reporter never signs two. */
  readonly deadline: number;
}

/** Highest revision that reporters sign. */
export const LAST_REVISION = 2;

/** The two sittings of a day. A first print that comes to no quorum before the final cut-off gives way to the final one. */
export function sittingsOf(period: number, rules: Rules): [Sitting, Sitting] {
  const end = (period + 1) * SECONDS_PER_DAY;
  const final = cutoffOf(period, "final", rules);
  const provisional = cutoffOf(period, "provisional", rules);
  return [
    sitting(period, "provisional", 1, provisional, final),
    sitting(period, "final", LAST_REVISION, final, end + FILLABLE_DAYS * SECONDS_PER_DAY),
  ];
}

/** Sittings that are open at a moment, in the order of their cut-offs. */
export function openSittings(now: number, first: number, rules: Rules): Sitting[] {
  return ended(now, first)
    .flatMap((period) => sittingsOf(period, rules))
    .filter(({ opens, deadline }) => opens <= now && now < deadline)
    .sort((a, b) => a.cutoff - b.cutoff);
}

/** Sittings whose statements are being gathered at a moment: their day has ended, and they have not opened. */
export function gatheringSittings(now: number, first: number, rules: Rules): Sitting[] {
  return ended(now, first)
    .flatMap((period) => sittingsOf(period, rules))
    .filter(({ opens }) => now < opens);
}

/** Which place in the row of posters a reporter has: the row starts with another one each day. */
export function turnOf(reporter: string, panel: readonly string[], period: number): number {
  const row = [...new Set(panel.map((each) => each.toLowerCase()))].sort();
  const place = row.indexOf(reporter.toLowerCase());
  if (place < 0) return row.length;
  return (place - (period % row.length) + row.length) % row.length;
}

/** Days that have ended and may still be posted, in order. */
function ended(now: number, first: number): number[] {
  const today = Math.floor(now / SECONDS_PER_DAY);
  const from = Math.max(first, today - FILLABLE_DAYS - 1);
  return Array.from({ length: Math.max(0, today - from) }, (_, i) => from + i);
}

function sitting(period: number, stage: Stage, revision: number, cutoff: number, deadline: number): Sitting {
  return { period, stage, revision, cutoff, opens: cutoff + EXCHANGE_SECONDS, deadline: deadline - 1 };
}
