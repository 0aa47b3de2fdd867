import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetPrintParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
  /** UTC day number. */
  period: number;
};

/**
 * The print of a day. `value` is WAD; `revisedAt` Unix seconds; `vintage` the first 23 bytes of the hash of data and
 * method; `filled` whether a settlement set it by the missing-day rule.
 */
export type GetPrintReturnType = Outcome<UsageIndexAbi, "print">;

export type GetPrintErrorType = ActionErrorType;

/**
 * Read the print of a day; all zero when there is none.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { type Deployment, formatIndex, getPrint } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { value, isFinal } = await getPrint(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     period: 20089,
 *   });
 *   console.log(formatIndex(value), isFinal);
 * }
 */
export function getPrint(client: Client, parameters: GetPrintParameters): Promise<GetPrintReturnType> {
  return read(client, parameters, usageIndex, "print", [parameters.index, parameters.period]);
}
