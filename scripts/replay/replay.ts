import { getFeed, getLatestPrint, type Deployment } from "@usance/sdk";
import type { Hex } from "viem";
import { waitForTransactionReceipt } from "viem/actions";
import { dateOfPeriod } from "../lib/calendar.ts";
import type { Keeper, KeeperLog, KeeperReport } from "../keepers/keeper.ts";
import { createLiquidationKeeper } from "../keepers/liquidation.ts";
import { createSettlementKeeper } from "../keepers/settlement.ts";
import { createSyncKeeper } from "../keepers/sync.ts";
import { createWaterfallKeeper } from "../keepers/waterfall.ts";
import { PrintHistory } from "../maker/history.ts";
import { MarketData } from "../maker/market-data.ts";
import type { Trader } from "../maker/trader.ts";
import type { RoleClient } from "../deploy/price-markets.ts";
import { GPX, TPX } from "../prices/indices.ts";
import { TU1D } from "../reporter/calculation.ts";
import { Reporter } from "../reporter/reporter.ts";
import { assemble, assemblePrices, posterAccount, type Cast } from "./cast.ts";
import { Clock } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { Observer, type DayEvents } from "./observer.ts";
import { USAGE_FEED } from "./operator.ts";
import { PriceDesk, PRICES_BASE } from "./prices.ts";
import type { Progress } from "./progress.ts";
import type { DayRecord, MarketDay, ParticipantRecord, PriceRecord, ReplayResult } from "./result.ts";
import { round } from "./round.ts";
import { quoteAll, takeAll, tolerate, type Trading } from "./rounds.ts";

/** UTC hours of the trading rounds. Prints are due by 06:00. */
const HOURS = [6, 12, 18] as const;

/** Hours from the makers' quotes to the takers' orders. */
const TAKERS_AFTER = 0.5;

/** Prints after which markets are listed: the mean of fewer jumps too far. */
const FIRST_MEAN = 7;

/** Days from one payout of fees to the next. */
const FEE_DAYS = 7;

