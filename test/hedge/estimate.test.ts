import { expect } from "chai";
import { HedgeError } from "../../scripts/hedge/errors.ts";
import { advise, estimate, variances } from "../../scripts/hedge/estimate.ts";
import { changesOf, weeksOf, type Series } from "../../scripts/hedge/series.ts";
import { regress } from "../../scripts/hedge/statistics.ts";
import { seededRandom } from "../../scripts/takers/random.ts";
import { near } from "../maker/near.ts";
import { madeUsage, normal, REAL, type Link } from "./made.ts";

const last = (series: Series, days: number) => new Map([...series].slice(-days));

describe("the hedge ratio", () => {
  it("is found in usage that was made from the real series with a known one", () => {
    for (const ratio of [0.5, 1, 1.6]) {
      const own = madeUsage({ seed: 11, ratio, walk: 0.01, noise: 0.1 });
      const { chosen, horizons, advice } = estimate(weeksOf(own, REAL));
      expect(chosen.low).to.be.below(ratio);
      expect(chosen.high).to.be.above(ratio);
      expect(chosen.standardError).to.be.below(0.2);
      expect(horizons.map(({ weeks }) => weeks)).to.deep.equal([1, 2, 4]);
      expect(advice.quality).to.be.oneOf(["good", "fair", "weak"]);
    }
  });

  it("is exactly one, and a good hedge, where usage is the index itself", () => {
    const { chosen, advice, changes } = estimate(weeksOf(REAL, REAL));
    expect(chosen.slope).to.be.satisfy(near(1, 1e-9));
    expect(chosen.rSquared).to.be.satisfy(near(1, 1e-9));
    expect(advice.quality).to.equal("good");
    expect(advice.ratio).to.be.satisfy(near(1, 1e-9));
    expect(variances(changes, 1).after).to.be.satisfy(near(0, 1e-12));
  });

  it("has an interval that holds the true ratio in about 95 of 100 samples, where the usual one does not", () => {
    const samples = 400;
    for (const { walk, noise, weeks, least } of [
      { walk: 0.03, noise: 0, weeks: 77, least: 0.9 },
      { walk: 0, noise: 0.4, weeks: 77, least: 0.91 },
      { walk: 0.03, noise: 0.4, weeks: 40, least: 0.9 },
      { walk: 0.03, noise: 0.4, weeks: 24, least: 0.88 },
    ]) {
      let covered = 0;
      let usual = 0;
      for (let seed = 1; seed <= samples; seed++) {
        const own = madeUsage({ seed: seed * 7919, ratio: 1.2, walk, noise });
        const common = weeksOf(last(own, 7 * weeks), REAL);
        const changes = changesOf(common, 4);
        const x = changes.map(({ index }) => index);
        const y = changes.map((change) => change.own);
        const found = regress(x, y);
        if (found.low <= 1.2 && 1.2 <= found.high) covered++;
        if (Math.abs(found.slope - 1.2) <= 1.96 * neweyWest(x, y, found, 3)) usual++;
      }
      expect(covered / samples, `walk ${walk}, noise ${noise}, ${weeks} weeks`).to.be.within(least, 0.98);
      expect(covered).to.be.above(usual);
    }
  });

  it("is none where usage goes its own way, however well the levels agree", () => {
    let advised = 0;
    let levels = 0;
    for (let seed = 1; seed <= 100; seed++) {
      // Grows like the world, with a walk of its own that has nothing to do with it.
      const random = seededRandom(seed);
      let path = 0;
      const own = new Map(
        [...REAL.keys()].map((period) => [period, 1e6 * Math.exp((path += 0.008 + 0.03 * normal(random)))]),
      );
      const weeks = weeksOf(own, REAL);
      const level = regress(
        weeks.map(({ index }) => Math.log(index!)),
        weeks.map((week) => Math.log(week.own!)),
      );
      if (level.rSquared > 0.8) levels++;
      const { advice } = estimate(weeks);
      if (advice.ratio > 0) advised++;
      else expect(advice.quality).to.equal("none");
    }
    expect(levels).to.be.above(80);
    expect(advised).to.be.below(10);
  });

  it("says so where usage is ten times as volatile as the index", () => {
    const own = last(madeUsage({ seed: 4, ratio: 0.3, walk: 0.06, noise: 1 }), 330);
    const { advice, chosen } = estimate(weeksOf(own, REAL));
    expect(chosen.rSquared).to.be.below(0.2);
    expect(advice).to.include({ quality: "none", ratio: 0 });
    expect(advice.reasons[0]).to.match(/interval of the ratio, -\d\.\d\d to \d\.\d\d, includes zero/);
  });

  it("is none where it lies below zero", () => {
    const own = madeUsage({ seed: 3, ratio: -1, walk: 0.005, noise: 0.05 });
    const { advice } = estimate(weeksOf(own, REAL));
    expect(advice).to.include({ quality: "none", ratio: 0 });
    expect(advice.reasons[0]).to.include("below zero");
  });

  it("is none where it would have added risk in the part that it had not seen", () => {
    const { weeks } = estimate(weeksOf(REAL, REAL));
    // More than the world in the first two thirds, and much less afterwards: what was right then is too much now.
    let own = 1;
    const turned = weeks.map((week, place) => {
      if (place > 0) {
        const growth = Math.log(week.index! / weeks[place - 1]!.index!);
        own *= Math.exp(place < 52 ? 1.5 * growth : 0.4 * growth);
      }
      return { ...week, own };
    });
    const { advice, check, chosen } = estimate(turned);
    expect(check?.ratio).to.be.satisfy(near(1.5, 1e-6));
    expect(check?.reduction).to.be.below(0);
    expect(check?.after).to.be.above(check!.before);
    expect(chosen.low).to.be.above(0);
    expect(advice.reasons[0]).to.match(/would have added risk: \d+\.\d % more variance/);
    expect(advice).to.include({ quality: "none", ratio: 0 });
  });

  it("is taken at its low end where it is weak or could not be tested", () => {
    const found = { ...regressed(), slope: 0.9, low: 0.4, high: 1.4, rSquared: 0.6 };
    const check = { fitted: 40, tested: 20, ratio: 0.9, before: 1, after: 0.4, reduction: 0.6 };
    expect(advise(found, check)).to.include({ quality: "fair", ratio: 0.9 });
    expect(advise(found, undefined)).to.include({ quality: "weak", ratio: 0.4 });
    expect(advise(found, { ...check, reduction: 0.3 })).to.include({ quality: "weak", ratio: 0.4 });
    expect(advise({ ...found, rSquared: 0.3 }, check)).to.include({ quality: "weak", ratio: 0.4 });
    expect(advise({ ...found, rSquared: 0.9 }, { ...check, reduction: 0.85 })).to.include({
      quality: "good",
      ratio: 0.9,
    });
    expect(advise(found, { ...check, after: 1.25, reduction: -0.25 }).reasons[0]).to.include("25.0 % more");
  });

  it("needs enough weeks in common, and says how many there are", () => {
    const refused = (days: number, horizon?: number) => {
      try {
        estimate(weeksOf(last(REAL, days), REAL), horizon);
      } catch (error) {
        return error as HedgeError;
      }
      throw new Error("it was not refused");
    };
    const few = refused(126);
    expect(few).to.be.instanceOf(HedgeError);
    expect(few).to.include({ code: "TooFewDays", actual: 126, allowed: 140 });
    expect(few.message).to.equal(
      "Usage and index have 126 days of whole weeks in common, and a ratio over 4 weeks needs 140: `--horizon 1` does with 119.",
    );
    expect(refused(100, 1)).to.include({ code: "TooFewDays", actual: 98, allowed: 119 });
    expect(estimate(weeksOf(last(REAL, 119), REAL), 1).chosen.count).to.equal(16);
    expect(estimate(weeksOf(last(REAL, 140), REAL)).check).to.equal(undefined);
  });
});

