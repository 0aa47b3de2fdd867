import { calendarCredit } from "./credit.ts";
import { abs, BPS, ceilDiv, DAY, floorDiv, max } from "./numbers.ts";
import { applied, escrowed } from "./shares.ts";
import {
  type Account,
  type Listing,
  type Market,
  type Phase,
  type Position,
  type State,
  type Tier,
} from "./types.ts";

/** Positions, their worth and what they require. Amounts are collateral units unless a name says otherwise. */

/** Numbers of accounts: market m's fund is m, its escrow 1024 + m, owners' accounts come from here on. */
export const FIRST_OWNER = 2048;
export const ESCROW_OFFSET = 1024;

export const emptyPosition = (round = 0): Position => ({
  size: 0n,
  quote: 0n,
  snapshot: 0n,
  bidLots: 0n,
  askLots: 0n,
  openOrders: 0,
  round,
  reducing: false,
});

export function marketOf(state: State, id: number): Market {
  const market = state.markets.get(id);
  if (!market) throw new Error(`no market ${id} in the model`);
  return market;
}

/** Trading ends at this second; 0 for a perpetual whose end is not set. */
export const expiryOf = ({ listing, end }: Market): bigint =>
  listing.kind === "dated" ? (listing.lastPeriod + 1n) * DAY : end;

export function phaseOf(market: Market, now: bigint): Phase {
  if (market.settlementTick !== 0n) return "settled";
  const expiry = expiryOf(market);
  if (expiry !== 0n && now >= expiry) return "expired";
  return market.reduceOnly ? "reduceOnly" : "open";
}

/** Margins in force: third month, next month, then front month from the first day of the window. */
export const tierOf = ({ listing, tier }: Market, now: bigint): Tier => tier ?? tierOfMonth(listing, now);

export function tierOfMonth(listing: Listing, now: bigint): Tier {
  const today = now / DAY;
  const [front, next, third] = listing.tiers;
  if (listing.kind === "perpetual" || today >= listing.firstPeriod) return front;
  return today >= listing.nextFromPeriod ? next : third;
}

/** Ticks at which fills may happen: the whole ticks inside mark ± fill band. */
export const fillBand = (market: Market, now: bigint): { lowest: bigint; highest: bigint } =>
  bandAround(market.markX16, 16n, tierOf(market, now).fillBandBps);

/** Whole ticks within `bandBps` of a mark that has `bits` fraction bits. */
export function bandAround(mark: bigint, bits: bigint, bandBps: bigint): { lowest: bigint; highest: bigint } {
  const unit = BPS << bits;
  return { lowest: ceilDiv(mark * (BPS - bandBps), unit), highest: floorDiv(mark * (BPS + bandBps), unit) };
}

/** Largest position that the resting orders can still make of it. */
export const exposure = ({ size, bidLots, askLots }: Position): bigint =>
  max(abs(size + bidLots), abs(size - askLots));

/** Lots as IM counts them: beyond the market's concentration E lots count as E² ÷ concentration, rounded up. */
const concentrated = ({ concentrationLots }: Listing, lots: bigint): bigint =>
  concentrationLots === 0n || lots <= concentrationLots ? lots : ceilDiv(lots * lots, concentrationLots);

/**
 * Basis points × lots that IM asks for a position with its orders: the dearer of what all bids and all asks would make of
 * it. Lots that such fills would close on the way to the other side of zero count with IM less MM.
 */
export function weightedExposure(listing: Listing, tier: Tier, position: Position): bigint {
  const { size, bidLots, askLots } = position;
  const ends = [size + bidLots, size - askLots];
  return ends
    .map((end) => {
      const closing = end * size < 0n ? abs(size) : 0n;
      return (
        tier.initialMarginBps * concentrated(listing, abs(end)) +
        (tier.initialMarginBps - tier.maintenanceMarginBps) * closing
      );
    })
    .reduce((a, b) => max(a, b));
}

/** Whether the resting lots of one side could do more than close the position. */
export const opens = ({ size, bidLots, askLots }: Position, bids: boolean): boolean =>
  bids ? bidLots > max(0n, -size) : askLots > max(0n, size);

