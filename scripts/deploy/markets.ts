import { addMonths, monthOfPeriod, monthWindow } from "../lib/calendar.ts";
import { divideHalfEven } from "../lib/rational.ts";
import { GPX, TPX } from "../prices/indices.ts";
import { TU1D } from "../reporter/calculation.ts";
import type { Hex } from "viem";

/** `MarketKind` of the contracts. */
export const MarketKind = { perpetual: 0, dated: 1 } as const;

/** Margins and fill band in basis points of mark (`MarginTier` of the contracts). */
export interface MarginTier {
  initialMarginBps: number;
  maintenanceMarginBps: number;
  fillBandBps: number;
}

/** Everything that a listing fixes, field by field as `MarketListing` of the contracts, which says what each means. */
export interface MarketListing {
  kind: number;
  feed: number;
  indexPerTick: bigint;
  tickValue: number;
  tiers: readonly [MarginTier, MarginTier, MarginTier];
  clampBps: number;
  takerFee: number;
  makerFee: number;
  liquidationFeeBps: number;
  insuranceShareBps: number;
  fundingPeriod: number;
  fundingCapBps: number;
  fundingInterestBps: number;
  markMinutes: number;
  impactLots: number;
  minLots: number;
  maxPositionLots: number;
  maxOpenInterestLots: number;
  openInterestBaseLots: number;
  fundCoverBps: number;
  concentrationLots: number;
  spreadInitialBps: number;
  spreadMaintenanceBps: number;
  firstPeriod: number;
  lastPeriod: number;
  nextFromPeriod: number;
  firstMarkTick: number;
}

/** What a template needs to know when a market is listed. */
export interface ListingTerms {
  /** Feed of the clearing house that the market follows. */
  feed: number;
  /** Latest trailing mean of the index, WAD. The divisor follows from it and is fixed with the listing. */
  index: bigint;
}

/** Name of the perpetual on the 7-day mean of token usage. */
export const TUX_PERP = "TUX-PERP";

/** Months that are open at any time: the one in delivery and the two after it. */
export const OPEN_MONTHS = 3;

const WAD = 10n ** 18n;
/** The largest price of the contracts, in ticks. */
export const MAX_TICK = 2n ** 24n - 2n;

const tier = (initialMarginBps: number, maintenanceMarginBps: number, fillBandBps: number): MarginTier => ({
  initialMarginBps,
  maintenanceMarginBps,
  fillBandBps,
});

const PERPETUAL_TIER = tier(2_000, 1_200, 600);
const FRONT_TIER = tier(1_600, 1_200, 250);
const NEXT_TIER = tier(2_000, 1_500, 400);
const THIRD_TIER = tier(2_800, 2_100, 600);

/** What every market on token usage shares; a lot is a thousandth of 1 USD × price. Those on prices differ in `tickValue` alone. */
export const USAGE_TERMS = {
  /** Half a point × 0.001 × 1 USD, in millionths of a token. */
  tickValue: 500,
  /** 5 bp and 1 bp, in tenths of a basis point. */
  takerFee: 50,
  makerFee: 10,
  liquidationFeeBps: 100,
  insuranceShareBps: 5_000,
  markMinutes: 30,
  impactLots: 1_000,
  minLots: 100,
  /** A whole number of the 16,384 lots in which the contracts keep it. */
  maxPositionLots: 8_192_000,
  maxOpenInterestLots: 100_000_000,
  /** Beyond these the fund holds a fiftieth of what further lots are worth. */
  openInterestBaseLots: 20_000_000,
  fundCoverBps: 200,
  /** A quarter of the largest position: from there on IM grows with size, to four times its rate. */
  concentrationLots: 2_048_000,
};

/**
 * Chooses the divisor of a new market: the smallest of 1, 2, 5, 10, 20, 50, … with which the first price lies below
 * 10,000 points.
 * @param index Latest trailing mean, WAD.
 * @throws RangeError where the index is below 1,000 points, which no whole divisor lifts to a good first price.
 */
