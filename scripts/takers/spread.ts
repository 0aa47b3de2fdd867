import { batchOrders, isContractError } from "@usance/sdk";
import { lotsFor, lotValue, type AccountSnapshot, type MarketSnapshot } from "../maker/snapshot.ts";
import type { Trader } from "../maker/trader.ts";
import { takeOrder, type TakerOrder } from "./taker.ts";

/** Who trades the token-to-GPU spread, and how much of it. */
export interface SpreadParameters {
  /** Collateral tokens that it refills to. */
  capital: number;
  /** Notional of each leg a week, in collateral tokens. */
  size: number;
  /** Loss that is not carried into settlement, as a fraction of a leg's notional. */
  stop: number;
}

/** What a spread trader knows when it decides. */
export interface SpreadState {
  /** UTC day number of today. */
  today: number;
  /** Open months of the token price and of the GPU-hour. */
  tokens: readonly MarketSnapshot[];
  hours: readonly MarketSnapshot[];
  account: AccountSnapshot | undefined;
}

/** Both legs of a spread in one month, traded together or not at all. */
export interface SpreadTrade {
  kind: "opened" | "closed";
  tokens: MarketSnapshot;
  hours: MarketSnapshot;
  legs: readonly [tokens: TakerOrder, hours: TakerOrder];
}

/** What a spread trader wants done. */
export interface SpreadDecision {
  deposit: number;
  trade?: SpreadTrade;
}

/** Days before the end of a month in which its spreads are closed or left to settle. */
const CLOSING_DAYS = 10;

/** Days that a month must have left for a new spread. */
const OPENING_DAYS = 14;

/**
 * A business that sells tokens and rents GPUs and locks in what lies between: once a week it sells tokens and buys
 * GPU-hours of the same notional. Shortly before a month ends it closes that month's spreads where they have lost too much,
 * and lets them settle where they have not.
 */
export class SpreadStrategy {
  /** Value at mark for which the spreads of a month were opened, by the month's last day. */
  readonly #paid = new Map<number, number>();
  #lastWeek = -1;

  constructor(readonly parameters: SpreadParameters) {}

  /** Decides one round; nothing more once the week's trade is done. */
  decide(state: SpreadState): SpreadDecision {
    const { capital, size, stop } = this.parameters;
    if (weekOf(state.today) === this.#lastWeek) return { deposit: 0 };
    const equity = state.account?.equity ?? 0;
    const deposit = equity < capital / 2 ? capital - equity : 0;
    const pairs = state.tokens
      .flatMap((tokens) => {
        const hours = state.hours.find(({ lastPeriod }) => lastPeriod === tokens.lastPeriod);
        return hours === undefined ? [] : [[tokens, hours] as const];
      })
      .sort(([a], [b]) => a.lastPeriod - b.lastPeriod);
    const held = ({ id }: MarketSnapshot) => state.account?.positions.get(id) ?? 0;
    const daysLeft = ({ lastPeriod }: MarketSnapshot) => lastPeriod - state.today;

    const lost = pairs.find(([tokens, hours]) => {
      const paid = this.#paid.get(tokens.lastPeriod);
      if (paid === undefined || daysLeft(tokens) > CLOSING_DAYS) return false;
      const leg = Math.abs(held(tokens)) * lotValue(tokens);
      const value = held(tokens) * lotValue(tokens) + held(hours) * lotValue(hours);
      return value < paid - stop * leg;
    });
    if (lost !== undefined) {
      const [tokens, hours] = lost;
      return { deposit, trade: spread("closed", tokens, -held(tokens), hours, -held(hours)) };
    }
    const next = pairs.find(([tokens]) => daysLeft(tokens) >= OPENING_DAYS);
    if (next === undefined) return { deposit };
    const [tokens, hours] = next;
    const lots = [-lotsFor(tokens, size), lotsFor(hours, size)] as const;
    return { deposit, trade: spread("opened", tokens, lots[0], hours, lots[1]) };
  }

  /** Notes that a trade was done: it was this week's. */
  done({ kind, tokens, hours, legs }: SpreadTrade, today: number): void {
    this.#lastWeek = weekOf(today);
    const month = tokens.lastPeriod;
    if (kind === "closed") {
      this.#paid.delete(month);
      return;
    }
    const value = legs[0].lots * lotValue(tokens) + legs[1].lots * lotValue(hours);
    this.#paid.set(month, (this.#paid.get(month) ?? 0) + value);
  }
}

/** Trades a spread strategy through a wallet: one batch of two fill-or-kill orders. */
export class SpreadRunner {
  constructor(
    readonly strategy: SpreadStrategy,
    readonly trader: Trader,
    readonly onRefused: (error: Error) => void,
  ) {}

  /** Runs one round. Returns the trade that was done, if any. */
  async run(state: SpreadState): Promise<SpreadTrade | undefined> {
    const { strategy, trader } = this;
    const { deposit, trade } = strategy.decide(state);
    if (deposit > 0) await trader.deposit(deposit);
    if (trade === undefined) return undefined;
    try {
      await trader.wallet.send(batchOrders, {
        accountId: trader.accountId,
        orders: trade.legs.map(({ market, lots, tick, reduceOnly }) => ({
          market,
          lots: BigInt(lots),
          tick: BigInt(tick),
          kind: "fillOrKill" as const,
          reduceOnly,
        })),
      });
    } catch (error) {
      if (!isContractError(error)) throw error;
      this.onRefused(error);
      return undefined;
    }
    strategy.done(trade, state.today);
    return trade;
  }
}

/** Both legs, undefined where one of them cannot be traded now. */
function spread(
  kind: SpreadTrade["kind"],
  tokens: MarketSnapshot,
  tokenLots: number,
  hours: MarketSnapshot,
  hourLots: number,
): SpreadTrade | undefined {
  const terms = { reduceOnly: kind === "closed" };
  const [first, second] = [takeOrder(tokens, tokenLots, terms), takeOrder(hours, hourLots, terms)];
  if (first === undefined || second === undefined) return undefined;
  return { kind, tokens, hours, legs: [first, second] };
}

/** Number of the week, from Monday to Sunday: day 0 was a Thursday. */
function weekOf(period: number): number {
  return Math.floor((period + 3) / 7);
}
