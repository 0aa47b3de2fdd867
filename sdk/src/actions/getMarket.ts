import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { marketKinds, marketPhases, type MarketKind, type MarketPhase } from "../enums.ts";

export type GetMarketParameters = ReadParameters & {
  /** Number of the market. */
  market: number;
};

/**
 * State of a market in this minute.
 *
 * - `markX16`, `meanX16` (before clamping), `anchorX16` (index, or daily settlement price): ticks × 2^16;
 *   `cumulativeFunding`: ticks × 2^20 that a long lot has paid since listing
 * - `bestBid`, `bestAsk`, `impactBid`, `impactAsk`, `settlementTick`: ticks, 0 when there is none; `lowestFill` and
 *   `highestFill`: ends of the fill band, ticks
 * - `openInterest`, `openInterestLimit`: lots; `fundingPool`: tick·lots; `feesPayable`, `fundCash`: collateral units
 * - `initialMarginBps`, `maintenanceMarginBps`, `fillBandBps`: basis points of mark
 * - `expiry`: Unix seconds at which trading ends, 0 for a perpetual that goes on; `stale`: whether its index is not
 *   fresh
 */
export type GetMarketReturnType = Omit<Outcome<ClearinghouseAbi, "market">, "kind" | "phase"> & {
  kind: MarketKind;
  phase: MarketPhase;
};

export type GetMarketErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Read the state of a market, advanced to the current minute: mark, funding, best prices, fill band, phase.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, getMarket, pointsOfMark } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { markX16, openInterest } = await getMarket(client, { deployment, market: 1 });
 *   console.log(pointsOfMark(markX16), openInterest);
 * }
 */
export async function getMarket(
  client: Client,
  parameters: GetMarketParameters,
): Promise<GetMarketReturnType> {
  const market = await read(client, parameters, clearinghouse, "market", [parameters.market]);
  const kind = marketKinds[market.kind] as MarketKind;
  const phase = marketPhases[market.phase] as MarketPhase;
  return { ...market, kind, phase };
}
