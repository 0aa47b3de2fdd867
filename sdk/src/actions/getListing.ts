import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { marketKinds, type MarketKind } from "../enums.ts";

export type GetListingParameters = ReadParameters & {
  /** Number of the market. */
  market: number;
};

/**
 * Terms of a market.
 *
 * - `indexPerTick`: index value (WAD) of one tick; `tickValue`: millionths of a token that one lot gains when the
 *   price rises a tick
 * - `takerFee`, `makerFee` (below zero: a rebate): tenths of a basis point; what ends in `Bps`: basis points
 * - `fundingPeriod`: seconds; `markMinutes`: minutes; what ends in `Lots`: lots; what ends in `Period`: UTC day
 *   numbers
 * - `firstMarkTick`: ticks
 */
export type GetListingReturnType = Omit<Outcome<ClearinghouseAbi, "listing">, "kind"> & { kind: MarketKind };

export type GetListingErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Read the terms and parameters of a market as they stand.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, getListing } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { takerFee, tiers } = await getListing(client, { deployment, market: 1 });
 *   console.log(takerFee, tiers);
 * }
 */
export async function getListing(
  client: Client,
  parameters: GetListingParameters,
): Promise<GetListingReturnType> {
  const listing = await read(client, parameters, clearinghouse, "listing", [parameters.market]);
  return { ...listing, kind: marketKinds[listing.kind] as MarketKind };
}
