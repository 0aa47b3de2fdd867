import { MarketKind, monthlyListing, perpetualListing, type MarketListing } from "../deploy/markets.ts";
import { priceListing } from "../deploy/price-markets.ts";
import { TermsTable, type MarketFacts } from "../keepers/accounts/terms.ts";
import type { PositionRecord } from "../keepers/accounts/table.ts";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import { pick, seededRandom, type Random } from "../takers/random.ts";

/**
 * Accounts as an exchange that has run for a while may have them, from a seed. None falls short of MM at the prices at
 * which they are made: whoever did has been liquidated.
 */

/** An account of the population; cash in collateral units of 6 decimals. */
export interface Member {
  cash: bigint;
  positions: PositionRecord[];
}

const WAD = 10n ** 18n;
const POINTS = 2_000n * WAD;
/** One millionth of a token is one collateral unit. */
const UNIT = 1n;

/** A market of the population with its mark. */
interface Listed {
  id: number;
  listing: MarketListing;
  tick: number;
}

/** The perpetual and three months on token usage, and two months each on the token price and the GPU-hour. */
const MARKETS: readonly Listed[] = [
  perpetualListing({ feed: 1, index: POINTS }),
  ...["2026-07", "2026-08", "2026-09"].map((month) => monthlyListing(month, { feed: 1, index: POINTS })),
  ...["2026-07", "2026-08"].map((month) => priceListing("TPX", month, { feed: 2, index: 2n * WAD })),
  ...["2026-07", "2026-08"].map((month) => priceListing("GPX", month, { feed: 3, index: 2n * WAD })),
].map((listing, i) => ({
  id: i + 1,
  listing,
  tick: listing.firstMarkTick || Number(POINTS / listing.indexPerTick),
}));

/** The third day of the front month: nothing of it is locked. */
const NOW = (Math.max(...MARKETS.map(({ listing }) => listing.firstPeriod)) - 61 + 2) * SECONDS_PER_DAY;

/** Markets on token usage: what an index that moves re-marks at once. */
const ON_USAGE = MARKETS.filter(({ listing }) => listing.feed === 1).map(({ id }) => id);

/** Terms of all markets, with those on token usage moved by so much. */
export function termsAt(moveBps: number): TermsTable {
  const terms = new TermsTable();
  for (const { id, listing, tick } of MARKETS) {
    const move = ON_USAGE.includes(id) ? moveBps : 0;
    terms.set(factsOf({ id, listing, tick }, (tick * (10_000 + move)) / 10_000), UNIT, NOW);
  }
  return terms;
}

function factsOf({ id, listing }: Listed, price: number): MarketFacts {
  const tier = tierOf(listing);
  return {
    state: {
      id,
      phase: "open",
      markX16: BigInt(Math.round(price * 65_536)),
      cumulativeFunding: 0n,
      initialMarginBps: BigInt(tier.initialMarginBps),
      maintenanceMarginBps: BigInt(tier.maintenanceMarginBps),
      fillBandBps: BigInt(tier.fillBandBps),
    },
    listing: { ...listing, kind: listing.kind === MarketKind.perpetual ? "perpetual" : "dated" },
    rounds: [],
    changedToday: false,
  };
}

function tierOf({ tiers, firstPeriod, nextFromPeriod }: MarketListing): MarketListing["tiers"][number] {
  const today = NOW / SECONDS_PER_DAY;
  const [front, next, third] = tiers;
  return today >= firstPeriod ? front : today >= nextFromPeriod ? next : third;
}

/** Yields the accounts: 12 in 100 hold a calendar spread, 15 in 100 have orders on both sides. */
export function* population(accounts: number, seed = 1): Generator<Member> {
  const random = seededRandom(seed);
  for (let i = 0; i < accounts; i++) yield random() < 0.12 ? spreadTrader(random) : trader(random);
}

function trader(random: Random): Member {
  const markets = [...MARKETS];
  const count = pick(random, [1, 2, 2, 3, 3, 4, 5, 6, MARKETS.length])!;
  const rests = random() < 0.15;
  const positions: PositionRecord[] = [];
  let needed = 0;
  for (let i = 0; i < count; i++) {
    const market = pick(random, markets)!;
    markets.splice(markets.indexOf(market), 1);
    const lots = (random() < 0.5 ? -1 : 1) * lotsOf(random);
    const resting = rests ? Math.ceil(Math.abs(lots) * (0.1 + 0.4 * random())) : 0;
    positions.push(positionOf(random, market, lots, resting));
    const { initialMarginBps, maintenanceMarginBps } = tierOf(market.listing);
    const value = market.tick * market.listing.tickValue;
    // Who has orders keeps IM for all of them, or they would be cancelled.
    const required = rests
      ? (Math.abs(lots) + resting) * initialMarginBps
      : Math.abs(lots) * maintenanceMarginBps;
    needed += (required * value) / 10_000;
  }
  return memberOf(random, positions, needed);
}

/** Long one month on usage and short the next, as many lots, or the other way round. */
function spreadTrader(random: Random): Member {
  const near = MARKETS[random() < 0.7 ? 1 : 2]!;
  const far = MARKETS[near.id]!;
  const lots = (random() < 0.5 ? -1 : 1) * lotsOf(random);
  const positions = [positionOf(random, near, lots, 0), positionOf(random, far, -lots, 0)];
  const value = Math.max(near.tick * near.listing.tickValue, far.tick * far.listing.tickValue);
  return memberOf(random, positions, (Math.abs(lots) * value * near.listing.spreadMaintenanceBps) / 10_000);
}

/** Gives an account so much cash that its equity is a multiple of what it needs: half of them have more than four times. */
function memberOf(random: Random, positions: PositionRecord[], needed: number): Member {
  const equity = Math.ceil(needed * Math.max(1.02, 4 * Math.exp(0.7 * normal(random))));
  const worth = positions.reduce((sum, { market, size, quote }) => {
    const { tick, listing } = MARKETS[market - 1]!;
    return sum + (quote + size * BigInt(tick)) * BigInt(listing.tickValue);
  }, 0n);
  return { cash: BigInt(equity) - worth, positions };
}

/** A position opened within 6 % of mark. */
function positionOf(random: Random, { id, tick }: Listed, lots: number, resting: number): PositionRecord {
  const entry = Math.round(tick * (0.94 + 0.12 * random()));
  return {
    market: id,
    size: BigInt(lots),
    quote: BigInt(-lots) * BigInt(entry),
    fundingSnapshot: 0n,
    bidLots: BigInt(resting),
    askLots: BigInt(resting),
    openOrders: resting > 0 ? 2n : 0n,
  };
}

/** From the smallest order up to tens of thousands of lots: many small ones, few large ones. */
const lotsOf = (random: Random): number => Math.ceil(100 * Math.exp(Math.abs(2 * normal(random))));

/** A normal number (Box and Muller). */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
