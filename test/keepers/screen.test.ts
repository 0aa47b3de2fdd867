import { expect } from "chai";
import fc from "fast-check";
import { screen } from "../../scripts/keepers/accounts/screen.ts";
import { AccountTable } from "../../scripts/keepers/accounts/table.ts";
import { TermsTable, type MarketFacts } from "../../scripts/keepers/accounts/terms.ts";
import { Clearing } from "../model/clearing.ts";
import { DATED, PERPETUAL } from "../model/listings.ts";
import {
  emptyPosition,
  equityOf,
  initialMargin,
  maintenanceMargin,
  phaseOf,
  tierOf,
} from "../model/margin.ts";
import { DAY, max } from "../model/numbers.ts";
import type { Account, Listing, Market, Position, Tier } from "../model/types.ts";
import { NO_WINDOW, scaledTier } from "../model/window.ts";

/**
 * The pass over all accounts beside the independent model, at the line itself: an account that is one unit short must be
 * named, whatever it holds. The chain agrees with the model elsewhere (test/model).
 */

const TODAY = 20_500n;
const NOW = TODAY * DAY + 3_600n;
const ACCOUNT = 2_048;

/** A window of eight days that began so many days ago. */
const month = (ago: bigint): Listing => ({
  ...DATED,
  concentrationLots: 16_384n,
  firstPeriod: TODAY - ago,
  lastPeriod: TODAY - ago + 7n,
  nextFromPeriod: TODAY - ago - 8n,
});

const position = (dated: boolean): fc.Arbitrary<Position> => {
  const side = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0n) },
    { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 30_000n }) },
  );
  return fc
    .record({
      size: fc.bigInt({ min: -40_000n, max: 40_000n }),
      entry: fc.bigInt({ min: 1_500n, max: 2_600n }),
      rest: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
      snapshot: dated ? fc.constant(0n) : fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
      bidLots: side,
      askLots: side,
    })
    .map(({ entry, rest, ...held }) => ({
      ...emptyPosition(),
      ...held,
      quote: -held.size * entry + rest,
      openOrders: Number(held.bidLots > 0n) + Number(held.askLots > 0n),
    }));
};

const scene = fc.record({
  /** Where the first of four neighbouring months stands: from before its window to after its end. */
  ago: fc.bigInt({ min: -12n, max: 9n }),
  marks: fc.array(fc.bigInt({ min: 1_600n << 16n, max: 2_400n << 16n }), { minLength: 5, maxLength: 5 }),
  funding: fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  /** Days of a window that are not locked although they could be. */
  late: fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.constant(1n) }),
  settles: fc.boolean(),
  makerFee: fc.constantFrom(-10n, 0n, 10n, 60n),
  positions: fc
    .tuple(position(false), ...Array.from({ length: 4 }, () => position(true)))
    .chain((all) =>
      fc
        .subarray([0, 1, 2, 3, 4], { minLength: 1 })
        .map((picked) => picked.map((i) => [i + 1, all[i]!] as const)),
    ),
});

type Scene = typeof scene extends fc.Arbitrary<infer value> ? value : never;

/** The markets of a scene and the account in them, in the model. */
function modelOf({ ago, marks, funding, late, settles, makerFee, positions }: Scene) {
  const clearing = new Clearing();
  const { state } = clearing;
  state.now = NOW;
  const listings = [
    { ...PERPETUAL, concentrationLots: 16_384n },
    ...[0n, 8n, 16n, 24n].map((later) => ({ ...month(ago - later), makerFee })),
  ];
  for (const listing of listings) clearing.list(listing);
  for (const [i, market] of [...state.markets.values()].entries()) {
    const { listing } = market;
    market.markX16 = marks[i]!;
    if (listing.kind === "perpetual") market.cumulativeFunding = funding;
    else if (TODAY > listing.firstPeriod) {
      const days = listing.lastPeriod - listing.firstPeriod + 1n;
      const locked = max(
        0n,
        (TODAY < listing.lastPeriod ? TODAY : listing.lastPeriod) - 3n - listing.firstPeriod - late,
      );
      market.window = { ...NO_WINDOW, days, locked, front: listing.tiers[0] };
      market.tier = scaledTier(listing.tiers[0], days - locked, days);
    }
    if (phaseOf(market, NOW) === "expired" && settles) market.settlementTick = marks[i]! >> 16n;
  }
  clearing.open(ACCOUNT);
  const account = state.accounts.get(ACCOUNT)!;
  for (const [id, position] of positions) account.positions.set(id, position);
  return { state, account };
}

