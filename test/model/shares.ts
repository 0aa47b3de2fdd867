import { abs, floorDiv } from "./numbers.ts";
import type { Market, Position, Round } from "./types.ts";

/** Parts of deleveraging rounds, without touching anything. */

/** Rounds up to the first that is not served whole are finished, whatever stands behind it. */
export const finishedRounds = ({ rounds }: Market): number => {
  const open = rounds.findIndex(({ served, side }) => served < side);
  return open === -1 ? rounds.length : open;
};

export const unfinishedRounds = (market: Market): number => market.rounds.length - finishedRounds(market);

export const isOf = (round: Round, size: bigint): boolean => (round.longs ? size > 0n : size < 0n);

/** Lots that a position closes in a round when it takes its part now. */
export const shareOf = ({ lots, side, served }: Round, size: bigint): bigint =>
  ((served + abs(size)) * lots) / side - (served * lots) / side;

/** A position as its pending rounds would leave it now; the rounds are not served by looking. */
export function applied(market: Market, position: Position): Position {
  if (position.round === market.rounds.length) return position;
  const seen = { ...position };
  for (const round of market.rounds.slice(position.round)) {
    if (!isOf(round, seen.size)) continue;
    takePart(seen, round);
  }
  return seen;
}

/** Funding up to the round with the size that the position had, then its lots at the round's tick. Returns both. */
export function takePart(position: Position, round: Round): { lots: bigint; funding: bigint } {
  const funding = floorDiv(-position.size * (round.funding - position.snapshot), 1n << 20n);
  position.quote += funding;
  position.snapshot = round.funding;
  const lots = shareOf(round, position.size);
  const signed = round.longs ? -lots : lots;
  position.size += signed;
  position.quote -= signed * round.tick;
  return { lots, funding };
}

/**
 * What the rounds of a market still owe: lots (signed as the funds' were), those of them that longs have to give, and what they
 * are worth at the rounds' ticks.
 */
export function escrowed(market: Market): { size: bigint; quote: bigint; longs: bigint } {
  const sum = { size: 0n, quote: 0n, longs: 0n };
  for (const { lots, closed, longs, tick } of market.rounds) {
    const left = longs ? closed - lots : lots - closed;
    sum.size += left;
    sum.quote -= left * tick;
    if (longs) sum.longs -= left;
  }
  return sum;
}