describe("the advice, taken after a year and lived with for half a year", () => {
  /** Shares: of samples that were hedged, of those hedges that lowered the variance of the half year, of a ratio of one in all samples. */
  interface Outcome {
    hedged: number;
    lower: number;
    lowerAtOne: number;
  }

  function live(link: Omit<Link, "seed">, samples = 200): Outcome {
    let hedged = 0;
    let lower = 0;
    let lowerAtOne = 0;
    for (let seed = 1; seed <= samples; seed++) {
      const weeks = weeksOf(madeUsage({ ...link, seed: seed * 104_729 }), REAL);
      const { advice } = estimate(weeks.slice(0, 52));
      const later = changesOf(weeks.slice(52), 4);
      const lowers = (ratio: number) => {
        const { before, after } = variances(later, ratio);
        return after < before;
      };
      if (lowers(1)) lowerAtOne++;
      if (advice.ratio === 0) continue;
      hedged++;
      if (lowers(advice.ratio)) lower++;
    }
    return { hedged: hedged / samples, lower: lower / hedged, lowerAtOne: lowerAtOne / samples };
  }

  it("is to hedge where that helps", () => {
    const close = live({ ratio: 1, walk: 0.01, noise: 0.1 });
    expect(close.hedged).to.equal(1);
    expect(close.lower).to.be.above(0.98);
    const middling = live({ ratio: 1, walk: 0.02, noise: 0.3 });
    expect(middling.hedged).to.be.above(0.8);
    expect(middling.lower).to.be.above(0.96);
  });

  it("is mostly not to hedge usage that is ten times as volatile, and hardly ever usage of another world", () => {
    expect(live({ ratio: 1, walk: 0.05, noise: 1 }).hedged).to.be.below(0.4);
    const unrelated = live({ ratio: 0, walk: 0.03, noise: 0.3 });
    expect(unrelated.hedged).to.be.below(0.05);
    expect(unrelated.lowerAtOne).to.be.below(0.1);
  });
});

