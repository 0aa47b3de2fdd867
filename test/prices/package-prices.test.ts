import { readFileSync } from "node:fs";
import { expect } from "chai";
import { dateOfPeriod, periodOfDate } from "../../scripts/lib/calendar.ts";
import { PriceError, type PriceErrorCode } from "../../scripts/prices/errors.ts";
import { packagePrice } from "../../scripts/prices/package-prices.ts";
import { SAMPLE_MODELS, sampleRules } from "../../scripts/prices/synthetic.ts";
import { calculateTokenPrices } from "../../scripts/prices/token-price.ts";
import { parseUsage } from "../../scripts/reporter/calculation.ts";
import { DATA_FILE } from "../../scripts/reporter/reporter.ts";

const FIRST = periodOfDate("2026-03-01");
const LAST = periodOfDate("2026-06-30");
const RISE = periodOfDate("2026-06-16");

const mistral = { provider: "mistral", model: "mistral-medium-latest" };
const refusal = (code: PriceErrorCode, call: () => unknown) =>
  expect(call).to.throw(PriceError).with.property("code", code);

describe("packagePrice", () => {
  it("reads a dated price by UTC day, exactly", () => {
    const old = { input: { numerator: 2n, denominator: 5n }, output: { numerator: 2n, denominator: 1n } };
    const risen = { input: { numerator: 3n, denominator: 2n }, output: { numerator: 15n, denominator: 2n } };
    expect(packagePrice(mistral, RISE - 1)).to.deep.equal(old);
    expect(packagePrice(mistral, RISE)).to.deep.equal(risen);
  });

  it("takes the price of short requests where long ones cost more", () => {
    // 5 and 25 USD up to 200,000 tokens a request, 10 and 37.5 beyond them, until 2026-03-13.
    const opus = { provider: "anthropic", model: "claude-opus-4-6" };
    const short = { input: { numerator: 5n, denominator: 1n }, output: { numerator: 25n, denominator: 1n } };
    expect(packagePrice(opus, FIRST)).to.deep.equal(short);
    expect(packagePrice(opus, LAST)).to.deep.equal(short);
  });

  it("refuses models that are not there, also where another name resembles theirs", () => {
    refusal("MissingPrice", () => packagePrice({ provider: "openai", model: "no such model" }, FIRST));
    refusal("MissingPrice", () => packagePrice({ provider: "nobody", model: "gpt-5.2" }, FIRST));
    // The package takes this one for gpt-4o.
    refusal("MissingPrice", () => packagePrice({ provider: "openai", model: "gpt-4o-2024-08-06" }, FIRST));
  });

  it("refuses a model without a price of tokens, and one whose price depends on the hour", () => {
    refusal("MissingPrice", () => packagePrice({ provider: "mistral", model: "mistral-ocr-2503" }, FIRST));
    refusal("PriceVariesInDay", () => packagePrice({ provider: "deepseek", model: "deepseek-chat" }, FIRST));
  });
});

describe("token prices of the sample", () => {
  const usage = parseUsage(readFileSync(DATA_FILE, "utf8"));
  const rules = sampleRules(usage, LAST);
  const prints = calculateTokenPrices(FIRST, LAST, packagePrice, rules);

  it("has a print for every day from 2026-03-01 to 2026-06-30", () => {
    expect(prints.map(({ period }) => dateOfPeriod(period))).to.have.length(122);
    expect(new Set(prints.map(({ vintage }) => vintage)).size).to.equal(122);
  });

  it("moves on the one day on which a price of the basket moves, and on no link", () => {
    const moved = prints.filter(({ value }, day) => day > 0 && value !== prints[day - 1]?.value);
    expect(moved.map(({ period }) => dateOfPeriod(period))).to.deep.equal(["2026-06-16"]);
    // As docs/prices.md says.
    expect(prints[0]?.value).to.equal(2_353_526_647_388_177_703n);
    expect(prints.at(-1)?.value).to.equal(2_559_768_217_929_635_473n);
  });

  it("is what plain sums over the basket of June give", () => {
    const basket = rules.baskets.at(-1);
    expect(basket?.from).to.equal(periodOfDate("2026-06-01"));
    // Prices in units of 0.0001 USD, written down by hand in the order of the models.
    const cents: readonly (readonly [bigint, bigint])[] = [
      [50_000n, 250_000n],
      [30_000n, 150_000n],
      [2_288n, 3_432n],
      [5_000n, 30_000n],
      [3_000n, 12_000n],
      [4_000n, 20_000n],
      [6_000n, 30_000n],
      [17_500n, 140_000n],
      [2_000n, 5_000n],
    ];
    expect(basket?.models.map(({ model }) => model)).to.deep.equal(SAMPLE_MODELS.map(({ model }) => model));
    const cost = (changed?: readonly [bigint, bigint]) =>
      (basket?.models ?? []).reduce((sum, { model, input, output }, number) => {
        const [dear, dearer] = (model === mistral.model ? changed : undefined) ?? cents[number] ?? [0n, 0n];
        return sum + input * dear + output * dearer;
      }, 0n);
    const [before, after] = [cost(), cost([15_000n, 75_000n])];
    const base = rules.baskets[0]?.models ?? [];
    const paid = base.reduce((sum, { input, output }, number) => {
      const [dear, dearer] = cents[number] ?? [0n, 0n];
      return sum + input * dear + output * dearer;
    }, 0n);
    const tokens = base.reduce((sum, { input, output }) => sum + input + output, 0n);
    const wad = 10n ** 18n;
    expect(prints[0]?.value).to.equal((paid * wad) / (tokens * 10_000n));
    expect(prints.at(-1)?.value).to.equal((paid * after * wad) / (tokens * 10_000n * before));
  });
});
