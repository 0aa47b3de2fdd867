import { readFileSync } from "node:fs";
import { getLatestPrint, type Deployment } from "@usance/sdk";
import type { Hex } from "viem";
import { waitForTransactionReceipt } from "viem/actions";
import { openMonths } from "../deploy/markets.ts";
import { addPrice, listPriceMarkets, type RoleClient, type Underlying } from "../deploy/price-markets.ts";
import { dateOfPeriod, monthOfPeriod, periodOfDate, SECONDS_PER_DAY } from "../lib/calendar.ts";
import { PrintHistory } from "../maker/history.ts";
import type { MarketData } from "../maker/market-data.ts";
import type { MarketSnapshot } from "../maker/snapshot.ts";
import { readGpuHour } from "../prices/gpu-hour.ts";
import { GPX, PRICES_BASE_DATE, TPX } from "../prices/indices.ts";
import { packagePrice } from "../prices/package-prices.ts";
import { sampleGpuHours, sampleRules } from "../prices/synthetic.ts";
import { calculateTokenPrices } from "../prices/token-price.ts";
import { parseUsage, type CalculatedPrint } from "../reporter/calculation.ts";
import { DATA_FILE, Reporter } from "../reporter/reporter.ts";
import type { SpreadTrade } from "../takers/spread.ts";
import type { PriceCast } from "./cast.ts";
import type { Clock } from "./clock.ts";
import type { Operator } from "./operator.ts";
import type { SpreadRecord } from "./result.ts";
import { round } from "./round.ts";
import { tolerate } from "./rounds.ts";
import { SyntheticFeed } from "./synthetic-feed.ts";

/** First day of both prices. */
export const PRICES_BASE = periodOfDate(PRICES_BASE_DATE);

/** Prints after which months are listed: the mean of fewer jumps too far. */
const FIRST_MEAN = 7;

/** From the feed's 8 decimals to a WAD. */
const FEED_SCALE = 10n ** 10n;

/** What prices are run with. */
export interface PriceDeskOptions {
  deployment: Deployment;
  data: MarketData;
  clock: Clock;
  operator: Operator;
  cast: PriceCast;
  /** Sends the posts of prints. */
  poster: RoleClient;
  /** Last UTC day number that the usage data has. */
  last: number;
  onRefused: (error: Error) => void;
}

/** One of the two prices while it runs. */
interface Price {
  readonly underlying: Underlying;
  readonly index: Hex;
  /** Number of its feed at the clearing house. */
  readonly feed: number;
  /** What every print must be (WAD), calculated without the chain: what settlements are checked against. */
  readonly values: ReadonlyMap<number, bigint>;
  readonly history: PrintHistory;
  /** What the panel signs for a day. */
  readonly printOf: (period: number) => Promise<CalculatedPrint>;
  /** Months that trade or wait for their settlement. */
  live: number[];
}

/** TPX and GPX in a replay: their prints, their months, and who trades them. */
export class PriceDesk {
  readonly spreads: SpreadRecord[] = [];
  prints = 0;

  private constructor(
    readonly options: PriceDeskOptions,
    readonly feed: SyntheticFeed,
    readonly prices: readonly Price[],
  ) {}

  /** Adds both indices to the running exchange, by the holder of the roles, and deploys the synthetic feed. */
  static async open(options: PriceDeskOptions): Promise<PriceDesk> {
    const { deployment, cast, last } = options;
    const { lister } = cast;
    const holders = { index: lister, listing: lister };
    const rules = sampleRules(parseUsage(readFileSync(DATA_FILE, "utf8")), last);
    const tokens = new Map(
      calculateTokenPrices(PRICES_BASE, last, packagePrice, rules).map((print) => [print.period, print]),
    );
    // One more than the days need: answers of the morning on which the last print is posted.
    const answers = sampleGpuHours(last - PRICES_BASE + 2);
    const feed = await SyntheticFeed.deploy(lister, answers);
    const hours = new Map<number, bigint>();
    for (const { updatedAt, answer } of answers)
      hours.set(Math.floor(updatedAt / SECONDS_PER_DAY), answer * FEED_SCALE);
    const start = async (
      underlying: Underlying,
      terms: Pick<Price, "index" | "values" | "printOf">,
    ): Promise<Price> => ({
      underlying,
      ...terms,
      feed: await addPrice(holders, deployment, underlying),
      history: new PrintHistory(),
      live: [],
    });
    return new PriceDesk(options, feed, [
      await start("TPX", {
        index: TPX,
        values: new Map([...tokens].map(([period, { value }]) => [period, value])),
        printOf: (period) => Promise.resolve(tokens.get(period)!),
      }),
      await start("GPX", {
        index: GPX,
        values: hours,
        printOf: (period) => readGpuHour(lister, feed.source, period),
      }),
    ]);
  }

