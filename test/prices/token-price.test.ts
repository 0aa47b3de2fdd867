import { expect } from "chai";
import { periodOfDate } from "../../scripts/lib/calendar.ts";
import { basketsHash, type Basket, type TokenPriceRules } from "../../scripts/prices/basket.ts";
import { decimalOf } from "../../scripts/prices/decimal.ts";
import { PriceError, type PriceErrorCode } from "../../scripts/prices/errors.ts";
import {
  calculateTokenPrice,
  calculateTokenPrices,
  type PriceSource,
} from "../../scripts/prices/token-price.ts";

const WAD = 10n ** 18n;
const BASE = periodOfDate("2026-03-01");
const LINK = BASE + 3;

const a = { provider: "one", model: "a" };
const b = { provider: "one", model: "b" };
const c = { provider: "two", model: "c" };

/** Input and output price of every model on every day. */
const PRICES: Record<string, readonly (readonly [number, number])[]> = {
  //  base     +1       +2       +3, link  +4       +5
  a: [
    [3, 15],
    [3, 15],
    [1.5, 9],
    [1.5, 9],
    [1.5, 9],
    [3, 9],
  ],
  b: [
    [0.1, 0.4],
    [0.3, 0.4],
    [0.3, 0.4],
    [0.3, 0.4],
    [0.3, 0.4],
    [0.3, 0.4],
  ],
  c: [
    [7, 7],
    [7, 7],
    [7, 7],
    [2, 4],
    [1, 4],
    [1, 4],
  ],
};
const priceOf: PriceSource = ({ model }, period) => {
  const pair = PRICES[model]?.[period - BASE];
  if (pair === undefined) throw new PriceError("MissingPrice", model, "nothing", "a price");
  return { input: decimalOf(pair[0]), output: decimalOf(pair[1]) };
};

const first: Basket = {
  from: BASE,
  models: [
    { ...a, input: 80n, output: 20n },
    { ...b, input: 90n, output: 10n },
  ],
};
const second: Basket = {
  from: LINK,
  models: [
    { ...b, input: 10n, output: 0n },
    { ...c, input: 3n, output: 1n },
  ],
};
const rules: TokenPriceRules = { version: "test/1", baskets: [first, second] };
const print = (day: number, changed: TokenPriceRules = rules) =>
  calculateTokenPrice(BASE + day, priceOf, changed);

const refusal = (code: PriceErrorCode, call: () => unknown) =>
  expect(call).to.throw(PriceError).with.property("code", code);

