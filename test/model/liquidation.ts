import { find } from "./book.ts";
import type { Clearing } from "./clearing.ts";
import {
  equityOf,
  exposure,
  fillBand,
  initialMargin,
  maintenanceMargin,
  marketOf,
  phaseOf,
  tierOf,
  worthX16,
} from "./margin.ts";
import { drop, match } from "./matching.ts";
import { abs, BPS, ceilDiv, floorDiv, halfEvenDiv, max, min } from "./numbers.ts";
import {
  accountOf,
  applyFill,
  convert,
  convertSettled,
  FIRST_OWNER,
  fundOf,
  positionOf,
  prune,
  settleFunding,
} from "./position.ts";
import { type Account, type Market, type Position, Refusal, type State } from "./types.ts";

/** What happens to accounts that fall short, and the end of a dated market. */

/** Furthest from mark that a liquidation may trade, in basis points. */
const LIQUIDATION_BPS = 300n;

/** Cancels orders of an account below IM that raise its worst-side exposure. */
export function cancelRiskRaising(
  clearing: Clearing,
  id: number,
  orders: { market: number; order: number }[],
): bigint {
  return clearing.atomically(() => {
    const { state } = clearing;
    const account = accountOf(state, id);
    convertSettled(state, account);
    requireBelow(state, account, initialMargin(state, account));
    let cancelled = 0n;
    for (const { market: marketId, order: orderId } of orders) {
      const market = marketOf(state, marketId);
      const order = find(market.book, orderId);
      if (!order) continue;
      if (order.account !== id) throw new Refusal("WrongAccount");
      if (!raisesRisk(positionOf(account, market), order.lots)) continue;
      cancelled += abs(order.lots);
      drop(state, market, order);
    }
    return cancelled;
  });
}

/** Whether the worst-side exposure would be smaller without these resting lots. */
export function raisesRisk(position: Position, lots: bigint): boolean {
  const without = { ...position };
  if (lots > 0n) without.bidLots -= lots;
  else without.askLots += lots;
  return exposure(without) < exposure(position);
}

function requireBelow(state: State, account: Account, required: bigint): void {
  const equity = equityOf(state, account);
  if (equity >= required) throw new Refusal("AccountHealthy", [equity, required]);
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
  const position = positionOf(account, market);
  const { maintenanceMarginBps } = tierOf(market.listing, state.now);
  const bps = min(LIQUIDATION_BPS * 4n, maintenanceMarginBps);
  const equity = equityOf(state, account);
  // (equity × weight / weights) / (|size| × tickValue), in ticks × 2^16
  const share = floorDiv(
    (equity * weightOf(state, market, position)) << 16n,
    weights(state, account) * abs(position.size) * market.listing.tickValue,
  );
  const distance = min(floorDiv(market.markX16 * bps, 4n * BPS), share);
  const { lowest, highest } = fillBand(market, state.now);
  return position.size > 0n
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
    if (id === keeperId) throw new Refusal("SelfLiquidation");
    const phase = phaseOf(market, state.now);
    if (phase === "expired" || phase === "settled") throw new Refusal("MarketNotOpen");
    convertSettled(state, account);
    requireBelow(state, account, maintenanceMargin(state, account));
    const equity = equityOf(state, account);
    if (equity <= 0n) throw new Refusal("AccountBankrupt", [equity]);
    const { size } = positionOf(account, market);
    if (size === 0n) throw new Refusal("NoPosition");

    const limit = liquidationLimit(state, account, market);
    const matched = match(state, marketId, {
      account,
      lots: -size,
      limit,
      maxFills,
      charged: false,
      cap: (tick, sofar) => lotsBackToMargin(state, account, market, tick, sofar.quote),
    });
    if (matched.lots === 0n) throw new Refusal("NothingToFill", [limit]);

    const due = liquidationFee(market, abs(matched.quote));
    const fee = max(0n, min(due, equityOf(state, account)));
    const keeperFee = fee / 2n;
    account.cash -= fee;
    keeper.cash += keeperFee;
    fundOf(state, market).cash += fee - keeperFee;
    prune(account);
    return { closed: matched.lots, keeperFee, fundFee: fee - keeperFee };
  });
}

/** Fee of a liquidation that traded so many tick·lots, before it is held to the equity left. */
const liquidationFee = ({ listing }: Market, tickLots: bigint): bigint =>
  ceilDiv(tickLots * listing.tickValue * listing.liquidationFeeBps, BPS);

/** Fewest lots whose closing at `tick`, fee included, brings equity back to IM; all of them if none do. */
function lotsBackToMargin(
  state: State,
  account: Account,
  market: Market,
  tick: bigint,
  closedQuote: bigint,
): bigint {
  const { size } = positionOf(account, market);
  const enough = (lots: bigint): boolean => {
    const trial = structuredClone(state);
    const copy = accountOf(trial, account.id);
    const fee = liquidationFee(market, abs(closedQuote) + lots * tick);
    applyFill(copy, marketOf(trial, market.id), size > 0n ? -lots : lots, tick, 0n);
    copy.cash -= fee;
    return equityOf(trial, copy) >= initialMargin(trial, copy);
  };
  let low = 0n;
  let high = abs(size);
  if (!enough(high)) return high;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return enough(low) ? low : high;
}

/**
 * Hands a bankrupt account to the funds of its markets: each takes the position whole and so much of the account's cash
 * that it is worse off by its share, by MM, of the shortfall. The last market takes what rounding leaves.
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
    const broken: Refusal[] = [];
    if (equity > 0n) broken.push(new Refusal("AccountNotBankrupt", [equity]));
    if (held.length === 0) broken.push(new Refusal("NoPosition"));
    refuseFirst(broken);

    const total = weights(state, account);
    const shortfalls = new Map<number, bigint>();
    held.forEach(([marketId, position], index) => {
      const market = marketOf(state, marketId);
      settleFunding(market, position);
      const share = floorDiv(equity * weightOf(state, market, position), total);
      const worth = floorDiv(worthX16(market, position), 1n << 16n);
      const cash = index === held.length - 1 ? account.cash : share - worth;
      const fund = fundOf(state, market);
      account.cash -= cash;
      fund.cash += cash;
      takeOver(fund, market, position);
      shortfalls.set(marketId, -share);
    });
    account.retired = true;
    prune(account);
    return shortfalls;
  });
}

function refuseFirst([first, ...rest]: Refusal[]): void {
  if (first)
    throw new Refusal(
      first.rule,
      [...first.operands],
      rest.map(({ rule }) => rule),
    );
}

/** Adds a position to the fund's own; quote becomes cash when the sum is flat. */
function takeOver(fund: Account, market: Market, position: Position): void {
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
  prune(fund);
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
