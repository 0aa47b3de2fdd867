import { crosses, find, oppositeOf } from "./book.ts";
import type { Clearing } from "./clearing.ts";
import { hedgedLots, raisesInitial } from "./credit.ts";
import { creditFund, furthest, limitAt, refreshLimit } from "./funds.ts";
import {
  equityOf,
  expiryOf,
  exposure,
  FIRST_OWNER,
  initialMargin,
  initialMarginOfPositions,
  maintenanceMargin,
  marketOf,
  opens,
  phaseOf,
  tierOf,
  withdrawalEquity,
  worthX20,
} from "./margin.ts";
import { unenforceable } from "./ladder.ts";
import { drop, match } from "./matching.ts";
import { abs, BPS, ceilDiv, floorDiv, halfEvenDiv, max, min, sign } from "./numbers.ts";
import {
  accountOf,
  applyFill,
  convert,
  convertSettled,
  forget,
  fundOf,
  leave,
  positionOf,
  settleFunding,
} from "./position.ts";
import { serve, serveAll, settleFund } from "./rounds.ts";
import { applied } from "./shares.ts";
import { type Account, type Market, type Position, Refusal, refuse, type State } from "./types.ts";

/** What happens to accounts that fall short, and the end of a dated market. */

/**
 * Cancels orders of an account as long as it is below IM: those on a side that could do more than close the position, and
 * below MM those that would close it at a price worse than mark.
 */
export function cancelRiskRaising(
  clearing: Clearing,
  id: number,
  orders: { market: number; order: number }[],
): bigint {
  return clearing.atomically(() => {
    const { state } = clearing;
    const account = accountOf(state, id);
    convertSettled(state, account);
    refuse(orders.flatMap(({ market }) => brokenMark(state, account, marketOf(state, market))));
    const [equity, required] = [equityOf(state, account), initialMargin(state, account)];
    if (equity >= required) throw new Refusal("AccountHealthy", [equity, required]);
    let cancelled = 0n;
    for (const { market: marketId, order: orderId } of orders) {
      const market = marketOf(state, marketId);
      const order = find(market.book, orderId);
      if (!order) continue;
      if (order.account !== id) throw new Refusal("WrongAccount");
      if (equityOf(state, account) >= initialMargin(state, account)) continue;
      const price = order.tick << 16n;
      const worse = order.lots > 0n ? price > market.markX16 : price < market.markX16;
      const wider = worse && equityOf(state, account) < maintenanceMargin(state, account);
      const position = applied(market, positionOf(account, market));
      const without = released(position, order.lots);
      // It may take a leg of a calendar hedge away.
      const unhedges = raisesInitial(state, account, market, without, position);
      if (!wider && !unhedges && !opens(position, order.lots > 0n)) continue;
      cancelled += abs(order.lots);
      drop(state, market, order);
    }
    return cancelled;
  });
}

/** Refusals while the account may not be forced out of a market: where it holds lots, for orders alone shield nobody. */
const brokenMark = (state: State, account: Account, market: Market): Refusal[] =>
  (account.positions.get(market.id)?.size ?? 0n) === 0n ? [] : unenforceable(state, market);

const brokenMarks = (state: State, account: Account): Refusal[] =>
  [...account.positions.keys()].flatMap((id) => brokenMark(state, account, marketOf(state, id)));

/** The account as if it held nothing in markets out of which it may not be forced now. */
const enforceable = (state: State, account: Account): Account => ({
  ...account,
  positions: new Map(
    [...account.positions].filter(([id]) => unenforceable(state, marketOf(state, id)).length === 0),
  ),
});

/** A position without the lots of one of its orders. */
const released = (position: Position, lots: bigint): Position =>
  lots > 0n
    ? { ...position, bidLots: position.bidLots - lots }
    : { ...position, askLots: position.askLots + lots };

/** MM of one position × 2^16 × 10^4: the weight by which a shortfall or equity is shared among markets. */
const weightOf = (state: State, market: Market, { size }: Position): bigint =>
  abs(size) * tierOf(market, state.now).maintenanceMarginBps * market.markX16 * market.listing.tickValue;

