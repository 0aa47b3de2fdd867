import type { Clearing } from "./clearing.ts";
import { brokenMark, equityOf, fillBand, marketOf, phaseOf, tierOf } from "./margin.ts";
import { match } from "./matching.ts";
import { abs, BPS, ceilDiv, DAY, floorDiv, max, min, sign } from "./numbers.ts";
import { fundOf, leave, positionOf } from "./position.ts";
import { type Market, Refusal, refuse, type State } from "./types.ts";

/** Insurance funds: what comes in, what they cover, and how they get rid of what they took over. */

/** Furthest from mark that a liquidation or a fund trades, basis points; a quarter of MM bounds it too. */
const LIQUIDATION_BPS = 300n;
const UNWINDING_BPS = 1_000n;

/** Adds to a fund; what its market owes is repaid first. */
export function creditFund(state: State, market: Market, amount: bigint): void {
  const repaid = min(market.deficit, amount);
  market.deficit -= repaid;
  fundOf(state, market).cash += amount - repaid;
}

/** Open interest that the fund allows: a base, and a lot for every share of its value at mark that the fund holds. */
export function openInterestLimit(state: State, market: Market): bigint {
  const { openInterestBaseLots, maxOpenInterestLots, fundCoverBps, tickValue } = market.listing;
  const perLot = fundCoverBps * market.markX16 * tickValue;
  if (perLot === 0n) return maxOpenInterestLots;
  const covered = floorDiv(max(0n, fundOf(state, market).cash) * (BPS << 16n), perLot);
  return min(maxOpenInterestLots, openInterestBaseLots + covered);
}

/** What a cold call does after it changed a fund, and every `sync`. */
export function refreshLimit(state: State, market: Market): void {
  market.openInterestLimit = openInterestLimit(state, market);
}

export function sync({ state }: Clearing, marketId: number): void {
  refreshLimit(state, marketOf(state, marketId));
}

/** Pays fees out; the fund's share is what is left after the treasury's was floored. */
export function collectFees({ state }: Clearing, marketId: number): { toFund: bigint; toTreasury: bigint } {
  const market = marketOf(state, marketId);
  const toFund = ceilDiv(market.feesPayable * market.listing.insuranceShareBps, BPS);
  const toTreasury = market.feesPayable - toFund;
  market.feesPayable = 0n;
  creditFund(state, market, toFund);
  refreshLimit(state, market);
  state.tracked -= toTreasury;
  return { toFund, toTreasury };
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
  if (equity < 0n) broken.push(new Refusal("FundInDeficit", [equity]));
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
    return { lots: abs(matched.lots), lost };
  });
}
