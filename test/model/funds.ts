import type { Clearing } from "./clearing.ts";
import { brokenMark } from "./ladder.ts";
import { equityOf, fillBand, marketOf, phaseOf, tierOf } from "./margin.ts";
import { match } from "./matching.ts";
import { abs, BPS, ceilDiv, DAY, floorDiv, max, min, sign } from "./numbers.ts";
import { fundOf, leave, positionOf } from "./position.ts";
import { fundEquity, settleSpent } from "./rounds.ts";
import { unfinishedRounds } from "./shares.ts";
import { type Account, type Market, Refusal, refuse, type State } from "./types.ts";

/** Insurance funds: what comes in, what they cover, and how they get rid of what they took over. */

/** Furthest from mark that a liquidation or a fund trades, basis points; a quarter of MM bounds it too. */
const LIQUIDATION_BPS = 300n;
const UNWINDING_BPS = 1_000n;
const DRAIN_BPS = 1_000n;

/** Adds to a fund; what its market owes is repaid first. */
export function creditFund(state: State, market: Market, amount: bigint): void {
  const repaid = min(market.deficit, amount);
  market.deficit -= repaid;
  fundOf(state, market).cash += amount - repaid;
}

/** What a fund covers open interest with: what it took over must not look like money, and what its market owes comes first. */
const available = (state: State, market: Market): bigint =>
  max(0n, min(fundOf(state, market).cash, fundEquity(state, market)) - market.deficit);

/** Open interest that the fund allows: a base, and a lot for every share of its value at mark that the fund holds. */
export function openInterestLimit(state: State, market: Market): bigint {
  const { openInterestBaseLots, maxOpenInterestLots, fundCoverBps, tickValue } = market.listing;
  const perLot = fundCoverBps * market.markX16 * tickValue;
  if (perLot === 0n) return maxOpenInterestLots;
  const covered = floorDiv(available(state, market) * (BPS << 16n), perLot);
  return min(maxOpenInterestLots, openInterestBaseLots + covered);
}

/** What a cold call does after it changed a fund, and every `sync`. */
export function refreshLimit(state: State, market: Market): void {
  market.openInterestLimit = openInterestLimit(state, market);
}

export function sync({ state }: Clearing, marketId: number): void {
  refreshLimit(state, marketOf(state, marketId));
}

/**
 * Pays fees out: what the market owes is repaid first, of the rest the fund gets its share, rounded up, and the treasury leaves
 * behind what every withdrawal does, as a claim of the fund.
 */
export function collectFees({ state }: Clearing, marketId: number): { toFund: bigint; toTreasury: bigint } {
  const unbooked = settleSpent(state);
  const market = marketOf(state, marketId);
  const fees = market.feesPayable;
  const rest = max(0n, fees - market.deficit);
  const share = floorDiv(rest * (BPS - market.listing.insuranceShareBps), BPS);
  market.feesPayable = 0n;
  creditFund(state, market, fees - share);
  refreshLimit(state, market);
  const toTreasury = share - leaveClaim(state, fundOf(state, market), share, unbooked);
  state.tracked -= toTreasury;
  return { toFund: fees - share, toTreasury };
}

/** Brings money into a fund; what its market owes is repaid first. */
export function topUpFund({ state }: Clearing, marketId: number, amount: bigint): void {
  if (amount === 0n) throw new Refusal("ZeroAmount");
  const market = marketOf(state, marketId);
  state.tracked += amount;
  creditFund(state, market, amount);
  refreshLimit(state, market);
}

/** Most that may be taken out of a fund now: a tenth of it a UTC day, and never what its open interest needs. */
export function drainable(
  state: State,
  market: Market,
): { day: bigint; budget: bigint; spent: bigint; most: bigint } {
  const { cash } = fundOf(state, market);
  const day = state.now / DAY;
  const today =
    market.draining.day === day
      ? market.draining
      : { day, budget: floorDiv(max(0n, cash) * DRAIN_BPS, BPS), spent: 0n };
  const { openInterestBaseLots, fundCoverBps, tickValue } = market.listing;
  const beyond = max(0n, market.openInterest - openInterestBaseLots);
  const least = ceilDiv(beyond * fundCoverBps * market.markX16 * tickValue, BPS << 16n);
  return { ...today, most: max(0n, min(today.budget - today.spent, cash - least)) };
}

/** Takes money out of a fund that is not needed now. */
export function drainFund(clearing: Clearing, marketId: number, amount: bigint): void {
  clearing.atomically(() => drain(clearing.state, marketId, amount));
}

function drain(state: State, marketId: number, amount: bigint): void {
  settleSpent(state);
  const market = marketOf(state, marketId);
  const size = fundOf(state, market).positions.get(marketId)?.size ?? 0n;
  const owed = totalDeficit(state);
  const unfinished = unfinishedRounds(market);
  const { most, ...today } = drainable(state, market);
  const broken = brokenMark(state, market);
  if (amount === 0n) broken.push(new Refusal("ZeroAmount"));
  if (owed !== 0n) broken.push(new Refusal("DeficitStands", [owed]));
  if (size !== 0n) broken.push(new Refusal("FundHoldsPosition", [size]));
  if (unfinished !== 0) broken.push(new Refusal("RoundsUnfinished", [BigInt(unfinished)]));
  if (amount > most) broken.push(new Refusal("FundBounded", [amount, most]));
  refuse(broken);
  market.draining = { ...today, spent: today.spent + amount };
  fundOf(state, market).cash -= amount;
  state.tracked -= amount;
  refreshLimit(state, market);
}