describe("calculateTokenPrice", () => {
  it("is what a million tokens of the basket cost on the base day", () => {
    // (80 × 3 + 20 × 15 + 90 × 0.1 + 10 × 0.4) / 200 = 553 / 200
    expect(print(0)).to.include({ value: (553n * WAD) / 200n, linkPeriod: BASE });
    expect(print(0).level).to.deep.equal({ numerator: 553n, denominator: 200n });
  });

  it("follows what the basket costs, by hand", () => {
    // 540 + 27 + 4 = 571, then 120 + 180 + 31 = 331; the 553 of the base day cancels.
    expect(print(1).value).to.equal((571n * WAD) / 200n);
    expect(print(2).value).to.equal((331n * WAD) / 200n);
  });

  it("changes models and weights on a link day without a jump", () => {
    // The link day itself is the old basket's. The new one costs 10 × 0.3 + 3 × 2 + 4 = 13 on it, and 10 on the day after.
    expect(print(3)).to.include({ value: (331n * WAD) / 200n, linkPeriod: BASE });
    expect(print(4)).to.include({ value: (331n * 10n * WAD) / (200n * 13n), linkPeriod: LINK });
    // What has left the basket no longer counts: model a doubles.
    expect(print(5).value).to.equal(print(4).value);
    // With unchanged prices any link leaves the value as it is.
    const still = {
      ...rules,
      baskets: [first, { ...second, from: BASE + 2, models: first.models.slice(1) }],
    };
    expect(print(3, still).value).to.equal(print(2, still).value);
    expect(print(3, still).linkPeriod).to.equal(BASE + 2);
  });

  it("links exactly over several baskets, with one rounding at the end", () => {
    const third: Basket = { from: BASE + 4, models: [{ ...a, input: 7n, output: 0n }] };
    const { level, value } = print(5, { ...rules, baskets: [first, second, third] });
    // 331/200 × 10/13 × 21/10.5
    expect(level).to.deep.equal({ numerator: 331n, denominator: 130n });
    expect(value).to.equal((331n * WAD) / 130n);
  });

  it("does not depend on the unit of the weights", () => {
    const times = (basket: Basket, factor: bigint): Basket => ({
      ...basket,
      models: basket.models.map((each) => ({
        ...each,
        input: each.input * factor,
        output: each.output * factor,
      })),
    });
    const scaled = { ...rules, baskets: [times(first, 1_000_000n), times(second, 7n)] };
    for (let day = 0; day <= 5; day++) expect(print(day, scaled).level).to.deep.equal(print(day).level);
  });

  it("has no print where a price is missing, on the day or on a link day, and none of a range", () => {
    refusal("MissingPrice", () => print(6));
    const late = { ...rules, baskets: [first, { ...second, from: BASE + 6 }] };
    refusal("MissingPrice", () => print(7, late));
    refusal("MissingPrice", () => calculateTokenPrices(BASE, BASE + 6, priceOf, rules));
    expect(calculateTokenPrices(BASE, BASE + 5, priceOf, rules)).to.have.length(6);
  });

  it("refuses days before the base day, free baskets and prices too small to print", () => {
    refusal("BeforeBaseDay", () => print(-1));
    const at =
      (price: number): PriceSource =>
      () => ({ input: decimalOf(price), output: decimalOf(price) });
    refusal("PriceIsZero", () => calculateTokenPrice(BASE, at(0), rules));
    refusal("PriceIsZero", () => calculateTokenPrice(BASE, at(1e-19), rules));
    expect(calculateTokenPrice(BASE, at(1e-18), rules).value).to.equal(1n);
  });

  it("refuses baskets that cannot be linked", () => {
    const bad: readonly (readonly Basket[])[] = [
      [],
      [second, first],
      [first, first],
      [{ ...first, from: 1.5 }],
      [{ ...first, models: [] }],
      [{ ...first, models: [...first.models].reverse() }],
      [{ ...first, models: first.models.slice(0, 1).concat(first.models) }],
      [{ ...first, models: [{ ...a, input: -1n, output: 2n }] }],
      [{ ...first, models: [{ ...a, input: 0n, output: 0n }] }],
    ];
    for (const baskets of bad) refusal("InvalidBasket", () => print(0, { ...rules, baskets }));
  });

  it("has a vintage that pins method, baskets, day and prices, and no more", () => {
    const { vintage } = print(2);
    expect(print(2, { ...rules, version: "test/2" }).vintage).to.not.equal(vintage);
    const weights = [{ ...a, input: 80n, output: 21n }, ...first.models.slice(1)];
    expect(print(2, { ...rules, baskets: [{ ...first, models: weights }] }).vintage).to.not.equal(vintage);
    expect(print(3).vintage).to.not.equal(vintage);
    // Twice each price is the same ratio, and another vintage.
    const dearer: PriceSource = (model, period) => {
      const { input, output } = priceOf(model, period);
      return { input, output: { ...output, numerator: output.numerator * 2n } };
    };
    expect(calculateTokenPrice(BASE + 2, dearer, rules).vintage).to.not.equal(vintage);
    // A basket that is added later leaves the past alone.
    const { vintage: before } = print(3, { ...rules, baskets: [first] });
    expect(before).to.equal(print(3).vintage);
    expect(basketsHash(rules, LINK)).to.not.equal(basketsHash(rules, LINK + 1));
  });
});