const weights = (state: State, account: Account): bigint =>
  [...account.positions].reduce(
    (sum, [id, position]) => sum + weightOf(state, marketOf(state, id), position),
    0n,
  );

/**
 * Furthest from mark, ticks × 2^16, at which an account's lots may be closed: 3 %, a quarter of MM, or the lot's share of
 * equity: equity × (MM of this market / MM of all) per lot is equity × mark × rate / MM.
 */
export function closingDistance(state: State, account: Account, market: Market): bigint {
  const { maintenanceMarginBps } = tierOf(market, state.now);
  const share = floorDiv(
    max(0n, equityOf(state, account)) * market.markX16 * maintenanceMarginBps,
    BPS * maintenanceMargin(state, account),
  );
  return min(furthest(state, market), share);
}

/** What a call of `liquidate` names. */
export interface Closing {
  id: number;
  market: number;
  maxFills: number;
  keeper: number;
  /** Most lots that the keeper takes over itself. */
  takeOverLots?: bigint;
  /** Number of the sender's owner; the keeper's unless it is somebody else. */
  by?: number;
}

/** Seconds in which the discount of a takeover grows to the furthest distance, and after which they count anew. */
const AUCTION_SECONDS = 600n;
const AUCTION_AGE = 1_200n;

/**
 * Closes lots of an account below MM into the book; what it does not take there the keeper may, at a discount that grows. Returns
 * signed lots closed, those of them taken over, and the two halves of the fee.
 */
export function liquidate(
  clearing: Clearing,
  { id, market: marketId, maxFills, keeper: keeperId, takeOverLots = 0n, by }: Closing,
): { closed: bigint; takenOver: bigint; keeperFee: bigint; fundFee: bigint } {
  return clearing.atomically(() => {
    const { state } = clearing;
    const market = marketOf(state, marketId);
    const account = accountOf(state, id);
    const keeper = accountOf(state, keeperId);
    convertSettled(state, account);
    serveAll(state, account);
    const { size } = positionOf(account, market);
    const equity = equityOf(state, account);
    // Judged by what can be closed: a mark that nobody knows makes nobody liquidatable, nor does it shield anybody.
    const waits = brokenMarks(state, account).length !== 0;
    const required = maintenanceMargin(state, waits ? enforceable(state, account) : account);
    const phase = phaseOf(market, state.now);
    const trading = phase === "open" || phase === "reduceOnly";
    const broken: Refusal[] = brokenMark(state, account, market);
    if (id < FIRST_OWNER) broken.push(new Refusal("UnknownAccount", [BigInt(id)]));
    if (keeper.retired) broken.push(new Refusal("AccountIsRetired", [BigInt(keeperId)]));
    if (account.owner === keeper.owner) broken.push(new Refusal("SelfLiquidation"));
    if (equity >= required) broken.push(new Refusal("AccountHealthy", [equity, required]));
    else if (equity <= 0n && !waits) broken.push(new Refusal("AccountBankrupt", [equity]));
    const elapsed = state.now - account.belowSince;
    const started = elapsed > AUCTION_AGE;
    if (!trading && (phase === "settled" || (takeOverLots === 0n && !started)))
      broken.push(new Refusal("MarketNotOpen"));
    const closable = abs(size) - hedgedLots(state, account, market);
    if (size === 0n) broken.push(new Refusal("NoPosition"));
    else if (closable <= 0n) broken.push(new Refusal("HedgedLeg"));
    refuse(broken);
    if (takeOverLots !== 0n) {
      clearing.trader(keeperId, by);
      serve(state, market, keeper);
    }

    if (started) account.belowSince = state.now;
    const distance = closingDistance(state, account, market);
    const limit = limitAt(state, market, distance, size < 0n);
    const wanted = -sign(size) * min(closable, lotsBackToMargin(state, account, market));
    const matched = trading
      ? match(state, marketId, { account, lots: wanted, limit, maxFills, charged: false })
      : { lots: 0n, quote: 0n, rest: wanted, walked: 0 };

    // A walk that ended in the middle of the book leaves the rest to the next call.
    const best = oppositeOf(market.book, wanted)[0];
    const over = !trading || !best || !crosses(wanted, limit, best.tick);
    const takenOver = over && matched.rest !== 0n ? sign(wanted) * min(takeOverLots, abs(matched.rest)) : 0n;
    const discounted = floorDiv(distance * (started ? 0n : min(elapsed, AUCTION_SECONDS)), AUCTION_SECONDS);
    const tick = limitAt(state, market, discounted, size < 0n);
    if (takenOver !== 0n) takeOverLotsAt(state, market, account, keeper, takenOver, tick);

    const closed = matched.lots + takenOver;
    // Where dead orders alone used the walk up, the next call goes on from there.
    if (closed === 0n && matched.walked < maxFills && !started) throw new Refusal("NothingToFill", [limit]);

    const due = liquidationFee(market, abs(matched.quote) + abs(takenOver) * tick);
    const fee = max(0n, min(due, equityOf(state, account)));
    // The next time that it is below MM, the ten minutes begin anew.
    if (closed !== 0n && equityOf(state, account) - fee >= maintenanceMargin(state, account))
      account.belowSince = 0n;
    const keeperFee = fee / 2n;
    account.cash -= fee;
    keeper.cash += keeperFee;
    creditFund(state, market, fee - keeperFee);
    leave(state, account, market);
    refreshLimit(state, market);
    if (takenOver !== 0n) {
      const [worth, initial] = [withdrawalEquity(state, keeper), initialMargin(state, keeper)];
      if (worth < initial) throw new Refusal("InsufficientMargin", [worth, initial]);
    }
    return { closed, takenOver, keeperFee, fundFee: fee - keeperFee };
  });
}

