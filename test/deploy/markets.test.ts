import { expect } from "chai";
import {
  MarketKind,
  chooseDivisor,
  monthlyListing,
  openMonths,
  perpetualListing,
  symbolOf,
  type MarketListing,
} from "../../scripts/deploy/markets.ts";
import { dateOfPeriod, periodOfDate } from "../../scripts/lib/calendar.ts";

const WAD = 10n ** 18n;
const MAX_MOVE_BPS = 800;

describe("chooseDivisor", () => {
  it("puts the first price between 1,000 and 10,000 points with a divisor of the series 1, 2, 5, 10, …", () => {
    const series = new Set([1n, 2n, 5n].flatMap((step) => [1n, 10n, 100n, 1_000n].map((ten) => step * ten)));
    for (let points = 1_000n; points < 10n ** 7n; points += points / 7n) {
      const divisor = chooseDivisor(points * WAD);
      expect(series.has(divisor), `${divisor}`).to.be.true;
      expect(points / divisor >= 1_000n && points / divisor < 10_000n, `${points} / ${divisor}`).to.be.true;
    }
  });

  it("takes the next divisor exactly where the price would reach 10,000", () => {
    expect(chooseDivisor(10_000n * WAD - 1n)).to.equal(1n);
    expect(chooseDivisor(10_000n * WAD)).to.equal(2n);
    expect(chooseDivisor(20_000n * WAD)).to.equal(5n);
    expect(chooseDivisor(50_000n * WAD)).to.equal(10n);
  });

  it("refuses an index that no whole divisor lifts to 1,000", () => {
    expect(() => chooseDivisor(1_000n * WAD - 1n)).to.throw(RangeError, "below 1,000");
  });
});

describe("market templates", () => {
  const terms = { feed: 1, index: 31_234n * WAD + WAD / 4n };
  const safe = (listing: MarketListing) => {
    for (const { initialMarginBps, maintenanceMarginBps, fillBandBps } of listing.tiers) {
      const makerFeeBps = listing.makerFee / 10;
      expect(listing.clampBps).to.be.below(maintenanceMarginBps);
      expect(fillBandBps + makerFeeBps).to.be.at.most(initialMarginBps - maintenanceMarginBps);
      expect(fillBandBps + MAX_MOVE_BPS).to.be.at.most(initialMarginBps);
    }
    expect(-listing.makerFee).to.be.at.most(listing.takerFee);
  };

  it("list the perpetual with the terms of the reference market", () => {
    const listing = perpetualListing(terms);
    safe(listing);
    expect(listing).to.include({
      kind: MarketKind.perpetual,
      indexPerTick: (5n * WAD) / 2n,
      tickValue: 500,
      clampBps: 800,
      fundingPeriod: 28_800,
      fundingCapBps: 200,
      firstMarkTick: 0,
    });
    expect(listing.tiers[0]).to.deep.equal({
      initialMarginBps: 2_000,
      maintenanceMarginBps: 1_200,
      fillBandBps: 600,
    });
    expect(symbolOf(listing)).to.equal("TUX-PERP");
  });

  it("list a month over its UTC days, the second tier from the month before", () => {
    const listing = monthlyListing("2025-02", terms);
    safe(listing);
    expect(dateOfPeriod(listing.firstPeriod)).to.equal("2025-02-01");
    expect(dateOfPeriod(listing.lastPeriod)).to.equal("2025-02-28");
    expect(dateOfPeriod(listing.nextFromPeriod)).to.equal("2025-01-01");
    expect(listing.tiers.map(({ initialMarginBps }) => initialMarginBps)).to.deep.equal([
      1_600, 2_000, 2_800,
    ]);
    expect(symbolOf(listing)).to.equal("TUM-2025-02");
  });

  it("round the first mark of a month half-even to a tick", () => {
    // Divisor 5: a tick is 2.5 points, and 31,234.25 points are 12,493.7 ticks.
    expect(monthlyListing("2025-02", terms).firstMarkTick).to.equal(12_494);
    const half = (ticks: bigint) => monthlyListing("2025-02", { feed: 1, index: (ticks * WAD) / 4n });
    expect(half(4_001n).firstMarkTick).to.equal(2_000);
    expect(half(4_003n).firstMarkTick).to.equal(2_002);
  });

  it("handle the turn of a year and a leap day", () => {
    expect(openMonths(periodOfDate("2025-11-30"))).to.deep.equal(["2025-11", "2025-12", "2026-01"]);
    expect(dateOfPeriod(monthlyListing("2028-02", terms).lastPeriod)).to.equal("2028-02-29");
    expect(dateOfPeriod(monthlyListing("2026-01", terms).nextFromPeriod)).to.equal("2025-12-01");
  });

  it("refuse what is not a month", () => {
    for (const month of ["2025-13", "2025-1", "25-01", ""])
      expect(() => monthlyListing(month, terms)).to.throw(RangeError, "is not a month");
  });
});
