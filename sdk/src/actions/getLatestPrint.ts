import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetLatestPrintParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
};

/** The newest print. `value` is WAD, `period` a UTC day number, `sequence` the number of the push. */
export type GetLatestPrintReturnType = Outcome<UsageIndexAbi, "latest">;

export type GetLatestPrintErrorType = ActionErrorType<"NoPrints">;

/**
 * Read the newest day that has a print; `value` is the day's (WAD), not the trailing mean.
 *
 * @throws `NoPrints`
 *
 * @example
 * import { type Deployment, formatIndex, getLatestPrint } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { period, value } = await getLatestPrint(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *   });
 *   console.log(period, formatIndex(value));
 * }
 */
export function getLatestPrint(
  client: Client,
  parameters: GetLatestPrintParameters,
): Promise<GetLatestPrintReturnType> {
  return read(client, parameters, usageIndex, "latest", [parameters.index]);
}
