import { refreshLimit } from "./funds.ts";
import { brokenMark } from "./ladder.ts";
import { equityOf, marketOf, pendingFunding, tierOf } from "./margin.ts";
import { abs, BPS, ceilDiv, clamp, floorDiv, max, min } from "./numbers.ts";
import { accountOf, convert, forget, fundOf, leaveAfterRound, settleFunding } from "./position.ts";
import { isOf, takePart, unfinishedRounds } from "./shares.ts";
import { type Account, type Market, Refusal, refuse, type State } from "./types.ts";

/**
 * Deleveraging: a spent fund's position goes to the winning side, pro rata, each position taking its part when it is touched
 * next. Nothing here knows who was chosen: nobody is.
 */

const MOST_UNFINISHED = 16;
const LAST_NUMBER = (1 << 14) - 1;
const MAX_TICK = (1n << 24n) - 2n;

/** Lets the account take its part in every round of the market that it has not seen. Called before any touch of a position. */
export function serve(state: State, market: Market, account: Account): void {
  const position = account.positions.get(market.id);
  if (!position || position.round === market.rounds.length) return;
  const before = position.size;
  for (const round of market.rounds.slice(position.round)) {
    if (!isOf(round, position.size)) continue;
    const size = abs(position.size);
    const { lots, funding } = takePart(position, round);
    market.fundingPool -= funding;
    round.served += size;
    round.closed += lots;
  }
  position.round = market.rounds.length;
  if (position.size === before) return;
  if (position.openOrders !== 0) position.reducing = true;
  if (position.size === 0n) leaveAfterRound(state, account, market, position);
}

/** `serve` in every market of the account. */
export function serveAll(state: State, account: Account): void {
  for (const id of [...account.positions.keys()]) serve(state, marketOf(state, id), account);
}

/**
 * Price at which the fund's equity is zero, a tick in its favour, no further from mark than MM (rounded inwards).
 * @param value Cash and quote of the fund, collateral units.
 */
export function roundTick(market: Market, maintenanceBps: bigint, value: bigint, size: bigint): bigint {
  const perTick = abs(size) * market.listing.tickValue;
  const unit = BPS << 16n;
  if (size > 0n) {
    const highest = max(1n, min(floorDiv(market.markX16 * (BPS + maintenanceBps), unit), MAX_TICK));
    return clamp(ceilDiv(-value, perTick), 1n, highest);
  }
  const lowest = max(ceilDiv(market.markX16 * (BPS - maintenanceBps), unit), 1n);
  return clamp(floorDiv(value, perTick), lowest, MAX_TICK);
}

/**
 * A fund whose equity is below zero hands its position to a round; what it is short of even then its market owes from now on and
 * takes no new risk. Returns the number of the round, 0 without one.
 */
export function record(state: State, market: Market): number {
  const fund = fundOf(state, market);
  const position = fund.positions.get(market.id);
  let number = 0;
  if (position && position.size !== 0n) {
    settleFunding(market, position);
    const { size } = position;
    const { tickValue } = market.listing;
    const value = fund.cash + position.quote * tickValue;
    const tick = roundTick(market, tierOf(market, state.now).maintenanceMarginBps, value, size);
    number = market.rounds.push({
      lots: abs(size),
      side: market.openInterest,
      tick,
      longs: size < 0n,
      funding: market.cumulativeFunding,
      served: 0n,
      closed: 0n,
    });
    market.openInterest -= abs(size);
    fund.cash += (position.quote + size * tick) * tickValue;
    forget(fund, market.id);
  }
  if (fund.cash < 0n) {
    market.deficit -= fund.cash;
    market.deficits++;
    fund.cash = 0n;
    market.reduceOnly = true;
  }
  return number;
}

/** Equity of a fund, with its funding settled. */
export function fundEquity(state: State, market: Market): bigint {
  const fund = fundOf(state, market);
  const position = fund.positions.get(market.id);
  const settled = position ? pendingFunding(market, position) : 0n;
  const seen = structuredClone(fund);
  const copy = seen.positions.get(market.id);
  if (copy) Object.assign(copy, { quote: copy.quote + settled, snapshot: market.cumulativeFunding });
  return equityOf(state, seen);
}

const hasRoom = (market: Market): boolean =>
  unfinishedRounds(market) < MOST_UNFINISHED && market.rounds.length < LAST_NUMBER;

/** What the call that finds a fund spent does: a round where there is room, otherwise no new risk until there is. */
export function settleFund(state: State, market: Market): void {
  const size = fundOf(state, market).positions.get(market.id)?.size ?? 0n;
  if (fundEquity(state, market) < 0n) {
    if (size === 0n || hasRoom(market)) record(state, market);
    else {
      market.reduceOnly = true;
      state.spent.add(market.id);
    }
  }
  refreshLimit(state, market);
}

/**
 * Settles what debts have left of funds, before money goes out. Returns what funds are still short of where that cannot be settled now:
 * what a round at the present mark would leave.
 */
export function settleSpent(state: State): bigint {
  let unbooked = 0n;
  for (const id of [...state.spent]) {
    const market = marketOf(state, id);
    const fund = fundOf(state, market);
    convert(state, fund, market);
    const position = fund.positions.get(id);
    const size = position?.size ?? 0n;
    const settled = fundEquity(state, market) >= 0n;
    const possible = size === 0n || (hasRoom(market) && brokenMark(state, market).length === 0);
    if (settled || possible) state.spent.delete(id);
    if (settled) continue;
    if (possible) {
      record(state, market);
      refreshLimit(state, market);
      continue;
    }
    const { tickValue } = market.listing;
    const value = fund.cash + (position!.quote + pendingFunding(market, position!)) * tickValue;
    const tick = roundTick(market, tierOf(market, state.now).maintenanceMarginBps, value, size);
    unbooked += max(0n, -(value + size * tick * tickValue));
  }
  return unbooked;
}

/** The same called by anyone. */
export function deleverage(state: State, marketId: number): number {
  const market = marketOf(state, marketId);
  const broken = brokenMark(state, market);
  const equity = fundEquity(state, market);
  if (equity >= 0n) broken.push(new Refusal("NothingToDeleverage", [equity]));
  const size = fundOf(state, market).positions.get(market.id)?.size ?? 0n;
  if (size !== 0n && !hasRoom(market))
    broken.push(new Refusal("TooManyRounds", [BigInt(unfinishedRounds(market)), BigInt(MOST_UNFINISHED)]));
  refuse(broken);
  const number = record(state, market);
  refreshLimit(state, market);
  return number;
}

/** Serves some accounts. Returns the rounds that are left. */
export function applyRounds(state: State, marketId: number, ids: number[]): number {
  const market = marketOf(state, marketId);
  for (const id of ids) serve(state, market, accountOf(state, id));
  return unfinishedRounds(market);
}