/**
 * Moves signed lots of the account's side to the keeper at one tick, without fee. Open interest never rises by it, so it goes on where
 * new risk has been stopped.
 */
function takeOverLotsAt(
  state: State,
  market: Market,
  account: Account,
  keeper: Account,
  lots: bigint,
  tick: bigint,
): void {
  const before = { ...positionOf(keeper, market) };
  applyFill(account, market, lots, tick, 0n);
  applyFill(keeper, market, -lots, tick, 0n);
  const after = positionOf(keeper, market);
  const { maxPositionLots } = market.listing;
  if (exposure(after) > exposure(before) && exposure(after) > maxPositionLots)
    throw new Refusal("PositionLimit", [exposure(after), maxPositionLots]);
  // Its cash is what the margin check looks at; a debt of its own nobody pays here.
  if (after.size === 0n && after.openOrders === 0) forget(keeper, market.id);
}

/** Fee of a liquidation that traded so many tick·lots, before it is held to the equity left. */
const liquidationFee = ({ listing }: Market, tickLots: bigint): bigint =>
  ceilDiv(tickLots * listing.tickValue * listing.liquidationFeeBps, BPS);

/**
 * Fewest lots whose closing at mark, fee included, brings equity back to IM of the positions (orders are cancelled, they
 * are no reason to close more). A rest below the smallest order is closed too.
 */
function lotsBackToMargin(state: State, account: Account, market: Market): bigint {
  const size = abs(positionOf(account, market).size);
  const { tickValue, liquidationFeeBps, minLots } = market.listing;
  const { initialMarginBps } = tierOf(market, state.now);
  const short = initialMarginOfPositions(state, enforceable(state, account)) - equityOf(state, account);
  const perLot = market.markX16 * tickValue * (initialMarginBps - liquidationFeeBps);
  const lots = ceilDiv(short * (BPS << 16n), perLot);
  return lots >= size || size - lots < minLots ? size : lots;
}

/**
 * Hands a bankrupt account to the funds of its markets: each takes the position whole and so much of the account's cash
 * that it is worse off by its share, by MM, of the shortfall. The last market takes what rounding leaves. A fund that is
 * spent by it hands its position on to a round.
 */
