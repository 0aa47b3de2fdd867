import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";

export type GetBookParameters = ReadParameters & {
  /** Number of the market. */
  market: number;
  /** Most levels a side; 20 when left out. */
  depth?: bigint | undefined;
};

/** Levels of both sides: `tick` is the price in ticks, `lots` what rests there. */
export type GetBookReturnType = {
  /** From the highest price down. */
  bids: Outcome<ClearinghouseAbi, "levels">;
  /** From the lowest price up. */
  asks: Outcome<ClearinghouseAbi, "levels">;
};

export type GetBookErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Read the price levels of both sides at one block, in ticks and lots, from the best away.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { formatLots, formatPrice, getBook, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { bids } = await getBook(client, { deployment, market: 1, depth: 5n });
 *   for (const { tick, lots } of bids) console.log(formatPrice(tick), formatLots(lots));
 * }
 */
export async function getBook(client: Client, parameters: GetBookParameters): Promise<GetBookReturnType> {
  const { market, depth = 20n } = parameters;
  const pinned = await pinBlock(client, parameters);
  const side = (bids: boolean) => read(client, pinned, clearinghouse, "levels", [market, bids, depth]);
  const [bids, asks] = await Promise.all([side(true), side(false)]);
  return { bids, asks };
}
