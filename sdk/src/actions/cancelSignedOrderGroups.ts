import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { encodeSource, type OrderSource } from "../internal/signedOrder.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelSignedOrderGroupsParameters = WriteParameters &
  OrderSource & {
    /** Groups, none of them 0. */
    groups: readonly bigint[];
  };

export type CancelSignedOrderGroupsReturnType = Hash;

/** What `cancelSignedOrderGroups.simulate` gives. */
export type CancelSignedOrderGroupsResult = Outcome<SignedOrdersAbi, "cancelGroups">;

/** What `cancelSignedOrderGroups.extract` finds in a receipt. */
export type CancelSignedOrderGroupsEvents = EventsByName<SignedOrdersAbi, "GroupCancelled">;

export type CancelSignedOrderGroupsErrorType = ActionErrorType<
  "NotSignerOrOwner" | "NoAccount" | "GroupMissing"
>;

/**
 * Cancel every signed order of a signer in some groups.
 *
 * @remarks The signer may do so, and the owner of the account for each of its signers. What rests in the book is cancelled with
 * `cancelOrder`.
 *
 * @throws `NotSignerOrOwner`, `NoAccount`, `GroupMissing`
 *
 * @example
 * import { type Deployment, cancelSignedOrderGroups } from "@usance/sdk";
 * import type { Account, Chain, Transport, WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient<Transport, Chain, Account>, deployment: Deployment) {
 *   const owner = wallet.account.address;
 *   console.log(await cancelSignedOrderGroups(wallet, { deployment, owner, groups: [3n] }));
 * }
 */
export const cancelSignedOrderGroups: WriteAction<
  CancelSignedOrderGroupsParameters,
  CancelSignedOrderGroupsResult,
  CancelSignedOrderGroupsEvents
> = /*#__PURE__*/ defineWrite({
  contract: signedOrders,
  functionName: "cancelGroups",
  args: ({ groups, ...source }: CancelSignedOrderGroupsParameters) => [...encodeSource(source), groups],
  events: ["GroupCancelled"],
});