export function chooseDivisor(index: bigint): bigint {
  if (index < 1_000n * WAD) throw new RangeError("an index below 1,000 points has no whole divisor");
  for (let decade = 1n; ; decade *= 10n)
    for (const step of [1n, 2n, 5n]) if (index < 10_000n * WAD * step * decade) return step * decade;
}

/** Index value (WAD) of one tick of half a point. */
export function indexPerTick(divisor: bigint): bigint {
  return (divisor * WAD) / 2n;
}

/**
 * Template of TUX-PERP. List it at the seventh print or later: the mean of fewer jumps too far.
 * Its mark starts at the index, so it has no first mark of its own.
 */
export function perpetualListing({ feed, index }: ListingTerms): MarketListing {
  return {
    ...USAGE_TERMS,
    kind: MarketKind.perpetual,
    feed,
    indexPerTick: indexPerTick(chooseDivisor(index)),
    tiers: [PERPETUAL_TIER, PERPETUAL_TIER, PERPETUAL_TIER],
    clampBps: 800,
    fundingPeriod: 8 * 3_600,
    fundingCapBps: 200,
    fundingInterestBps: 0,
    spreadInitialBps: 0,
    spreadMaintenanceBps: 0,
    firstPeriod: 0,
    lastPeriod: 0,
    nextFromPeriod: 0,
    firstMarkTick: 0,
  };
}

/**
 * Template of TUM-<month>: settles on the mean of the prints of every UTC day of the month.
 * @param month Delivery month, "2025-03".
 */
export function monthlyListing(month: string, { feed, index }: ListingTerms): MarketListing {
  const perTick = indexPerTick(chooseDivisor(index));
  const firstMarkTick = divideHalfEven(index, perTick);
  if (firstMarkTick > MAX_TICK)
    throw new RangeError(`a first mark of ${firstMarkTick} ticks is out of range`);
  return {
    ...USAGE_TERMS,
    kind: MarketKind.dated,
    feed,
    indexPerTick: perTick,
    tiers: [FRONT_TIER, NEXT_TIER, THIRD_TIER],
    clampBps: 1_000,
    spreadInitialBps: 2_600,
    spreadMaintenanceBps: 2_100,
    fundingPeriod: 0,
    fundingCapBps: 0,
    fundingInterestBps: 0,
    ...monthWindow(month),
    nextFromPeriod: monthWindow(addMonths(month, -1)).firstPeriod,
    firstMarkTick: Number(firstMarkTick),
  };
}

/** Delivery months that are open on a UTC day, the nearest first. */
export function openMonths(period: number): string[] {
  const front = monthOfPeriod(period);
  return Array.from({ length: OPEN_MONTHS }, (_, distance) => addMonths(front, distance));
}

/** Name of the monthly future of a delivery month. */
export function monthlySymbol(month: string): string {
  return `TUM-${month}`;
}

const TICK_SIZES: ReadonlyMap<Hex, string> = new Map([
  [TPX, "0.0005"],
  [GPX, "0.01"],
]);

/** What a tick of a market is worth in its price, as the units of the SDK take it: half a point, or USD where the index is a price. */
export function tickSizeOf(index: Hex): string {
  return TICK_SIZES.get(index) ?? "0.5";
}

const PREFIXES: ReadonlyMap<Hex, string> = new Map([
  [TU1D, "TUM"],
  [TPX, "TPX"],
  [GPX, "GPX"],
]);

/**
 * Name of a market, which the chain does not store: it follows from the last day of the delivery window, 0 for the
 * perpetual, and from the index, token usage when left out.
 */
export function symbolOf({ lastPeriod }: Pick<MarketListing, "lastPeriod">, index: Hex = TU1D): string {
  if (lastPeriod === 0) return TUX_PERP;
  return `${PREFIXES.get(index) ?? index}-${monthOfPeriod(lastPeriod)}`;
}
