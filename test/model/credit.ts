import { abs, BPS, ceilDiv, max } from "./numbers.ts";
import { imWeight, held, phaseOf, tierOf } from "./margin.ts";
import type { Account, Listing, Market, Position, State } from "./types.ts";
import { unlockedShare } from "./window.ts";

/**
 * Calendar credit: a long in one month and a short in the next of the same index need the spread margin of their larger leg
 * instead of both legs' margins. Of all ways to pair the lots the one with the largest credit counts; it is found here by
 * augmenting paths, one after the other, until none gains anything.
 */

export type Requirement = "initial" | "maintenance";

/** A month that may be a leg: its lots that count, and what its margin is per lot. */
interface Leg {
  market: Market;
  lots: bigint;
}

/** Signed lots that no fill of the position's resting orders can take away. */
export const surviving = ({ size, bidLots, askLots }: Position): bigint =>
  size > 0n ? max(0n, size - askLots) : -max(0n, -size - bidLots);

/** The account's months that trade and have a spread margin, in order of maturity. */
function legsOf(state: State, account: Account, of: Requirement): Leg[] {
  return held(state, account)
    .filter(([market]) => isMonth(market))
    .map(([market, position]) => {
      const trading = ["open", "reduceOnly"].includes(phaseOf(market, state.now));
      const { unlocked, days } = unlockedShare(market);
      const lots = of === "initial" ? surviving(position) : position.size;
      // Rounded towards zero on either side.
      return { market, lots: trading ? (lots * unlocked) / days : 0n };
    })
    .sort((a, b) => Number(a.market.listing.firstPeriod - b.market.listing.firstPeriod));
}

const isMonth = ({ listing }: Market): boolean =>
  listing.kind === "dated" && listing.spreadMaintenanceBps !== 0n;

/** Value of a lot at mark × 2^16. */
const valueOf = ({ markX16, listing }: Market): bigint => markX16 * listing.tickValue;

/** Rates of a lot that is not locked: those of the month, also where its window has made them smaller for the whole. */
function ratesOf(state: State, market: Market) {
  const { unlocked, days } = unlockedShare(market);
  // Margins that were applied since midnight and are not in force yet count neither for the requirement nor here.
  return unlocked === days ? tierOf(market, state.now) : market.window.front!;
}

/** Fee of a maker at the edge of the band, basis points of mark, rounded up; a rebate costs nothing. */
const edgeFeeBps = ({ makerFee }: Listing, bandBps: bigint): bigint =>
  makerFee > 0n ? ceilDiv(makerFee * (BPS + bandBps), 100_000n) : 0n;

/** Collateral units × 2^16 × 10^4 that one lot of a hedge in two months needs less than its legs. */
function gainOf(state: State, a: Market, b: Market, of: Requirement): bigint {
  if (b.listing.firstPeriod !== a.listing.lastPeriod + 1n) return 0n;
  const pair = [a, b];
  const larger = (value: (market: Market) => bigint): bigint => max(value(a), value(b));
  const rates = pair.map((market) => ratesOf(state, market));
  const legs = pair.reduce((sum, market, i) => {
    const { initialMarginBps, maintenanceMarginBps } = rates[i]!;
    return sum + (of === "initial" ? initialMarginBps : maintenanceMarginBps) * valueOf(market);
  }, 0n);
  let spread = larger(({ listing }) => listing.spreadMaintenanceBps);
  if (of === "initial") {
    const band = (market: Market) => tierOf(market, state.now).fillBandBps;
    // A fill of either leg at the edge of its band must not bring the hedge from IM below MM.
    spread += larger(band) + larger((market) => edgeFeeBps(market.listing, band(market)));
    spread = max(
      spread,
      larger(({ listing }) => listing.spreadInitialBps),
    );
  }
  return max(0n, legs - spread * larger(valueOf));
}

/** Pairs of neighbours on opposite sides with the lots that hedge in each, and the credit of all. */
export function hedges(state: State, account: Account, of: Requirement) {
  const legs = legsOf(state, account, of);
  const pairs = legs.slice(1).map((later, i) => {
    const earlier = legs[i]!;
    const opposite = earlier.lots * later.lots < 0n;
    const gain = opposite ? gainOf(state, earlier.market, later.market, of) : 0n;
    return { a: i, b: i + 1, gain, lots: 0n };
  });
  const credit = pairUp(
    pairs,
    legs.map(({ lots }) => abs(lots)),
  );
  return { legs, pairs, credit };
}

/** Gives the pairs of neighbours in a row of months so many lots that the credit is the largest there is; returns it. */
export function pairUp(pairs: Pair[], room: bigint[]): bigint {
  while (augment(pairs, room)) continue;
  return pairs.reduce((sum, { gain, lots }) => sum + gain * lots, 0n);
}

