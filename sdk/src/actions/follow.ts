import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type FollowParameters = WriteParameters & {
  /** Number of the feed. */
  feed: number;
};

export type FollowReturnType = Hash;

/** What `follow.simulate` gives. */
export type FollowResult = Outcome<ClearinghouseAbi, "follow">;

/** What `follow.extract` finds in a receipt. */
export type FollowEvents = EventsByName<ClearinghouseAbi, "FeedFollowed">;

export type FollowErrorType = ActionErrorType<"UnknownFeed">;

/**
 * Let a feed catch up where its last push moved further than it may move at once.
 *
 * @throws `UnknownFeed`
 *
 * @example
 * import { type Deployment, follow } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await follow(wallet, { deployment, feed: 1 });
 *   console.log(hash);
 * }
 */
export const follow: WriteAction<FollowParameters, FollowResult, FollowEvents> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "follow",
  args: ({ feed }: FollowParameters) => [feed],
  events: ["FeedFollowed"],
});