/** What a replay is run with. */
export interface ReplayOptions {
  connection: Connection;
  deployment: Deployment;
  /** Simulated days; no more than the data has. */
  days: number;
  seed: number;
  /** UTC day number of the first print; the first day of the data when left out. */
  from?: number;
  /** Ends the run after the round under way. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** Everybody and everything that a replay needs once it has started. */
interface Parts {
  poster: RoleClient;
  reporter: Reporter;
  /** UTC day number of the first print. */
  first: number;
  cast: Cast;
  keepers: { sync: Keeper; liquidation: Keeper; waterfall: Keeper; settlement: Keeper };
  observer: Observer;
  trading: Trading;
}

/** Logger of keepers in a replay: their reports say all that matters. */
const silent: KeeperLog = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Runs the exchange on the real series, one simulated day after the other: the print of the day before is posted in the
 * morning, makers quote, keepers run, takers trade in three rounds, and in the evening the money is counted.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const run = new Replay(options);
  await run.start();
  for (let day = 1; day <= options.days && options.signal?.aborted !== true; day++) await run.day(day);
  return run.result();
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #started = Date.now();
  readonly #history = new PrintHistory();
  readonly #records: DayRecord[] = [];
  readonly #counts = new Counts();
  readonly #data: MarketData;
  readonly #clock: Clock;
  #parts!: Parts;
  /** Markets that trade or wait for their settlement. */
  #live: number[] = [];
  /** TPX and GPX, from their first day on. */
  #desk?: PriceDesk;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#data = new MarketData(options.connection.client, options.deployment);
    this.#clock = new Clock(options.connection.client);
  }

  /** Gives everybody keys, money and a place before the first day. */
  async start(): Promise<void> {
    const { connection, deployment, seed } = this.#options;
    const { client, clientOf } = connection;
    const onRefused = (error: Error) => this.#counts.add("refused", error.name);
    const poster = clientOf(posterAccount());
    const reporter = new Reporter({ client: poster, deployment });
    const first = this.#options.from ?? Math.min(...reporter.prints.keys());
    const cast = await assemble({ clientOf, deployment, data: this.#data, seed, since: first, onRefused });
    const keeping = { client: cast.keeper.wallet.client, deployment, log: silent };
    const keepers = {
      sync: createSyncKeeper(keeping),
      liquidation: createLiquidationKeeper({ ...keeping, keeperAccount: cast.keeper.accountId }),
      waterfall: createWaterfallKeeper(keeping),
      settlement: createSettlementKeeper(keeping),
    };
    for (const keeper of Object.values(keepers)) await keeper.init();
    const nameOf = (id: number) =>
      this.#everybody().find(({ trader }) => trader.accounts.includes(id))?.trader.name ?? `account ${id}`;
    const values = new Map([...reporter.prints].map(([period, { value }]) => [period, value]));
    const valuesOf = (index: Hex) => this.#desk?.valuesOf(index) ?? values;
    const observer = new Observer({ client, deployment, data: this.#data, valuesOf, nameOf });
    const trading = { cast, data: this.#data, history: this.#history, onRefused };
    this.#parts = { poster, reporter, first, cast, keepers, observer, trading };
  }

  /** Simulates one day. */
  async day(day: number): Promise<void> {
    const { first, cast, keepers, trading, observer } = this.#parts;
    const { signal, connection } = this.#options;
    const sentBefore = connection.meter.count;
    const today = first + day;
    for (const [round, hour] of HOURS.entries()) {
      if (signal?.aborted === true) break;
      await this.#clock.advanceTo(today, hour);
      if (round === 0) {
        await this.#morning(today);
        if (today > PRICES_BASE) await this.#priceMorning(today);
      }
      const open = this.#open(today);
      if (round === 0) {
        await this.#keep(keepers.sync);
        await this.#keep(keepers.settlement);
      }
      await quoteAll(trading, open);
      await this.#desk?.quote(today);
      await this.#keep(keepers.liquidation);
      await this.#keep(keepers.waterfall);
      if (open.length === 0) continue;
      // Takers meet quotes that have stood for a while, and a mark that has begun to follow them.
      await this.#clock.advanceTo(today, hour + TAKERS_AFTER);
      await takeAll(trading, open, { round, today });
      await this.#desk?.trade(today);
    }
    if (day % FEE_DAYS === 0)
      await cast.operator.collectFees([...this.#open(today), ...(this.#desk?.open(today) ?? [])]);
    const events = await observer.collect(today);
    this.#counts.events(events);
    this.#live = this.#live.filter((id) => !events.settled.includes(id));
    this.#desk?.settled(events.settled);
    await observer.check();
    const markets = await observer.markets(this.#open(today));
    const print = this.#history.at(today - 1);
    const index = this.#live.length === 0 ? undefined : this.#history.mean();
    this.#records.push({
      date: dateOfPeriod(today),
      print: print === undefined ? null : round(print, 4),
      index: index === undefined ? null : round(index, 4),
      markets,
      fills: events.fills,
      liquidations: events.liquidations,
      transactions: connection.meter.count - sentBefore,
    });
    this.#report(day, markets);
  }

  /** What came of it. */
  async result(): Promise<ReplayResult> {
    const { connection, seed, days } = this.#options;
    const { observer } = this.#parts;
    const { prints, fills, fundingUpdates, liquidations, absorptions } = this.#counts.totals;
    return {
      from: this.#records[0]?.date ?? "",
      to: this.#records.at(-1)?.date ?? "",
      complete: this.#records.length === days,
      seed,
      seconds: (Date.now() - this.#started) / 1_000,
      days: this.#records.length,
      ...{ prints, fills, fundingUpdates, liquidations, absorptions },
      transactions: connection.meter.count,
      settlements: [...observer.settlementsOn(TU1D)],
      ...(this.#desk !== undefined && { prices: pricesOf(this.#desk, observer) }),
      gas: connection.meter.summary(),
      conservation: { checks: observer.checks, maxDrift: Number(observer.maxDrift) },
      details: {
        days: this.#records,
        liquidations: observer.liquidations,
        participants: await this.#participants(),
        refused: this.#counts.table("refused"),
        keepers: this.#counts.table("keepers"),
      },
    };
  }

  /** Posts the print of yesterday, and lists what should be open from today. */
  async #morning(today: number): Promise<void> {
    const { poster, reporter, cast, trading } = this.#parts;
    const { deployment } = this.#options;
    for (const maker of cast.makers) await tolerate(() => maker.pull(), trading.onRefused);
    if (reporter.prints.has(today - 1)) {
      const hash = await reporter.post(today - 1);
      await waitForTransactionReceipt(poster, { hash });
      this.#counts.totals.prints++;
      // Strategies know what the chain says, not what the file says.
      const { period, value } = await getLatestPrint(poster, { deployment, index: TU1D });
      this.#history.record(period, Number(value) / 1e18);
    }
    if (this.#history.size < FIRST_MEAN) return;
    const { target } = await getFeed(poster, { deployment, feed: USAGE_FEED });
    const { markets } = cast.operator;
    const before = new Set(markets.values());
    await cast.operator.list(today, target);
    this.#live.push(...[...markets.values()].filter((id) => !before.has(id)));
  }

  /** Posts yesterday's prices; on the first morning, everything that they need begins. */
  async #priceMorning(today: number): Promise<void> {
    const { poster, reporter, cast, trading } = this.#parts;
    const { connection, deployment } = this.#options;
    const { onRefused } = trading;
    const shared = { deployment, data: this.#data, onRefused };
    this.#desk ??= await PriceDesk.open({
      ...shared,
      clock: this.#clock,
      operator: cast.operator,
      cast: await assemblePrices({ ...shared, clientOf: connection.clientOf }, cast.operator),
      poster,
      last: Math.max(...reporter.prints.keys()),
    });
    await this.#desk.morning(today);
  }

  /** Markets in which orders are taken on a day: all but those whose delivery window has ended. */
  #open(today: number): number[] {
    return this.#live.filter((id) => {
      const last = this.#parts.cast.operator.lastPeriods.get(id) ?? 0;
      return last === 0 || last >= today;
    });
  }

  async #keep(keeper: Keeper): Promise<void> {
    const { outcomes }: KeeperReport = await keeper.runOnce();
    for (const { action, result } of outcomes) this.#counts.add("keepers", `${action.kind} ${result}`);
  }

  #report(day: number, markets: readonly MarketDay[]): void {
    const perpetual = markets.find(({ funding }) => funding !== undefined);
    const { totals } = this.#counts;
    this.#options.onProgress?.({
      day,
      days: this.#options.days,
      date: this.#records.at(-1)!.date,
      index: this.#history.mean(),
      mark: perpetual?.mark,
      fundingRate: perpetual?.fundingRate,
      openInterest: markets.reduce((sum, { openValue }) => sum + openValue, 0),
      fills: totals.fills,
      liquidations: totals.liquidations,
    });
  }

  #everybody(): Participant[] {
    return participants(this.#parts.cast, this.#desk);
  }

  async #participants(): Promise<ParticipantRecord[]> {
    const everybody = this.#everybody();
    const ids = everybody.map(({ trader }) => trader.accountId).filter((id) => id !== 0);
    const accounts = await this.#data.accounts(ids);
    return everybody.map(({ role, trader }) => {
      const { name, deposited, withdrawn } = trader;
      const equity = accounts.get(trader.accountId)?.equity ?? 0;
      return { name, role, deposited, withdrawn, equity, profit: round(equity + withdrawn - deposited, 6) };
    });
  }
}

