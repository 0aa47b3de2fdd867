import { getFeed, getHeldPrint, getPendingMargins, getPushed, type MarketPhase } from "@usance/sdk";
import type { Hex } from "viem";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import { checkDeployment, contextOf, newestBlock, type KeeperOptions } from "./context.ts";
import { execute } from "./execute.ts";
import type { Keeper, KeeperAction } from "./keeper.ts";
import { MarketReader } from "./markets.ts";
import { createKeeper } from "./rounds.ts";

/** What the sync keeper looks at. */
export interface SyncState {
  /** Unix time of the block. */
  now: number;
  markets: readonly {
    id: number;
    phase: MarketPhase;
    /** UTC day from which announced margins may be put in force; 0 when none are. */
    marginsFrom: number;
  }[];
  feeds: readonly { id: number; index: Hex; target: bigint; followed: bigint; sequence: bigint }[];
  /** Sequence of the last push of each index. */
  pushed: ReadonlyMap<Hex, bigint>;
  /** Held prints, and the Unix time from which anybody may release them. */
  held: readonly { index: Hex; period: number; releasableAt: bigint }[];
  /** Unix time at which this keeper last touched a market (`market 1`) or a feed (`feed 1`). */
  touched: ReadonlyMap<string, number>;
  /** Seconds between two touches. */
  interval: number;
}

/**
 * Decides what needs a touch: pushes that a feed missed, feeds that are still catching up, and markets whose mark,
 * funding and daily settlement nobody has advanced for a while; announced margins whose day has come; and held prints whose time is over. Touching seldom or often changes no price.
 */
export function decideSync({
  now,
  markets,
  feeds,
  pushed,
  held,
  touched,
  interval,
}: SyncState): KeeperAction[] {
  const due = (subject: string) => now - (touched.get(subject) ?? -Infinity) >= interval;
  const actions: KeeperAction[] = [];
  for (const { index, period, releasableAt } of held)
    if (BigInt(now) >= releasableAt) actions.push({ kind: "releasePrint", index, period });
  for (const { id, index, target, followed, sequence } of feeds) {
    if ((pushed.get(index) ?? 0n) > sequence) actions.push({ kind: "repush", index });
    if (target !== followed && due(subjectOf({ kind: "follow", feed: id })))
      actions.push({ kind: "follow", feed: id });
  }
  for (const { id, phase, marginsFrom } of markets)
    if (
      marginsFrom !== 0 &&
      now >= marginsFrom * SECONDS_PER_DAY &&
      (phase === "open" || phase === "reduceOnly")
    )
      actions.push({ kind: "applyMargins", market: id });
  for (const { id, phase } of markets)
    if (phase !== "settled" && due(subjectOf({ kind: "sync", market: id })))
      actions.push({ kind: "sync", market: id });
  return actions;
}

function subjectOf(action: Extract<KeeperAction, { kind: "sync" | "follow" }>): string {
  return action.kind === "sync" ? `market ${action.market}` : `feed ${action.feed}`;
}

/** Days after whose end a held print may be released or must be filled: older ones need no look. */
const DAYS_HELD = 11;

/** Keeps marks, funding, daily settlement prices and feeds up to date. */
export function createSyncKeeper(options: KeeperOptions & { interval?: number }): Keeper {
  const context = contextOf(options);
  const { client, deployment, log } = context;
  const reader = new MarketReader(context);
  const touched = new Map<string, number>();
  return createKeeper({
    name: "sync",
    log,
    init: () => checkDeployment(context),
    async round() {
      const { block, now } = await newestBlock(context);
      const at = { deployment, blockNumber: block };
      const markets = await Promise.all(
        (await reader.read(block)).map(async (market) => {
          const { fromPeriod } = await getPendingMargins(client, { ...at, market: market.id });
          return { ...market, marginsFrom: Number(fromPeriod) };
        }),
      );
      for (const { id, phase } of markets) reader.note(id, phase === "settled", block);
      const feeds = await Promise.all(
        [...new Set(markets.map(({ feed }) => feed))].map((feed) => getFeed(client, { ...at, feed })),
      );
      const pushed = new Map(
        await Promise.all(
          feeds.map(async ({ index }): Promise<[Hex, bigint]> => {
            const { sequence } = await getPushed(client, { ...at, index });
            return [index, BigInt(sequence)];
          }),
        ),
      );
      const { interval = 300 } = options;
      const isDue = now - (touched.get("held prints") ?? -Infinity) >= interval;
      if (isDue) touched.set("held prints", now);
      const today = Math.floor(now / SECONDS_PER_DAY);
      const days = isDue ? Array.from({ length: DAYS_HELD }, (_, i) => today - 1 - i) : [];
      const held = await Promise.all(
        [...new Set(feeds.map(({ index }) => index))].flatMap((index) =>
          days.map(async (period) => {
            const { value, releasableAt } = await getHeldPrint(client, { ...at, index, period });
            return value === 0n ? [] : [{ index, period, releasableAt }];
          }),
        ),
      );
      const actions = decideSync({ now, markets, feeds, pushed, held: held.flat(), touched, interval });
      const outcomes = await execute(context, actions);
      for (const { action, result } of outcomes)
        if ((action.kind === "sync" || action.kind === "follow") && result !== "waiting")
          touched.set(subjectOf(action), now);
      return { block, outcomes };
    },
  });
}