  /** Values (WAD) by day that the prints of an index must have, undefined for an index that is no price. */
  valuesOf(index: Hex): ReadonlyMap<number, bigint> | undefined {
    return this.prices.find((price) => price.index === index)?.values;
  }

  /** Posts yesterday's prints, and lists what should be open from today. */
  async morning(today: number): Promise<void> {
    const { deployment, cast, poster, operator, clock, onRefused } = this.options;
    await tolerate(() => cast.maker.pull(), onRefused);
    await this.feed.writeUntil(await clock.now());
    for (const price of this.prices) {
      const { index, history, underlying, feed } = price;
      const print = await price.printOf(today - 1);
      const reporter = new Reporter({ client: poster, deployment, series: { index, prints: [print] } });
      await waitForTransactionReceipt(poster, { hash: await reporter.post(print.period) });
      this.prints++;
      const { period, value } = await getLatestPrint(poster, { deployment, index });
      history.record(period, Number(value) / 1e18);
      if (history.size < FIRST_MEAN) continue;
      const months = openMonths(today).filter((month) => !operator.markets.has(`${underlying}-${month}`));
      for (const [name, market] of await listPriceMarkets(
        cast.lister,
        deployment,
        underlying,
        feed,
        months,
      )) {
        const { lastPeriod } = await this.options.data.listing(market);
        await operator.adopt(name, market, lastPeriod);
        price.live.push(market);
      }
    }
  }

  /** Markets in which orders are taken on a day. */
  open(today: number): number[] {
    return this.prices.flatMap((price) => this.#openOf(price, today));
  }

  /** The maker quotes every open month around the mean of its prints. */
  async quote(today: number): Promise<void> {
    const { cast, onRefused } = this.options;
    for (const price of this.prices) {
      const markets = this.#openOf(price, today);
      const mean = price.history.mean();
      if (markets.length > 0 && mean !== undefined)
        await cast.maker.quote(markets, price.history, mean, onRefused);
    }
  }

  /** The spread trader decides once. */
  async trade(today: number): Promise<void> {
    const { cast, data } = this.options;
    const [tokens = [], hours = []] = await Promise.all(
      this.prices.map((price) => data.markets(this.#openOf(price, today))),
    );
    if (tokens.length === 0 || hours.length === 0) return;
    const { accountId } = cast.spread.trader;
    const account = accountId === 0 ? undefined : (await data.accounts([accountId])).get(accountId);
    const trade = await cast.spread.run({ today, tokens, hours, account });
    if (trade !== undefined) this.spreads.push(recordOf(trade, today));
  }

  /** Forgets months that have settled. */
  settled(markets: readonly number[]): void {
    for (const price of this.prices) price.live = price.live.filter((id) => !markets.includes(id));
  }

  #openOf({ live }: Price, today: number): number[] {
    const { lastPeriods } = this.options.operator;
    return live.filter((id) => (lastPeriods.get(id) ?? 0) >= today);
  }
}

/** A spread as the result keeps it: prices are marks, in USD. */
function recordOf({ kind, tokens, hours, legs }: SpreadTrade, today: number): SpreadRecord {
  const leg = ({ mark, ticksPerPoint }: MarketSnapshot, lots: number) => ({
    lots,
    mark: round(mark / ticksPerPoint, 4),
  });
  return {
    date: dateOfPeriod(today),
    month: monthOfPeriod(tokens.lastPeriod),
    kind,
    tokens: leg(tokens, legs[0].lots),
    hours: leg(hours, legs[1].lots),
  };
}
