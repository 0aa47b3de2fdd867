import { find } from "./book.ts";
import type { Clearing } from "./clearing.ts";
import {
  equityOf,
  fillBand,
  FIRST_OWNER,
  brokenMarks,
  initialMargin,
  initialMarginOfPositions,
  maintenanceMargin,
  marketOf,
  opens,
  phaseOf,
  tierOf,
  worthX20,
} from "./margin.ts";
import { drop, match } from "./matching.ts";
import { abs, BPS, ceilDiv, floorDiv, halfEvenDiv, max, min, sign } from "./numbers.ts";
import { accountOf, convert, convertSettled, fundOf, leave, positionOf, settleFunding } from "./position.ts";
import { type Account, type Market, type Position, Refusal, refuse, type State } from "./types.ts";

/** What happens to accounts that fall short, and the end of a dated market. */

/** Furthest from mark that a liquidation may trade, in basis points. */
const LIQUIDATION_BPS = 300n;

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
    refuse(brokenMarks(state, account));
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
      if (!wider && !opens(positionOf(account, market), order.lots > 0n)) continue;
      cancelled += abs(order.lots);
      drop(state, market, order);
    }
    return cancelled;
  });
}

/** MM of one position × 2^16 × 10^4: the weight by which a shortfall or equity is shared among markets. */
const weightOf = (state: State, market: Market, { size }: Position): bigint =>
  abs(size) *
  tierOf(market.listing, state.now).maintenanceMarginBps *
  market.markX16 *
  market.listing.tickValue;

const weights = (state: State, account: Account): bigint =>
  [...account.positions].reduce(
    (sum, [id, position]) => sum + weightOf(state, marketOf(state, id), position),
    0n,
  );

/**
 * Worst tick at which an account's lots may be closed: the smallest of 3 %, a quarter of MM and the lot's share of equity
 * from mark, inside the fill band.
 */
export function liquidationLimit(state: State, account: Account, market: Market): bigint {
  const { size } = positionOf(account, market);
  const { maintenanceMarginBps } = tierOf(market.listing, state.now);
  const bps = min(LIQUIDATION_BPS * 4n, maintenanceMarginBps);
  const equity = equityOf(state, account);
  // equity × (MM of this market / MM of all) per lot is equity × mark × rate / MM, in ticks × 2^16
  const share = floorDiv(
    equity * market.markX16 * maintenanceMarginBps,
    BPS * maintenanceMargin(state, account),
  );
  const distance = min(floorDiv(market.markX16 * bps, 4n * BPS), share);
  const { lowest, highest } = fillBand(market, state.now);
  return size > 0n
    ? max(lowest, ceilDiv(market.markX16 - distance, 1n << 16n))
    : min(highest, floorDiv(market.markX16 + distance, 1n << 16n));
}

