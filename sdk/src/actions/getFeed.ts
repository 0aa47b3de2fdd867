import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetFeedParameters = ReadParameters & {
  /** Number of the feed; `getMarket` gives a market's. */
  feed: number;
};

/**
 * State of a feed. Values are WAD (1e18 is a point), times Unix seconds.
 *
 * - `target`: pushed last; `followed`: what markets follow, at most the largest move from any value of the last 24
 *   hours; `movedAt`: when that moved last
 * - `staleAt`: from then on takers must reduce; `haltedAt`: mark is no longer valid; `settledAt`: anyone may settle
 *   its markets
 */
export type GetFeedReturnType = Outcome<ClearinghouseAbi, "feed">;

export type GetFeedErrorType = ActionErrorType<"UnknownFeed">;

/**
 * Read the state of a feed: the value pushed last, the one that markets follow, and when it becomes stale.
 *
 * @throws `UnknownFeed`
 *
 * @example
 * import { type Deployment, formatIndex, getFeed } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { followed, staleAt } = await getFeed(client, { deployment, feed: 1 });
 *   console.log(formatIndex(followed), staleAt);
 * }
 */
export function getFeed(client: Client, parameters: GetFeedParameters): Promise<GetFeedReturnType> {
  return read(client, parameters, clearinghouse, "feed", [parameters.feed]);
}
