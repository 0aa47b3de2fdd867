import {
  dateOf,
  decodeOrderId,
  encodeOrderId,
  formatCollateral,
  formatIndex,
  formatLots,
  formatPrice,
  formatRatio,
  InvalidDecimalError,
  OffStepError,
  OffTickError,
  OutOfRangeError,
  parseCollateral,
  parseLots,
  parsePrice,
  periodOf,
  pointsOfMark,
  roundToTick,
} from "@usance/sdk";
import { expect } from "chai";
import fc from "fast-check";

const maxTick = 2n ** 24n - 2n;

describe("SDK units: prices", () => {
  it("turns points into ticks and back", () => {
    expect(parsePrice("3841.5")).to.equal(7683n);
    expect(parsePrice("3841.50")).to.equal(7683n);
    expect(formatPrice(7683n)).to.equal("3841.5");
    expect(formatPrice(7682n)).to.equal("3841");
    expect(parsePrice("1.2345", { tickSize: "0.0005" })).to.equal(2469n);
    expect(formatPrice(2469n, { tickSize: "0.0005" })).to.equal("1.2345");
  });

  it("gives every tick its own text", () => {
    const tickSize = fc.constantFrom("0.5", "0.0005", "0.01", "1", "25");
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: maxTick }), tickSize, (tick, size) => {
        expect(parsePrice(formatPrice(tick, { tickSize: size }), { tickSize: size })).to.equal(tick);
      }),
    );
  });

  it("refuses a price between two ticks and says how to round it", () => {
    expect(() => parsePrice("3841.7")).to.throw(OffTickError, /"3841\.7".*0\.5.*roundToTick/);
    expect(() => parsePrice("3841.5000001")).to.throw(OffTickError);
  });

  it("refuses what is not a price", () => {
    for (const text of ["", "1e3", " 3841", "3,841", "0x10", "3841.", ".5", "NaN", "--1", "½"]) {
      expect(() => parsePrice(text), text).to.throw(InvalidDecimalError);
    }
    expect(() => parsePrice("0")).to.throw(OutOfRangeError);
    expect(() => parsePrice("-3841.5")).to.throw(OutOfRangeError);
    expect(parsePrice(formatPrice(maxTick))).to.equal(maxTick);
    expect(() => parsePrice(formatPrice(maxTick + 1n))).to.throw(OutOfRangeError);
    expect(() => parsePrice("1", { tickSize: "0" })).to.throw(InvalidDecimalError);
  });

  it("names the prices next to one that is off its ticks", () => {
    const sizes = fc.constantFrom("0.5", "0.0005", "0.01", "25");
    const thousandths = fc.bigInt({ min: 100_000n, max: 8_000_000n });
    fc.assert(
      fc.property(thousandths, sizes, (amount, tickSize) => {
        const text = `${amount / 1000n}.${(amount % 1000n).toString().padStart(3, "0")}`;
        let off: OffTickError;
        try {
          return void expect(formatPrice(parsePrice(text, { tickSize }), { tickSize })).to.equal(
            formatPrice(roundToTick(text, "nearest", { tickSize }), { tickSize }),
          );
        } catch (error) {
          off = error as OffTickError;
        }
        expect(off).to.be.instanceOf(OffTickError);
        expect(parsePrice(off.below, { tickSize })).to.equal(roundToTick(text, "down", { tickSize }));
        expect(parsePrice(off.above, { tickSize })).to.equal(roundToTick(text, "up", { tickSize }));
        expect(off.message).to.include(off.below).and.include(off.above).and.include("roundToTick");
      }),
    );
    expect(() => parsePrice("3841.7")).to.throw(OffTickError, "3841.5 and 3842");
  });

  it("takes decimal texts alone, on every way in", () => {
    const ways = [parsePrice, parseLots, parseCollateral, (text: string) => roundToTick(text, "nearest")];
    const numbers = [1e3, 1000, 0.5, 1n, null, undefined, ["1"], { toString: () => "1" }, Number.NaN];
    const texts = [
      "1.",
      " 1",
      "1 ",
      "+1",
      "1_000",
      "1e3",
      "0x1",
      "1,5",
      "\u0661",
      "1\n",
      "-",
      "1.2.3",
      "Infinity",
    ];
    for (const way of ways)
      for (const wrong of [...numbers, ...texts])
        expect(() => way(wrong as string), String(wrong)).to.throw(InvalidDecimalError);
    // Any text: it is a plain decimal, or it is refused.
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.-+e _x") }), (text) => {
        const isDecimal = /^-?[0-9]+(\.[0-9]+)?$/.test(text);
        let refused = false;
        try {
          parseCollateral(text, 100);
        } catch (error) {
          refused = error instanceof InvalidDecimalError;
        }
        expect(refused).to.equal(!isDecimal);
      }),
    );
    expect(() => parsePrice("9".repeat(400))).to.throw(OutOfRangeError);
    expect(() => parseLots("1.0001")).to.throw(OffStepError, /0\.001/);
  });

  it("writes fractions as texts, rounded half up", () => {
    expect(formatRatio({ numerator: 1n, denominator: 3n })).to.equal("0.333333");
    expect(formatRatio({ numerator: -1n, denominator: 2n }, { digits: 0 })).to.equal("0");
    expect(formatRatio({ numerator: 7683n, denominator: 1n }, { unit: "0.5" })).to.equal("3841.5");
  });

  it("rounds to a tick where it is asked to", () => {
    expect(roundToTick("3841.7", "down")).to.equal(7683n);
    expect(roundToTick("3841.7", "up")).to.equal(7684n);
    expect(roundToTick("3841.7", "nearest")).to.equal(7683n);
    expect(roundToTick("3841.75", "nearest")).to.equal(7684n);
    for (const rounding of ["down", "up", "nearest"] as const) {
      expect(roundToTick("3841.5", rounding)).to.equal(7683n);
    }
  });

  it("rounds to the neighbours of a price and to no other tick", () => {
    const price = fc.tuple(
      fc.bigInt({ min: 1n, max: 10n ** 6n }),
      fc.bigInt({ min: 0n, max: 10n ** 9n - 1n }),
    );
    fc.assert(
      fc.property(price, ([whole, fraction]) => {
        const text = `${whole}.${fraction.toString().padStart(9, "0")}`;
        const billionths = whole * 10n ** 9n + fraction;
        const [down, up, nearest] = (["down", "up", "nearest"] as const).map((how) => roundToTick(text, how));
        const half = 5n * 10n ** 8n;
        expect(down! * half <= billionths && (down! + 1n) * half > billionths).to.be.true;
        expect(up! * half >= billionths && (up! - 1n) * half < billionths).to.be.true;
        expect(nearest).to.equal(billionths - down! * half < up! * half - billionths ? down : up);
      }),
    );
  });

  it("shows a mark exactly, or rounded where digits are given", () => {
    expect(pointsOfMark(7683n << 16n)).to.equal("3841.5");
    expect(pointsOfMark((7683n << 16n) + 1n)).to.equal("3841.50000762939453125");
    expect(pointsOfMark((7683n << 16n) + 1n, { digits: 2 })).to.equal("3841.5");
    expect(pointsOfMark(1n << 15n, { digits: 1 })).to.equal("0.3");
    expect(pointsOfMark(3n << 16n, { tickSize: "0.01" })).to.equal("0.03");
  });
});