/** What all markets owe because their funds could not pay. */
export const totalDeficit = ({ markets }: State): bigint =>
  [...markets.values()].reduce((sum, { deficit }) => sum + deficit, 0n);

const totalClaims = ({ accounts }: State): bigint =>
  [...accounts.values()].reduce((sum, { claim }) => sum + claim, 0n);

/**
 * What `amount` leaves behind when it is taken out: while deficits D (with what could not be booked) are larger than the claims K, the part
 * (D − K) / (tracked + D − K) of it, ceiled.
 */
export function leaveClaim(state: State, account: Account, amount: bigint, unbooked: bigint): bigint {
  const missing = max(0n, totalDeficit(state) + unbooked - totalClaims(state));
  const left = missing === 0n ? 0n : ceilDiv(amount * missing, state.tracked + missing);
  account.claim += left;
  return left;
}

export function stopNewRisk({ state }: Clearing, marketId: number): void {
  const market = marketOf(state, marketId);
  if (phaseOf(market, state.now) !== "open") throw new Refusal("MarketNotOpen");
  market.reduceOnly = true;
}

/** Allows new risk again, unless the fund, or its market instead of it, owes anything. */
export function resumeNewRisk({ state }: Clearing, marketId: number): void {
  const market = marketOf(state, marketId);
  const broken: Refusal[] = [];
  if (phaseOf(market, state.now) !== "reduceOnly") broken.push(new Refusal("MarketNotOpen"));
  const equity = equityOf(state, fundOf(state, market)) - market.deficit;
  if (equity < 0n || market.deficit !== 0n) broken.push(new Refusal("FundInDeficit", [equity]));
  if (market.end !== 0n) broken.push(new Refusal("MarketNotOpen"));
  refuse(broken);
  market.reduceOnly = false;
}

/** Furthest from mark, ticks × 2^16, that anything is closed: 3 %, or a quarter of MM where that is less. */
export function furthest(state: State, market: Market): bigint {
  const { maintenanceMarginBps } = tierOf(market, state.now);
  return floorDiv(market.markX16 * min(LIQUIDATION_BPS, maintenanceMarginBps / 4n), BPS);
}

/** Worst tick at a distance from mark, rounded towards mark, inside the fill band. */
export function limitAt(state: State, market: Market, distance: bigint, buys: boolean): bigint {
  const { lowest, highest } = fillBand(market, state.now);
  return buys
    ? min(highest, floorDiv(market.markX16 + distance, 1n << 16n))
    : max(lowest, ceilDiv(market.markX16 - distance, 1n << 16n));
}

/** Trades a fund's position into the book while it has lost at most a tenth of itself this UTC day, measured at mark. */
export function unwind(
  clearing: Clearing,
  marketId: number,
  maxFills: number,
): { lots: bigint; lost: bigint } {
  return clearing.atomically(() => {
    const { state } = clearing;
    const market = marketOf(state, marketId);
    const fund = fundOf(state, market);
    const { size } = positionOf(fund, market);
    const equity = equityOf(state, fund);
    const phase = phaseOf(market, state.now);
    const broken = brokenMark(state, market);
    if (phase === "expired" || phase === "settled") broken.push(new Refusal("MarketNotOpen"));
    if (size === 0n || equity <= 0n) broken.push(new Refusal("NothingToUnwind", [equity]));
    refuse(broken);

    const distance = furthest(state, market);
    const limit = limitAt(state, market, distance, size < 0n);
    const day = state.now / DAY;
    const today =
      market.unwinding.day === day
        ? market.unwinding
        : { day, budget: floorDiv(equity * UNWINDING_BPS, BPS), spent: 0n };
    const { tickValue } = market.listing;
    const affordable = floorDiv((today.budget - today.spent) << 16n, distance * tickValue);
    const lots = min(abs(size), affordable);
    if (lots === 0n) throw new Refusal("UnwindingSpent", [today.spent, today.budget]);

    const matched = match(state, marketId, {
      account: fund,
      lots: -sign(size) * lots,
      limit,
      maxFills,
      charged: false,
    });
    if (matched.lots === 0n && matched.walked < maxFills) throw new Refusal("NothingToFill", [limit]);
    // Bought above mark or sold below it is lost: quote and the value at mark of what changed hands are negative in sum.
    const result = (matched.quote << 16n) + matched.lots * market.markX16;
    const lost = ceilDiv(max(0n, -result) * tickValue, 1n << 16n);
    if (matched.lots !== 0n) market.unwinding = { ...today, spent: today.spent + lost };
    leave(state, fund, market);
    refreshLimit(state, market);
    return { lots: abs(matched.lots), lost };
  });
}
