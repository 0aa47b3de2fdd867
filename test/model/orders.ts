import { find } from "./book.ts";
import type { Clearing, Placed } from "./clearing.ts";
import { brokenStage } from "./ladder.ts";
import { fillBand, marketOf } from "./margin.ts";
import { drop, hasFired, match, requireTrading, voidBecause } from "./matching.ts";
import { abs, ceilDiv, sign } from "./numbers.ts";
import { accountOf, newAccount, NOBODY, positionOf } from "./position.ts";
import { serve } from "./rounds.ts";
import { type OrderParameters, Refusal, refuse, type State } from "./types.ts";

/** Orders that are more than one step, and keeping the book clean. */

const WORST_TICK = (1n << 24n) - 2n;

/**
 * Changes a resting order: where nothing but its lots changes, to fewer, it keeps its place; otherwise it is cancelled and the new
 * one placed, as one.
 */
export function amend(
  clearing: Clearing,
  marketId: number,
  orderId: number,
  order: OrderParameters,
  by: number,
): Placed {
  return clearing.atomically(() => {
    const { state } = clearing;
    const market = marketOf(state, marketId);
    const resting = find(market.book, orderId);
    if (!resting) throw new Refusal("OrderNotFound");
    const account = clearing.placer(resting.account, by);
    const broken: Refusal[] = [];
    if (order.market !== marketId) broken.push(new Refusal("WrongMarket", [BigInt(order.market)]));
    if (order.kind !== "limit" && order.kind !== "postOnly") broken.push(new Refusal("NeverRests"));
    refuse(broken);
    const keeps =
      order.tick === resting.tick &&
      sign(order.lots) === sign(resting.lots) &&
      abs(order.lots) <= abs(resting.lots) &&
      order.expiry === resting.expiry &&
      order.reduceOnly === resting.reduceOnly;
    const nothing = { lots: 0n, quote: 0n, fee: 0n, rest: order.lots, exhausted: false, walked: 0 };
    if (keeps) {
      const silent = brokenStage(market, { reduces: true, postOnly: true, crosses: false });
      refuse([...clearing.brokenTerms(market, order), ...silent]);
      const fewer = abs(resting.lots) - abs(order.lots);
      const position = positionOf(account, market);
      if (order.lots > 0n) position.bidLots -= fewer;
      else position.askLots -= fewer;
      resting.lots = order.lots;
      return { ...nothing, id: orderId };
    }
    drop(state, market, resting);
    const step = clearing.placeOne(account, order);
    clearing.requireMargin(account, [step]);
    return step.placed;
  });
}

/** `place`, and the builder earns `fee` tenths of a basis point of what the order takes, ceiled once. */
export function placeThrough(
  clearing: Clearing,
  id: number,
  order: OrderParameters,
  builder: { account: number; fee: bigint },
  by?: number,
): Placed {
  return clearing.atomically(() => {
    const { state } = clearing;
    const account = clearing.placer(id, by);
    const cap = account.builderCaps.get(builder.account) ?? 0n;
    if (builder.fee > cap) throw new Refusal("BuilderFeeTooHigh", [builder.fee, cap]);
    const step = clearing.placePart(account, order);
    if (builder.fee !== 0n && step.placed.lots !== 0n) {
      const receiver = accountOf(state, builder.account);
      if (receiver.retired) throw new Refusal("AccountIsRetired", [BigInt(builder.account)]);
      const { tickValue } = marketOf(state, order.market).listing;
      const fee = ceilDiv(abs(step.placed.quote) * tickValue * builder.fee, 100_000n);
      account.cash -= fee;
      receiver.cash += fee;
    }
    clearing.requireMargin(account, [step]);
    return step.placed;
  });
}

/** Takes dead orders off the top of a side, as far as the first that may trade. Returns lots dropped. */
export function sweep({ state }: Clearing, marketId: number, bids: boolean, maxOrders: number): bigint {
  const market = marketOf(state, marketId);
  requireTrading(state, market);
  if (maxOrders < 1) throw new Refusal("ZeroMaxFills");
  const { book } = market;
  // What the band has left behind counts in the mark price and is removed by trading alone.
  const head = (bids ? book.bids : book.asks)[0];
  const { lowest, highest } = fillBand(market, state.now);
  if (!head || (bids ? head.tick > highest : head.tick < lowest)) return 0n;
  const lots = () => [...book.bids, ...book.asks].reduce((sum, order) => sum + abs(order.lots), 0n);
  const before = lots();
  match(state, marketId, {
    account: newAccount(0, NOBODY),
    lots: bids ? -1n : 1n,
    limit: bids ? 1n : WORST_TICK,
    maxFills: maxOrders,
    probe: true,
  });
  return before - lots();
}

/** Takes given dead orders out of the books, wherever they stand. */
export function sweepOrders({ state }: Clearing, orders: { market: number; order: number }[]): bigint {
  let lots = 0n;
  for (const { market: marketId, order: orderId } of orders) {
    const market = marketOf(state, marketId);
    const order = find(market.book, orderId);
    if (!order || !isTrading(state, marketId)) continue;
    if (!isVoid(state, marketId, orderId)) continue;
    lots += abs(order.lots);
    drop(state, market, order);
  }
  return lots;
}

const isTrading = (state: State, marketId: number): boolean => {
  try {
    requireTrading(state, marketOf(state, marketId));
    return true;
  } catch {
    return false;
  }
};

/** Looks at an order as it would be found; looking serves nobody. */
function isVoid(state: State, marketId: number, orderId: number): boolean {
  const seen = structuredClone(state);
  const market = marketOf(seen, marketId);
  const order = find(market.book, orderId)!;
  serve(seen, market, accountOf(seen, order.account));
  return voidBecause(seen, market, order) !== undefined;
}

/** Takes orders of a fired dead-man switch out of the books. */
export function cancelFired(
  { state }: Clearing,
  id: number,
  orders: { market: number; order: number }[],
): bigint {
  const account = accountOf(state, id);
  if (!hasFired(account, state.now)) throw new Refusal("SwitchNotFired", [BigInt(id), account.deadline]);
  let lots = 0n;
  for (const { market: marketId, order: orderId } of orders) {
    const market = marketOf(state, marketId);
    const order = find(market.book, orderId);
    if (!order) continue;
    if (order.account !== id) throw new Refusal("WrongAccount");
    lots += abs(order.lots);
    drop(state, market, order);
  }
  return lots;
}
