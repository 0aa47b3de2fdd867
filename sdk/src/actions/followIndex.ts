import type { Hash, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type FollowIndexParameters = WriteParameters & {
  /** Id of the index. */
  index: Hex;
};

export type FollowIndexReturnType = Hash;

/** What `followIndex.simulate` gives. */
export type FollowIndexResult = Outcome<UsageIndexAbi, "follow">;

/** What `followIndex.extract` finds in a receipt. */
export type FollowIndexEvents = EventsByName<UsageIndexAbi, "IndexPushed" | "IndexLags" | "PushFailed">;

export type FollowIndexErrorType = ActionErrorType<
  "IndexNotListed" | "TooFewDays" | "NothingToFollow" | "NotEnoughGasToPush"
>;

/**
 * Bring the value of an index that lags behind its trailing mean on, as far as it may move now, and push it to the markets.
 *
 * @throws `IndexNotListed`, `TooFewDays`, `NothingToFollow`, `NotEnoughGasToPush`
 *
 * @example
 * import { followIndex, type Deployment } from "@usance/sdk";
 * import { stringToHex, type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await followIndex(wallet, { deployment, index: stringToHex("TU1D", { size: 32 }) });
 *   console.log(hash);
 * }
 */
export const followIndex: WriteAction<FollowIndexParameters, FollowIndexResult, FollowIndexEvents> =
  /*#__PURE__*/ defineWrite({
    contract: usageIndex,
    functionName: "follow",
    args: ({ index }: FollowIndexParameters) => [index],
    events: ["IndexPushed", "IndexLags", "PushFailed"],
  });
