import { remove } from "./book.ts";
import { abs, ceilDiv, floorDiv, max, min, sign } from "./numbers.ts";
import {
  emptyPosition,
  ESCROW_OFFSET,
  FIRST_OWNER,
  initialMargin,
  marketOf,
  pendingFunding,
  withdrawalEquity,
} from "./margin.ts";
import { serve, serveAll } from "./rounds.ts";
import { type Account, type Market, type Position, Refusal, type State } from "./types.ts";

/** What happens to accounts and positions: funding, fills, fees, realisation. */

/** Owner of funds and escrows. */
export const NOBODY = -1;

export const newAccount = (id: number, owner: number): Account => ({
  id,
  owner,
  cash: 0n,
  retired: false,
  positions: new Map(),
  deadline: 0n,
  belowSince: 0n,
  claim: 0n,
  operators: new Map(),
  builderCaps: new Map(),
});

/** An account, made on first sight if it is a fund or an escrow. */
export function accountOf(state: State, id: number): Account {
  let account = state.accounts.get(id);
  if (!account && id < FIRST_OWNER) {
    account = newAccount(id, NOBODY);
    state.accounts.set(id, account);
  }
  if (!account) throw new Refusal("UnknownAccount", [BigInt(id)]);
  return account;
}

export const fundOf = (state: State, market: Market): Account => accountOf(state, market.id);
export const escrowOf = (state: State, market: Market): Account =>
  accountOf(state, ESCROW_OFFSET + market.id);

/** The account's position in a market; an empty one starts where funding stands. */
export function positionOf(account: Account, market: Market): Position {
  let position = account.positions.get(market.id);
  if (!position) {
    position = emptyPosition(market.rounds.length);
    account.positions.set(market.id, position);
  }
  return position;
}

/** Moves funding since the last settlement into quote, floored; the pool takes the other side, remainder included. */
export function settleFunding(market: Market, position: Position): void {
  const settled = position.size === 0n ? 0n : pendingFunding(market, position);
  position.quote += settled;
  market.fundingPool -= settled;
  position.snapshot = market.cumulativeFunding;
}

/** Turns the quote of a position without size into cash. */
function realise(account: Account, market: Market, position: Position, quote: bigint): void {
  position.quote -= quote;
  account.cash += quote * market.listing.tickValue;
}

/**
 * Changes a position by `lots` at `tick` and charges `feeQuote` (tick·lots, below zero when earned) to its quote.
 * Quote becomes cash when size reaches zero or flips; on a flip the new side starts with its own lots alone, so the fee
 * belongs to what is realised.
 */
export function applyFill(
  account: Account,
  market: Market,
  lots: bigint,
  tick: bigint,
  feeQuote: bigint,
): void {
  const position = positionOf(account, market);
  settleFunding(market, position);
  const before = position.size;
  position.size += lots;
  position.quote -= lots * tick + feeQuote;
  market.openInterest += max(position.size, 0n) - max(before, 0n);
  const flipped = sign(before) * sign(position.size) < 0n;
  if (position.size === 0n || flipped)
    realise(account, market, position, position.quote + position.size * tick);
}

/** Fee of a taker in collateral units. */
export const takerFeeOf = ({ listing }: Market, lots: bigint, tick: bigint): bigint =>
  ceilDiv(abs(lots) * tick * listing.tickValue * listing.takerFee, 100_000n);

/**
 * Fee of a maker in tick·lots: a fee ceils, a rebate (below zero) floors in magnitude and never exceeds what the taker of
 * the same fill paid.
 */
export function makerFeeOf({ listing }: Market, lots: bigint, tick: bigint, takerPaid: bigint): bigint {
  const amount = abs(lots) * tick * listing.makerFee;
  if (amount >= 0n) return ceilDiv(amount, 100_000n);
  return -min(floorDiv(-amount, 100_000n), floorDiv(takerPaid, listing.tickValue));
}

/**
 * Forgets positions that hold nothing, so that they count nowhere. What an owner's account is short when the last of its
 * positions has ended, whatever orders it still has, is paid by the fund of the market where it ended: nothing would ever pay
 * it otherwise. A fund that owes then stops new risk.
 */
export function leave(state: State, account: Account, market: Market): void {
  forgetEmpty(account);
  if (payShortfall(state, account, market) && fundOf(state, market).cash < 0n) market.reduceOnly = true;
}

/** Takes what holds nothing off the account's list. */
export function forgetEmpty(account: Account): void {
  for (const [id, { size, quote, openOrders }] of [...account.positions])
    if (size === 0n && quote === 0n && openOrders === 0) forget(account, id);
}

/** Takes a market off the account's list: the last of the list takes its place. */
export function forget(account: Account, marketId: number): void {
  const all = [...account.positions];
  const last = all.pop();
  if (!last) return;
  account.positions = new Map(
    last[0] === marketId ? all : all.map((entry) => (entry[0] === marketId ? last : entry)),
  );
}

function payShortfall(state: State, account: Account, market: Market): boolean {
  const holds = [...account.positions.values()].some(({ size }) => size !== 0n);
  if (account.cash >= 0n || holds || account.id < FIRST_OWNER) return false;
  fundOf(state, market).cash += account.cash;
  account.cash = 0n;
  if (fundOf(state, market).cash < 0n) state.spent.add(market.id);
  return true;
}

/** A position that a round closed whole. A fund that this empties is found by the next call of `deleverage`. */
export function leaveAfterRound(state: State, account: Account, market: Market, position: Position): void {
  realise(account, market, position, position.quote);
  forgetEmpty(account);
  payShortfall(state, account, market);
}

/**
 * Converts the account's position in a settled market into cash against the market's escrow; its resting orders are void.
 */
export function convert(state: State, account: Account, market: Market): boolean {
  if (market.settlementTick === 0n) return false;
  serve(state, market, account);
  const position = account.positions.get(market.id);
  if (!position || (position.size === 0n && position.openOrders === 0)) return false;
  settleFunding(market, position);
  const value = position.size * market.settlementTick;
  position.quote += value;
  escrowOf(state, market).cash -= value * market.listing.tickValue;
  market.openInterest -= max(position.size, 0n);
  position.size = 0n;
  realise(account, market, position, position.quote);
  for (const order of [...market.book.bids, ...market.book.asks])
    if (order.account === account.id) remove(market.book, order);
  forget(account, market.id);
  leave(state, account, market);
  return true;
}

/** Converts everything of the account that has been settled. */
export function convertSettled(state: State, account: Account): void {
  for (const id of [...account.positions.keys()]) convert(state, account, marketOf(state, id));
}

/** Most that the account may withdraw now, settled markets converted; a fund or an escrow has no owner who could. */
export function withdrawable(state: State, account: Account): bigint {
  if (account.id < FIRST_OWNER) return 0n;
  const whole = [...account.positions].every(([id, { round }]) => {
    const market = marketOf(state, id);
    return market.settlementTick === 0n && round === market.rounds.length;
  });
  // Looking changes nothing.
  const after = whole ? state : structuredClone(state);
  const converted = accountOf(after, account.id);
  convertSettled(after, converted);
  serveAll(after, converted);
  return max(0n, min(withdrawalEquity(after, converted) - initialMargin(after, converted), converted.cash));
}
