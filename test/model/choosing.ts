import { ACCOUNTS, type Action, type Flaw, type OrderShape, type Whom } from "./actions.ts";
import type { RestingOrder } from "./book.ts";
import {
  equityOf,
  fillBand,
  FIRST_OWNER,
  initialMargin,
  maintenanceMargin,
  marketOf,
  tierOf,
} from "./margin.ts";
import { max } from "./numbers.ts";
import { accountOf } from "./position.ts";
import { DATED, PERPETUAL } from "./listings.ts";
import { crashed, silenced } from "./scenes.ts";
import type { Listing, MarginChange, Market, OrderParameters, State } from "./types.ts";

/** Turns the shapes of random actions into operands that mean something in the model's present state. */

/** The plain or composed actions that a composed one stands for; undefined for a plain one. */
export function partsOf(action: Action, state: State, period: bigint): Action[] | undefined {
  const plain = { kind: "limit" as const, reduceOnly: false, lifetime: 0, maxFills: 100 };
  if (action.type === "crash") return crashed(action, state);
  if (action.type === "silence") return silenced(action, state, period);
  if (action.type === "days")
    return action.movesBps.flatMap((move): Action[] => [
      { type: "print", moveBps: action.rises ? move : -move, hour: 7 },
      ...action.after.map((type): Action =>
        type === "liquidate"
          ? {
              type,
              who: "weakest",
              market: 1 + (move % 3),
              keeper: move % ACCOUNTS,
              maxFills: 100,
              takeOver: move % 3 === 0 ? 1_000 : 0,
            }
          : { type, who: "weakest" },
      ),
    ]);
  if (action.type === "pair") {
    const { who, against, market, buys, share } = action;
    const shape = { ...plain, market, share };
    return [
      { type: "place", who: against, order: { ...shape, buys: !buys, offset: 0 } },
      { type: "place", who, order: { ...shape, buys, offset: -1 } },
    ];
  }
  if (action.type === "spread") {
    // One leg in each of two months next to each other, and now and then an order that could close one of them.
    const { who, against, buys, share } = action;
    const legs = [2, 3].flatMap((market): Action[] => {
      const own = { ...plain, market, share: share / 2, buys: buys === (market === 2) };
      return [
        { type: "place", who: against, order: { ...own, buys: !own.buys, offset: 0 } },
        { type: "place", who, order: { ...own, offset: -1 } },
      ];
    });
    const closing = { ...plain, market: 2 + (share % 2), share: share / 3, buys: buys === (share % 2 === 1) };
    return share % 3 === 0 ? [...legs, { type: "place", who, order: { ...closing, offset: 20 } }] : legs;
  }
  if (action.type === "quote") {
    const { who, market, spread, share } = action;
    const shape = { ...plain, market, share, offset: spread };
    return [true, false].map((buys) => ({ type: "place", who, order: { ...shape, buys } }));
  }
  return undefined;
}

/** Every resting order with its market, best first, bids before asks. */
export const restingOrders = (state: State): (RestingOrder & { market: number })[] =>
  [...state.markets.values()].flatMap(({ id, book }) =>
    [...book.bids, ...book.asks].map((order) => ({ ...order, market: id })),
  );

/** The n-th resting order, of one account if it is given (and now and then of another all the same). */
export function pickOrder(state: State, n: number, account?: number) {
  const all = restingOrders(state).filter(
    (order) => account === undefined || order.account === account || n % 10 === 9,
  );
  return all.length === 0 ? undefined : all[n % all.length];
}

/** An account by its owner's number, or the one with the least equity over MM among those with positions. */
export function accountFor(state: State, whom: Whom): number {
  if (whom !== "weakest") return FIRST_OWNER + whom;
  let weakest = FIRST_OWNER;
  let least: bigint | undefined;
  for (const account of state.accounts.values()) {
    const required = maintenanceMargin(state, account);
    if (account.id < FIRST_OWNER || required === 0n) continue;
    const ratio = (equityOf(state, account) * 1_000n) / required;
    if (least === undefined || ratio < least) [weakest, least] = [account.id, ratio];
  }
  return weakest;
}

/** A market in which the account has a position, `preferred` if it does there or nowhere. */
export function marketHeld(state: State, id: number, preferred: number): number {
  const held = [...accountOf(state, id).positions]
    .filter(([, { size }]) => size !== 0n)
    .map(([market]) => market);
  return held.includes(preferred) ? preferred : (held[0] ?? preferred);
}

/** Ticks of an offset: one of the two thousand that a price of the reference markets has. */
const stepOf = ({ markX16 }: Market): bigint => max(1n, markX16 / (4_000n << 16n));

