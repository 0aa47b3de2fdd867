import { getBook, getFeed, getListing, type GetBookReturnType } from "@usance/sdk";
import { getBlock } from "viem/actions";
import { readCollateral, readMarkets, type NamedMarket, type Session } from "../cli/session.ts";
import {
  monthlyListing,
  monthlySymbol,
  openMonths,
  perpetualListing,
  tickSizeOf,
  TUX_PERP,
  type MarketListing,
} from "../deploy/markets.ts";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import { TU1D } from "../reporter/calculation.ts";

/** What a plan needs to know of a contract. Prices are ticks, sizes lots: integers, as the chain counts. */
export interface Contract {
  readonly symbol: string;
  /** Number of the market; undefined where no chain was asked. */
  readonly market: number | undefined;
  readonly kind: "perpetual" | "dated";
  /** Delivery window in UTC day numbers; 0 for a perpetual. */
  readonly firstPeriod: number;
  readonly lastPeriod: number;
  /** Price step in points, as the units of the SDK take it. */
  readonly tickSize: string;
  /** Index value of a tick, WAD. */
  readonly indexPerTick: bigint;
  /** Millionths of a collateral token that a lot gains with a tick. */
  readonly tickValue: bigint;
  /** Tenths of a basis point. */
  readonly takerFee: bigint;
  readonly initialMarginBps: bigint;
  /** Clamp of a perpetual, limit of a day of a dated future. */
  readonly clampBps: number;
  /** Lots from which IM grows with size; 0 where it does not. */
  readonly concentrationLots: bigint;
  readonly minLots: bigint;
  /** Most lots that a position may have, and that open interest still has room for. */
  readonly maxLots: bigint;
  /** Ticks × 2^16. */
  readonly markX16: bigint;
  /** Whether its index is late: takers must reduce then. */
  readonly stale: boolean;
  /** Terms of funding and the index that it is paid against, ticks × 2^16; undefined where none is paid. */
  readonly funding: Funding | undefined;
  /** Undefined where no chain was asked. */
  readonly book: Book | undefined;
}

/** Terms of a perpetual's funding. */
export interface Funding {
  /** Seconds over which the premium is paid once. */
  readonly period: number;
  readonly capBps: bigint;
  readonly interestBps: bigint;
  readonly indexX16: bigint;
}

/** Price levels, from the best away, and the band in which they fill. */
export interface Book extends GetBookReturnType {
  readonly lowestFill: bigint;
  readonly highestFill: bigint;
}

/** What can be traded, on what day, in which collateral. */
export interface Venue {
  /** UTC day number. */
  readonly today: number;
  readonly contracts: readonly Contract[];
  readonly collateral: { readonly symbol: string; readonly decimals: number };
}

/** Levels of a side that are read. */
const DEPTH = 200n;

/** Reads every open contract on token usage from the chain. */
export async function readVenue(session: Session): Promise<Venue> {
  const [markets, { timestamp }, { symbol, decimals }] = await Promise.all([
    readMarkets(session),
    getBlock(session.client),
    readCollateral(session),
  ]);
  const open = markets.filter(({ index, phase }) => index === TU1D && phase === "open");
  return {
    today: Math.floor(Number(timestamp) / SECONDS_PER_DAY),
    contracts: await Promise.all(open.map((market) => readContract(session, market))),
    collateral: { symbol, decimals },
  };
}

async function readContract(session: Session, market: NamedMarket): Promise<Contract> {
  const parameters = { deployment: session.deployment, market: market.id };
  const [listing, book] = await Promise.all([
    getListing(session.client, parameters),
    getBook(session.client, { ...parameters, depth: DEPTH }),
  ]);
  const { lowestFill, highestFill, openInterest, openInterestLimit } = market;
  const room = openInterestLimit > openInterest ? openInterestLimit - openInterest : 0n;
  const feed =
    // Under a stale index funding stands still.
    listing.kind === "perpetual" && !market.stale
      ? await getFeed(session.client, { deployment: session.deployment, feed: listing.feed })
      : undefined;
  return {
    ...termsOf({ ...listing, kind: listing.kind === "perpetual" ? 0 : 1 }),
    symbol: market.symbol,
    market: market.id,
    tickSize: market.tickSize,
    initialMarginBps: market.initialMarginBps,
    maxLots: smaller(BigInt(listing.maxPositionLots), room),
    markX16: market.markX16,
    stale: market.stale,
    funding: feed && fundingOf(listing, feed.followed),
    book: { ...book, lowestFill, highestFill },
  };
}

/**
 * The contracts that the reference exchange lists on a day, at the index: for a plan without a chain.
 * @param today UTC day number.
 * @param index Latest 7-day mean, WAD.
 */
export function referenceVenue(today: number, index: bigint): Venue {
  const terms = { feed: 1, index };
  const months = openMonths(today).map((month, distance): Contract => {
    const listing = monthlyListing(month, terms);
    return reference(monthlySymbol(month), listing, index, listing.tiers[distance]!.initialMarginBps);
  });
  const listing = perpetualListing(terms);
  const perpetual = reference(TUX_PERP, listing, index, listing.tiers[0].initialMarginBps);
  return { today, contracts: [perpetual, ...months], collateral: { symbol: "USD", decimals: 6 } };
}

function reference(
  symbol: string,
  listing: MarketListing,
  index: bigint,
  initialMarginBps: number,
): Contract {
  return {
    ...termsOf(listing),
    symbol,
    market: undefined,
    tickSize: tickSizeOf(TU1D),
    initialMarginBps: BigInt(initialMarginBps),
    maxLots: smaller(BigInt(listing.maxPositionLots), BigInt(listing.openInterestBaseLots)),
    markX16: (index << 16n) / listing.indexPerTick,
    stale: false,
    funding: listing.fundingPeriod === 0 ? undefined : fundingOf(listing, index),
    book: undefined,
  };
}

function termsOf(listing: Omit<MarketListing, "tiers">) {
  return {
    kind: listing.kind === 0 ? ("perpetual" as const) : ("dated" as const),
    firstPeriod: listing.firstPeriod,
    lastPeriod: listing.lastPeriod,
    indexPerTick: listing.indexPerTick,
    tickValue: BigInt(listing.tickValue),
    takerFee: BigInt(listing.takerFee),
    clampBps: listing.clampBps,
    concentrationLots: BigInt(listing.concentrationLots),
    minLots: BigInt(listing.minLots),
  };
}

function fundingOf(
  listing: Pick<MarketListing, "fundingPeriod" | "fundingCapBps" | "fundingInterestBps" | "indexPerTick">,
  index: bigint,
): Funding {
  return {
    period: listing.fundingPeriod,
    capBps: BigInt(listing.fundingCapBps),
    interestBps: BigInt(listing.fundingInterestBps),
    indexX16: (index << 16n) / listing.indexPerTick,
  };
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
