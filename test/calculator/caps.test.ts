import { expect } from "chai";
import fc from "fast-check";
import { capFactors } from "../../scripts/calculator/caps.ts";
import { TU1D_RULES } from "../../scripts/calculator/rules.ts";

const FIFTH = { numerator: 1n, denominator: 5n };
const HALF = { numerator: 1n, denominator: 2n };
const sums = fc.array(fc.oneof(fc.bigInt({ min: 1n, max: 50n }), fc.bigInt({ min: 1n, max: 10n ** 20n })), {
  minLength: 1,
  maxLength: 12,
});
const total = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);
const weigh = (values: readonly bigint[], factors: readonly bigint[]) =>
  values.map((value, i) => value * (factors[i] ?? 0n));

describe("capFactors", () => {
  it("leaves no share above the cap, cuts only to the cap and leaves the others alone", () => {
    const cap = fc.tuple(fc.bigInt({ min: 1n, max: 30n }), fc.bigInt({ min: 30n, max: 60n }));
    fc.assert(
      fc.property(sums, cap, (values, [numerator, denominator]) => {
        const { factors, unit } = capFactors(values, { numerator, denominator });
        const weights = weigh(values, factors);
        const all = total(weights);
        // The cap, or 1/n where that is more.
        const count = BigInt(values.length);
        const [top, bottom] = numerator * count < denominator ? [1n, count] : [numerator, denominator];
        values.forEach((_, i) => {
          const weight = weights[i] ?? 0n;
          const factor = factors[i] ?? 0n;
          expect(weight * bottom <= all * top, "share above the cap").to.be.true;
          expect(factor > 0n && factor <= unit, "factor above one").to.be.true;
          if (factor < unit) expect(weight * bottom, "cut too far").to.equal(all * top);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives equal factors to equal sums and keeps the order of sums", () => {
    fc.assert(
      fc.property(sums, (values) => {
        const { factors } = capFactors(values, FIFTH);
        const weights = weigh(values, factors);
        for (let i = 0; i < values.length; i++)
          for (let j = 0; j < values.length; j++) {
            const [a = 0n, b = 0n] = [values[i], values[j]];
            if (a === b) expect(factors[i]).to.equal(factors[j]);
            if (a < b) expect((weights[i] ?? 0n) <= (weights[j] ?? 0n)).to.be.true;
          }
      }),
    );
  });

  it("makes all equal to the smallest where the cap cannot hold", () => {
    const { factors, unit } = capFactors([90n, 10n, 30n], FIFTH);
    expect(weigh([90n, 10n, 30n], factors).map((weight) => weight / unit)).to.deep.equal([10n, 10n, 10n]);
  });

  it("cuts nothing with one sum, with equal sums and below the cap", () => {
    for (const values of [[7n], [5n, 5n], [3n, 3n, 3n, 3n, 3n, 3n, 3n], [10n, 9n, 11n, 10n, 10n, 10n]])
      expect(capFactors(values, FIFTH)).to.deep.equal({ factors: values.map(() => 1n), unit: 1n });
  });

  it("cuts only as many as the level needs", () => {
    // Of 60, 20, 10, 6, 4, 4: L = (2L + 24) / 5 gives 8, below 10; L = (3L + 14) / 5 gives 7, at least 6.
    const values = [60n, 20n, 10n, 6n, 4n, 4n];
    const { factors, unit } = capFactors(values, FIFTH);
    expect(weigh(values, factors).map((weight) => weight / unit)).to.deep.equal([7n, 7n, 7n, 6n, 4n, 4n]);
  });

  it("takes no more than half where that much is to be kept, so that a tiny sum gains no weight", () => {
    const { factors, unit } = capFactors([999n, 1n], FIFTH, HALF);
    // 499 and 1 are half of 1,000; without the limit both would be 1.
    expect(weigh([999n, 1n], factors).map((weight) => weight / unit)).to.deep.equal([499n, 1n]);
    fc.assert(
      fc.property(sums, (values) => {
        const plain = capFactors(values, TU1D_RULES.modelCap);
        const kept = capFactors(values, TU1D_RULES.modelCap, HALF);
        const left = 2n * total(weigh(values, kept.factors));
        const all = total(values) * kept.unit;
        expect(left >= all, "less than half is kept").to.be.true;
        const plainLeft = 2n * total(weigh(values, plain.factors));
        if (plainLeft >= total(values) * plain.unit) expect(kept).to.deep.equal(plain);
        else expect(left).to.equal(all);
      }),
      { numRuns: 1_000 },
    );
  });

  it("refuses no sums and a sum of zero", () => {
    expect(() => capFactors([], FIFTH)).to.throw(RangeError);
    expect(() => capFactors([1n, 0n], FIFTH)).to.throw(RangeError);
  });
});