/** An order in ticks and lots: above zero an offset lies on the order's own, passive, side of mark. */
export function orderFrom(state: State, id: number, shape: OrderShape): OrderParameters {
  const market = marketOf(state, shape.market);
  const { minLots, tickValue } = market.listing;
  const account = accountOf(state, id);
  const free = max(0n, equityOf(state, account) - initialMargin(state, account) / 2n);
  const { initialMarginBps } = tierOf(market, state.now);
  const perLot = max(1n, (initialMarginBps * market.markX16 * tickValue) >> 16n);
  const lots = max(minLots, (free * 10_000n * BigInt(Math.floor(shape.share))) / 1_000n / perLot);
  const rests = shape.kind === "limit" || shape.kind === "postOnly";
  return {
    market: shape.market,
    lots: shape.buys ? lots : -lots,
    tick: max(
      1n,
      (market.markX16 >> 16n) + BigInt(shape.buys ? -shape.offset : shape.offset) * stepOf(market),
    ),
    kind: shape.kind,
    reduceOnly: shape.reduceOnly,
    expiry: shape.lifetime === 0 || !rests ? 0n : (state.now / 300n + BigInt(shape.lifetime)) * 300n,
    maxFills: shape.maxFills,
  };
}

/**
 * A changed order: half the time the same one but for its lots (thousandths of what is open), otherwise what the shape says in its
 * market.
 */
export function amendedOrder(
  state: State,
  order: RestingOrder & { market: number },
  shape: OrderShape,
  share: number,
): OrderParameters {
  if (share % 5 === 4) return orderFrom(state, order.account, shape);
  const lots = (order.lots * BigInt(share)) / 1_000n;
  const same = { market: order.market, lots, tick: order.tick, kind: "limit" as const, maxFills: 100 };
  if (share % 2 === 0) return { ...same, reduceOnly: order.reduceOnly, expiry: order.expiry };
  return orderFrom(state, order.account, { ...shape, market: order.market, kind: shape.kind });
}

/** A sound order but for one flaw. */
export function malformedOrder(state: State, marketId: number, flaw: Flaw): OrderParameters {
  const { lowest, highest } = fillBand(marketOf(state, marketId), state.now);
  const later = (state.now / 300n + 2n) * 300n;
  const flaws: Record<Flaw, Partial<OrderParameters>> = {
    tiny: { lots: 99n },
    huge: { lots: 1n << 32n },
    tickZero: { tick: 0n },
    tickMax: { tick: (1n << 24n) - 1n },
    outside: { tick: highest + 1n },
    unaligned: { expiry: later + 1n },
    past: { expiry: later - 900n },
    unused: { kind: "immediateOrCancel", expiry: later },
    noFills: { maxFills: 0 },
  };
  return {
    market: marketId,
    lots: 100n,
    tick: lowest,
    kind: "limit",
    reduceOnly: false,
    expiry: 0n,
    maxFills: 10,
    ...flaws[flaw],
  };
}

/** A safe change of margins: IM and MM a little higher than those of the reference market, and another concentration. */
export function marginChange(market: number, moreBps: number): MarginChange {
  const more = BigInt(moreBps);
  const { tiers, clampBps, spreadInitialBps, spreadMaintenanceBps, fundingCapBps, fundingInterestBps } =
    market === 2 || market === 3 ? DATED : PERPETUAL;
  const raised = tiers.map((tier) => ({
    ...tier,
    initialMarginBps: tier.initialMarginBps + 2n * more,
    maintenanceMarginBps: tier.maintenanceMarginBps + more,
  })) as Listing["tiers"];
  const spread = spreadMaintenanceBps === 0n ? 0n : more;
  return {
    tiers: raised,
    clampBps: clampBps - more / 4n,
    concentrationLots: more % 2n === 0n ? 0n : 16_384n,
    spreadInitialBps: spreadInitialBps + spread,
    spreadMaintenanceBps: spreadMaintenanceBps + spread,
    fundingCapBps,
    fundingInterestBps,
  };
}

/** The next print, kept between 600 and 1,800 points. */
export function nextPrint(value: bigint, moveBps: number): bigint {
  const unit = 10n ** 18n;
  const next = (value * BigInt(10_000 + moveBps)) / 10_000n;
  return next < 600n * unit || next > 1_800n * unit ? (value * BigInt(10_000 - moveBps)) / 10_000n : next;
}

export const orderText = ({
  market,
  lots,
  tick,
  kind,
  reduceOnly,
  expiry,
  maxFills,
}: OrderParameters): string =>
  `${market}: ${lots}@${tick} ${kind}${reduceOnly ? " reduceOnly" : ""}` +
  `${expiry ? ` until ${expiry}` : ""} ${maxFills} fills`;
