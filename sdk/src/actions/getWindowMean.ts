import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetWindowMeanParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
  /** First UTC day number of the window. */
  first: number;
  /** Last UTC day number of the window. */
  last: number;
};

/** `sum`: WAD; `present`: days that have a print; `allFinal`: whether all of them are final. */
export type GetWindowMeanReturnType = Outcome<UsageIndexAbi, "windowMean">;

export type GetWindowMeanErrorType = ActionErrorType<"WindowReversed" | "WindowTooLong">;

/**
 * Read sum and number of the prints in a window of days; their quotient is the mean.
 *
 * @throws `WindowReversed`, `WindowTooLong`
 *
 * @example
 * import { type Deployment, formatIndex, getWindowMean } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { sum, present } = await getWindowMean(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     first: 20089,
 *     last: 20119,
 *   });
 *   console.log(formatIndex(sum / present));
 * }
 */
export function getWindowMean(
  client: Client,
  parameters: GetWindowMeanParameters,
): Promise<GetWindowMeanReturnType> {
  return read(client, parameters, usageIndex, "windowMean", [
    parameters.index,
    parameters.first,
    parameters.last,
  ]);
}
