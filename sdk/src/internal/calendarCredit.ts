// The credit that maintenance margin gives calendar hedges, as contracts/clearing/libraries/CalendarCredit.sol computes it.

/** A dated month in which an account has a position. */
export type Month = {
  market: number;
  feed: number;
  /** First and last UTC day of its delivery window. */
  first: number;
  last: number;
  /** Signed lots that count: the unlocked share of the position. */
  counted: bigint;
  /** Maintenance margin of a lot that counts, and of a hedge, basis points. */
  maintenanceBps: bigint;
  spreadBps: bigint;
  /** Collateral units of one tick of one lot. */
  tickValue: bigint;
};

/** What the lots of a month are worth to the pair before it: `price` is the credit lost by giving up one of `lots`. */
type Offer = { lots: bigint; price: bigint };

const max = (a: bigint, b: bigint) => (a > b ? a : b);
const min = (a: bigint, b: bigint) => (a < b ? a : b);
const size = (a: bigint) => (a < 0n ? -a : a);

/** Brings months into the order in which neighbours may be pairs. */
export function inOrder(months: readonly Month[]): Month[] {
  return [...months].sort((a, b) => a.feed - b.feed || a.first - b.first);
}

/** Whether two neighbours are held on opposite sides and adjacent, so that they may be a hedge. */
export function areHedge(a: Month, b: Month): boolean {
  const opposite = (a.counted > 0n && b.counted < 0n) || (a.counted < 0n && b.counted > 0n);
  return opposite && a.feed === b.feed && b.first === a.last + 1;
}

/** Credit on MM, collateral units × 2^16 × 10^4. `marks` are those of the months, ticks × 2^16. */
export function maintenanceCredit(months: readonly Month[], marks: readonly bigint[]): bigint {
  if (months.length < 2) return 0n;
  const value = (i: number) => (marks[i] ?? 0n) * (months[i]?.tickValue ?? 0n);
  const gains = months.slice(1).map((b, i) => {
    const a = months[i] as Month;
    if (!areHedge(a, b)) return 0n;
    const legs = a.maintenanceBps * value(i) + b.maintenanceBps * value(i + 1);
    return max(0n, legs - max(a.spreadBps, b.spreadBps) * max(value(i), value(i + 1)));
  });
  const hedged = pair(
    months.map(({ counted }) => size(counted)),
    gains,
  );
  return gains.reduce((sum, gain, i) => sum + gain * (hedged[i] ?? 0n), 0n);
}

/** Lots of each pair of neighbours that bring the largest Σ lots × gain, where a month's lots are shared by its two pairs. */
function pair(lots: readonly bigint[], gains: readonly bigint[]): bigint[] {
  const offers: Offer[][] = [];
  gains.forEach((_, i) => {
    const own = lots[i] ?? 0n;
    offers.push(i === 0 ? [{ lots: own, price: 0n }] : offered(offers[i - 1] ?? [], gains[i - 1] ?? 0n, own));
  });
  const hedged: bigint[] = [];
  let reserved = 0n;
  // From the last pair back: what a later pair takes of a month is not there for the earlier one.
  for (let i = gains.length; i > 0; i--) {
    const room = (lots[i] ?? 0n) - reserved;
    let taken = 0n;
    for (const offer of offers[i - 1] ?? []) {
      if (offer.price >= (gains[i - 1] ?? 0n)) break;
      taken += offer.lots;
    }
    reserved = min(taken, room);
    hedged.unshift(reserved);
  }
  return hedged;
}

/** What a month offers behind a pair that has taken from `before`: its free lots, then those of the pair, the last taken first. */
function offered(before: readonly Offer[], gain: bigint, lots: bigint): Offer[] {
  let free = lots;
  const used: Offer[] = [];
  for (const offer of before) {
    if (offer.price >= gain || free === 0n) break;
    free -= min(offer.lots, free);
    used.push(offer);
  }
  let left = lots - free;
  const given = used.map((offer) => {
    const part = min(offer.lots, left);
    left -= part;
    return { lots: part, price: gain - offer.price };
  });
  return [{ lots: free, price: 0n }, ...given.reverse()];
}