const numbersOf = (tier: Tier) => ({
  initialMarginBps: Number(tier.initialMarginBps),
  maintenanceMarginBps: Number(tier.maintenanceMarginBps),
  fillBandBps: Number(tier.fillBandBps),
});

/** A market of the model as the chain's views show it. */
function factsOf(market: Market): MarketFacts {
  const { id, listing, settlementTick } = market;
  const [front, next, third] = listing.tiers;
  return {
    state: {
      id,
      phase: phaseOf(market, NOW),
      markX16: settlementTick === 0n ? market.markX16 : settlementTick << 16n,
      cumulativeFunding: market.cumulativeFunding,
      ...tierOf(market, NOW),
    },
    listing: {
      kind: listing.kind,
      feed: 1,
      tickValue: Number(listing.tickValue),
      tiers: [numbersOf(front), numbersOf(next), numbersOf(third)],
      makerFee: Number(listing.makerFee),
      concentrationLots: Number(listing.concentrationLots),
      spreadInitialBps: Number(listing.spreadInitialBps),
      spreadMaintenanceBps: Number(listing.spreadMaintenanceBps),
      firstPeriod: Number(listing.firstPeriod),
      lastPeriod: Number(listing.lastPeriod),
    },
    rounds: [],
    changedToday: false,
  };
}

/** Whether the pass names the account. */
function named(terms: TermsTable, { cash, retired, positions }: Account): boolean {
  const table = new AccountTable();
  table.put(0, {
    cash,
    retired,
    positions: [...positions].map(([market, { size, quote, snapshot, bidLots, askLots, openOrders }]) => ({
      ...{ market, size, quote, bidLots, askLots },
      fundingSnapshot: snapshot,
      openOrders: BigInt(openOrders),
    })),
  });
  return screen(table, terms).length === 1;
}

describe("The pass over all accounts beside the model", () => {
  it("names whoever is one unit short, and nobody who is a millionth above the line", () => {
    const seen = { credited: 0, locked: 0, rests: 0 };
    fc.assert(
      fc.property(scene, (drawn) => {
        const { state, account } = modelOf(drawn);
        const terms = new TermsTable();
        for (const market of state.markets.values()) terms.set(factsOf(market), 1n, Number(NOW));
        const worth = equityOf(state, account);
        const [initial, maintenance] = [initialMargin(state, account), maintenanceMargin(state, account)];
        const held = [...account.positions.values()];
        const holds = held.some(({ size }) => size !== 0n);
        const rests = held.some(({ openOrders }) => openOrders > 0);
        const at = (equity: bigint): boolean => {
          account.cash = equity - worth;
          expect(equityOf(state, account)).to.equal(equity);
          return named(terms, account);
        };
        if (holds) {
          expect(at(maintenance - 1n), "below MM").to.be.true;
          expect(at(0n), "at zero").to.be.true;
          expect(at(-1_000_000n), "below zero").to.be.true;
        }
        if (rests) expect(at(initial - 1n), "below IM with orders").to.be.true;
        if (holds || rests) {
          account.retired = true;
          expect(at(-1n), "retired").to.be.false;
          account.retired = false;
        }
        // With more than two months another pairing may be worth more, and days that are late count as if they were locked.
        const dated = held.length - Number(account.positions.has(1));
        if (dated > 2 || drawn.late !== 0n) return;
        const line = max(rests ? max(initial, maintenance) : maintenance, 0n);
        const large = (value: bigint) => (value < 0n ? -value : value);
        const magnitude = held.reduce((sum, { size, quote, snapshot }) => {
          const price = 2_400n + ((large(snapshot) + large(drawn.funding)) >> 20n);
          return sum + (large(quote) + large(size) * price) * 500n;
        }, large(worth));
        // The margin of a lot in each market: where concentration divides without a rest, one may be counted too many.
        const lots = BigInt(held.length) * 340_000n;
        expect(at(line + line / 1_000_000n + magnitude / 2n ** 44n + lots + 10n), "above the line").to.be
          .false;
        const legs = [...account.positions].filter(([id, { size }]) => id > 1 && size !== 0n);
        seen.credited += Number(legs.length === 2 && legs[0]![1].size * legs[1]![1].size < 0n);
        seen.locked += Number(legs.some(([id]) => state.markets.get(id)!.window.locked > 0n));
        seen.rests += Number(rests);
      }),
      { numRuns: 4_000, seed: 5 },
    );
    for (const [what, times] of Object.entries(seen)) expect(times, what).to.be.greaterThan(100);
  });
});
