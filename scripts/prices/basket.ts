import { encodeAbiParameters, keccak256, type Hex } from "viem";
import { byName } from "../calculator/statement.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import { PriceError } from "./errors.ts";

/** A model and who sells it. */
export interface ModelId {
  readonly provider: string;
  readonly model: string;
}

/** A model in a basket. Its weights are tokens, in any unit that all of a basket share. */
export interface BasketModel extends ModelId {
  readonly input: bigint;
  readonly output: bigint;
}

/** Models and weights that stand from one link day to the next. */
export interface Basket {
  /** Link day: the basket's prices of that day are what later days are compared with. Prints of later days use it. */
  readonly from: number;
  /** In the order of provider and model, each once. */
  readonly models: readonly BasketModel[];
}

/** Everything that decides a print apart from prices. */
export interface TokenPriceRules {
  /** Name of the method; another method is another name. */
  readonly version: string;
  /** In the order of their link days. The first one's is the base day. */
  readonly baskets: readonly Basket[];
}

/** What the method of TPX is called. */
export const TPX_VERSION = "TPX/1";

/**
 * Checks that baskets can be linked.
 * @throws PriceError InvalidBasket.
 */
export function checkBaskets({ version, baskets }: TokenPriceRules): void {
  const refuse = (place: string, actual: bigint | number | string, allowed: bigint | number | string) => {
    throw new PriceError("InvalidBasket", `${version} ${place}`, actual, allowed);
  };
  if (baskets.length === 0) refuse("baskets", 0, "1 or more");
  let last = -1;
  for (const { from, models } of baskets) {
    if (!Number.isInteger(from) || from >= 2 ** 32) refuse("link day", from, "a UTC day number");
    if (from <= last) refuse("link day", from, `${last + 1} or later`);
    last = from;
    const place = dateOfPeriod(from);
    let previous = "";
    for (const each of models) {
      const name = nameOf(each);
      if (byName(previous, name) >= 0) refuse(place, name, `after ${previous}`);
      previous = name;
      for (const weight of [each.input, each.output]) if (weight < 0n) refuse(`${place} ${name}`, weight, 0n);
    }
    if (tokensOf(models) === 0n) refuse(`${place} tokens`, 0n, 1n);
  }
}

/** Name of a model in messages, and what models are sorted by. */
export function nameOf({ provider, model }: ModelId): string {
  return `${provider}/${model}`;
}

/** Input and output of all models. */
export function tokensOf(models: readonly BasketModel[]): bigint {
  return models.reduce((sum, { input, output }) => sum + input + output, 0n);
}

/**
 * The baskets that the print of a day rests on. That of a link day still uses the basket before, so later baskets never change a print.
 * @throws PriceError BeforeBaseDay.
 */
export function basketsFor({ baskets }: TokenPriceRules, period: number): readonly [Basket, ...Basket[]] {
  const [base, ...others] = baskets;
  if (base === undefined || period < base.from)
    throw new PriceError("BeforeBaseDay", "token price", period, base?.from ?? "a basket");
  return [base, ...others.filter(({ from }) => from < period)];
}

/** Hash of the method and of every basket that the print of a day rests on. */
export function basketsHash(rules: TokenPriceRules, period: number): Hex {
  return keccak256(
    encodeAbiParameters(
      [
        { type: "string" },
        {
          type: "tuple[]",
          components: [
            { name: "from", type: "uint32" },
            {
              name: "models",
              type: "tuple[]",
              components: [
                { name: "provider", type: "string" },
                { name: "model", type: "string" },
                { name: "input", type: "uint256" },
                { name: "output", type: "uint256" },
              ],
            },
          ],
        },
      ],
      [rules.version, basketsFor(rules, period).map(({ from, models }) => ({ from, models: [...models] }))],
    ),
  );
}
