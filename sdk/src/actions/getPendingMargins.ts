import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetPendingMarginsParameters = ReadParameters & {
  /** Number of the market. */
  market: number;
};

/**
 * The announced change, in basis points and lots, and the UTC day number from which it holds; all zero when there is
 * none.
 */
export type GetPendingMarginsReturnType = Outcome<ClearinghouseAbi, "pendingMargins">;

export type GetPendingMarginsErrorType = ActionErrorType;

/**
 * Read the margins that are announced for a market, and the UTC day from whose 00:00 on anyone may put them in force; day
 * 0 when nothing is announced.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { type Deployment, getPendingMargins } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { change, fromPeriod } = await getPendingMargins(client, { deployment, market: 1 });
 *   console.log(fromPeriod, change.tiers);
 * }
 */
export function getPendingMargins(
  client: Client,
  parameters: GetPendingMarginsParameters,
): Promise<GetPendingMarginsReturnType> {
  return read(client, parameters, clearinghouse, "pendingMargins", [parameters.market]);
}
