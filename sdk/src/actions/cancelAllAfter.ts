import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type CancelAllAfterParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Seconds after which its orders are dead unless the call is repeated, 5 to 2,592,000; 0 takes the switch off. */
  seconds: number;
};

export type CancelAllAfterReturnType = Hash;

/** What `cancelAllAfter.simulate` gives. */
export type CancelAllAfterResult = Outcome<ClearinghouseAbi, "cancelAllAfter">;

/** What `cancelAllAfter.extract` finds in a receipt. */
export type CancelAllAfterEvents = EventsByName<ClearinghouseAbi, "SwitchSet">;

export type CancelAllAfterErrorType = ActionErrorType<
  "NotAuthorised" | "AccountIsRetired" | "ParameterOutOfRange" | "OrdersOpen"
>;

/**
 * Set, move on or take off the dead-man switch of an account.
 *
 * @throws `NotAuthorised`, `AccountIsRetired`, `ParameterOutOfRange`, `OrdersOpen`
 *
 * @example
 * import { cancelAllAfter, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await cancelAllAfter(wallet, { deployment, accountId: 2048, seconds: 60 });
 *   console.log(hash);
 * }
 */
export const cancelAllAfter: WriteAction<
  CancelAllAfterParameters,
  CancelAllAfterResult,
  CancelAllAfterEvents
> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "cancelAllAfter",
  args: ({ accountId, seconds }: CancelAllAfterParameters) => [accountId, seconds],
  events: ["SwitchSet"],
});
