import { isContractError } from "@usance/sdk";
import type { PrintHistory } from "../maker/history.ts";
import type { MarketData } from "../maker/market-data.ts";
import { readTakerAccounts } from "../takers/runner.ts";
import type { Cast } from "./cast.ts";

/** What a trading round works with. */
export interface Trading {
  cast: Cast;
  data: MarketData;
  history: PrintHistory;
  onRefused: (error: Error) => void;
}

/** Makers quote every market afresh, one after the other. */
export async function quoteAll(
  { cast, history, onRefused }: Trading,
  markets: readonly number[],
): Promise<void> {
  const index = history.mean();
  if (index === undefined) return;
  for (const maker of cast.makers) await maker.quote(markets, history, index, onRefused);
}

/** Every taker decides once, in turn; who comes later sees what the earlier ones left of the book. */
export async function takeAll(
  { cast, data, history }: Trading,
  markets: readonly number[],
  when: { round: number; today: number },
): Promise<void> {
  const accounts = await readTakerAccounts(
    data,
    cast.takers.map(({ trader }) => trader),
  );
  let snapshots = await data.markets(markets);
  // Who is first today is last in some days: nobody always sees the freshest quotes.
  const first = (when.today + when.round) % cast.takers.length;
  for (const taker of [...cast.takers.slice(first), ...cast.takers.slice(0, first)]) {
    const account = accounts.get(taker.trader.accountId);
    const traded = await taker.run({ ...when, markets: snapshots, account, history });
    if (traded.length === 0) continue;
    const fresh = new Map((await data.markets(traded)).map((snapshot) => [snapshot.id, snapshot]));
    snapshots = snapshots.map((snapshot) => fresh.get(snapshot.id) ?? snapshot);
  }
}

/** Lets a contract's refusal pass, which only means that the state moved; anything else ends the replay. */
export async function tolerate(
  call: () => Promise<unknown>,
  onRefused: (error: Error) => void,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isContractError(error)) throw error;
    onRefused(error);
  }
}
