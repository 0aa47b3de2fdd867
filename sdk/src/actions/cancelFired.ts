import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelFiredParameters = WriteParameters & {
  /** Number of the account whose dead-man switch has fired. */
  accountId: number;
  /** Ids of its orders; those that are gone are passed over. */
  ids: readonly bigint[];
};

export type CancelFiredReturnType = Hash;

/** What `cancelFired.simulate` gives. */
export type CancelFiredResult = Outcome<ClearinghouseAbi, "cancelFired">;

/** What `cancelFired.extract` finds in a receipt. */
export type CancelFiredEvents = EventsByName<ClearinghouseAbi, "OrderDropped">;

export type CancelFiredErrorType = ActionErrorType<"SwitchNotFired" | "WrongAccount">;

/**
 * Take orders of an account out of the book whose dead-man switch has fired; anyone may.
 *
 * @throws `SwitchNotFired`, `WrongAccount`
 *
 * @example
 * import { cancelFired, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await cancelFired(wallet, { deployment, accountId: 2048, ids: [20282409603651670423947251286016n] });
 *   console.log(hash);
 * }
 */
export const cancelFired: WriteAction<CancelFiredParameters, CancelFiredResult, CancelFiredEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "cancelFired",
    args: ({ accountId, ids }: CancelFiredParameters) => [accountId, ids],
    events: ["OrderDropped"],
  });
