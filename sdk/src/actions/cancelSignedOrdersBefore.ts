import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { encodeSource, type OrderSource } from "../internal/signedOrder.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelSignedOrdersBeforeParameters = WriteParameters &
  OrderSource & {
    /** Least nonce that stays good. */
    least: bigint;
  };

export type CancelSignedOrdersBeforeReturnType = Hash;

/** What `cancelSignedOrdersBefore.simulate` gives. */
export type CancelSignedOrdersBeforeResult = Outcome<SignedOrdersAbi, "cancelAllBefore">;

/** What `cancelSignedOrdersBefore.extract` finds in a receipt. */
export type CancelSignedOrdersBeforeEvents = EventsByName<SignedOrdersAbi, "NoncesCancelled">;

export type CancelSignedOrdersBeforeErrorType = ActionErrorType<
  "NotSignerOrOwner" | "NoAccount" | "NonceNotHigher"
>;

/**
 * Cancel every signed order of a signer whose nonce is below another one.
 *
 * @remarks The signer may do so, and the owner of the account for each of its signers. What rests in the book is cancelled with
 * `cancelOrder`.
 *
 * @throws `NotSignerOrOwner`, `NoAccount`, `NonceNotHigher`
 *
 * @example
 * import { type Deployment, cancelSignedOrdersBefore } from "@usance/sdk";
 * import type { Account, Chain, Transport, WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient<Transport, Chain, Account>, deployment: Deployment) {
 *   const owner = wallet.account.address;
 *   console.log(await cancelSignedOrdersBefore(wallet, { deployment, owner, least: BigInt(Date.now()) }));
 * }
 */
export const cancelSignedOrdersBefore: WriteAction<
  CancelSignedOrdersBeforeParameters,
  CancelSignedOrdersBeforeResult,
  CancelSignedOrdersBeforeEvents
> = /*#__PURE__*/ defineWrite({
  contract: signedOrders,
  functionName: "cancelAllBefore",
  args: ({ least, ...source }: CancelSignedOrdersBeforeParameters) => [...encodeSource(source), least],
  events: ["NoncesCancelled"],
});
