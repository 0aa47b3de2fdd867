import { crosses, insert, oppositeOf, passHoles, remove, type RestingOrder } from "./book.ts";
import { fillBand, marketOf, phaseOf } from "./margin.ts";
import { abs, min, sign } from "./numbers.ts";
import { accountOf, applyFill, leave, makerFeeOf, positionOf, takerFeeOf } from "./position.ts";
import { serve } from "./rounds.ts";
import { type Account, type DropReason, type Market, Refusal, type State } from "./types.ts";

/** What a pass through the book did. */
export interface Matched {
  /** Signed lots traded. */
  lots: bigint;
  /** Tick·lots, signed as in a position. */
  quote: bigint;
  /** Collateral units of taker fees. */
  fee: bigint;
  /** Lots that were not traded, with the sign of the order. */
  rest: bigint;
  /** Whether `maxFills` ended the pass while the order still crossed. */
  exhausted: boolean;
  /** Resting orders filled or dropped, and cancelled places gone over. */
  walked: number;
}

export interface Pass {
  account: Account;
  lots: bigint;
  limit: bigint;
  maxFills: number;
  /** Refuse at the first live order. */
  postOnly?: boolean;
  /** End at the first live order, without meeting it. */
  probe?: boolean;
  /** Whether taker fees are charged (a liquidation pays its own fee). */
  charged?: boolean;
}

/** Whether the account's dead-man switch has fired: the last second counts. */
export const hasFired = ({ deadline }: Account, now: bigint): boolean => deadline !== 0n && now > deadline;

/** Why an order can never trade again, wherever it stands; undefined for a live one. Its owner's rounds have been served. */
export function voidBecause(state: State, market: Market, order: RestingOrder): DropReason | undefined {
  const maker = accountOf(state, order.account);
  if (maker.retired) return "accountRetired";
  if (order.expiry !== 0n && state.now > order.expiry) return "expired";
  if (hasFired(maker, state.now)) return "switchFired";
  const { size, reducing } = positionOf(maker, market);
  if ((order.reduceOnly || reducing) && sign(order.lots) * sign(size) >= 0n) return "notReducing";
  return undefined;
}

/** The same for the one at the head of the book, where an own one and one outside the band are dropped too. */
function deadBecause(
  state: State,
  market: Market,
  order: RestingOrder,
  taker: number,
): DropReason | undefined {
  if (order.account === taker) return "ownOrder";
  serve(state, market, accountOf(state, order.account));
  const { lowest, highest } = fillBand(market, state.now);
  if (order.lots > 0n ? order.tick > highest : order.tick < lowest) return "outsideBand";
  return voidBecause(state, market, order);
}

/** Adds an order to the book and to its owner's counts. */
export function rest(state: State, market: Market, order: Omit<RestingOrder, "place">): void {
  const position = positionOf(accountOf(state, order.account), market);
  if (order.lots > 0n) position.bidLots += order.lots;
  else position.askLots -= order.lots;
  position.openOrders++;
  insert(market.book, order);
}

/** Takes lots off a resting order and its owner's counts; an order without lots, or of a retired owner, leaves the book. */
export function reduceOrder(state: State, market: Market, order: RestingOrder, lots: bigint): void {
  const owner = accountOf(state, order.account);
  if (owner.retired) {
    remove(market.book, order);
    return;
  }
  const position = positionOf(owner, market);
  if (order.lots > 0n) position.bidLots -= lots;
  else position.askLots -= lots;
  const left = abs(order.lots) - lots;
  if (left === 0n) {
    remove(market.book, order);
    position.openOrders--;
  } else {
    order.lots = order.lots > 0n ? left : -left;
  }
}

/** Removes an order whole; its owner may have left the market with it. */
export function drop(state: State, market: Market, order: RestingOrder): void {
  serve(state, market, accountOf(state, order.account));
  reduceOrder(state, market, order, abs(order.lots));
  leave(state, accountOf(state, order.account), market);
}

/** One fill at the resting order's tick. Returns the taker's fee. */
function fill(
  state: State,
  market: Market,
  order: RestingOrder,
  taker: Account,
  lots: bigint,
  charged: boolean,
): bigint {
  const maker = accountOf(state, order.account);
  const signed = order.lots > 0n ? -lots : lots;
  const fee = charged ? takerFeeOf(market, lots, order.tick) : 0n;
  const makerFee = makerFeeOf(market, lots, order.tick, fee);
  applyFill(taker, market, signed, order.tick, 0n);
  taker.cash -= fee;
  applyFill(maker, market, -signed, order.tick, makerFee);
  market.feesPayable += fee + makerFee * market.listing.tickValue;
  reduceOrder(state, market, order, lots);
  leave(state, maker, market);
  return fee;
}

/** Lets an order trade against what it crosses. Dead orders are dropped where they are met. */
export function match(state: State, marketId: number, pass: Pass): Matched {
  const market = marketOf(state, marketId);
  const result: Matched = { lots: 0n, quote: 0n, fee: 0n, rest: pass.lots, exhausted: false, walked: 0 };
  while (result.rest !== 0n) {
    const head = oppositeOf(market.book, pass.lots)[0];
    if (!head || !crosses(pass.lots, pass.limit, head.tick)) break;
    result.walked += passHoles(market.book, head, pass.maxFills - result.walked);
    if (result.walked === pass.maxFills) {
      result.exhausted = true;
      break;
    }
    result.walked++;
    if (deadBecause(state, market, head, pass.account.id)) {
      // The taker is still here, whatever it drops of its own.
      if (head.account === pass.account.id) reduceOrder(state, market, head, abs(head.lots));
      else drop(state, market, head);
      continue;
    }
    if (pass.postOnly) throw new Refusal("WouldCross", [pass.limit, head.tick]);
    if (pass.probe) break;
    const { size, reducing } = positionOf(accountOf(state, head.account), market);
    const room = head.reduceOnly || reducing ? abs(size) : abs(head.lots);
    const lots = min(abs(result.rest), min(abs(head.lots), room));
    const signed = result.rest > 0n ? lots : -lots;
    result.fee += fill(state, market, head, pass.account, lots, pass.charged ?? true);
    result.lots += signed;
    result.quote -= signed * head.tick;
    result.rest -= signed;
  }
  return result;
}

/** Whether a market takes orders at all. */
export function requireTrading(state: State, market: Market): void {
  const phase = phaseOf(market, state.now);
  if (phase === "expired" || phase === "settled") throw new Refusal("MarketNotOpen");
}
