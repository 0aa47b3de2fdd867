import { isContractError, placeOrder } from "@usance/sdk";
import type { PrintHistory } from "../maker/history.ts";
import type { MarketData } from "../maker/market-data.ts";
import type { AccountSnapshot, MarketSnapshot } from "../maker/snapshot.ts";
import type { Trader } from "../maker/trader.ts";
import type { Random } from "./random.ts";
import type { Taker } from "./taker.ts";

/** What happens around a taker's round. */
export interface TakerRound {
  round: number;
  /** UTC day number. */
  today: number;
  markets: readonly MarketSnapshot[];
  account: AccountSnapshot | undefined;
  history: PrintHistory;
}

/** Carries out what a taker decides, through its own wallet. */
export class TakerRunner {
  constructor(
    readonly taker: Taker,
    readonly trader: Trader,
    readonly random: Random,
    /** Told of refusals: the state moved between decision and transaction, which is normal. */
    readonly onRefused: (error: Error) => void,
  ) {}

  /** Runs one round. Returns the markets in which the exchange took an order. */
  async run(round: TakerRound): Promise<number[]> {
    const { taker, trader, random } = this;
    trader.leaveRetired(round.account);
    const account = trader.accountId === 0 ? undefined : round.account;
    const { deposit, orders, withdraw } = taker.decide({ ...round, account, random });
    if (deposit > 0) await trader.deposit(deposit);
    const traded: number[] = [];
    for (const { market, lots, tick, reduceOnly } of orders) {
      if (trader.accountId === 0) break;
      const taken = await this.#attempt(() =>
        trader.wallet.send(placeOrder, {
          accountId: trader.accountId,
          market,
          lots: BigInt(lots),
          tick: BigInt(tick),
          kind: "immediateOrCancel",
          reduceOnly,
        }),
      );
      if (taken) traded.push(market);
    }
    if (withdraw > 0) await this.#attempt(() => trader.withdraw(withdraw));
    return traded;
  }

  async #attempt(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      if (!isContractError(error)) throw error;
      this.onRefused(error);
      return false;
    }
  }
}

/** Reads accounts of all takers at once. */
export async function readTakerAccounts(
  data: MarketData,
  traders: readonly Trader[],
): Promise<Map<number, AccountSnapshot>> {
  return data.accounts(traders.map(({ accountId }) => accountId).filter((id) => id !== 0));
}
