import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetHeldPrintParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
  /** UTC day number. */
  period: number;
};

/** A print that is held. `value` is WAD, `heldAt` and `releasableAt` are Unix seconds; all zero when nothing is held. */
export type GetHeldPrintReturnType = Outcome<UsageIndexAbi, "heldPrint">;

export type GetHeldPrintErrorType = ActionErrorType;

/**
 * Read the print of a day that the circuit breaker holds; all zero when there is none.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { type Deployment, formatIndex, getHeldPrint } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { value, releasableAt } = await getHeldPrint(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     period: 20089,
 *   });
 *   console.log(formatIndex(value), releasableAt);
 * }
 */
export function getHeldPrint(
  client: Client,
  parameters: GetHeldPrintParameters,
): Promise<GetHeldPrintReturnType> {
  return read(client, parameters, usageIndex, "heldPrint", [parameters.index, parameters.period]);
}
