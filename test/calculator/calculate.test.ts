import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { calculateDay, leavesOf, roundLevel, type Calculation } from "../../scripts/calculator/calculate.ts";
import { compare, fraction } from "../../scripts/calculator/fraction.ts";
import { linkOf } from "../../scripts/calculator/link.ts";
import { merkleProof, verifyProof } from "../../scripts/calculator/merkle.ts";
import { rulesHash, TU1D_RULES } from "../../scripts/calculator/rules.ts";
import { calculateSeries } from "../../scripts/calculator/series.ts";
import { countStatement, statementLeaf, type Statement } from "../../scripts/calculator/statement.ts";
import { calculatePrints, parseUsage, printValue } from "../../scripts/reporter/calculation.ts";
import { naiveLink } from "./naive.ts";
import { BASE, names, refusalOf, row, RULES, statement, toNumber, usage } from "./statements.ts";

const POINT = 10n ** 18n;
const file = readFileSync(new URL("../../data/token-usage-daily.csv", import.meta.url));
const real = [...parseUsage(file.toString())].sort(([a], [b]) => a - b);
const final = (period: number, statements: readonly Statement[]) => ({
  period,
  stage: "final" as const,
  statements,
});
/** Calculates days that follow each other from the base day on. */
const run = (...days: Statement[][]) =>
  calculateSeries(
    days.map((day, i) => final(BASE + i, day)),
    RULES,
  );
const prints = (calculations: Calculation[]) => calculations.map(({ print }) => print);
const shuffle = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });

/** Two days that are calculated one from the other. */
const twoDays = usage({ contributors: { min: 1, max: 9 }, models: { min: 1, max: 9 }, days: 2, percent: 30 });

