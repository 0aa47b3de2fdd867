import type { Clearing } from "./clearing.ts";
import { refreshLimit } from "./funds.ts";
import { marketOf } from "./margin.ts";
import { BPS, min } from "./numbers.ts";
import { type Listing, Refusal, refuse } from "./types.ts";
import { scaledTier } from "./window.ts";

/** Parameters that are changed at once, since no account can become liquidatable by them. The bounds are the hard limits. */

type Bounds = readonly [value: bigint, least: bigint, most: bigint];

const LOT_UNIT = 16_384n;
const MOST_LOTS = 65_535n * LOT_UNIT;
const MOST_OPEN_INTEREST = 1n << 35n;
const MOST_FEE = 2_000n;
const MOST_LIQUIDATION_FEE = 500n;

function requireWithin(...all: Bounds[]): void {
  refuse(
    all
      .filter(([value, least, most]) => value < least || value > most)
      .map((bounds) => new Refusal("ParameterOutOfRange", [...bounds])),
  );
}

const change = (clearing: Clearing, marketId: number, terms: Partial<Listing>): void => {
  const market = marketOf(clearing.state, marketId);
  market.listing = { ...market.listing, ...terms };
};

/** A rebate is at most the taker fee. */
export function setFees(clearing: Clearing, marketId: number, takerFee: bigint, makerFee: bigint): void {
  requireWithin([takerFee, 0n, MOST_FEE], [makerFee, -takerFee, MOST_FEE]);
  change(clearing, marketId, { takerFee, makerFee });
}

/** Standing positions are not touched. */
export function setLimits(
  clearing: Clearing,
  marketId: number,
  maxPositionLots: bigint,
  maxOpenInterestLots: bigint,
): void {
  requireWithin(
    [maxPositionLots, LOT_UNIT, MOST_LOTS],
    [maxPositionLots % LOT_UNIT, 0n, 0n],
    [maxOpenInterestLots, 1n, MOST_OPEN_INTEREST],
  );
  change(clearing, marketId, { maxPositionLots, maxOpenInterestLots });
  refreshLimit(clearing.state, marketOf(clearing.state, marketId));
}

export type FundTerms = Pick<
  Listing,
  "openInterestBaseLots" | "fundCoverBps" | "insuranceShareBps" | "liquidationFeeBps"
>;

export function setFundTerms(clearing: Clearing, marketId: number, terms: FundTerms): void {
  requireWithin(
    [terms.openInterestBaseLots, 0n, MOST_OPEN_INTEREST],
    [terms.fundCoverBps, 1n, BPS],
    [terms.insuranceShareBps, 0n, BPS],
    [terms.liquidationFeeBps, 0n, MOST_LIQUIDATION_FEE],
  );
  // A liquidation must leave something of MM, on the last day of a delivery window too.
  const { listing } = marketOf(clearing.state, marketId);
  const days = listing.kind === "dated" ? listing.lastPeriod - listing.firstPeriod + 1n : 1n;
  const rates = [...listing.tiers, ...(days > 1n ? [scaledTier(listing.tiers[0], 1n, days)] : [])];
  const least = rates.map(({ maintenanceMarginBps }) => maintenanceMarginBps).reduce(min);
  if (terms.liquidationFeeBps >= least)
    throw new Refusal("UnsafeParameters", [terms.liquidationFeeBps, least]);
  change(clearing, marketId, terms);
  refreshLimit(clearing.state, marketOf(clearing.state, marketId));
}
