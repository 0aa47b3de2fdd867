import { weekMean, type Series } from "./series.ts";
import { quantile } from "./statistics.ts";

/** What the index has done against a position, as fractions of its value at the start. Zero where it never did. */
export interface Stress {
  /** Days of the horizon. */
  readonly days: number;
  /** Starts in the history whose whole way it has. */
  readonly starts: number;
  /** Loss of one day that 99.5 % of days did not exceed. */
  readonly oneDay: number;
  /** Loss at the end of the horizon, or where the history ends, at 99.5 %. */
  readonly atEnd: number;
  /** Deepest loss on the way, which margin calls follow, at 99.5 % and at most. */
  readonly onTheWay: number;
  readonly worst: number;
}

/** Share of cases that a worst case covers. */
const CONFIDENCE = 0.995;
/** Fewest starts from which a worst case is stated. */
const LEAST_STARTS = 30;

/**
 * Reads worst cases from the index's own history of 7-day means. The history grew all the while, and a price has expected growth in it;
 * each figure is therefore the worse of the history as it was and the history without its mean growth.
 * @param direction 1 for a long position, −1 for a short one.
 * @returns undefined where the history has fewer than thirty starts.
 */
export function stress(index: Series, direction: 1 | -1, days: number): Stress | undefined {
  const path = meansOf(index);
  const drift = (path.at(-1)! - path[0]!) / (path.length - 1);
  const starts = path.length - days;
  if (starts < LEAST_STARTS) return undefined;
  const worse = [0, drift].map((growth) => losses(path, direction, days, growth));
  const highest = (select: (cases: Losses) => number) => Math.max(...worse.map(select));
  return {
    days,
    starts,
    oneDay: highest(({ oneDay }) => quantile(oneDay, CONFIDENCE)),
    atEnd: highest(({ atEnd }) => quantile(atEnd, CONFIDENCE)),
    onTheWay: highest(({ onTheWay }) => quantile(onTheWay, CONFIDENCE)),
    worst: highest(({ onTheWay }) => Math.max(...onTheWay)),
  };
}

interface Losses {
  oneDay: number[];
  atEnd: number[];
  onTheWay: number[];
}

function losses(path: readonly number[], direction: 1 | -1, days: number, growth: number): Losses {
  const loss = (from: number, to: number) => {
    const change = Math.expm1(path[to]! - path[from]! - growth * (to - from));
    return Math.max(0, -direction * change);
  };
  const all: Losses = { oneDay: [], atEnd: [], onTheWay: [] };
  for (let from = 0; from + 1 < path.length; from++) {
    all.oneDay.push(loss(from, from + 1));
    // The newest starts have seen a part of their way: it counts, so that a longer way is never the safer one.
    const seen = Math.min(days, path.length - 1 - from);
    all.atEnd.push(loss(from, from + seen));
    all.onTheWay.push(Math.max(...Array.from({ length: seen }, (_, day) => loss(from, from + day + 1))));
  }
  return all;
}

/** Logarithms of the 7-day means of every day; one without a mean takes that of the day before. */
function meansOf(index: Series): number[] {
  const first = Math.min(...index.keys());
  const last = Math.max(...index.keys());
  const path: number[] = [];
  for (let period = first; period <= last; period++) {
    const value = weekMean(index, period);
    if (value !== undefined) path.push(Math.log(value));
    else if (path.length > 0) path.push(path.at(-1)!);
  }
  return path;
}

/** Largest share of a bill by which it exceeds what was expected, at 99.5 %, where its growth is normal. */
export function tail(variance: number): number {
  return 2.5758293035489004 * Math.sqrt(variance);
}