describe("prints of one contributor and one model", () => {
  it("are floor(tokens × 1000e18 / tokens of the base day), bit for bit, on every day of the real series", () => {
    const days = real.map(([period, tokens]) =>
      final(period, [statement("openrouter", period, { all: tokens })]),
    );
    const expected = calculatePrints(file).map(({ value }) => value);
    expect(expected.length).to.be.at.least(544);
    const calculations = calculateSeries(days);
    expect(prints(calculations)).to.deep.equal(expected);
    expect(new Set(calculations.map(({ status }) => status))).to.deep.equal(new Set(["printed"]));
    // Days missing at source are passed over.
    const gaps = calculations.filter(
      ({ period, previousPeriod = period - 1 }) => period - previousPeriod > 1,
    );
    expect(gaps).to.have.length(2);
  });

  it("are that for any usage", () => {
    const tokens = fc.array(fc.bigInt({ min: 1n, max: 2n ** 100n }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(tokens, (series) => {
        const [base = 1n] = series;
        const naive = series.map((amount) => printValue(amount, base));
        // A print below 1e-18 points cannot be; it needs a fall by 21 digits.
        fc.pre(naive.every((value) => value > 0n));
        const calculations = run(...series.map((amount, i) => [statement("one", BASE + i, { all: amount })]));
        expect(prints(calculations)).to.deep.equal(naive);
      }),
    );
  });

  it("telescope with equal contributors and models too", () => {
    const day = (period: number, tokens: bigint) =>
      names("c", 7).map((contributor) =>
        statement(contributor, period, Object.fromEntries(names("m", 7).map((model) => [model, tokens]))),
      );
    const series = real.slice(0, 60).map(([, tokens]) => tokens);
    const [base = 1n] = series;
    const calculations = run(...series.map((tokens, i) => day(BASE + i, tokens)));
    expect(prints(calculations)).to.deep.equal(series.map((tokens) => printValue(tokens, base)));
  });
});

describe("a link", () => {
  it("is what a second way of calculating it gives", () => {
    fc.assert(
      fc.property(twoDays, ([before = [], after = []]) => {
        const link = run(before, after)[1]?.link;
        const expected = naiveLink(before, after);
        expect(link && Math.abs(toNumber(link.value) / expected - 1)).to.be.below(1e-9);
      }),
      { numRuns: 100 },
    );
  });

  it("gives no contributor more than a fifth, or its equal part where there are fewer than five", () => {
    fc.assert(
      fc.property(twoDays, ([before = [], after = []]) => {
        const [, calculation] = run(before, after);
        const parts = calculation?.link?.contributors ?? [];
        const cap = parts.length < 5 ? fraction(1n, BigInt(parts.length)) : fraction(1n, 5n);
        expect(parts).to.have.length(after.length);
        for (const { share } of parts) expect(compare(share, cap)).to.be.at.most(0);
        expect(calculation?.largestShare && compare(calculation.largestShare, cap)).to.be.at.most(0);
      }),
      { numRuns: 100 },
    );
  });

  it("does not depend on the order of statements and rows", () => {
    const shuffled = twoDays.chain(([before = [], after = []]) =>
      fc.tuple(fc.constant([before, after]), shuffle(before), shuffle(after)),
    );
    fc.assert(
      fc.property(shuffled, ([days, before, after]) => {
        const turned = after.map((day) => ({ ...day, rows: [...day.rows].reverse() }));
        expect(run(before, turned)).to.deep.equal(run(...days));
      }),
      { numRuns: 50 },
    );
  });

  it("does not change where everything is multiplied by the same number", () => {
    const factor = fc.bigInt({ min: 2n, max: 2n ** 64n });
    fc.assert(
      fc.property(twoDays, factor, (days, k) => {
        const scaled = days.map((day) =>
          day.map((each) => ({
            ...each,
            rows: each.rows.map((one) => ({ ...one, input: one.input * k, output: one.output * k })),
          })),
        );
        const [, plain] = run(...days);
        const [, large] = run(...scaled);
        expect(large?.print).to.equal(plain?.print);
        expect(large?.link?.value).to.deep.equal(plain?.link?.value);
        expect(large?.gate).to.deep.equal(plain?.gate);
        expect(large?.link?.models).to.deep.equal(plain?.link?.models);
      }),
      { numRuns: 100 },
    );
  });

  it("is the exact inverse with the days exchanged: what goes up and comes back leaves nothing", () => {
    fc.assert(
      fc.property(twoDays, ([before = [], after = []]) => {
        const [a, b] = [before.map(countStatement), after.map(countStatement)];
        const pair = (first: typeof a, second: typeof a) =>
          first.flatMap((day, i) => {
            const other = second[i];
            return other === undefined ? [] : [{ contributor: day.contributor, before: day, after: other }];
          });
        const { numerator, denominator } = linkOf(pair(a, b), RULES).value;
        const back = linkOf(pair(b, a), RULES).value;
        expect(back).to.deep.equal({ numerator: denominator, denominator: numerator });
      }),
      { numRuns: 100 },
    );
  });

  it("follows users from an old model to a new one", () => {
    const day = (period: number, old: bigint, young: bigint) => [statement("one", period, { old, young })];
    const [, link] = run(day(BASE, 600n, 400n), day(BASE + 1, 400n, 600n));
    expect(link?.print).to.equal(1_000n * POINT);
  });

  it("is not taken over by a model that hardly anybody uses", () => {
    const day = (period: number, tiny: bigint) => [statement("one", period, { big: 10n ** 9n, tiny })];
    const [, calculation] = run(day(BASE, 1n), day(BASE + 1, 1_000n));
    expect(calculation?.link && toNumber(calculation.link.value)).to.be.below(1.000_002);
  });
});

describe("new contributors", () => {
  it("change no earlier print and not the link of their first day", () => {
    const three = usage({
      contributors: { min: 2, max: 6 },
      models: { min: 1, max: 5 },
      days: 4,
      percent: 20,
    });
    fc.assert(
      fc.property(three, fc.bigInt({ min: 1n, max: 10n ** 20n }), (days, size) => {
        const joined = days.map((day, i) =>
          i < 2 ? day : [...day, statement("entrant", BASE + i, { m1: size * BigInt(i) })],
        );
        const [without, with_] = [run(...days), run(...joined)];
        expect(prints(with_).slice(0, 3)).to.deep.equal(prints(without).slice(0, 3));
        expect(with_[2]?.link).to.deep.equal(without[2]?.link);
        expect(with_[2]?.unmatched).to.deep.equal([{ contributor: "entrant", reason: "entrant" }]);
        // From its second day on it counts.
        expect(with_[3]?.link?.contributors.map(({ contributor }) => contributor)).to.include("entrant");
        expect(with_[3]?.contributors).to.equal((without[3]?.contributors ?? 0) + 1);
      }),
      { numRuns: 50 },
    );
  });

  it("that come back after a day of silence are spliced in again", () => {
    const day = (i: number, contributors: string[], tokens: bigint) =>
      contributors.map((contributor) => statement(contributor, BASE + i, { m: tokens }));
    const [, second, third, fourth] = run(
      day(0, ["a", "b", "c"], 100n),
      day(1, ["a", "b"], 110n),
      day(2, ["a", "b", "c"], 110n),
      day(3, ["a", "b", "c"], 121n),
    );
    expect(second?.unmatched).to.deep.equal([{ contributor: "c", reason: "absent" }]);
    expect(third?.unmatched).to.deep.equal([{ contributor: "c", reason: "entrant" }]);
    expect([second, third, fourth].map((each) => each?.print)).to.deep.equal([
      1_100n * POINT,
      1_100n * POINT,
      1_210n * POINT,
    ]);
  });

  it("with nothing that counts are no part of the day, so that a zero leaves no trace in the level", () => {
    const day = (i: number, last: bigint) => [
      statement("a", BASE + i, { m: 100n }),
      statement("b", BASE + i, { m: 100n }),
      statement("c", BASE + i, { m: last }),
    ];
    const [, second, third] = run(day(0, 100n), day(1, 0n), day(2, 100n));
    expect(second?.unmatched).to.deep.equal([{ contributor: "c", reason: "nothing counted" }]);
    expect([second?.print, third?.print]).to.deep.equal([1_000n * POINT, 1_000n * POINT]);
  });
});

describe("missing days", () => {
  const day = (i: number, ...amounts: bigint[]) =>
    amounts.flatMap((amount, c) => (amount > 0n ? [statement(`c${c}`, BASE + i, { m: amount })] : []));

  it("have no print, and the next link goes from the last day that has one", () => {
    const [, second, third] = run(
      day(0, 100n, 100n, 100n, 100n),
      day(1, 150n),
      day(2, 103n, 103n, 103n, 103n),
    );
    expect(second).to.include({ status: "missing", print: undefined, printed: undefined });
    expect(second?.link).to.equal(undefined);
    expect(third).to.include({ previousPeriod: BASE, print: 1_030n * POINT });
  });

  it("are those with less than half of the previous day's capped weight", () => {
    const before = day(0, 100n, 100n, 100n, 100n);
    expect(run(before, day(1, 100n, 100n))[1]?.status).to.equal("printed");
    expect(run(before, day(1, 100n))[1]?.status).to.equal("missing");
    // Nine tenths of all usage stay away: with a fifth of the weight that is no reason to stop.
    const large = [9_000n, 250n, 250n, 250n, 250n];
    expect(run(day(0, ...large), day(1, 0n, ...large.slice(1)))[1]).to.include({
      status: "printed",
      contributors: 4,
    });
  });

  it("are those with fewer contributors than the rules ask for", () => {
    const rules = { ...RULES, leastContributors: 3 };
    const days = [day(0, 9n, 9n, 9n), day(1, 9n, 9n), day(2, 9n, 9n, 9n)];
    const calculations = calculateSeries(
      days.map((each, i) => final(BASE + i, each)),
      rules,
    );
    expect(calculations.map(({ status }) => status)).to.deep.equal(["printed", "missing", "printed"]);
    expect(refusalOf(() => calculateSeries([final(BASE, day(0, 9n, 9n))], rules))).to.deep.equal([
      "TooFewContributors",
      2,
      3,
    ]);
  });
});

describe("exclusions", () => {
  /** The real series split over seven contributors and three models: synthetic, but for its sum. */
  const split = (period: number, total: bigint): Statement[] =>
    names("c", 7).map((contributor, c) => {
      const own = (total * BigInt(10 + c)) / 91n;
      return statement(contributor, period, { m1: own / 2n, m2: own / 3n, m3: own - own / 2n - own / 3n });
    });
  const window = real.slice(300, 320);
  const rules = { ...TU1D_RULES, basePeriod: window[0]?.[0] ?? 0 };
  // Percent of the day's total, from the sixth day on: half as much again in four days, gone after three more.
  const burst = new Map([11n, 24n, 37n, 51n, 34n, 17n].map((percent, i) => [5 + i, percent]));
  const days = (other: Partial<Parameters<typeof row>[2]> | undefined) =>
    window.map(([period, total], i) => {
      const statements = split(period, total * 1_000_000n);
      const extra = (total * 1_000_000n * (burst.get(i) ?? 0n)) / 100n;
      if (other === undefined || extra === 0n) return final(period, statements);
      const added = statements.map((each, c) =>
        c === 2 ? { ...each, rows: [...each.rows, row("m4", extra, other)] } : each,
      );
      return final(period, added);
    });

  it("leave a burst of unlabelled usage (+51 % in four days) without any effect, and say how much it was", () => {
    const calm = calculateSeries(days(undefined), rules);
    for (const marks of [{ labelled: false }, { priced: false }, { ownAccount: true }]) {
      const disturbed = calculateSeries(days(marks), rules);
      expect(prints(disturbed)).to.deep.equal(prints(calm));
      const [, total = 0n] = window[8] ?? [];
      const excluded = disturbed[8]?.excluded ?? [];
      expect(excluded).to.have.length(1);
      expect(excluded[0]).to.include({ contributor: "c3", model: "m4", tokens: total * 510_000n });
      expect(disturbed[8]?.vintage).not.to.equal(calm[8]?.vintage);
      expect(disturbed[4]?.vintage).to.equal(calm[4]?.vintage);
    }
  });

  it("are what does that: labelled, the same burst moves the link", () => {
    const [calm, disturbed] = [calculateSeries(days(undefined), rules), calculateSeries(days({}), rules)];
    expect(disturbed[5]?.link?.value).not.to.deep.equal(calm[5]?.link?.value);
    expect(prints(disturbed)).not.to.deep.equal(prints(calm));
  });
});

describe("levels", () => {
  it("are exact up to a denominator of 2^256 and round down to a multiple of 2^-192 above", () => {
    const exact = fraction(5n, 2n ** 256n);
    expect(roundLevel(exact)).to.equal(exact);
    const value = fraction(10n ** 90n, 2n ** 256n + 1n);
    const rounded = roundLevel(value);
    expect(2n ** 192n % rounded.denominator).to.equal(0n);
    expect(compare(rounded, value)).to.equal(-1);
    const next = fraction(rounded.numerator * (2n ** 192n / rounded.denominator) + 1n, 2n ** 192n);
    expect(compare(next, value)).to.equal(1);
  });

  it("stay that small over a series, and no print is more than one unit below the exact one", () => {
    const long = usage({
      contributors: { min: 6, max: 6 },
      models: { min: 8, max: 8 },
      days: 25,
      percent: 3,
    });
    fc.assert(
      fc.property(long, (days) => {
        const calculations = run(...days);
        // Not in lowest terms: numbers of this size would take minutes to reduce.
        let [numerator, denominator] = [1n, 1n];
        for (const { link, status, printed, print } of calculations) {
          fc.pre(status === "printed");
          numerator *= link?.value.numerator ?? 1n;
          denominator *= link?.value.denominator ?? 1n;
          expect((printed?.level.denominator ?? 0n) <= 2n ** 256n).to.be.true;
          const difference = (numerator * 1_000n * POINT) / denominator - (print ?? 0n);
          expect(difference >= 0n && difference <= 1n, `${difference}`).to.be.true;
        }
      }),
      { numRuns: 5 },
    );
  });
});

describe("a day", () => {
  const base = [statement("a", BASE, { m: 10n })];
  const day = (period: number, statements: readonly Statement[], stage: "final" | "provisional" = "final") =>
    calculateDay({ period, stage, statements, previous: run(base)[0]?.printed, rules: RULES });

  it("is refused with a typed error where its statements are not its own", () => {
    const refuse = (call: () => unknown) => refusalOf(call);
    const twice = [statement("a", 101, { m: 1n }), statement("a", 101, { m: 2n })];
    expect(refuse(() => day(101, twice))).to.deep.equal(["DuplicateStatement", "a", "one statement"]);
    expect(refuse(() => day(102, [statement("a", 101, { m: 1n })]))).to.deep.equal(["WrongPeriod", 101, 102]);
    expect(refuse(() => day(BASE, base))).to.deep.equal(["WrongPeriod", BASE, BASE + 1]);
    const late = { ...final(BASE + 1, []), previous: undefined, rules: RULES };
    expect(refuse(() => calculateDay(late))).to.deep.equal(["WrongPeriod", BASE + 1, BASE]);
    expect(refuse(() => run([]))).to.deep.equal(["TooFewContributors", 0, 1]);
    const bad = { ...statement("a", 101, {}), rows: [row("m", 4n, { cached: 4n })] };
    expect(refuse(() => day(101, [bad]))).to.deep.equal(["CachedAboveInput", 4n, 3n]);
    const rules = { ...RULES, gateContributors: 1 };
    expect(refuse(() => calculateSeries([final(BASE, base)], rules))?.[0]).to.equal("InvalidRules");
    expect(refuse(() => calculateSeries([final(BASE, base), final(BASE, base)], RULES))?.[0]).to.equal(
      "DuplicatePeriod",
    );
  });

  it("is refused where its print would be zero", () => {
    const [before, after] = [10n ** 30n, 1n].map((tokens, i) => [statement("a", BASE + i, { m: tokens })]);
    expect(refusalOf(() => run(before ?? [], after ?? []))).to.deep.equal(["PrintIsZero", 0n, 1n]);
  });

  it("has a vintage that proves each of its inputs and pins all days before it", () => {
    const second = [statement("a", 101, { m: 11n }), statement("b", 101, { m: 3n })];
    const [first, printed] = run(base, second);
    const leaves = leavesOf(second, first?.printed, RULES);
    for (const each of second) {
      const leaf = statementLeaf(each, rulesHash(RULES));
      expect(verifyProof(printed?.vintage ?? "0x", leaf, merkleProof(leaves, leaf))).to.be.true;
    }
    // The same link, but from another base.
    const [, other] = run([statement("a", BASE, { m: 20n })], second);
    expect(other?.vintage).not.to.equal(printed?.vintage);
    expect(day(101, second, "provisional").vintage).to.equal(printed?.vintage);
    const otherRules = calculateSeries([final(BASE, base), final(101, second)], {
      ...RULES,
      version: "test/2",
    });
    expect(otherRules[1]?.print).to.equal(printed?.print);
    expect(otherRules[1]?.vintage).not.to.equal(printed?.vintage);
  });
});
