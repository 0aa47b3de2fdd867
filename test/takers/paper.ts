import { perpetualFair, windowFair } from "../../scripts/maker/forecast.ts";
import { PrintHistory } from "../../scripts/maker/history.ts";
import { lotValue, type AccountSnapshot, type MarketSnapshot } from "../../scripts/maker/snapshot.ts";
import { seededRandom, seedOf, type Random } from "../../scripts/takers/random.ts";
import type { Taker } from "../../scripts/takers/taker.ts";
import { addMonths, monthOfPeriod, monthWindow } from "../../scripts/lib/calendar.ts";

const POINT = { tickValue: 0.0005, ticksPerPoint: 2 };
const SPREAD = 0.0015;
const TIERS = [
  { initialMargin: 0.16, maintenanceMargin: 0.12 },
  { initialMargin: 0.2, maintenanceMargin: 0.15 },
  { initialMargin: 0.28, maintenanceMargin: 0.21 },
];

/** A market for strategies under test; what is not given is a perpetual at 2,000 ticks with a book on both sides. */
export function market(fields: Partial<MarketSnapshot> = {}): MarketSnapshot {
  const mark = fields.mark ?? 2_000;
  return {
    id: 1,
    name: "TUX-PERP",
    kind: "perpetual",
    open: true,
    mark,
    anchor: mark,
    bestBid: Math.floor(mark * (1 - SPREAD)),
    bestAsk: Math.ceil(mark * (1 + SPREAD)),
    lowestFill: Math.ceil(mark * 0.94),
    highestFill: Math.floor(mark * 1.06),
    initialMargin: 0.2,
    maintenanceMargin: 0.12,
    minLots: 100,
    impactLots: 1_000,
    fundingPeriod: 28_800,
    firstPeriod: 0,
    lastPeriod: 0,
    ...POINT,
    ...fields,
  };
}

/** An account for strategies under test: flat, without money. */
export function account(fields: Partial<AccountSnapshot> = {}): AccountSnapshot {
  return {
    id: 2048,
    retired: false,
    equity: 0,
    initialMargin: 0,
    maintenanceMargin: 0,
    withdrawable: 0,
    positions: new Map(),
    ...fields,
  };
}

interface Book {
  cash: number;
  positions: Map<number, { size: number; quote: number }>;
}

/**
 * An exchange on paper for one taker: marks are the maker's fair values, everything fills at mark, no fees, no funding.
 * Shows what a strategy does with the data before any contract is involved.
 */
export class PaperExchange {
  readonly history = new PrintHistory();
  readonly #book: Book = { cash: 0, positions: new Map() };
  readonly #random: Random;
  liquidations = 0;
  orders = 0;
  deposits = 0;

  constructor(
    readonly taker: Taker,
    seed = 1,
  ) {
    this.#random = seededRandom(seedOf(seed, taker.name));
  }

  /** Posts the print of a day and lets the taker trade on the next morning. */
  day(period: number, value: number | undefined): void {
    if (value !== undefined) this.history.record(period, value);
    if (this.history.size < 7) return;
    const today = period + 1;
    const markets = this.markets(today);
    this.#expire(markets);
    this.#liquidate(markets);
    for (let round = 0; round < 3; round++) {
      const state = {
        round,
        today,
        markets,
        account: this.account(markets),
        history: this.history,
        random: this.#random,
      };
      const { deposit, orders, withdraw } = this.taker.decide(state);
      this.#book.cash += deposit - withdraw;
      this.deposits += deposit;
      for (const { market: id, lots } of orders) {
        const market = markets.find((each) => each.id === id)!;
        const position = this.#book.positions.get(id) ?? { size: 0, quote: 0 };
        position.size += lots;
        position.quote -= lots * market.mark;
        this.#book.positions.set(id, position);
        this.orders++;
      }
    }
  }

  markets(today: number): MarketSnapshot[] {
    const index = this.history.mean()!;
    const months = [0, 1, 2].map((distance) => {
      const month = addMonths(monthOfPeriod(today), distance);
      const window = monthWindow(month);
      const fair = windowFair(this.history, window.firstPeriod, window.lastPeriod)!;
      return market({
        id: window.firstPeriod,
        name: month,
        kind: "dated",
        mark: fair * 2,
        fundingPeriod: 0,
        ...window,
        ...TIERS[distance],
      });
    });
    return [market({ mark: perpetualFair(this.history, index, 28_800) * 2 }), ...months];
  }

  account(markets: readonly MarketSnapshot[]): AccountSnapshot {
    let { cash: equity } = this.#book;
    let [initialMargin, maintenanceMargin] = [0, 0];
    for (const market of markets) {
      const { size, quote } = this.#book.positions.get(market.id) ?? { size: 0, quote: 0 };
      equity += (quote + size * market.mark) * market.tickValue;
      initialMargin += Math.abs(size) * lotValue(market) * market.initialMargin;
      maintenanceMargin += Math.abs(size) * lotValue(market) * market.maintenanceMargin;
    }
    const positions = new Map([...this.#book.positions].map(([id, { size }]) => [id, size]));
    return account({
      equity,
      initialMargin,
      maintenanceMargin,
      withdrawable: Math.max(0, equity - initialMargin),
      positions,
    });
  }

  #expire(markets: readonly MarketSnapshot[]): void {
    for (const [id, { size, quote }] of this.#book.positions) {
      if (markets.some((market) => market.id === id)) continue;
      const last = monthWindow(monthOfPeriod(id)).lastPeriod;
      this.#book.cash += (quote + size * windowFair(this.history, id, last)! * 2) * POINT.tickValue;
      this.#book.positions.delete(id);
    }
  }

  /** Closes back to the initial margin, or everything where nothing is left. */
  #liquidate(markets: readonly MarketSnapshot[]): void {
    const { equity, initialMargin, maintenanceMargin } = this.account(markets);
    if (equity >= maintenanceMargin) return;
    this.liquidations++;
    const kept = Math.max(0, equity / initialMargin);
    for (const market of markets) {
      const position = this.#book.positions.get(market.id);
      if (position === undefined) continue;
      const closed = position.size - Math.trunc(position.size * kept);
      position.size -= closed;
      position.quote += closed * market.mark;
    }
  }
}
