import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetTrailingMeanParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
  /** Last UTC day number of the mean. */
  endPeriod: number;
};

/** `mean`: WAD; `allFinal`: whether every print in it is final. */
export type GetTrailingMeanReturnType = Outcome<UsageIndexAbi, "trailingMean">;

export type GetTrailingMeanErrorType = ActionErrorType<"IndexNotListed" | "TooFewDays">;

/**
 * Read the mean of the prints among the days that end with a period, WAD, rounded down.
 *
 * @throws `IndexNotListed`, `TooFewDays`
 *
 * @example
 * import { type Deployment, formatIndex, getTrailingMean } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { mean, allFinal } = await getTrailingMean(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     endPeriod: 20095,
 *   });
 *   console.log(formatIndex(mean), allFinal);
 * }
 */
export function getTrailingMean(
  client: Client,
  parameters: GetTrailingMeanParameters,
): Promise<GetTrailingMeanReturnType> {
  return read(client, parameters, usageIndex, "trailingMean", [parameters.index, parameters.endPeriod]);
}