describe("weeks in common", () => {
  it("end on the last common day, and need four days of both", () => {
    const index = new Map(Array.from({ length: 30 }, (_, day) => [100 + day, 10 + day]));
    const own = new Map([...index].filter(([period]) => period < 128 && ![115, 116, 117].includes(period)));
    const weeks = weeksOf(own, index);
    expect(weeks.map(({ period }) => period)).to.deep.equal([106, 113, 120, 127]);
    expect(weeks[2]).to.deep.equal({ period: 120, own: (24 + 28 + 29 + 30) / 4, index: 27 });
    own.delete(118);
    expect(weeksOf(own, index)[2]?.own).to.equal(undefined);
    expect(changesOf(weeksOf(own, index), 1).map(({ to }) => to)).to.deep.equal([1]);
  });

  it("refuses series without a common day, and a week without usage", () => {
    const index = new Map([[20_100, 1_000]]);
    expect(() => weeksOf(new Map([[20_090, 1]]), index)).to.throw(
      HedgeError,
      "The usage is of 2025-01-02 to 2025-01-02 and the index of 2025-01-12 to 2025-01-12: they need days in common.",
    );
    const idle = new Map([...REAL.keys()].map((period, day) => [period, day < 300 ? 1 : 0]));
    expect(() => weeksOf(idle, REAL)).to.throw(HedgeError, "There is no usage in the week");
  });
});

/** Newey and West's error of the slope with Bartlett weights, as the usual software gives it. */
function neweyWest(
  x: number[],
  y: number[],
  { slope, intercept }: { slope: number; intercept: number },
  lags: number,
) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const scores = x.map((value, t) => (value - mean) * (y[t]! - intercept - slope * value));
  const at = (lag: number) => scores.slice(lag).reduce((sum, score, t) => sum + score * scores[t]!, 0);
  let total = at(0);
  for (let lag = 1; lag <= lags; lag++) total += 2 * (1 - lag / (lags + 1)) * at(lag);
  return Math.sqrt(total) / x.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}

function regressed() {
  const points = Array.from({ length: 20 }, (_, t) => t);
  return regress(points, points);
}
