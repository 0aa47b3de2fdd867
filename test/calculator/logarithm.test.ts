import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { divideNearest, fraction } from "../../scripts/calculator/fraction.ts";
import { exp, ln, LOGARITHM_UNIT } from "../../scripts/calculator/logarithm.ts";

/** Computed by another program at 1,200 digits; the file says how. */
const known = JSON.parse(readFileSync(new URL("./logarithms.json", import.meta.url), "utf8")) as {
  ln: { numerator: string; denominator: string; thousandths: string }[];
  exp: { logarithm: string; value: string }[];
};
const absolute = (value: bigint) => (value < 0n ? -value : value);

describe("ln", () => {
  it("is less than one unit of 1e-27 from the exact value", () => {
    for (const { numerator, denominator, thousandths } of known.ln) {
      const found = ln({ numerator: BigInt(numerator), denominator: BigInt(denominator) });
      // Half a unit of rounding, and the last digit of the vector.
      const error = absolute(found * 1_000n - BigInt(thousandths));
      expect(error <= 501n, `${numerator}/${denominator}: ${error}`).to.be.true;
    }
    expect(ln({ numerator: 2n, denominator: 1n })).to.equal(693_147_180_559_945_309_417_232_121n);
  });

  it("does not depend on how a fraction is written, and of 1/x is the exact negative of that of x", () => {
    const positive = fc.bigInt({ min: 1n, max: 2n ** 300n });
    fc.assert(
      fc.property(positive, positive, fc.bigInt({ min: 1n, max: 2n ** 90n }), (a, b, k) => {
        const value = ln({ numerator: a, denominator: b });
        expect(ln({ numerator: b, denominator: a })).to.equal(-value);
        const other = ln({ numerator: a * k, denominator: b * k });
        expect(other).to.equal(value);
      }),
    );
    expect(ln({ numerator: 7n, denominator: 7n })).to.equal(0n);
  });

  it("refuses zero", () => {
    expect(() => ln({ numerator: 0n, denominator: 1n })).to.throw(RangeError);
  });
});

describe("exp", () => {
  it("has a relative error below 1e-26", () => {
    for (const { logarithm, value } of known.exp) {
      const [digits = "", power = ""] = value.split(/e/i);
      const mantissa = BigInt(digits.replace(".", ""));
      const places = BigInt(power) - BigInt(digits.length - 2);
      const { numerator, denominator } = exp(BigInt(logarithm));
      // numerator / denominator against mantissa × 10^places, without a fraction.
      const found = numerator * (places < 0n ? 10n ** -places : 1n);
      const exact = mantissa * denominator * (places > 0n ? 10n ** places : 1n);
      expect(absolute(found - exact) * 10n ** 26n <= exact, logarithm).to.be.true;
    }
    expect(exp(0n)).to.deep.equal({ numerator: 1n, denominator: 1n });
  });

  it("is undone by ln to a few units", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -50n * LOGARITHM_UNIT, max: 50n * LOGARITHM_UNIT }), (value) => {
        const difference = ln(exp(value)) - value;
        expect(absolute(difference) <= 2n, `${difference}`).to.be.true;
      }),
    );
  });
});

describe("fractions", () => {
  it("are in lowest terms and never negative", () => {
    expect(fraction(12n, 18n)).to.deep.equal({ numerator: 2n, denominator: 3n });
    expect(() => fraction(-1n, 2n)).to.throw(RangeError);
    expect(() => fraction(1n, 0n)).to.throw(RangeError);
  });

  it("are rounded to the nearest, halves away from zero on both sides", () => {
    expect([-3n, -2n, -1n, 0n, 1n, 2n, 3n].map((half) => divideNearest(half, 2n))).to.deep.equal([
      -2n,
      -1n,
      -1n,
      0n,
      1n,
      1n,
      2n,
    ]);
  });
});
