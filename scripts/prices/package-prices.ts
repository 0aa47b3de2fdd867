import { calcPrice, type ConditionalPrice, type ModelPrice } from "@pydantic/genai-prices";
import type { Fraction } from "../calculator/fraction.ts";
import { dateOfPeriod, SECONDS_PER_DAY } from "../lib/calendar.ts";
import { nameOf, type ModelId } from "./basket.ts";
import { decimalOf } from "./decimal.ts";
import { PriceError } from "./errors.ts";
import type { TokenPrice } from "./token-price.ts";

/**
 * Price of a model on a UTC day in the package `@pydantic/genai-prices`: that of a short request, uncached, at the day's first second. Only
 * the data that comes with the installed version is read, nothing from the network, and none of its own sums.
 * @throws PriceError MissingPrice where the package does not know the model by this very name, or lacks a price of it; PriceVariesInDay where
 * its price depends on the hour; InvalidDecimal.
 */
export function packagePrice(id: ModelId, period: number): TokenPrice {
  const timestamp = new Date(period * SECONDS_PER_DAY * 1000);
  const found = calcPrice({}, id.model, { providerId: id.provider, timestamp });
  // It also answers with models and sellers that only resemble the name.
  if (found?.model.id !== id.model || found.provider.id !== id.provider)
    throw missing(id, period, found === null ? "nothing" : `${found.provider.id}/${found.model.id}`);
  const { prices } = found.model;
  if (Array.isArray(prices) && prices.some(isOfHours))
    throw new PriceError("PriceVariesInDay", nameOf(id), dateOfPeriod(period), "one price a day");
  const read = (field: "input_mtok" | "output_mtok"): Fraction => {
    const price: ModelPrice[string] = found.model_price[field];
    if (price === undefined) throw missing(id, period, `no ${field}`);
    return decimalOf(typeof price === "number" ? price : price.base);
  };
  return { input: read("input_mtok"), output: read("output_mtok") };
}

function isOfHours({ constraint }: ConditionalPrice): boolean {
  return constraint?.type === "time_of_date";
}

function missing(id: ModelId, period: number, found: string): PriceError {
  return new PriceError("MissingPrice", `${nameOf(id)}, ${dateOfPeriod(period)}`, found, "a price");
}
