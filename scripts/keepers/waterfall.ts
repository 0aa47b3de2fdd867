import { getFund, type MarketPhase } from "@usance/sdk";
import { AccountBook } from "./accounts/book.ts";
import { checkDeployment, contextOf, newestBlock, type KeeperOptions } from "./context.ts";
import { execute } from "./execute.ts";
import type { Keeper, KeeperAction } from "./keeper.ts";
import { MarketReader } from "./markets.ts";
import { createKeeper } from "./rounds.ts";

/** What the waterfall keeper knows of a market and its fund; amounts in collateral units. */
export interface FundState {
  market: number;
  phase: MarketPhase;
  /** Lots that the fund holds, signed. */
  size: bigint;
  equity: bigint;
  /** Deleveraging rounds that are not served whole. */
  unfinished: bigint;
  unwindBudget: bigint;
  unwindSpent: bigint;
  /** Best prices of the book in ticks; 0 where a side is empty. */
  bestBid: bigint;
  bestAsk: bigint;
  /** Accounts with a position that a round still waits for. */
  behind: readonly number[];
}

/** What the waterfall keeper looks at. */
export interface WaterfallState {
  funds: readonly FundState[];
  /** Accounts that one call brings up to date. */
  batch: number;
  /** Resting orders that one unwinding walks over. */
  maxFills: number;
}

/** Most rounds of a market that may be unfinished: a further one needs an old one served first. */
const MOST_ROUNDS = 16n;

/**
 * Decides what funds need. Positions are brought up to date first, since a market takes no new round while too many are
 * unfinished; then a fund below zero is settled in a round; then what a fund took over goes back into the book, where
 * there is somebody to trade with and the day's budget is not spent.
 */
export function decideWaterfall({ funds, batch, maxFills }: WaterfallState): KeeperAction[] {
  return funds.flatMap((fund): KeeperAction[] => {
    const { market, phase, size, equity, unfinished, behind } = fund;
    const actions: KeeperAction[] = [];
    for (let start = 0; start < behind.length; start += batch)
      actions.push({ kind: "applyRounds", market, accounts: behind.slice(start, start + batch) });
    if (equity < 0n && (size === 0n || unfinished < MOST_ROUNDS || behind.length > 0))
      actions.push({ kind: "deleverage", market });
    const opposite = size > 0n ? fund.bestBid : fund.bestAsk;
    const trades = phase === "open" || phase === "reduceOnly";
    if (trades && size !== 0n && equity > 0n && opposite !== 0n && fund.unwindSpent < fund.unwindBudget)
      actions.push({ kind: "unwind", market, maxFills });
    return actions;
  });
}

/** Brings insurance funds back to having no position, and deleveraging rounds to their end. */
export function createWaterfallKeeper(
  options: KeeperOptions & {
    batch?: number;
    maxFills?: number;
  },
): Keeper {
  const context = contextOf(options);
  const { client, deployment, log } = context;
  const reader = new MarketReader(context);
  const book = options.accounts ?? new AccountBook(context);
  return createKeeper({
    name: "waterfall",
    log,
    init: () => checkDeployment(context),
    async round() {
      const { block } = await newestBlock(context);
      const markets = await reader.read(block);
      const funds = await Promise.all(
        markets.map(async ({ id, phase, bestBid, bestAsk }) => {
          const fund = await getFund(client, { deployment, market: id, blockNumber: block });
          reader.note(id, phase === "settled" && fund.unfinished === 0n && fund.equity >= 0n, block);
          return { ...fund, market: id, phase, bestBid, bestAsk };
        }),
      );
      const open = funds.filter(({ unfinished }) => unfinished > 0n);
      const behind = new Map<number, number[]>();
      // Rounds are rare. Which positions they have served memory does not say.
      if (open.length > 0)
        await book.use(async (view) => {
          for (const fund of open) behind.set(fund.market, await view.behind(fund.market, fund));
        });
      const actions = decideWaterfall({
        funds: funds.map((fund) => ({
          ...fund,
          behind: behind.get(fund.market) ?? [],
        })),
        batch: options.batch ?? 40,
        maxFills: options.maxFills ?? 50,
      });
      return { block, outcomes: await execute(context, actions) };
    },
  });
}
