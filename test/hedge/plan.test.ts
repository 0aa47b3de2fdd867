import { expect } from "chai";
import { referenceVenue, type Contract } from "../../scripts/hedge/contracts.ts";
import { HedgeError } from "../../scripts/hedge/errors.ts";
import {
  basis,
  divideUp,
  funding,
  initialMargin,
  notional,
  slippage,
  takeFromBook,
} from "../../scripts/hedge/money.ts";
import { makePlan, pointValue, type Wishes } from "../../scripts/hedge/plan.ts";
import type { OwnUsage } from "../../scripts/hedge/usage.ts";
import { lastOf } from "../../scripts/hedge/series.ts";
import { near } from "../maker/near.ts";
import { madeUsage, REAL } from "./made.ts";

const WAD = 10n ** 18n;
const LAST = lastOf(REAL);
/** 136,315.00 points on 2026-06-30, to a millionth. */
const LEVEL = [...Array(7).keys()].reduce((sum, day) => sum + REAL.get(LAST - day)!, 0) / 7;
const VENUE = referenceVenue(LAST + 1, BigInt(Math.round(LEVEL * 1e6)) * 10n ** 12n);

const PERFECT: OwnUsage = owned(REAL, 10);

function owned(series: ReadonlyMap<number, number>, cost?: number): OwnUsage {
  const days = [...series].map(
    ([period, tokens]) => [period, { tokens, cost: cost === undefined ? undefined : tokens * cost }] as const,
  );
  return {
    format: "daily usage, a row a day",
    columns: ["date", "tokens"],
    days: new Map(days),
    rows: days.length,
    refused: 0,
    problem: undefined,
    repeated: 0,
  };
}

const plan = (usage: OwnUsage, wishes: Partial<Wishes> = {}) =>
  makePlan(usage, REAL, VENUE, { side: "buyer", perpetual: false, ...wishes });