export function absorb(clearing: Clearing, id: number): Map<number, bigint> {
  return clearing.atomically(() => {
    const { state } = clearing;
    const account = accountOf(state, id);
    if (id < FIRST_OWNER) throw new Refusal("UnknownAccount");
    if (account.retired) throw new Refusal("AccountIsRetired");
    convertSettled(state, account);
    serveAll(state, account);
    const equity = equityOf(state, account);
    const broken: Refusal[] = brokenMarks(state, account);
    if (equity > 0n) broken.push(new Refusal("AccountNotBankrupt", [equity]));
    // Orders alone owe nothing.
    if (![...account.positions.values()].some(({ size }) => size !== 0n))
      broken.push(new Refusal("NoPosition"));
    refuse(broken);

    const total = weights(state, account);
    const shortfalls = new Map<number, bigint>();
    const all = [...account.positions.keys()];
    const last = all.filter((marketId) => account.positions.get(marketId)!.size !== 0n).at(-1) ?? all[0]!;
    for (const marketId of [...all.filter((marketId) => marketId !== last), last]) {
      const market = marketOf(state, marketId);
      const position = account.positions.get(marketId)!;
      settleFunding(market, position);
      const share = total === 0n ? -equity : floorDiv(-equity * weightOf(state, market, position), total);
      const worth = floorDiv(worthX20(market, position), 1n << 20n);
      const cash = marketId === last ? account.cash : -worth - (total === 0n ? 0n : share);
      const fund = fundOf(state, market);
      account.cash -= cash;
      fund.cash += cash;
      if (position.size !== 0n) shortfalls.set(marketId, share);
      takeOver(state, fund, market, position);
      settleFund(state, market);
    }
    account.retired = true;
    account.positions.clear();
    return shortfalls;
  });
}

/** Adds a position to the fund's own; quote becomes cash when the sum is flat. */
function takeOver(state: State, fund: Account, market: Market, position: Position): void {
  const own = positionOf(fund, market);
  settleFunding(market, own);
  const longs = max(own.size, 0n) + max(position.size, 0n);
  own.size += position.size;
  own.quote += position.quote;
  own.round = market.rounds.length;
  position.size = 0n;
  position.quote = 0n;
  market.openInterest += max(own.size, 0n) - longs;
  if (own.size === 0n) {
    fund.cash += own.quote * market.listing.tickValue;
    own.quote = 0n;
  }
  leave(state, fund, market);
}

/** What an index says of a window, and whether it may be settled on that now. */
export interface WindowSum {
  sum: bigint;
  /** Days of the window; 0 where the market settles at its last mark. */
  days: bigint;
}

/**
 * Writes the settlement price, rounded once, half-even: the exact mean of the window over the divisor, or the last mark of a
 * market whose index fell silent before its window. `silent` is whether it has been beyond its third limit.
 */
export function settle(
  clearing: Clearing,
  marketId: number,
  { sum, days }: WindowSum,
  silent = false,
): bigint {
  const market = marketOf(clearing.state, marketId);
  const phase = phaseOf(market, clearing.state.now);
  if (phase === "settled") throw new Refusal("AlreadySettled");
  if (!silent && phase !== "expired") throw new Refusal(expiryOf(market) === 0n ? "NotDated" : "NotExpired");
  market.settlementTick =
    days === 0n
      ? halfEvenDiv(market.markX16, 1n << 16n)
      : settlementTick(sum, days, market.listing.indexPerTick);
  return market.settlementTick;
}

export const settlementTick = (sum: bigint, days: bigint, indexPerTick: bigint): bigint =>
  halfEvenDiv(sum, days * indexPerTick);

/** Converts the positions of several accounts. Returns how many there were. */
export function settleAccounts(clearing: Clearing, marketId: number, ids: number[]): number {
  const { state } = clearing;
  const market = marketOf(state, marketId);
  if (market.settlementTick === 0n) throw new Refusal("NotSettled");
  return ids.filter((id) => convert(state, accountOf(state, id), market)).length;
}
