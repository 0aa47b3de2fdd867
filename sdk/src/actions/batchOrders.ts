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

export type BatchOrdersParameters = WriteParameters & {
  /** Account that trades. */
  accountId: number;
  /** Ids of orders to cancel; none when left out. */
  cancels?: readonly bigint[] | undefined;
  /** Orders to place; none when left out. */
  orders?: readonly Order[] | undefined;
};

export type BatchOrdersReturnType = Hash;

/** What `batchOrders.simulate` gives. */
export type BatchOrdersResult = Outcome<ClearinghouseAbi, "batch">;

/** What `batchOrders.extract` finds in a receipt. */
export type BatchOrdersEvents = EventsByName<ClearinghouseAbi, OrderEventName>;

export type BatchOrdersErrorType = ActionErrorType<OrderErrorName | "WrongAccount">;

/**
 * Cancel several orders of one account, then place several, all or nothing; orders to cancel that are gone are passed over.
 *
 * @throws `NotAuthorised`, `UnknownMarket`, `MarketNotOpen`, `OnlyReducing`, `OrderTooSmall`, `OrderTooLarge`, `TickOutOfRange`, `TickOutsideBand`, `ExpiryNotAligned`, `ExpiryInPast`, `ExpiryNotUsed`, `ZeroMaxFills`, `WouldCross`, `NotFilled`, `WouldNotReduce`, `PositionLimit`, `OpenInterestLimit`, `TooManyOrders`, `TooManyMarkets`, `LevelFull`, `InsufficientMargin`, `IndexStale`, `SwitchFired`, `WrongAccount`
 *
 * @example
 * import { batchOrders, type Deployment, parseLots, parsePrice } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await batchOrders(wallet, {
 *     deployment,
 *     accountId: 2048,
 *     orders: [
 *       { market: 1, lots: parseLots("1"), tick: parsePrice("3840") },
 *       { market: 1, lots: parseLots("-1"), tick: parsePrice("3843") },
 *     ],
 *   });
 *   console.log(hash);
 * }
 */
export const batchOrders: WriteAction<BatchOrdersParameters, BatchOrdersResult, BatchOrdersEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "batch",
    args: ({ accountId, cancels = [], orders = [] }: BatchOrdersParameters) => [
      accountId,
      cancels,
      orders.map(encodeOrder),
    ],
    events: orderEvents,
  });
