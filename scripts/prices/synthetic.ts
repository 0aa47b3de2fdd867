// Synthetic inputs, for samples and tests. The real series of usage is one total a day, and no series of GPU-hour prices may be passed on. What stands in
// for them is made here, from hashes, so that everybody gets the same. It says nothing about any real model, seller or market.
import { encodeAbiParameters, hexToBigInt, keccak256 } from "viem";
import { addMonths, monthOfPeriod, monthWindow, periodOfDate, SECONDS_PER_DAY } from "../lib/calendar.ts";
import type { Usage } from "../reporter/calculation.ts";
import { nameOf, TPX_VERSION, type Basket, type ModelId, type TokenPriceRules } from "./basket.ts";
import { PriceError } from "./errors.ts";
import { PRICES_BASE_DATE } from "./indices.ts";

/** Models of the sample basket: real ones with real prices, of one price a day, that were sold before the base day. */
export const SAMPLE_MODELS: readonly ModelId[] = [
  { provider: "anthropic", model: "claude-opus-4-6" },
  { provider: "anthropic", model: "claude-sonnet-4-6" },
  { provider: "deepseek", model: "deepseek-v3.2" },
  { provider: "google", model: "gemini-3-flash-preview" },
  { provider: "minimax", model: "MiniMax-M2" },
  { provider: "mistral", model: "mistral-medium-latest" },
  { provider: "moonshotai", model: "kimi-k2.5" },
  { provider: "openai", model: "gpt-5.2" },
  { provider: "x-ai", model: "grok-4-1-fast-reasoning" },
];

/** What the sample rules are called: their weights are synthetic. */
export const SAMPLE_VERSION = `${TPX_VERSION}-synthetic-weights`;

/** A number below `limit` that looks random and is the same everywhere. */
function draw(limit: bigint, ...seed: readonly string[]): bigint {
  return hexToBigInt(keccak256(encodeAbiParameters([{ type: "string[]" }], [seed]))) % limit;
}

/**
 * SYNTHETIC: splits a month's real total among the sample models. Each gets 500 to 1,499 parts, 5 to 14 % of it as output. The sum is the total.
 * @param total Tokens of the month, in the unit of the data.
 */
export function splitUsage(month: string, total: bigint): Basket["models"] {
  const seed = (id: ModelId, what: string) => ["Usance synthetic split", month, nameOf(id), what];
  const parts = SAMPLE_MODELS.map((id) => 500n + draw(1_000n, ...seed(id, "share")));
  const all = parts.reduce((sum, part) => sum + part, 0n);
  let reached = 0n;
  let given = 0n;
  return SAMPLE_MODELS.map((id, number) => {
    reached += parts[number] ?? 0n;
    // Cut at running sums, so that nothing is lost to rounding.
    const tokens = (total * reached) / all - given;
    given += tokens;
    const output = (tokens * (50n + draw(100n, ...seed(id, "output")))) / 1_000n;
    return { ...id, input: tokens - output, output };
  });
}

/**
 * The sample rules: one basket a month from the base day on, linked on the month's first day, with weights of the month before, split by `splitUsage`.
 * @param usage The real daily totals. Days missing at source are not in a month's total.
 * @param period Last day that the rules must do for.
 * @throws PriceError MissingUsage where a month has no total.
 */
export function sampleRules(usage: Usage, period: number): TokenPriceRules {
  const baskets: Basket[] = [];
  const base = periodOfDate(PRICES_BASE_DATE);
  for (let month = monthOfPeriod(base); month <= monthOfPeriod(period); month = addMonths(month, 1)) {
    const before = addMonths(month, -1);
    const { firstPeriod, lastPeriod } = monthWindow(before);
    let total = 0n;
    for (let day = firstPeriod; day <= lastPeriod; day++) total += usage.get(day) ?? 0n;
    if (total === 0n) throw new PriceError("MissingUsage", before, 0n, "tokens of the month");
    baskets.push({ from: monthWindow(month).firstPeriod, models: splitUsage(before, total) });
  }
  return { version: SAMPLE_VERSION, baskets };
}

/** An answer of a price feed. */
export interface SampleAnswer {
  /** Unix seconds. */
  readonly updatedAt: number;
  /** USD per GPU-hour × 10^8. */
  readonly answer: bigint;
}

const FIRST_ANSWER = 210_000_000n;
const LOWEST = 150_000_000n;
const HIGHEST = 300_000_000n;
const ANSWER_INTERVAL = 6 * 3_600;

/**
 * SYNTHETIC: answers of a GPU-hour price feed, four a day from the base day on. They start at 2.10 USD, move by up to 1 % each and stay between 1.50 and 3.00.
 * @param days How many days.
 * @param seed Another one gives another series.
 */
export function sampleGpuHours(days: number, seed = "Usance synthetic GPU-hour"): SampleAnswer[] {
  const start = periodOfDate(PRICES_BASE_DATE) * SECONDS_PER_DAY;
  let answer = FIRST_ANSWER;
  return Array.from({ length: days * 4 }, (_, round) => {
    if (round > 0) {
      const next = (answer * (9_900n + draw(201n, seed, String(round)))) / 10_000n;
      answer = next < LOWEST ? LOWEST : next > HIGHEST ? HIGHEST : next;
    }
    return { updatedAt: start + round * ANSWER_INTERVAL, answer };
  });
}
