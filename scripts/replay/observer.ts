import { getConservation, type Deployment } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { formatEther, parseEther, parseEventLogs, type Client, type Hex } from "viem";
import { getBlockNumber, getLogs } from "viem/actions";
import { tickSizeOf } from "../deploy/markets.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import { tokensOf, type MarketData } from "../maker/market-data.ts";
import { settlementTick, windowMean } from "../reporter/mean.ts";
import { round } from "./round.ts";
import type { LiquidationRecord, MarketDay, SettlementRecord } from "./result.ts";

const FUNDING_SCALE = 2 ** 20;

/** What an observer needs to know. */
export interface ObserverOptions {
  client: Client;
  deployment: Deployment;
  data: MarketData;
  /** Values (WAD) by day that an index must have, calculated from its data: what settlements are checked against. */
  valuesOf: (index: Hex) => ReadonlyMap<number, bigint>;
  /** Name of the participant behind an account. */
  nameOf: (accountId: number) => string;
}

/** Arguments of the event of a liquidation. */
interface Liquidated {
  account: number;
  market: number;
  closed: bigint;
  quote: bigint;
  keeperFee: bigint;
  fundFee: bigint;
}

/** What happened in a day. */
export interface DayEvents {
  fills: number;
  fundingUpdates: number;
  liquidations: number;
  absorptions: number;
  settled: number[];
}

/** Watches the exchange from outside: counts its events and recounts its money. */
export class Observer {
  readonly liquidations: LiquidationRecord[] = [];
  checks = 0;
  maxDrift = 0n;
  #nextBlock: bigint;
  readonly #settlements = new Map<Hex, SettlementRecord[]>();
  /** Cumulative funding of each perpetual at its last advance, and on the last evening. */
  readonly #funding = new Map<number, bigint>();
  readonly #evening = new Map<number, bigint>();

  constructor(readonly options: ObserverOptions) {
    this.#nextBlock = BigInt(options.deployment.block);
  }

  /** Reads the events since the last call. */
  async collect(today: number): Promise<DayEvents> {
    const { client, deployment, nameOf, data } = this.options;
    const toBlock = await getBlockNumber(client, { cacheTime: 0 });
    const address = deployment.clearinghouse;
    const logs = await getLogs(client, { address, fromBlock: this.#nextBlock, toBlock });
    this.#nextBlock = toBlock + 1n;
    const events = { fills: 0, fundingUpdates: 0, liquidations: 0, absorptions: 0, settled: [] as number[] };
    const date = dateOfPeriod(today);
    for (const { eventName, args } of parseEventLogs({ abi: clearinghouseAbi, logs })) {
      if (eventName === "OrderTaken") events.fills += args.fills.length;
      if (eventName === "MarketAdvanced") {
        // 56 bits of the packed state, as in EventWords.toAdvanced.
        const funding = BigInt.asIntN(56, args.state >> 40n);
        // A dated future's stays at zero.
        if (funding !== (this.#funding.get(args.market) ?? 0n)) events.fundingUpdates++;
        this.#funding.set(args.market, funding);
      }
      if (eventName === "Liquidated") {
        events.liquidations++;
        this.liquidations.push(await this.#liquidation(args, date));
      }
      if (eventName === "Absorbed") {
        events.absorptions++;
        this.liquidations.push({
          date,
          participant: nameOf(args.account),
          market: await data.name(args.market),
          kind: "absorbed",
          lots: Number(args.size),
          price: null,
          notional: null,
          cost: tokensOf(args.shortfall),
        });
      }
      if (eventName === "MarketSettled") {
        events.settled.push(args.market);
        await this.#settle(args.market, BigInt(args.settlementTick), date);
      }
    }
    return events;
  }

  /** Settlements of the months on an index, in their order. */
  settlementsOn(index: Hex): readonly SettlementRecord[] {
    return this.#settlements.get(index) ?? [];
  }

  /** Recounts the conservation identity at the newest block. */
  async check(): Promise<bigint> {
    const { client, deployment } = this.options;
    const { drift } = await getConservation(client, { deployment });
    const size = drift < 0n ? -drift : drift;
    this.checks++;
    if (size > this.maxDrift) this.maxDrift = size;
    return drift;
  }

  /** The state of markets on an evening. */
  async markets(ids: readonly number[]): Promise<MarketDay[]> {
    return Promise.all(ids.map((id) => this.#market(id)));
  }

  async #market(id: number): Promise<MarketDay> {
    const { data } = this.options;
    const [listing, state, name] = await Promise.all([data.listing(id), data.state(id), data.name(id)]);
    const ticks = Number(state.markX16) / 2 ** 16;
    const openInterest = Number(state.openInterest);
    const tickValue = listing.tickValue / 1e6;
    const day: MarketDay = {
      name,
      mark: round((ticks * Number(listing.indexPerTick)) / 1e18, 4),
      openInterest,
      openValue: round(openInterest * ticks * tickValue, 2),
      fund: tokensOf(state.fundCash),
    };
    if (listing.kind !== "perpetual") return day;
    const paid = Number(state.cumulativeFunding - (this.#evening.get(id) ?? 0n)) / FUNDING_SCALE;
    this.#evening.set(id, state.cumulativeFunding);
    const anchor = Number(state.anchorX16) / 2 ** 16;
    const funding = round(paid * openInterest * tickValue, 2);
    return { ...day, funding, fundingRate: round(paid / anchor, 8) };
  }

  async #liquidation(
    { account, market, closed, quote, keeperFee, fundFee }: Liquidated,
    date: string,
  ): Promise<LiquidationRecord> {
    const { data, nameOf } = this.options;
    const [{ tickValue }, { index }] = await Promise.all([data.listing(market), data.state(market)]);
    const lots = Number(closed);
    return {
      date,
      participant: nameOf(account),
      market: await data.name(market),
      kind: "liquidated",
      lots,
      price: lots === 0 ? null : round((-Number(quote) / lots) * Number(tickSizeOf(index)), 4),
      notional: round((Math.abs(Number(quote)) * tickValue) / 1e6, 2),
      cost: tokensOf(keeperFee + fundFee),
    };
  }

  async #settle(id: number, tick: bigint, settledOn: string): Promise<void> {
    const { data, valuesOf } = this.options;
    const { index } = await data.state(id);
    const tickSize = tickSizeOf(index);
    const { firstPeriod, lastPeriod, indexPerTick } = await data.listing(id);
    const window = windowMean(valuesOf(index), firstPeriod, lastPeriod);
    const expected = settlementTick(window, indexPerTick);
    const mean = (window.sum * 10n ** 18n) / BigInt(window.days);
    const divisor = Number(indexPerTick / parseEther(tickSize));
    const priceOf = (ticks: bigint) => Number(formatEther(ticks * parseEther(tickSize)));
    const record = {
      market: await data.name(id),
      id,
      price: priceOf(tick),
      mean: Number(mean) / 1e36 / divisor,
      expected: priceOf(expected),
      matches: tick === expected,
      divisor,
      indexMean: decimal(mean, 36),
      filledDays: window.filled.map(dateOfPeriod),
      settledOn,
    };
    this.#settlements.set(index, [...this.settlementsOn(index), record]);
  }
}

function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.slice(0, -(places - 18));
}
