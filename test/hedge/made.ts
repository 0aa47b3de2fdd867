import { readFileSync } from "node:fs";
import { calculatePrints } from "../../scripts/reporter/calculation.ts";
import { dateOfPeriod, periodOfDate } from "../../scripts/lib/calendar.ts";
import type { Series } from "../../scripts/hedge/series.ts";
import { seededRandom, type Random } from "../../scripts/takers/random.ts";

/** The project's real series of daily usage. */
export const DATA = new URL("../../data/token-usage-daily.csv", import.meta.url);

/** Its prints in points, by UTC day number. */
export const REAL: Series = new Map(
  calculatePrints(readFileSync(DATA)).map(({ period, value }) => [period, Number(value) / 1e18]),
);

/** How usage follows the index. */
export interface Link {
  readonly seed: number;
  /** By how much it grows where the index grows by one. */
  readonly ratio: number;
  /** Standard deviation of what a day adds for good. */
  readonly walk: number;
  /** Standard deviation of what is gone the day after. */
  readonly noise: number;
  /** Tokens on the first day. */
  readonly tokens?: number;
}

/** Usage made from the real series: its growth is the ratio times that of the index, with a company's own noise. */
export function madeUsage(
  { seed, ratio, walk, noise, tokens = 2e9 }: Link,
  index = REAL,
): Map<number, number> {
  const random = seededRandom(seed);
  const first = Math.min(...index.keys());
  const base = index.get(first)!;
  let own = 0;
  return new Map(
    [...index].map(([period, value]) => {
      own += walk * normal(random);
      const growth = ratio * Math.log(value / base) + own + noise * normal(random);
      return [period, Math.round(tokens * Math.exp(growth))];
    }),
  );
}

/** A normal number (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A daily CSV; costs at a price in USD for a million tokens. */
export function dailyCsv(usage: ReadonlyMap<number, number>, price?: number): string {
  const lines = [...usage].map(([period, tokens]) =>
    [
      dateOfPeriod(period),
      tokens,
      ...(price === undefined ? [] : [((tokens * price) / 1e6).toFixed(4)]),
    ].join(","),
  );
  return [price === undefined ? "date,tokens" : "date,tokens,cost", ...lines, ""].join("\n");
}

/** A year of a made-up company, in steps of a day: `data/synthetic-usage-daily.csv`, which the guide shows a plan of. */
export function sampleCsv(): string {
  const year = new Map([...REAL].filter(([period]) => period >= periodOfDate("2025-07-01")));
  return dailyCsv(madeUsage({ seed: 1, ratio: 1, walk: 0.02, noise: 0.3, tokens: 1e8 }, year), 0.8);
}
