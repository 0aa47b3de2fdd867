import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetFundParameters = ReadParameters & {
  /** Number of the market. */
  market: number;
};

/**
 * A market's insurance fund.
 *
 * - `cash`, `equity`, `deficit` (what the market owes), `unwindBudget` (what unwinding may lose today) and
 *   `unwindSpent`: collateral units
 * - `size`: lots, signed; `pendingLongs` and `pendingShorts`: lots that rounds still close; `pendingQuote`:
 *   tick·lots
 * - `rounds`: number of the newest deleveraging round; `unfinished`: rounds that still wait for positions
 */
export type GetFundReturnType = Outcome<ClearinghouseAbi, "fund">;

export type GetFundErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Read a market's insurance fund, what the market owes, and the deleveraging rounds that are not finished; amounts in
 * collateral units.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, getFund } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { equity, size, deficit, unfinished } = await getFund(client, { deployment, market: 1 });
 *   console.log(equity, size, deficit, unfinished);
 * }
 */
export function getFund(client: Client, parameters: GetFundParameters): Promise<GetFundReturnType> {
  return read(client, parameters, clearinghouse, "fund", [parameters.market]);
}