/** Closes lots of an account below MM into the book. Returns signed lots closed and the two halves of the fee. */
export function liquidate(
  clearing: Clearing,
  id: number,
  marketId: number,
  maxFills: number,
  keeperId: number,
): { closed: bigint; keeperFee: bigint; fundFee: bigint } {
  return clearing.atomically(() => {
    const { state } = clearing;
    const market = marketOf(state, marketId);
    const account = accountOf(state, id);
    const keeper = accountOf(state, keeperId);
    const { size } = positionOf(account, market);
    const equity = equityOf(state, account);
    const required = maintenanceMargin(state, account);
    const phase = phaseOf(market, state.now);
    const broken: Refusal[] = brokenMarks(state, account);
    if (id < FIRST_OWNER) broken.push(new Refusal("UnknownAccount", [BigInt(id)]));
    if (keeper.retired) broken.push(new Refusal("AccountIsRetired", [BigInt(keeperId)]));
    if (id === keeperId) broken.push(new Refusal("SelfLiquidation"));
    if (phase === "expired" || phase === "settled") broken.push(new Refusal("MarketNotOpen"));
    if (equity >= required) broken.push(new Refusal("AccountHealthy", [equity, required]));
    else if (equity <= 0n) broken.push(new Refusal("AccountBankrupt", [equity]));
    if (size === 0n) broken.push(new Refusal("NoPosition"));
    refuse(broken);

    const limit = liquidationLimit(state, account, market);
    const matched = match(state, marketId, {
      account,
      lots: -sign(size) * lotsBackToMargin(state, account, market),
      limit,
      maxFills,
      charged: false,
    });
    // Where dead orders alone used the walk up, the next call goes on from there.
    if (matched.lots === 0n && matched.walked < maxFills) throw new Refusal("NothingToFill", [limit]);

    const due = liquidationFee(market, abs(matched.quote));
    const fee = max(0n, min(due, equityOf(state, account)));
    const keeperFee = fee / 2n;
    account.cash -= fee;
    keeper.cash += keeperFee;
    fundOf(state, market).cash += fee - keeperFee;
    leave(state, account, market);
    return { closed: matched.lots, keeperFee, fundFee: fee - keeperFee };
  });
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
  const { initialMarginBps } = tierOf(market.listing, state.now);
  const short = initialMarginOfPositions(state, account) - equityOf(state, account);
  const perLot = market.markX16 * tickValue * (initialMarginBps - liquidationFeeBps);
  const lots = ceilDiv(short * (BPS << 16n), perLot);
  return lots >= size || size - lots < minLots ? size : lots;
}

/**
 * Hands a bankrupt account to the funds of its markets: each takes the position whole and so much of the account's cash
 * that it is worse off by its share, by MM, of the shortfall. The last market takes what rounding leaves. A fund whose
 * equity is below zero is spent: its market takes no new risk.
 */
export function absorb(clearing: Clearing, id: number): Map<number, bigint> {
  return clearing.atomically(() => {
    const { state } = clearing;
    const account = accountOf(state, id);
    if (id < FIRST_OWNER) throw new Refusal("UnknownAccount");
    if (account.retired) throw new Refusal("AccountIsRetired");
    convertSettled(state, account);
    const equity = equityOf(state, account);
    const held = [...account.positions].filter(([, { size }]) => size !== 0n);
    const broken: Refusal[] = brokenMarks(state, account);
    if (equity > 0n) broken.push(new Refusal("AccountNotBankrupt", [equity]));
    if (held.length === 0) broken.push(new Refusal("NoPosition"));
    refuse(broken);

    const total = weights(state, account);
    const shortfalls = new Map<number, bigint>();
    const last = held.at(-1)?.[0];
    for (const [marketId, position] of account.positions) {
      const market = marketOf(state, marketId);
      settleFunding(market, position);
      const share = floorDiv(-equity * weightOf(state, market, position), total);
      const worth = floorDiv(worthX20(market, position), 1n << 20n);
      const cash = marketId === last ? account.cash : -worth - share; // nothing where only orders rest
      const fund = fundOf(state, market);
      account.cash -= cash;
      fund.cash += cash;
      if (position.size !== 0n) shortfalls.set(marketId, share);
      takeOver(state, fund, market, position);
      if (equityOf(state, fund) < 0n) market.reduceOnly = true;
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
  position.size = 0n;
  position.quote = 0n;
  market.openInterest += max(own.size, 0n) - longs;
  if (own.size === 0n) {
    fund.cash += own.quote * market.listing.tickValue;
    own.quote = 0n;
  }
  leave(state, fund, market);
}

/** Writes the settlement price: the exact mean of the window over the divisor, rounded once, half-even. */
export function settle(clearing: Clearing, marketId: number, sum: bigint, days: bigint): bigint {
  const market = marketOf(clearing.state, marketId);
  const phase = phaseOf(market, clearing.state.now);
  if (market.listing.kind !== "dated") throw new Refusal("NotDated");
  if (phase === "settled") throw new Refusal("AlreadySettled");
  if (phase !== "expired") throw new Refusal("NotExpired");
  market.settlementTick = settlementTick(sum, days, market.listing.indexPerTick);
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
