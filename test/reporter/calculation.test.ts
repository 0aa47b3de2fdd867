import { readFileSync } from "node:fs";
import { expect } from "chai";
import { calculatePrints, parseUsage, printValue, vintageOf } from "../../scripts/reporter/calculation.ts";
import { settlementTick, trailingMean, windowMean } from "../../scripts/reporter/mean.ts";
import { dateOfPeriod, periodOfDate } from "../../scripts/lib/calendar.ts";
import { divideHalfEven, integerSquareRoot } from "../../scripts/lib/rational.ts";

const WAD = 10n ** 18n;
const file = readFileSync(new URL("../../data/token-usage-daily.csv", import.meta.url));
const bytes = (text: string) => new TextEncoder().encode(text);

describe("prints of the real series", () => {
  const prints = calculatePrints(file);
  const values = new Map(prints.map(({ period, value }) => [period, value]));

  it("are 1,000 points on the base day and floor(tokens × 1000e18 / base) on every other", () => {
    expect(values.get(periodOfDate("2025-01-01"))).to.equal(1_000n * WAD);
    // 62,406 / 49,150 × 1000 = 1269.704984740590030…
    expect(values.get(periodOfDate("2025-01-02"))).to.equal(1_269_704_984_740_590_030_518n);
  });

  it("leave the two days that are missing at source as gaps", () => {
    const first = periodOfDate("2025-01-01");
    const last = periodOfDate("2026-06-30");
    const gaps = [];
    for (let period = first; period <= last; period++)
      if (!values.has(period)) gaps.push(dateOfPeriod(period));
    expect(gaps).to.deep.equal(["2025-06-15", "2025-07-15"]);
    expect(prints).to.have.length(last - first + 1 - gaps.length);
  });

  it("carry a vintage that changes with any byte of the data", () => {
    const other = Buffer.from(file);
    other.writeUInt8(other.readUInt8(other.length - 2) ^ 1, other.length - 2);
    expect(vintageOf(other)).not.to.equal(vintageOf(file));
    expect(new Set(prints.map(({ vintage }) => vintage)).size).to.equal(1);
  });

  it("settle June 2025 with its missing day as the root of its neighbours' product", () => {
    // The figures as floating-point numbers, by another way than the code under test.
    const june = windowMean(values, periodOfDate("2025-06-01"), periodOfDate("2025-06-30"));
    const tokens = parseUsage(file.toString());
    const day = (date: string) => Number(tokens.get(periodOfDate(date)) ?? 0n) / 49.15;
    let expected = Math.sqrt(day("2025-06-14") * day("2025-06-16"));
    for (let number = 1; number <= 30; number++) expected += day(`2025-06-${`${number}`.padStart(2, "0")}`);
    expect(june.filled.map(dateOfPeriod)).to.deep.equal(["2025-06-15"]);
    expect(june.days).to.equal(30);
    expect(Math.abs(Number(june.sum) / 1e18 / expected - 1)).to.be.below(1e-12);
  });
});

describe("parseUsage", () => {
  it("refuses a day that comes twice, a fraction, zero and a date that the calendar lacks", () => {
    const header = "date_utc,tokens_millions\n";
    expect(() => parseUsage(`${header}2025-01-01,1\n2025-01-01,2`)).to.throw(RangeError, "twice");
    for (const tokens of ["0", "1.5", "", "-3", "0x10"])
      expect(() => parseUsage(`${header}2025-01-01,${tokens}`), tokens).to.throw(
        RangeError,
        "number of tokens",
      );
    expect(() => parseUsage(`${header}2025-02-30,1`)).to.throw(RangeError, "is not a date");
  });

  it("refuses a series without its base day", () => {
    expect(() => calculatePrints(bytes("date_utc,tokens_millions\n2025-01-02,1"))).to.throw("base day");
  });
});

describe("windowMean", () => {
  const values = (entries: Record<number, bigint>) =>
    new Map(Object.entries(entries).map(([period, value]) => [Number(period), value]));

  it("fills from the nearest known days, also outside the window, and never from a filled day", () => {
    const mean = windowMean(values({ 9: 4n, 13: 100n }), 10, 13);
    expect(mean).to.deep.equal({ sum: 20n + 20n + 20n + 100n, days: 4, filled: [10, 11, 12] });
  });

  it("takes the one neighbour that is known", () => {
    expect(windowMean(values({ 10: 7n }), 10, 11).sum).to.equal(14n);
    expect(windowMean(values({ 11: 7n }), 10, 11).sum).to.equal(14n);
  });

  it("looks no further than 31 days", () => {
    expect(windowMean(values({ 41: 7n }), 10, 10).sum).to.equal(7n);
    expect(() => windowMean(values({ 42: 7n }), 10, 10)).to.throw(RangeError, "no neighbour");
  });

  it("rounds the exact fraction half-even to a tick, once", () => {
    const tick = (sum: bigint, days: number) => settlementTick({ sum, days, filled: [] }, WAD / 2n);
    expect(tick((WAD / 2n) * 5n, 2)).to.equal(2n);
    expect(tick((WAD / 2n) * 7n, 2)).to.equal(4n);
    expect(tick((WAD / 2n) * 5n + 1n, 2)).to.equal(3n);
    expect(tick((WAD / 2n) * 7n - 1n, 2)).to.equal(3n);
  });
});

describe("trailingMean", () => {
  it("skips missing days and rounds down", () => {
    const prints = new Map([
      [1, 10n],
      [3, 11n],
    ]);
    expect(trailingMean(prints, 3, 3)).to.equal(10n);
    expect(trailingMean(prints, 11)).to.equal(undefined);
  });
});

describe("rationals", () => {
  it("round half to even", () => {
    const halves = [0n, 1n, 2n, 3n, 4n, 5n].map((half) => divideHalfEven(half, 2n));
    expect(halves).to.deep.equal([0n, 0n, 1n, 2n, 2n, 2n]);
    expect(() => divideHalfEven(1n, 0n)).to.throw(RangeError);
    expect(() => divideHalfEven(-1n, 2n)).to.throw(RangeError);
  });

  it("take the integer square root of small, square and very large numbers", () => {
    for (let value = 0n; value < 200n; value++) {
      const root = integerSquareRoot(value);
      expect(root * root <= value && (root + 1n) * (root + 1n) > value, `${value}`).to.be.true;
    }
    const large = 2n ** 166n - 12_345n;
    expect(integerSquareRoot(large * large)).to.equal(large);
    expect(integerSquareRoot(large * large - 1n)).to.equal(large - 1n);
    expect(() => integerSquareRoot(-1n)).to.throw(RangeError);
  });
});

describe("printValue", () => {
  it("rounds down", () => {
    expect(printValue(2n, 3n)).to.equal(666_666_666_666_666_666_666n);
    expect(printValue(1n, 1n)).to.equal(1_000n * WAD);
  });
});
