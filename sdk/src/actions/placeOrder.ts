import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import {
  encodeOrder,
  type Order,
  type OrderErrorName,
  type OrderEventName,
  orderEvents,
} from "../internal/order.ts";

export type PlaceOrderParameters = WriteParameters &
  Order & {
    /** Account that trades. */
    accountId: number;
  };

export type PlaceOrderReturnType = Hash;

/** What `placeOrder.simulate` gives. */
export type PlaceOrderResult = Outcome<ClearinghouseAbi, "place">;

/** What `placeOrder.extract` finds in a receipt. */
export type PlaceOrderEvents = EventsByName<ClearinghouseAbi, OrderEventName>;

export type PlaceOrderErrorType = ActionErrorType<OrderErrorName>;

/**
 * Place an order: it trades what crosses, then rests or drops the remainder.
 *
 * @throws `NotAuthorised`, `UnknownMarket`, `MarketNotOpen`, `OnlyReducing`, `OrderTooSmall`, `OrderTooLarge`, `TickOutOfRange`, `TickOutsideBand`, `ExpiryNotAligned`, `ExpiryInPast`, `ExpiryNotUsed`, `ZeroMaxFills`, `WouldCross`, `NotFilled`, `WouldNotReduce`, `PositionLimit`, `OpenInterestLimit`, `TooManyOrders`, `TooManyMarkets`, `LevelFull`, `InsufficientMargin`, `IndexStale`, `SwitchFired`
 *
 * @example
 * import { type Deployment, parseLots, parsePrice, placeOrder } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await placeOrder(wallet, {
 *     deployment,
 *     accountId: 2048,
 *     market: 1,
 *     lots: parseLots("1.5"),
 *     tick: parsePrice("3841.5"),
 *     kind: "postOnly",
 *   });
 *   console.log(hash);
 * }
 */
export const placeOrder: WriteAction<PlaceOrderParameters, PlaceOrderResult, PlaceOrderEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "place",
    args: ({ accountId, ...order }: PlaceOrderParameters) => [accountId, encodeOrder(order)],
    events: orderEvents,
  });