describe("a plan", () => {
  it("buys for a buyer as many contracts as move by the bill of the month", () => {
    const { legs, direction, dailySpend } = plan(PERFECT, { spend: 300_000 });
    expect(direction).to.equal(1);
    expect(dailySpend).to.be.satisfy(near((300_000 * 12) / 365, 1e-9));
    expect(legs.map(({ contract }) => contract.symbol)).to.deep.equal([
      "TUM-2026-07",
      "TUM-2026-08",
      "TUM-2026-09",
    ]);
    for (const { lots, contract, leftOut } of legs) {
      // Divisor 20: the price is the index over 20, a lot is worth a thousandth of it.
      expect(contract.indexPerTick).to.equal(10n * WAD);
      expect(Number(lots)).to.be.satisfy(near(300_000 / (LEVEL / 20 / 1_000), 2));
      expect(leftOut).to.equal(0n);
      // If usage grows by a tenth, the contracts earn a tenth of the bill.
      const gain = (Number(lots) * (0.1 * LEVEL)) / 20 / 1_000;
      expect(gain).to.be.satisfy(near(30_000, 10));
      expect(pointValue(contract, 6)).to.equal(1_000n);
    }
  });

  it("sells for a seller, and takes the losses of a short", () => {
    const buyer = plan(PERFECT, { spend: 300_000 });
    const seller = plan(PERFECT, { spend: 300_000, side: "seller" });
    expect(seller.direction).to.equal(-1);
    expect(seller.legs.map(({ lots }) => lots)).to.deep.equal(buyer.legs.map(({ lots }) => lots));
    expect(seller.legs[0]!.losses!.onTheWay).to.be.above(buyer.legs[0]!.losses!.onTheWay);
  });

  it("scales with the ratio, and takes the one that it is given", () => {
    const whole = plan(PERFECT, { spend: 300_000 });
    const half = plan(PERFECT, { spend: 300_000, ratio: 0.5 });
    expect(Number(half.legs[0]!.lots)).to.be.satisfy(near(Number(whole.legs[0]!.lots) / 2, 1));
    expect(half.variance.after / half.variance.before).to.be.satisfy(near(0.25, 1e-9));
    expect(half.tail.after).to.be.satisfy(near(half.tail.before / 2, 1e-9));
  });

  it("takes the last four weeks' costs, or tokens at a price", () => {
    const days = [...Array(28).keys()].map((day) => REAL.get(LAST - day)!);
    const mean = days.reduce((sum, value) => sum + value, 0) / 28;
    expect(plan(PERFECT).dailySpend).to.be.satisfy(near(10 * mean, 1e-6));
    const tokens = owned(REAL);
    expect(plan(tokens, { price: 2 }).dailySpend).to.be.satisfy(near((2 * mean) / 1e6, 1e-9));
    expect(plan(PERFECT).measure).to.equal("spend");
    expect(plan(PERFECT, { measure: "tokens" }).measure).to.equal("tokens");
    expect(() => plan(tokens)).to.throw(HedgeError, "give --price");
    expect(() => plan(tokens, { measure: "spend" })).to.throw(HedgeError, "no costs");
  });

  it("names the months that were asked for, or the perpetual for a need without a date", () => {
    const months = plan(PERFECT, { months: ["2026-09", "2026-07", "2026-09"] }).legs;
    expect(months.map(({ contract }) => contract.symbol)).to.deep.equal(["TUM-2026-09", "TUM-2026-07"]);
    const [perpetual, ...others] = plan(PERFECT, { perpetual: true, spend: 300_000 }).legs;
    expect(others).to.deep.equal([]);
    expect(perpetual).to.include({ days: 30, open: 1 });
    expect(perpetual!.contract.symbol).to.equal("TUX-PERP");
    expect(() => plan(PERFECT, { months: ["2027-01"] })).to.throw(
      HedgeError,
      "TUM-2027-01 is not open for trading: open are TUX-PERP, TUM-2026-07, TUM-2026-08, TUM-2026-09.",
    );
  });

  it("keeps the size of a month in delivery: what is over is over in the bill and in the price", () => {
    const later = { ...VENUE, today: VENUE.today + 21 };
    const wishes = { side: "buyer", perpetual: false, spend: 300_000 } as const;
    const [early] = plan(PERFECT, wishes).legs;
    const [late] = makePlan(PERFECT, REAL, later, wishes).legs;
    expect(late!.lots).to.equal(early!.lots);
    expect(late).to.include({ days: 10, open: 10 / 31 });
    expect(late!.spend).to.be.satisfy(near((300_000 * 10) / 31, 1e-6));
    // The days that are over pulled the mean of the month away from the level, and are no premium of its mark.
    const past = new Map([...REAL].slice(0, -14));
    const level = [...Array(7).keys()].reduce((sum, day) => sum + REAL.get(LAST - 14 - day)!, 0) / 7;
    const june = referenceVenue(LAST - 13, BigInt(Math.round(level * 1e6)) * 10n ** 12n);
    const [front] = makePlan(PERFECT, past, june, wishes).legs;
    const settled = [...Array(16).keys()].map((day) => REAL.get(LAST - 14 - day)!);
    const rest = (settled.reduce((sum, value) => sum + value, 0) + 14 * level) / 30;
    expect(front!.contract.symbol).to.equal("TUM-2026-06");
    expect(front!.premium).to.satisfy(near(level / rest - 1, 1e-6));
    // With six days left it is no hedge any more.
    const end = makePlan(PERFECT, REAL, { ...VENUE, today: VENUE.today + 25 }, wishes).legs;
    expect(end.map(({ contract }) => contract.symbol)).to.deep.equal(["TUM-2026-08", "TUM-2026-09"]);
  });

  it("leaves out what is below the smallest order, and what exceeds the limits", () => {
    const [small] = plan(PERFECT, { spend: 600 }).legs;
    expect(small!.lots).to.equal(0n);
    expect(small!.leftOut).to.be.within(1n, 99n);
    expect(small!.initialMargin).to.equal(0n);
    const [large] = plan(PERFECT, { spend: 1e9 }).legs;
    expect(large!.lots).to.equal(8_192_000n);
    expect(large!.leftOut).to.be.above(0n);
    // Four times the concentration: IM at four times its rate.
    expect(Number(large!.initialMargin) / Number(large!.notional)).to.be.satisfy(near(4 * 0.16, 1e-6));
  });

  it("advises nothing where own usage goes its own way, and says what is known anyway", () => {
    const wild = new Map([...madeUsage({ seed: 4, ratio: 0.3, walk: 0.06, noise: 1 })].slice(-330));
    const none = plan(owned(wild, 1e-6));
    expect(none.ratio).to.equal(0);
    expect(none.legs.every(({ lots }) => lots === 0n)).to.equal(true);
    expect(none.variance.after).to.be.satisfy(near(none.variance.before, 1e-12));
    // What an untested one-to-one hedge would do is said too.
    const forced = plan(owned(wild, 1e-6), { ratio: 3 });
    expect(forced.variance.after).to.be.above(forced.variance.before);
  });

  it("is the same every time", () => {
    expect(JSON.stringify(plan(PERFECT), bigints)).to.equal(JSON.stringify(plan(PERFECT), bigints));
  });
});