/** Two neighbours (by their places in the row), what a lot of a hedge in them gains, and its lots. */
type Pair = { a: number; b: number; gain: bigint; lots: bigint };

/**
 * Months in a row are a path. An augmenting path is a stretch of it: every other pair takes lots, the ones between give them
 * back; the months at its ends have lots to spare. The one that gains the most is taken. Returns whether there was any.
 */
function augment(pairs: Pair[], room: bigint[]): boolean {
  let best: { from: number; to: number; gain: bigint } | undefined;
  for (let from = 0; from < pairs.length; from++) {
    let gain = 0n;
    for (let to = from; to < pairs.length; to++) {
      const pair = pairs[to]!;
      const takes = (to - from) % 2 === 0;
      if (pair.gain === 0n || (!takes && pair.lots === 0n)) break;
      gain += takes ? pair.gain : -pair.gain;
      // It may end with a pair that takes, where the month behind it has room, or with one that gives back.
      const starts = room[pairs[from]!.a]! > 0n;
      const ends = takes ? room[pair.b]! > 0n : true;
      if (starts && ends && gain > 0n && gain > (best?.gain ?? 0n)) best = { from, to, gain };
    }
    // The same with a first pair that gives lots back to the one behind it.
    gain = -pairs[from]!.gain;
    if (pairs[from]!.lots === 0n) continue;
    for (let to = from + 1; to < pairs.length; to++) {
      const pair = pairs[to]!;
      const takes = (to - from) % 2 === 1;
      if (pair.gain === 0n || (!takes && pair.lots === 0n)) break;
      gain += takes ? pair.gain : -pair.gain;
      const ends = takes ? room[pair.b]! > 0n : true;
      if (ends && gain > 0n && gain > (best?.gain ?? 0n)) best = { from, to, gain };
    }
  }
  if (!best) return false;
  apply(pairs, room, best.from, best.to);
  return true;
}

/** Moves as many lots along the stretch as its givers and its ends have. */
function apply(pairs: Pair[], room: bigint[], from: number, to: number): void {
  const stretch = pairs.slice(from, to + 1);
  // Whether the first pair takes: it does wherever its earlier month has lots to spare and the signs work out.
  const sums = [0, 1].map((first) =>
    stretch.reduce((sum, { gain }, i) => sum + (i % 2 === first ? gain : -gain), 0n),
  );
  const first = sums[0]! > 0n && room[stretch[0]!.a]! > 0n ? 0 : 1;
  const takes = (i: number): boolean => i % 2 === first;
  const limits = stretch.filter((_, i) => !takes(i)).map(({ lots }) => lots);
  const last = stretch.length - 1;
  if (takes(0)) limits.push(room[stretch[0]!.a]!);
  if (takes(last)) limits.push(room[stretch[last]!.b]!);
  const lots = limits.reduce((a, b) => (a < b ? a : b));
  stretch.forEach((pair, i) => {
    const sign = takes(i) ? 1n : -1n;
    pair.lots += sign * lots;
  });
  // Months inside the stretch give what they take; only its ends change.
  room[stretch[0]!.a]! -= takes(0) ? lots : -lots;
  room[stretch[last]!.b]! -= takes(last) ? lots : -lots;
}

/** What calendar hedges take off a requirement, collateral units × 2^16 × 10^4. */
export const calendarCredit = (state: State, account: Account, of: Requirement): bigint =>
  hedges(state, account, of).credit;

/** Whether IM would be higher with `after` than with `before` as the account's position in a month. */
export function raisesInitial(
  state: State,
  account: Account,
  market: Market,
  before: Position,
  after: Position,
): boolean {
  if (!isMonth(market)) return false;
  const initialWith = (position: Position): bigint => {
    const seen = { ...account, positions: new Map(account.positions).set(market.id, position) };
    return imWeight(state, market, position) * valueOf(market) - calendarCredit(state, seen, "initial");
  };
  return initialWith(after) > initialWith(before);
}

/** Lots that a liquidation must leave in a market: the leg of hedges whose other leg has the larger MM a lot. */
export function hedgedLots(state: State, account: Account, market: Market): bigint {
  const { legs, pairs } = hedges(state, account, "maintenance");
  const own = legs.findIndex((leg) => leg.market.id === market.id);
  const dearness = ({ market: of }: Leg): bigint => ratesOf(state, of).maintenanceMarginBps * valueOf(of);
  let lots = 0n;
  for (const pair of pairs) {
    if (pair.a !== own && pair.b !== own) continue;
    const other = legs[pair.a === own ? pair.b : pair.a]!;
    if (dearness(other) > dearness(legs[own]!)) lots += pair.lots;
  }
  const { unlocked, days } = unlockedShare(market);
  return lots === 0n ? 0n : ceilDiv(lots * days, unlocked);
}
