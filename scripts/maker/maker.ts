import { batchOrders, isContractError } from "@usance/sdk";
import { perpetualFair, windowFair, type ForecastParameters } from "./forecast.ts";
import type { PrintHistory } from "./history.ts";
import type { MarketData } from "./market-data.ts";
import { quotes, type Quote, type QuoteParameters } from "./quotes.ts";
import type { AccountSnapshot, MarketSnapshot } from "./snapshot.ts";
import type { Trader } from "./trader.ts";

/** How a maker sees the market, and how much it puts in. */
export interface MakerParameters {
  forecast: ForecastParameters;
  quotes: QuoteParameters;
  /** Capital in collateral tokens for every point of the index: books deepen as usage grows. */
  capitalPerPoint: number;
}

/** Fair value of a market in ticks, undefined as long as there is no print. */
export function fairTick(
  market: MarketSnapshot,
  history: PrintHistory,
  forecast: ForecastParameters,
): number | undefined {
  const { kind, anchor, ticksPerPoint, fundingPeriod, firstPeriod, lastPeriod } = market;
  if (history.size === 0) return undefined;
  const points =
    kind === "perpetual"
      ? perpetualFair(history, anchor / ticksPerPoint, fundingPeriod, forecast)
      : windowFair(history, firstPeriod, lastPeriod, forecast);
  return points === undefined ? undefined : points * ticksPerPoint;
}

/** Move of fair value, as a fraction, up to which standing quotes are still good. */
const STILL_GOOD = 0.0005;

/** What a maker has in the book of one market. */
interface Standing {
  ids: bigint[];
  /** Fair value and position that the ladder was made for. */
  fair: number;
  position: number;
}

/** Keeps a ladder of post-only orders in every market. */
export class MarketMaker {
  /** Resting orders by market. */
  readonly #standing = new Map<number, Standing>();

  constructor(
    readonly trader: Trader,
    readonly data: MarketData,
    readonly parameters: MakerParameters,
  ) {}

  /** Cancels every resting order: a maker does not stand in the way of a print. */
  async pull(): Promise<void> {
    const cancels = [...this.#standing.values()].flatMap(({ ids }) => ids);
    if (cancels.length === 0) return;
    await this.trader.wallet.send(batchOrders, { accountId: this.trader.accountId, cancels });
    this.#standing.clear();
  }

  /**
   * Replaces the orders of a market by fresh quotes, one transaction a market, where fair value has moved or an order
   * was filled. Deposits first where equity has fallen below half of the capital that the ladder is sized by.
   * @param index Trailing mean in points.
   * @param onRefused Told where the exchange refused the quotes of a market; the others are quoted all the same.
   */
  async quote(
    markets: readonly number[],
    history: PrintHistory,
    index: number,
    onRefused: (error: Error) => void,
  ): Promise<void> {
    const { trader, data, parameters } = this;
    const capital = index * parameters.capitalPerPoint;
    const account = await this.#account();
    const equity = account?.equity ?? 0;
    if (equity < capital / 2) await trader.deposit(2 * capital - equity);
    for (const market of await data.markets(markets)) {
      const fair = fairTick(market, history, parameters.forecast);
      if (fair === undefined) continue;
      const position = account?.positions.get(market.id) ?? 0;
      if (this.#isGood(market.id, fair, position)) continue;
      // Its own orders bound it too until they are cancelled: that only slows a move between two prints.
      const others = { othersBid: market.bestBid, othersAsk: market.bestAsk };
      const ladder = quotes({ market, fair, position, capital, ...others }, parameters.quotes);
      try {
        const ids = await this.#replace(market.id, ladder);
        this.#standing.set(market.id, { ids, fair, position });
      } catch (error) {
        if (!isContractError(error)) throw error;
        onRefused(error);
      }
    }
  }

  /** A fill changes the position, so an unchanged one means that the whole ladder still stands. */
  #isGood(market: number, fair: number, position: number): boolean {
    const standing = this.#standing.get(market);
    if (standing === undefined || standing.position !== position) return false;
    return Math.abs(fair / standing.fair - 1) <= STILL_GOOD;
  }

  async #replace(market: number, ladder: readonly Quote[]): Promise<bigint[]> {
    const { accountId, wallet } = this.trader;
    const cancels = this.#standing.get(market)?.ids ?? [];
    if (ladder.length === 0 && cancels.length === 0) return [];
    const { OrderPlaced } = await wallet.send(batchOrders, {
      accountId,
      cancels,
      orders: ladder.map(({ tick, lots }) => ({
        market,
        tick: BigInt(tick),
        lots: BigInt(lots),
        kind: "postOnly" as const,
      })),
    });
    return OrderPlaced.map(({ id }) => id);
  }

  async #account(): Promise<AccountSnapshot | undefined> {
    const { accountId } = this.trader;
    return accountId === 0 ? undefined : (await this.data.accounts([accountId])).get(accountId);
  }
}