describe("amounts of a plan", () => {
  const contract: Contract = {
    ...VENUE.contracts[1]!,
    markX16: 10_000n << 16n,
    book: {
      bids: [
        { tick: 9_990n, lots: 500n },
        { tick: 9_000n, lots: 5_000n },
      ],
      asks: [
        { tick: 10_010n, lots: 300n },
        { tick: 10_020n, lots: 900n },
        { tick: 10_900n, lots: 9_000n },
      ],
      lowestFill: 9_750n,
      highestFill: 10_250n,
    },
  };

  it("walk the book from the best price to the edge of the band", () => {
    const bought = takeFromBook(contract, 1, 1_000n, 6);
    // 5 bp of each level, rounded up.
    const fee =
      divideUp(300n * 10_010n * 500n * 50n, 100_000n) + divideUp(700n * 10_020n * 500n * 50n, 100_000n);
    expect(bought).to.deep.equal({ lots: 1_000n, quote: 300n * 10_010n + 700n * 10_020n, fee });
    expect(slippage(contract, 1, bought, 6)).to.equal((300n * 10n + 700n * 20n) * 500n);
    expect(takeFromBook(contract, 1, 9_999n, 6).lots).to.equal(1_200n);
    const sold = takeFromBook(contract, -1, 1_000n, 6);
    expect(sold.lots).to.equal(500n);
    expect(slippage(contract, -1, sold, 6)).to.equal(500n * 10n * 500n);
    expect(takeFromBook(VENUE.contracts[1]!, 1, 1_000n, 6)).to.deep.equal({ lots: 0n, quote: 0n, fee: 0n });
  });

  it("are worth lots × ticks × tickValue, whatever decimals the token has", () => {
    expect(notional(contract, 100n, 6)).to.equal(100n * 10_000n * 500n);
    expect(notional(contract, 100n, 18)).to.equal(100n * 10_000n * 500n * 10n ** 12n);
    expect(initialMargin(contract, 100n, 6)).to.equal((100n * 10_000n * 500n * 16n) / 100n);
    expect(initialMargin({ ...contract, markX16: contract.markX16 + 1n }, 100n, 6)).to.equal(80_000_001n);
  });

  it("of basis and funding are paid by longs above the index and by shorts below it", () => {
    const index = 9_900n << 16n;
    expect(basis(contract, 1, 100n, index, 6)).to.equal(100n * 100n * 500n);
    expect(basis(contract, -1, 100n, index, 6)).to.equal(-100n * 100n * 500n);
    expect(basis(contract, 1, 100n, contract.markX16, 6)).to.equal(0n);

    const terms = { period: 28_800, capBps: 200n, interestBps: 0n, indexX16: index };
    const perpetual: Contract = { ...contract, kind: "perpetual", funding: terms };
    // A premium of 100 ticks, three times a day.
    expect(funding(perpetual, 1, 100n, 10, 6)).to.equal(100n * 100n * 30n * 500n);
    expect(funding(perpetual, -1, 100n, 10, 6)).to.equal(-100n * 100n * 30n * 500n);
    const capped: Contract = { ...perpetual, funding: { ...terms, indexX16: 5_000n << 16n } };
    expect(funding(capped, 1, 100n, 1, 6)).to.equal(100n * 100n * 3n * 500n);
    expect(funding(contract, 1, 100n, 10, 6)).to.equal(0n);
  });
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value instanceof Map ? [...value] : value;
}
