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

export type PlaceOrderThroughParameters = WriteParameters &
  Order & {
    /** Account that trades. */
    accountId: number;
    /** Account of the builder that brought the order. */
    builderId: number;
    /** Its fee on what the order takes, tenths of a basis point; at most what `setBuilder` allows. */
    builderFee: number;
  };

export type PlaceOrderThroughReturnType = Hash;

/** What `placeOrderThrough.simulate` gives. */
export type PlaceOrderThroughResult = Outcome<ClearinghouseAbi, "placeThrough">;

/** What `placeOrderThrough.extract` finds in a receipt. */
export type PlaceOrderThroughEvents = EventsByName<ClearinghouseAbi, "BuilderPaid" | OrderEventName>;

export type PlaceOrderThroughErrorType = ActionErrorType<
  OrderErrorName | "BuilderFeeTooHigh" | "AccountIsRetired"
>;

/**
 * Place an order that somebody else brought: as `placeOrder`, and the builder earns a fee on what it takes.
 *
 * @throws `NotAuthorised`, `UnknownMarket`, `MarketNotOpen`, `OnlyReducing`, `OrderTooSmall`, `OrderTooLarge`, `TickOutOfRange`, `TickOutsideBand`, `ExpiryNotAligned`, `ExpiryInPast`, `ExpiryNotUsed`, `ZeroMaxFills`, `WouldCross`, `NotFilled`, `WouldNotReduce`, `PositionLimit`, `OpenInterestLimit`, `TooManyOrders`, `TooManyMarkets`, `LevelFull`, `InsufficientMargin`, `IndexStale`, `SwitchFired`, `BuilderFeeTooHigh`, `AccountIsRetired`
 *
 * @example
 * import { type Deployment, parseLots, parsePrice, placeOrderThrough } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await placeOrderThrough(wallet, {
 *     deployment,
 *     accountId: 2048,
 *     builderId: 2055,
 *     builderFee: 20,
 *     market: 1,
 *     lots: parseLots("1.5"),
 *     tick: parsePrice("3841.5"),
 *   });
 *   console.log(hash);
 * }
 */
export const placeOrderThrough: WriteAction<
  PlaceOrderThroughParameters,
  PlaceOrderThroughResult,
  PlaceOrderThroughEvents
> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "placeThrough",
  args: ({ accountId, builderId, builderFee, ...order }: PlaceOrderThroughParameters) => [
    accountId,
    encodeOrder(order),
    { account: builderId, fee: builderFee },
  ],
  events: /*#__PURE__*/ withOrderEvents("BuilderPaid"),
});
