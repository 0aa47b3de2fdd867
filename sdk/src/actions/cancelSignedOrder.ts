import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { encodeSource, type OrderSource } from "../internal/signedOrder.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelSignedOrderParameters = WriteParameters &
  OrderSource & {
    /** Number of the order under account and signer, its `nonce`. */
    orderNonce: bigint;
  };

export type CancelSignedOrderReturnType = Hash;

/** What `cancelSignedOrder.simulate` gives. */
export type CancelSignedOrderResult = Outcome<SignedOrdersAbi, "cancel">;

/** What `cancelSignedOrder.extract` finds in a receipt. */
export type CancelSignedOrderEvents = EventsByName<SignedOrdersAbi, "NonceCancelled">;

export type CancelSignedOrderErrorType = ActionErrorType<"NotSignerOrOwner" | "NoAccount">;

/**
 * Cancel a signed order: it is never executed (again).
 *
 * @remarks The signer may do so, and the owner of the account for each of its signers. What rests in the book is cancelled with
 * `cancelOrder`.
 *
 * @throws `NotSignerOrOwner`, `NoAccount`
 *
 * @example
 * import { type Deployment, cancelSignedOrder } from "@usance/sdk";
 * import type { Account, Chain, Transport, WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient<Transport, Chain, Account>, deployment: Deployment) {
 *   const owner = wallet.account.address;
 *   console.log(await cancelSignedOrder(wallet, { deployment, owner, orderNonce: 1_767_225_600_000n }));
 * }
 */
export const cancelSignedOrder: WriteAction<
  CancelSignedOrderParameters,
  CancelSignedOrderResult,
  CancelSignedOrderEvents
> = /*#__PURE__*/ defineWrite({
  contract: signedOrders,
  functionName: "cancel",
  args: ({ orderNonce, ...source }: CancelSignedOrderParameters) => [...encodeSource(source), [orderNonce]],
  events: ["NonceCancelled"],
});
