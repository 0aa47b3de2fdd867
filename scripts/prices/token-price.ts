import { encodeAbiParameters, keccak256, type Hex } from "viem";
import { add, divide, floorTimes, fraction, multiply, type Fraction } from "../calculator/fraction.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import type { CalculatedPrint } from "../reporter/calculation.ts";
import { basketsFor, basketsHash, checkBaskets, tokensOf } from "./basket.ts";
import type { Basket, BasketModel, ModelId, TokenPriceRules } from "./basket.ts";
import { PriceError } from "./errors.ts";

/** Price of a model on a UTC day, USD per million tokens, exact. */
export interface TokenPrice {
  readonly input: Fraction;
  readonly output: Fraction;
}

/**
 * Where prices come from.
 * @throws PriceError where a model has no price on a day, or several.
 */
export type PriceSource = (model: ModelId, period: number) => TokenPrice;

/** A print of the token price with what it rests on. */
export interface TokenPricePrint extends CalculatedPrint {
  /** USD per million tokens before the one rounding. */
  readonly level: Fraction;
  /** Link day of the basket that was used; the base day until the first link has passed. */
  readonly linkPeriod: number;
}

/** A price that a print rests on. */
interface PriceUsed {
  readonly period: number;
  readonly model: BasketModel;
  readonly price: TokenPrice;
}

const WAD = 10n ** 18n;

/**
 * Calculates the token price of a UTC day. On the base day it is what a million tokens of the basket cost. After it, the value of the newest link
 * day before, times what the basket costs today over what it cost on that day. All of it is exact until the last step,
 * which rounds down to a WAD.
 * @throws PriceError InvalidBasket, BeforeBaseDay, PriceIsZero, and what the source throws. There is no print without all prices.
 */
export function calculateTokenPrice(
  period: number,
  priceOf: PriceSource,
  rules: TokenPriceRules,
): TokenPricePrint {
  checkBaskets(rules);
  const used: PriceUsed[] = [];
  const cost = (basket: Basket, day: number): Fraction => {
    const sum = basket.models.reduce<Fraction>(
      (total, model) => {
        const price = priceOf(model, day);
        used.push({ period: day, model, price });
        const paid = add(times(price.input, model.input), times(price.output, model.output));
        return add(total, paid);
      },
      { numerator: 0n, denominator: 1n },
    );
    if (sum.numerator === 0n) throw new PriceError("PriceIsZero", dateOfPeriod(day), 0n, "above zero");
    return sum;
  };

  const [base, ...linked] = basketsFor(rules, period);
  let basket: Basket = base;
  let onLink = cost(base, base.from);
  let level = divide(onLink, fraction(tokensOf(base.models), 1n));
  const follow = (day: number) => (level = multiply(level, divide(cost(basket, day), onLink)));
  for (const next of linked) {
    follow(next.from);
    basket = next;
    onLink = cost(next, next.from);
  }
  if (period !== basket.from) follow(period);

  const value = floorTimes(level, WAD);
  if (value === 0n) throw new PriceError("PriceIsZero", dateOfPeriod(period), 0n, 1n);
  return { period, value, level, linkPeriod: basket.from, vintage: vintageOf(period, rules, used) };
}

/** Calculates every day from one to another, or none. */
export function calculateTokenPrices(
  first: number,
  last: number,
  priceOf: PriceSource,
  rules: TokenPriceRules,
): TokenPricePrint[] {
  return Array.from({ length: last - first + 1 }, (_, day) =>
    calculateTokenPrice(first + day, priceOf, rules),
  );
}

/** Hash of method, baskets, day and every price that the print rests on. */
function vintageOf(period: number, rules: TokenPriceRules, used: readonly PriceUsed[]): Hex {
  const pair = ({ numerator, denominator }: Fraction): [bigint, bigint] => [numerator, denominator];
  return keccak256(
    encodeAbiParameters(
      [
        { type: "bytes32" },
        { type: "uint32" },
        {
          type: "tuple[]",
          components: [
            { name: "period", type: "uint32" },
            { name: "provider", type: "string" },
            { name: "model", type: "string" },
            { name: "input", type: "uint256[2]" },
            { name: "output", type: "uint256[2]" },
          ],
        },
      ],
      [
        basketsHash(rules, period),
        period,
        used.map(({ period: day, model: { provider, model }, price }) => ({
          period: day,
          provider,
          model,
          input: pair(price.input),
          output: pair(price.output),
        })),
      ],
    ),
  );
}

function times(price: Fraction, tokens: bigint): Fraction {
  return fraction(price.numerator * tokens, price.denominator);
}
