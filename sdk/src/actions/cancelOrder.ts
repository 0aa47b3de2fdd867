import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelOrderParameters = WriteParameters & {
  /** Order id. */
  id: bigint;
};

export type CancelOrderReturnType = Hash;

/** What `cancelOrder.simulate` gives. */
export type CancelOrderResult = Outcome<ClearinghouseAbi, "cancel">;

/** What `cancelOrder.extract` finds in a receipt. */
export type CancelOrderEvents = EventsByName<ClearinghouseAbi, "OrderDropped">;

export type CancelOrderErrorType = ActionErrorType<"OrderNotFound" | "NotAuthorised">;

/**
 * Cancel one resting order, in every phase of its market.
 *
 * @throws `OrderNotFound`, `NotAuthorised`
 *
 * @example
 * import { cancelOrder, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await cancelOrder(wallet, { deployment, id: 20282409603651670423947251286016n });
 *   console.log(hash);
 * }
 */
export const cancelOrder: WriteAction<CancelOrderParameters, CancelOrderResult, CancelOrderEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "cancel",
    args: ({ id }: CancelOrderParameters) => [id],
    events: ["OrderDropped"],
  });
