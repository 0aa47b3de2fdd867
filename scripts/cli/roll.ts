/** Price level of a book. */
export interface RollLevel {
  tick: bigint;
  lots: bigint;
}

/** What a side of a book gives for a number of lots. */
export interface Walk {
  /** Tick of the last level that is needed. */
  worst: bigint;
  /** Lots × tick of all that is needed. */
  notional: bigint;
}

/**
 * Walks a side of a book from its best level.
 * @returns What it gives, or the lots that it has where they do not suffice.
 */
export function walk(levels: readonly RollLevel[], lots: bigint): Walk | { available: bigint } {
  let left = lots;
  let notional = 0n;
  for (const { tick, lots: offered } of levels) {
    const taken = offered < left ? offered : left;
    notional += taken * tick;
    left -= taken;
    if (left === 0n) return { worst: tick, notional };
  }
  return { available: lots - left };
}

/** What bounds the two legs of a roll, ticks. */
export interface RollBounds {
  /** Whether the position is long: it sells the old month and buys the new one. */
  long: boolean;
  /** Worst levels that the roll needs now. */
  worst: { old: bigint; new: bigint };
  /** Furthest price of each leg that the fill band allows. */
  edge: { old: bigint; new: bigint };
  /** Worst spread, new less old, that is accepted; what the book shows now when left out. */
  spread?: bigint | undefined;
}

/** Spread of the levels that a roll needs, and how far it may get worse: below zero where it is worse than accepted already. */
export function spreadOf({ long, worst, spread }: RollBounds): { shown: bigint; slack: bigint } {
  const shown = worst.new - worst.old;
  if (spread === undefined) return { shown, slack: 0n };
  return { shown, slack: long ? spread - shown : shown - spread };
}

/**
 * Limits of the two legs: whatever they fill at, the spread is no worse than accepted. The room is shared by the legs as far as the fill bands let
 * each have it.
 */
export function legLimits(bounds: RollBounds): { old: bigint; new: bigint } {
  const { long, worst, edge } = bounds;
  const { slack } = spreadOf(bounds);
  const roomOld = long ? worst.old - edge.old : edge.old - worst.old;
  const roomNew = long ? edge.new - worst.new : worst.new - edge.new;
  const forOld = least(slack / 2n, roomOld);
  const forNew = least(slack - forOld, roomNew);
  return long
    ? { old: worst.old - forOld, new: worst.new + forNew }
    : { old: worst.old + forOld, new: worst.new - forNew };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
