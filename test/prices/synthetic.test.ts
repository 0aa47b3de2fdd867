import { expect } from "chai";
import { periodOfDate } from "../../scripts/lib/calendar.ts";
import { checkBaskets, tokensOf } from "../../scripts/prices/basket.ts";
import { PriceError } from "../../scripts/prices/errors.ts";
import { SAMPLE_MODELS, sampleGpuHours, sampleRules, splitUsage } from "../../scripts/prices/synthetic.ts";

describe("splitUsage", () => {
  it("gives away the whole total and no more, whatever it is", () => {
    for (const total of [1n, 8n, 999n, 1_000_003n, 123_456_789_012n])
      expect(tokensOf(splitUsage("2026-02", total))).to.equal(total);
  });

  it("is the same for everybody, and another in another month", () => {
    const split = splitUsage("2026-02", 10n ** 9n);
    expect(split).to.deep.equal(splitUsage("2026-02", 10n ** 9n));
    expect(split).to.not.deep.equal(splitUsage("2026-03", 10n ** 9n));
    // Written down once: a change of the split is a change of every vintage.
    expect(split[0]).to.deep.equal({ ...SAMPLE_MODELS[0], input: 148_539_844n, output: 17_798_167n });
  });
});

describe("sampleRules", () => {
  const usage = new Map([
    [periodOfDate("2026-02-03"), 1_000n],
    [periodOfDate("2026-02-28"), 500n],
    [periodOfDate("2026-03-31"), 700n],
  ]);

  it("weighs each basket by the month before its link day", () => {
    const rules = sampleRules(usage, periodOfDate("2026-04-01"));
    checkBaskets(rules);
    expect(rules.version).to.equal("TPX/1-synthetic-weights");
    expect(rules.baskets.map(({ from, models }) => [from, tokensOf(models)])).to.deep.equal([
      [periodOfDate("2026-03-01"), 1_500n],
      [periodOfDate("2026-04-01"), 700n],
    ]);
  });

  it("refuses a month whose weights are not known", () => {
    expect(() => sampleRules(usage, periodOfDate("2026-05-01")))
      .to.throw(PriceError)
      .with.property("code", "MissingUsage");
  });
});

describe("sampleGpuHours", () => {
  const answers = sampleGpuHours(400);

  it("answers four times a day from the base day on", () => {
    expect(answers).to.have.length(1_600);
    expect(answers[0]).to.deep.equal({
      updatedAt: periodOfDate("2026-03-01") * 86_400,
      answer: 210_000_000n,
    });
    expect(answers.every(({ updatedAt }, round) => updatedAt === answers[0]!.updatedAt + round * 21_600)).to
      .be.true;
  });

  it("moves by up to 1 % and stays in its range", () => {
    for (const [round, { answer }] of answers.entries()) {
      const before = answers[round - 1]?.answer ?? answer;
      expect(answer >= 150_000_000n && answer <= 300_000_000n).to.be.true;
      expect((answer - before) * 100n <= before && (before - answer - 1n) * 100n <= before, `${round}`).to.be
        .true;
    }
    expect(new Set(answers.map(({ answer }) => answer)).size).to.be.above(1_000);
  });

  it("is the same for a seed, and another for another", () => {
    expect(answers.slice(0, 40)).to.deep.equal(sampleGpuHours(10));
    expect(sampleGpuHours(10, "other")).to.not.deep.equal(sampleGpuHours(10));
  });
});
