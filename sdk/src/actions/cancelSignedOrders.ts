import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { encodeSource, type OrderSource } from "../internal/signedOrder.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelSignedOrdersParameters = WriteParameters &
  OrderSource & {
    /** Numbers of the orders under account and signer. */
    nonces: readonly bigint[];
  };

export type CancelSignedOrdersReturnType = Hash;

/** What `cancelSignedOrders.simulate` gives. */
export type CancelSignedOrdersResult = Outcome<SignedOrdersAbi, "cancel">;

/** What `cancelSignedOrders.extract` finds in a receipt. */
export type CancelSignedOrdersEvents = EventsByName<SignedOrdersAbi, "NonceCancelled">;

export type CancelSignedOrdersErrorType = ActionErrorType<"NotSignerOrOwner" | "NoAccount">;

/**
 * Cancel several signed orders of one signer.
 *
 * @remarks The signer may do so, and the owner of the account for each of its signers. What rests in the book is cancelled with
 * `cancelOrder`.
 *
 * @throws `NotSignerOrOwner`, `NoAccount`
 *
 * @example
 * import { type Deployment, cancelSignedOrders } from "@usance/sdk";
 * import type { Account, Chain, Transport, WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient<Transport, Chain, Account>, deployment: Deployment) {
 *   const owner = wallet.account.address;
 *   console.log(await cancelSignedOrders(wallet, { deployment, owner, nonces: [7n, 8n] }));
 * }
 */
export const cancelSignedOrders: WriteAction<
  CancelSignedOrdersParameters,
  CancelSignedOrdersResult,
  CancelSignedOrdersEvents
> = /*#__PURE__*/ defineWrite({
  contract: signedOrders,
  functionName: "cancel",
  args: ({ nonces, ...source }: CancelSignedOrdersParameters) => [...encodeSource(source), nonces],
  events: ["NonceCancelled"],
});
