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
  withOrderEvents,
} from "../internal/order.ts";

export type AmendOrderParameters = WriteParameters &
  Order & {
    /** Id of the resting order. */
    id: bigint;
  };

export type AmendOrderReturnType = Hash;

/** What `amendOrder.simulate` gives. */
export type AmendOrderResult = Outcome<ClearinghouseAbi, "amend">;

/** What `amendOrder.extract` finds in a receipt. */
export type AmendOrderEvents = EventsByName<ClearinghouseAbi, "OrderAmended" | OrderEventName>;

export type AmendOrderErrorType = ActionErrorType<
  "OrderNotFound" | "WrongMarket" | "NeverRests" | OrderErrorName
>;

/**
 * Change a resting order: with fewer lots and nothing else it keeps its id and place, otherwise it is cancelled and placed anew, as one.
 *
 * @throws `OrderNotFound`, `WrongMarket`, `NeverRests`, `NotAuthorised`, `UnknownMarket`, `MarketNotOpen`, `OnlyReducing`, `OrderTooSmall`, `OrderTooLarge`, `TickOutOfRange`, `TickOutsideBand`, `ExpiryNotAligned`, `ExpiryInPast`, `ExpiryNotUsed`, `ZeroMaxFills`, `WouldCross`, `NotFilled`, `WouldNotReduce`, `PositionLimit`, `OpenInterestLimit`, `TooManyOrders`, `TooManyMarkets`, `LevelFull`, `InsufficientMargin`, `IndexStale`, `SwitchFired`
 *
 * @example
 * import { amendOrder, type Deployment, parseLots, parsePrice } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await amendOrder(wallet, {
 *     deployment,
 *     id: 20282409603651670423947251286016n,
 *     market: 1,
 *     lots: parseLots("0.5"),
 *     tick: parsePrice("3841.5"),
 *   });
 *   console.log(hash);
 * }
 */
export const amendOrder: WriteAction<AmendOrderParameters, AmendOrderResult, AmendOrderEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "amend",
    args: ({ id, ...order }: AmendOrderParameters) => [id, encodeOrder(order)],
    events: /*#__PURE__*/ withOrderEvents("OrderAmended"),
  });
