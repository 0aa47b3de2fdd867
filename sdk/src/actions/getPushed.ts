import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetPushedParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
};

/**
 * What the index pushed last. `value` is the trailing mean, WAD; `pushedAt` Unix seconds; `newestPeriod` a UTC day
 * number.
 */
export type GetPushedReturnType = Outcome<UsageIndexAbi, "pushed">;

export type GetPushedErrorType = ActionErrorType;

/**
 * Read the last push of an index to its readers: the trailing mean (WAD), its number, day and time; all zero before the first.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { type Deployment, formatIndex, getPushed } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { value, sequence } = await getPushed(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *   });
 *   console.log(formatIndex(value), sequence);
 * }
 */
export function getPushed(client: Client, parameters: GetPushedParameters): Promise<GetPushedReturnType> {
  return read(client, parameters, usageIndex, "pushed", [parameters.index]);
}
