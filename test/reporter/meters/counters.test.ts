import { expect } from "chai";
import fc from "fast-check";
import { overDays, packReading, riseOf, unpackReading } from "../../../scripts/reporter/meters/counters.ts";
import { amountOf } from "../../../scripts/reporter/meters/meter.ts";
import { at, DAY, refusal } from "../log/entries.ts";

const reading = (value: bigint, time: number, start?: number) => ({
  value,
  at: time,
  ...(start !== undefined && { start }),
});

describe("the rise of a counter", () => {
  it("is nothing at the first reading, and the difference after that", () => {
    expect(riseOf(undefined, reading(1_000n, 50))).to.be.undefined;
    expect(riseOf(reading(1_000n, 50), reading(1_007n, 90))).to.deep.equal({ amount: 7n, from: 50, to: 90 });
    expect(riseOf(reading(1_000n, 50), reading(1_000n, 90))).to.deep.equal({ amount: 0n, from: 50, to: 90 });
  });

  it("is all of it where the counter began while its source was watched", () => {
    expect(riseOf(undefined, reading(9n, 90, 60), 50)).to.deep.equal({ amount: 9n, from: 60, to: 90 });
    expect(riseOf(undefined, reading(9n, 90, 50), 50)).to.deep.equal({ amount: 9n, from: 50, to: 90 });
    expect(riseOf(undefined, reading(9n, 90, 49), 50)).to.be.undefined;
    expect(riseOf(undefined, reading(9n, 90), 50)).to.be.undefined;
  });

  it("is what a counter shows after a reset, seen by a lower value", () => {
    expect(riseOf(reading(1_000n, 50), reading(3n, 90))).to.deep.equal({ amount: 3n, from: 50, to: 90 });
  });

  it("is what a counter shows after a reset, seen by its start alone when it has passed its old value", () => {
    expect(riseOf(reading(10n, 50, 1), reading(12n, 90, 70))).to.deep.equal({
      amount: 12n,
      from: 70,
      to: 90,
    });
    // The server's clock may be behind or ahead of ours.
    expect(riseOf(reading(10n, 50, 1), reading(12n, 90, 40))).to.deep.equal({
      amount: 12n,
      from: 50,
      to: 90,
    });
    expect(riseOf(reading(10n, 50, 1), reading(12n, 90, 99))).to.deep.equal({
      amount: 12n,
      from: 90,
      to: 90,
    });
  });

  it("is nothing where a reading is older than the one before", () => {
    expect(riseOf(reading(10n, 50), reading(4n, 49))).to.be.undefined;
  });

  it("is the same through a checkpoint", () => {
    for (const each of [reading(2n ** 80n, 5), reading(0n, 5, 3)])
      expect(unpackReading(packReading(each))).to.deep.equal(each);
    expect(unpackReading(undefined)).to.be.undefined;
  });
});

describe("what was counted over midnight", () => {
  const minutes = 60_000;

  it("is divided in proportion to time", () => {
    const rise = { amount: 100n, from: at(DAY + 1) - 15 * minutes, to: at(DAY + 1) + 45 * minutes };
    expect(overDays(rise)).to.deep.equal(
      new Map([
        [DAY, 25n],
        [DAY + 1, 75n],
      ]),
    );
  });

  it("belongs to the day that ends where the later reading is at midnight", () => {
    expect(overDays({ amount: 5n, from: at(DAY), to: at(DAY + 1) })).to.deep.equal(new Map([[DAY, 5n]]));
    expect(overDays({ amount: 5n, from: at(DAY + 1), to: at(DAY + 1) + 1 })).to.deep.equal(
      new Map([[DAY + 1, 5n]]),
    );
    expect(overDays({ amount: 5n, from: at(DAY + 1), to: at(DAY + 1) })).to.deep.equal(
      new Map([[DAY + 1, 5n]]),
    );
  });

  it("adds up to the whole, with whole tokens, over any time", () => {
    const time = fc.integer({ min: at(DAY), max: at(DAY + 5) });
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 70n), time, time, (amount, one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one];
        const days = [...overDays({ amount, from, to })];
        expect(days.reduce((sum, [, part]) => sum + part, 0n)).to.equal(amount);
        for (const [period, part] of days) {
          expect(part > 0n).to.be.true;
          expect(period >= Math.floor(from / 86_400_000) && period <= Math.floor(to / 86_400_000)).to.be.true;
        }
      }),
    );
  });
});

describe("an amount", () => {
  it("is read as the source writes it", () => {
    expect(amountOf("s", "9.8313546e+07")).to.equal(98_313_546n);
    expect(amountOf("s", "496231.0")).to.equal(496_231n);
    expect(amountOf("s", 3.9)).to.equal(3n);
    expect(amountOf("s", "9007199254740993")).to.equal(9_007_199_254_740_993n);
  });

  it("is refused where it is none", async () => {
    for (const text of ["NaN", "+Inf", "-1", "", "12 tokens", "1e60"]) {
      const refused = await refusal(() => amountOf("s, x", text));
      expect(refused?.slice(0, 3), text).to.deep.equal(["MeterError", "WrongAmount", text]);
    }
  });
});
