import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";
import { getMarket, type GetMarketReturnType } from "./getMarket.ts";

export type GetMarketsParameters = ReadParameters;

export type GetMarketsReturnType = GetMarketReturnType[];

export type GetMarketsErrorType = ActionErrorType;

/**
 * Read the state of every market at one block, in the order of their numbers.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { getMarkets, pointsOfMark, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const { id, markX16 } of await getMarkets(client, { deployment })) {
 *     console.log(id, pointsOfMark(markX16, { digits: 2 }));
 *   }
 * }
 */
export async function getMarkets(
  client: Client,
  parameters: GetMarketsParameters,
): Promise<GetMarketsReturnType> {
  const pinned = await pinBlock(client, parameters);
  const count = Number(await read(client, pinned, clearinghouse, "marketCount", []));
  return Promise.all(
    Array.from({ length: count }, (_, i) => getMarket(client, { ...pinned, market: i + 1 })),
  );
}
