import { expect } from "chai";
import {
  LEAST_POINTS,
  quantile,
  regress,
  studentQuantile,
  variance,
} from "../../scripts/hedge/statistics.ts";
import { near } from "../maker/near.ts";

describe("statistics of a hedge", () => {
  it("has the quantiles of Student's t as tables print them", () => {
    const printed = [
      [0.975, 1, 12.706],
      [0.975, 2, 4.303],
      [0.975, 3, 3.182],
      [0.975, 7, 2.365],
      [0.975, 10, 2.228],
      [0.95, 30, 1.697],
      [0.995, 120, 2.617],
    ] as const;
    for (const [probability, degrees, expected] of printed) {
      expect(studentQuantile(probability, degrees)).to.be.satisfy(near(expected, 5e-4));
      expect(studentQuantile(1 - probability, degrees)).to.be.satisfy(near(-expected, 5e-4));
    }
  });

  it("takes quantiles between order statistics", () => {
    expect(quantile([3, 1, 2], 0.5)).to.equal(2);
    expect(quantile([4, 1, 3, 2], 0.5)).to.equal(2.5);
    expect(quantile([4, 1, 3, 2], 1)).to.equal(4);
    expect(() => quantile([], 0.5)).to.throw(RangeError);
    expect(variance([1, 2, 3, 4])).to.be.satisfy(near(5 / 3, 1e-12));
  });

  it("finds a line, and how much it explains", () => {
    const x = Array.from({ length: 40 }, (_, t) => Math.sin(t * t));
    const exact = regress(
      x,
      x.map((value) => 0.5 + 1.25 * value),
    );
    expect(exact.slope).to.be.satisfy(near(1.25, 1e-12));
    expect(exact.intercept).to.be.satisfy(near(0.5, 1e-12));
    expect(exact.rSquared).to.be.satisfy(near(1, 1e-12));
    expect(exact.standardError).to.be.satisfy(near(0, 1e-9));
    expect(exact).to.include({ count: 40, degrees: 4 });

    // R² is the square of the correlation, and the interval lies around the slope.
    const y = x.map((value, t) => 0.5 + 1.25 * value + Math.cos(3 * t));
    const noisy = regress(x, y);
    const covariance = (a: number[], b: number[]) => {
      const plus = variance(a.map((value, t) => value + b[t]!));
      return (plus - variance(a) - variance(b)) / 2;
    };
    expect(noisy.rSquared).to.be.satisfy(near(covariance(x, y) ** 2 / (variance(x) * variance(y)), 1e-12));
    expect(noisy.slope).to.be.satisfy(near(covariance(x, y) / variance(x), 1e-12));
    expect((noisy.low + noisy.high) / 2).to.be.satisfy(near(noisy.slope, 1e-12));
    expect(noisy.high - noisy.slope).to.be.satisfy(
      near(studentQuantile(0.975, 4) * noisy.standardError, 1e-12),
    );
  });

  it("refuses too few points, and an index that stands still", () => {
    const few = Array.from({ length: LEAST_POINTS - 1 }, (_, t) => t);
    expect(() => regress(few, few)).to.throw(RangeError, `needs ${LEAST_POINTS}`);
    const still = Array.from({ length: 30 }, () => 1);
    expect(() => regress(still, still)).to.throw(RangeError, "does not change");
  });
});