/** Funding since the last settlement, tick·lots, as it would settle now. */
export const pendingFunding = (market: Market, { size, snapshot }: Position): bigint =>
  floorDiv(-size * (market.cumulativeFunding - snapshot), 1n << 20n);

/** Worth of a position × 2^20: quote, size at mark (at the settlement price once written) and funding, nothing rounded. */
export function worthX20(market: Market, { size, quote, snapshot }: Position): bigint {
  const price = market.settlementTick === 0n ? market.markX16 << 4n : market.settlementTick << 20n;
  const funding = -size * (market.cumulativeFunding - snapshot);
  return ((quote << 20n) + size * price + funding) * market.listing.tickValue;
}

/** Markets of the account and its positions there as pending rounds leave them. */
export const held = (state: State, account: Account): [Market, Position][] =>
  [...account.positions].map(([id, position]) => {
    const market = marketOf(state, id);
    return [market, applied(market, position)];
  });

/** Cash and the worth of all positions, floored once. */
export function equityOf(state: State, account: Account): bigint {
  let worth = account.cash << 20n;
  for (const [market, position] of held(state, account)) worth += worthX20(market, position);
  return floorDiv(worth, 1n << 20n);
}

/**
 * Equity that counts for a withdrawal and for new risk: without the gains in expired markets, rounded up. What a round has closed
 * whole waits for no settlement price: it is cash that only has to be booked.
 */
export function withdrawalEquity(state: State, account: Account): bigint {
  let gains = 0n;
  for (const [market, position] of held(state, account)) {
    if (position.size !== 0n && phaseOf(market, state.now) === "expired")
      gains += max(0n, worthX20(market, position));
  }
  return equityOf(state, account) - ceilDiv(gains, 1n << 20n);
}

/** Σ weighted lots × mark × 2^16 × 10^4. Settled markets require nothing: their positions are cash in all but name. */
function requirement(
  state: State,
  account: Account,
  weightOf: (market: Market, position: Position) => bigint,
): bigint {
  let sum = 0n;
  for (const [market, position] of held(state, account)) {
    if (phaseOf(market, state.now) === "settled") continue;
    sum += weightOf(market, position) * market.markX16 * market.listing.tickValue;
  }
  return sum;
}

const ceiled = (requiredX16: bigint): bigint => ceilDiv(requiredX16, BPS << 16n);

/** Basis points × lots of a position and its orders, which are void once trading has ended. */
export const imWeight = (state: State, market: Market, position: Position): bigint =>
  weightedExposure(
    market.listing,
    tierOf(market, state.now),
    phaseOf(market, state.now) === "expired" ? { ...position, bidLots: 0n, askLots: 0n } : position,
  );

/** Requirement to add risk: the worst that resting orders can do counts, less the credit of hedges that survive it. */
export const initialMargin = (state: State, account: Account): bigint =>
  ceiled(
    requirement(state, account, (market, position) => imWeight(state, market, position)) -
      calendarCredit(state, account, "initial"),
  );

/** The same as if there were no orders, and without concentration and credit. */
export const initialMarginOfPositions = (state: State, account: Account): bigint =>
  ceiled(
    requirement(state, account, (market, { size }) => tierOf(market, state.now).initialMarginBps * abs(size)),
  );

/** Requirement of the positions alone. */
export const maintenanceMargin = (state: State, account: Account): bigint =>
  ceiled(
    requirement(
      state,
      account,
      (market, { size }) => tierOf(market, state.now).maintenanceMarginBps * abs(size),
    ) - calendarCredit(state, account, "maintenance"),
  );

/**
 * Sum of the conservation identity without the tracked balance: Σ cash + (Σ quote + pools) × tickValue + fees − deficits, with
 * what rounds still owe standing in the escrows.
 */
export function claims(state: State): bigint {
  let sum = 0n;
  for (const account of state.accounts.values()) {
    sum += account.cash + account.claim;
    for (const [id, { quote }] of account.positions) sum += quote * marketOf(state, id).listing.tickValue;
  }
  for (const market of state.markets.values()) {
    const { fundingPool, feesPayable, deficit, listing } = market;
    sum += (fundingPool + escrowed(market).quote) * listing.tickValue + feesPayable - deficit;
  }
  return sum;
}
