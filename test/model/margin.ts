import { abs, BPS, ceilDiv, DAY, floorDiv, max } from "./numbers.ts";
import type { Account, Listing, Market, Phase, Position, State, Tier } from "./types.ts";

/** Positions, their worth and what they require. Amounts are collateral units unless a name says otherwise. */

export const emptyPosition = (): Position => ({
  size: 0n,
  quote: 0n,
  snapshot: 0n,
  bidLots: 0n,
  askLots: 0n,
  openOrders: 0,
});

export function marketOf(state: State, id: number): Market {
  const market = state.markets.get(id);
  if (!market) throw new Error(`no market ${id} in the model`);
  return market;
}

/** Trading ends at this second; 0 for a perpetual. */
export const expiryOf = ({ listing }: Market): bigint =>
  listing.kind === "dated" ? (listing.lastPeriod + 1n) * DAY : 0n;

export function phaseOf(market: Market, now: bigint): Phase {
  if (market.settlementTick !== 0n) return "settled";
  if (market.listing.kind === "dated" && now >= expiryOf(market)) return "expired";
  return market.reduceOnly ? "reduceOnly" : "open";
}

/** Margins in force: third month, next month, then front month from the first day of the window. */
export function tierOf(listing: Listing, now: bigint): Tier {
  const today = now / DAY;
  const [front, next, third] = listing.tiers;
  if (listing.kind === "perpetual" || today >= listing.firstPeriod) return front;
  return today >= listing.nextFromPeriod ? next : third;
}

/** Ticks at which fills may happen: the whole ticks inside mark ± fill band. */
export const fillBand = (market: Market, now: bigint): { lowest: bigint; highest: bigint } =>
  bandAround(market.markX16, 16n, tierOf(market.listing, now).fillBandBps);

/** Whole ticks within `bandBps` of a mark that has `bits` fraction bits. */
export function bandAround(mark: bigint, bits: bigint, bandBps: bigint): { lowest: bigint; highest: bigint } {
  const unit = BPS << bits;
  return { lowest: ceilDiv(mark * (BPS - bandBps), unit), highest: floorDiv(mark * (BPS + bandBps), unit) };
}

/** Largest position that the resting orders can still make of it. */
export const exposure = ({ size, bidLots, askLots }: Position): bigint =>
  max(abs(size + bidLots), abs(size - askLots));

/** Funding since the last settlement, tick·lots, as it would settle now. */
export const pendingFunding = (market: Market, { size, snapshot }: Position): bigint =>
  floorDiv(-size * (market.cumulativeFunding - snapshot), 1n << 20n);

/** Worth of a position × 2^16: quote and pending funding whole, size at mark (at the settlement price once written). */
export function worthX16(market: Market, position: Position): bigint {
  const price = market.settlementTick === 0n ? market.markX16 : market.settlementTick << 16n;
  const whole = position.quote + pendingFunding(market, position);
  return ((whole << 16n) + position.size * price) * market.listing.tickValue;
}

/** Cash and the worth of all positions, floored once. With `withdrawing`, gains in expired markets do not count. */
export function equityOf(state: State, account: Account, withdrawing = false): bigint {
  let worth = account.cash << 16n;
  for (const [id, position] of account.positions) {
    const market = marketOf(state, id);
    const value = worthX16(market, position);
    if (withdrawing && value > 0n && phaseOf(market, state.now) === "expired") continue;
    worth += value;
  }
  return floorDiv(worth, 1n << 16n);
}

/** Σ rate × lots × mark, ceiled once. Settled markets require nothing: their positions are cash in all but name. */
function requirement(
  state: State,
  account: Account,
  rate: (tier: Tier) => bigint,
  lots: (position: Position, phase: Phase) => bigint,
): bigint {
  let sum = 0n;
  for (const [id, position] of account.positions) {
    const market = marketOf(state, id);
    const phase = phaseOf(market, state.now);
    if (phase === "settled") continue;
    sum +=
      rate(tierOf(market.listing, state.now)) *
      lots(position, phase) *
      market.markX16 *
      market.listing.tickValue;
  }
  return ceilDiv(sum, BPS << 16n);
}

/** Requirement to add risk: the worst that resting orders can do counts, where they can still do it. */
export const initialMargin = (state: State, account: Account): bigint =>
  requirement(
    state,
    account,
    (tier) => tier.initialMarginBps,
    (position, phase) => (phase === "expired" ? abs(position.size) : exposure(position)),
  );

/** Requirement of the positions alone. */
export const maintenanceMargin = (state: State, account: Account): bigint =>
  requirement(
    state,
    account,
    (tier) => tier.maintenanceMarginBps,
    ({ size }) => abs(size),
  );

/** Most that the account may withdraw now. */
export function withdrawable(state: State, account: Account): bigint {
  const free = equityOf(state, account, true) - initialMargin(state, account);
  return max(0n, free < account.cash ? free : account.cash);
}

/** Sum of the conservation identity without the tracked balance: Σ cash + (Σ quote + pools) × tickValue + fees. */
export function claims(state: State): bigint {
  let sum = 0n;
  for (const account of state.accounts.values()) {
    sum += account.cash;
    for (const [id, { quote }] of account.positions) sum += quote * marketOf(state, id).listing.tickValue;
  }
  for (const { fundingPool, feesPayable, listing } of state.markets.values())
    sum += fundingPool * listing.tickValue + feesPayable;
  return sum;
}
