import { marketKinds } from "../enums.ts";
import { divide } from "../units/decimal.ts";
import type { MarketTerms } from "./risk.ts";

const minutesOfDay = 1440n;

/**
 * What a position would receive of funding (below zero: pay) if its market stood as it stands now for some days, collateral
 * units, floored: the contract's own sum over so many minutes of the present mean and index.
 */
export function fundingOver(days: number, size: bigint, { market, listing, tickValue }: MarketTerms): bigint {
  // A dated future has none, and under a stale index it stands still.
  if (marketKinds[market.kind] !== "perpetual" || market.stale || listing.fundingPeriod === 0) return 0n;
  const index = market.anchorX16;
  const share = (bps: number) => (index * BigInt(bps)) / 10_000n;
  const interest = divide(index * BigInt(listing.fundingInterestBps), 10_000n, "down");
  const [width, cap] = [share(listing.clampBps), share(listing.fundingCapBps)];
  const low = greater(index - width, index - cap - interest);
  const high = lesser(index + width, index + cap - interest);
  const mean = lesser(greater(market.meanX16, low), high);
  const minutes = BigInt(Math.round(days * Number(minutesOfDay)));
  const paid = divide(minutes * (mean + interest - index) * 960n, BigInt(listing.fundingPeriod), "down");
  return ((-size * paid) >> 20n) * tickValue;
}

const greater = (a: bigint, b: bigint) => (a > b ? a : b);
const lesser = (a: bigint, b: bigint) => (a < b ? a : b);