/** Running counts of a replay. */
class Counts {
  readonly totals = { prints: 0, fills: 0, fundingUpdates: 0, liquidations: 0, absorptions: 0 };
  readonly #tables = new Map<string, Map<string, number>>();

  events({ fills, fundingUpdates, liquidations, absorptions }: DayEvents): void {
    this.totals.fills += fills;
    this.totals.fundingUpdates += fundingUpdates;
    this.totals.liquidations += liquidations;
    this.totals.absorptions += absorptions;
  }

  add(table: string, row: string): void {
    const rows = this.#tables.get(table) ?? new Map<string, number>();
    rows.set(row, (rows.get(row) ?? 0) + 1);
    this.#tables.set(table, rows);
  }

  table(name: string): Record<string, number> {
    return Object.fromEntries([...(this.#tables.get(name) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Somebody whose money is reported. */
interface Participant {
  role: ParticipantRecord["role"];
  trader: Trader;
}

function participants({ makers, takers, keeper }: Cast, desk?: PriceDesk): Participant[] {
  const prices = desk?.options.cast;
  return [
    ...makers.map(({ trader }) => ({ role: "maker" as const, trader })),
    ...takers.map(({ trader }) => ({ role: "taker" as const, trader })),
    ...(prices === undefined
      ? []
      : [
          { role: "maker" as const, trader: prices.maker.trader },
          { role: "taker" as const, trader: prices.spread.trader },
        ]),
    { role: "keeper", trader: keeper },
  ];
}

function pricesOf({ prints, spreads }: PriceDesk, observer: Observer): PriceRecord {
  return {
    labels: { TPX: "real list prices, synthetic weights", GPX: "the whole series is synthetic" },
    prints,
    settlements: [...observer.settlementsOn(TPX), ...observer.settlementsOn(GPX)],
    spreads,
  };
}
