import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetFollowingParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
};

export type GetFollowingReturnType = Outcome<UsageIndexAbi, "following">;

export type GetFollowingErrorType = ActionErrorType<"IndexNotListed">;

/**
 * Read the value of an index that markets follow, the trailing mean that it follows itself, and how far it may move now (all WAD).
 *
 * @throws `IndexNotListed`
 *
 * @example
 * import { type Deployment, formatIndex, getFollowing } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { value, mean } = await getFollowing(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *   });
 *   console.log(formatIndex(value), formatIndex(mean));
 * }
 */
export function getFollowing(
  client: Client,
  parameters: GetFollowingParameters,
): Promise<GetFollowingReturnType> {
  return read(client, parameters, usageIndex, "following", [parameters.index]);
}