describe("SDK units: sizes, amounts and values", () => {
  it("turns contracts into lots and back, with their sign", () => {
    expect(parseLots("-1.25")).to.equal(-1250n);
    expect(formatLots(-1250n)).to.equal("-1.25");
    expect(formatLots(-1n)).to.equal("-0.001");
    expect(formatLots(0n)).to.equal("0");
    fc.assert(fc.property(fc.bigInt(), (lots) => parseLots(formatLots(lots)) === lots));
  });

  it("refuses parts of a lot", () => {
    expect(() => parseLots("1.0005")).to.throw(OffStepError, /0\.001/);
  });

  it("turns tokens into units and back", () => {
    expect(parseCollateral("1250.5")).to.equal(1_250_500_000n);
    expect(parseCollateral("-0.000001")).to.equal(-1n);
    expect(parseCollateral("1.50000000")).to.equal(1_500_000n);
    expect(parseCollateral("1", 18)).to.equal(10n ** 18n);
    expect(formatCollateral(-1n)).to.equal("-0.000001");
    expect(() => parseCollateral("0.0000001")).to.throw(OffStepError, /0\.000001/);
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.integer({ min: 0, max: 18 }),
        (amount, decimals) => parseCollateral(formatCollateral(amount, decimals), decimals) === amount,
      ),
    );
  });

  it("shows index values in points", () => {
    expect(formatIndex(1_234_567_890_000_000_000_000n)).to.equal("1234.56789");
    expect(formatIndex(1_234_567_890_000_000_000_000n, { digits: 2 })).to.equal("1234.57");
    expect(formatIndex(999_999n * 10n ** 15n, { digits: 0 })).to.equal("1000");
  });
});

describe("SDK units: days and order ids", () => {
  it("numbers UTC days", () => {
    expect(periodOf(new Date("2025-01-01T00:00:00Z"))).to.equal(20089);
    expect(periodOf(new Date("2025-01-01T23:59:59.999Z"))).to.equal(20089);
    expect(periodOf(20_090n * 86_400n - 1n)).to.equal(20089);
    expect(dateOf(20089).toISOString()).to.equal("2025-01-01T00:00:00.000Z");
    fc.assert(fc.property(fc.nat(40_000), (period) => periodOf(dateOf(period)) === period));
  });

  it("takes order ids apart and puts them together", () => {
    const part = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n });
    const parts = fc.record({ market: fc.nat(1023), tick: part(24n), epoch: part(40n), index: part(40n) });
    fc.assert(
      fc.property(parts, (id) => {
        expect(decodeOrderId(encodeOrderId(id))).to.deep.equal(id);
      }),
    );
    expect(encodeOrderId({ market: 1, tick: 2n, epoch: 3n, index: 4n })).to.equal(
      (1n << 104n) + (2n << 80n) + (3n << 40n) + 4n,
    );
    expect(() => encodeOrderId({ market: 1, tick: 1n << 24n, epoch: 0n, index: 0n })).to.throw(
      OutOfRangeError,
    );
  });
});
