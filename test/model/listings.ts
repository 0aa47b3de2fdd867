import type { Listing } from "./types.ts";

/** Reference markets of the model's tests: TUX-PERP and a month of TUM, both at 2,000 ticks (1,000 points). */

const tier = (initialMarginBps: bigint, maintenanceMarginBps: bigint, fillBandBps: bigint) => ({
  initialMarginBps,
  maintenanceMarginBps,
  fillBandBps,
});

export const PERPETUAL: Listing = {
  kind: "perpetual",
  indexPerTick: 500_000_000_000_000_000n,
  tickValue: 500n,
  tiers: [tier(2_000n, 1_200n, 600n), tier(2_000n, 1_200n, 600n), tier(2_000n, 1_200n, 600n)],
  clampBps: 800n,
  takerFee: 50n,
  makerFee: 10n,
  liquidationFeeBps: 100n,
  insuranceShareBps: 5_000n,
  fundingPeriod: 28_800n,
  fundingCapBps: 200n,
  fundingInterestBps: 1n,
  markMinutes: 10n,
  impactLots: 1_000n,
  minLots: 100n,
  maxPositionLots: 1_000_000n,
  maxOpenInterestLots: 5_000_000n,
  openInterestBaseLots: 5_000_000n,
  fundCoverBps: 200n,
  concentrationLots: 0n,
  spreadInitialBps: 0n,
  spreadMaintenanceBps: 0n,
  firstPeriod: 0n,
  lastPeriod: 0n,
  nextFromPeriod: 0n,
  firstMarkTick: 2_000n,
};

/** A window of three days; the second tier from day 20,100 on, the first from day 20,110 on. */
export const DATED: Listing = {
  ...PERPETUAL,
  kind: "dated",
  tiers: [tier(1_600n, 1_200n, 250n), tier(2_000n, 1_500n, 400n), tier(2_800n, 2_100n, 600n)],
  clampBps: 1_000n,
  makerFee: -10n,
  fundingPeriod: 0n,
  fundingCapBps: 0n,
  fundingInterestBps: 0n,
  spreadInitialBps: 2_600n,
  spreadMaintenanceBps: 2_100n,
  firstPeriod: 20_110n,
  lastPeriod: 20_112n,
  nextFromPeriod: 20_100n,
};
