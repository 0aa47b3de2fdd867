import { orderKinds, type OrderKind } from "../enums.ts";
import { requireWithin } from "../units/decimal.ts";

/** An order as its owner writes it. */
export type Order = {
  /** Market to trade. */
  market: number;
  /** Signed size: above zero buys, below zero sells. `parseLots` makes it from contracts. */
  lots: bigint;
  /** Limit price, ticks, inside the fill band. `parsePrice` makes it from points. */
  tick: bigint;
  /** How it meets the book; "limit" when left out. */
  kind?: OrderKind | undefined;
  /** Whether it may only bring the position nearer to zero. */
  reduceOnly?: boolean | undefined;
  /** Last second (Unix time, a multiple of 300) at which it may rest; 0 is until cancelled. */
  expiry?: bigint | undefined;
  /** Most resting orders that the call may meet; 50 when left out. */
  maxFills?: number | undefined;
  /** Free number of the sender, repeated in the events. */
  clientOrderId?: bigint | undefined;
};

/** Errors of every call that places an order. */
export type OrderErrorName =
  | "NotAuthorised"
  | "UnknownMarket"
  | "MarketNotOpen"
  | "OnlyReducing"
  | "OrderTooSmall"
  | "OrderTooLarge"
  | "TickOutOfRange"
  | "TickOutsideBand"
  | "ExpiryNotAligned"
  | "ExpiryInPast"
  | "ExpiryNotUsed"
  | "ZeroMaxFills"
  | "WouldCross"
  | "NotFilled"
  | "WouldNotReduce"
  | "PositionLimit"
  | "OpenInterestLimit"
  | "TooManyOrders"
  | "TooManyMarkets"
  | "LevelFull"
  | "InsufficientMargin"
  | "IndexStale"
  | "SwitchFired";

/** Events of every call that places an order. */
export const orderEvents = ["OrderPlaced", "OrderTaken", "OrderFilled", "OrderDropped", "Realised"] as const;

export type OrderEventName = (typeof orderEvents)[number];

/** Those and one more. A function, since bundlers keep a list that is spread out at once even where nobody uses it. */
export function withOrderEvents<const name extends string>(name: name): readonly (name | OrderEventName)[] {
  return [name, ...orderEvents];
}

/** The order as the ABI wants it. */
export function encodeOrder({
  market,
  lots,
  tick,
  kind = "limit",
  reduceOnly = false,
  expiry = 0n,
  maxFills = 50,
  clientOrderId = 0n,
}: Order) {
  return {
    market,
    lots: Number(requireWithin("lots", lots, -(2n ** 39n), 2n ** 39n - 1n)),
    tick: Number(requireWithin("tick", tick, 0n, 2n ** 24n - 1n)),
    kind: orderKinds.indexOf(kind),
    reduceOnly,
    expiry: Number(requireWithin("expiry", expiry, 0n, 2n ** 40n - 1n)),
    maxFills,
    clientOrderId,
  };
}
