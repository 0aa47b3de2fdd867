import type { Hex } from "viem";
import { getAccounts, getFeed, getListing, getSettlementPreview, type MarketPhase } from "@usance/sdk";
import { AccountBook } from "./accounts/book.ts";
import { checkDeployment, contextOf, newestBlock, type KeeperOptions } from "./context.ts";
import { execute } from "./execute.ts";
import type { Keeper, KeeperAction } from "./keeper.ts";
import { MarketReader } from "./markets.ts";
import { createKeeper } from "./rounds.ts";

/** What the settlement keeper looks at. */
export interface SettlementState {
  /** Unix time of the block. */
  now: number;
  markets: readonly {
    id: number;
    phase: MarketPhase;
    /** Unix time at which trading ends; 0 for a perpetual that does not end. */
    expiry: number;
    /** Whether every print of the window is final or may be filled. A perpetual has no window to wait for. */
    ready: boolean;
    /** Unix time from which the index has been silent for too long, so that its markets settle without it. */
    silentAt: number;
    /** Accounts that hold a position. */
    holders: readonly number[];
  }[];
  /** Accounts converted in one call. */
  batch: number;
}

/**
 * Decides which markets to settle and whose positions to convert. A market that is settled in this round is converted
 * in the same one: its holders cannot change any more.
 */
export function decideSettlement({ now, markets, batch }: SettlementState): KeeperAction[] {
  return markets.flatMap(({ id, phase, expiry, ready, silentAt, holders }): KeeperAction[] => {
    const settles = phase !== "settled" && ((expiry !== 0 && now >= expiry && ready) || now >= silentAt);
    if (phase !== "settled" && !settles) return [];
    const actions: KeeperAction[] = settles ? [{ kind: "settle", market: id }] : [];
    for (let start = 0; start < holders.length; start += batch)
      actions.push({ kind: "settleAccounts", market: id, accounts: holders.slice(start, start + batch) });
    return actions;
  });
}

/** Settles months once their prints are final and perpetuals that have ended, and what a silent index left; converts the positions of every account. */
export function createSettlementKeeper(options: KeeperOptions & { batch?: number }): Keeper {
  const context = contextOf(options);
  const { client, deployment, log } = context;
  const reader = new MarketReader(context);
  const book = options.accounts ?? new AccountBook(context);

  async function isReady(market: number, index: Hex, blockNumber: bigint): Promise<boolean> {
    const at = { deployment, blockNumber };
    const { firstPeriod: first, lastPeriod: last } = await getListing(client, { ...at, market });
    return (await getSettlementPreview(client, { ...at, index, first, last })).ready;
  }

  return createKeeper({
    name: "settlement",
    log,
    init: () => checkDeployment(context),
    async round() {
      const { block, now } = await newestBlock(context);
      const at = { deployment, blockNumber: block };
      const markets = await reader.read(block);
      const feeds = new Map(
        await Promise.all(
          [...new Set(markets.map(({ feed }) => feed))].map(
            async (feed) => [feed, await getFeed(client, { ...at, feed })] as const,
          ),
        ),
      );
      const silentAt = (feed: number) => Number(feeds.get(feed)?.settledAt ?? Infinity);
      const ended = markets.filter(
        ({ expiry, phase, feed }) =>
          (expiry !== 0n && BigInt(now) >= expiry) || phase === "settled" || now >= silentAt(feed),
      );
      if (ended.length === 0) return { block, outcomes: [] };
      const owners = await book.use((view) =>
        Promise.resolve(new Map(ended.map(({ id }) => [id, view.holders(id)]))),
      );
      // A fund that took a position over converts like anybody.
      const funds = await getAccounts(client, { ...at, accountIds: ended.map(({ id }) => id) });
      const states = await Promise.all(
        ended.map(async ({ id, kind, phase, expiry, index, feed }) => {
          const fund = funds.filter(({ positions }) =>
            positions.some(({ market, size }) => market === id && size !== 0n),
          );
          const holders = [...(owners.get(id) ?? []), ...fund.map((account) => account.id)];
          reader.note(id, phase === "settled" && holders.length === 0, block);
          return {
            id,
            phase,
            expiry: Number(expiry),
            ready: phase !== "settled" && (kind === "perpetual" || (await isReady(id, index, block))),
            silentAt: silentAt(feed),
            holders,
          };
        }),
      );
      const actions = decideSettlement({ now, markets: states, batch: options.batch ?? 40 });
      return { block, outcomes: await execute(context, actions) };
    },
  });
}
