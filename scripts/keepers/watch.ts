import { dateOf, getAccounts, getFeed, getFund, pointsOfMark } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { formatEther, getAbiItem, hexToString, parseEther, type Hex } from "viem";
import { getBalance, getLogs } from "viem/actions";
import { symbolOf, tickSizeOf } from "../deploy/markets.ts";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";
import type { AlertDesk } from "./alerts/desk.ts";
import {
  findBalance,
  findFund,
  findIndex,
  findMargin,
  type Finding,
  type Occurrence,
} from "./alerts/findings.ts";
import type { AlertsConfig, WatchedAccount } from "./config.ts";
import {
  checkDeployment,
  contextOf,
  newestBlock,
  type KeeperContext,
  type KeeperOptions,
} from "./context.ts";
import type { Keeper } from "./keeper.ts";
import { MarketReader, type MarketState } from "./markets.ts";
import type { KeeperMetrics } from "./metrics.ts";
import { createKeeper } from "./rounds.ts";

/** Blocks that one question for events covers: many nodes refuse more. */
const RANGE = 5_000n;

const PHASES = ["open", "reduceOnly", "expired", "settled"] as const;

const events = [
  getAbiItem({ abi: clearinghouseAbi, name: "Liquidated" }),
  getAbiItem({ abi: clearinghouseAbi, name: "Absorbed" }),
  getAbiItem({ abi: clearinghouseAbi, name: "RoundRecorded" }),
] as const;

/** What the watch is created with. */
export type WatchOptions = KeeperOptions & {
  metrics: KeeperMetrics;
  /** Where findings go, and what alerts are about. */
  alerts?: { desk: AlertDesk; config: AlertsConfig } | undefined;
};

/** Looks at markets, funds, indices, watched accounts and the sender, for metrics and alerts; it sends nothing. */
export function createWatch(options: WatchOptions): Keeper {
  const context = contextOf(options);
  const reader = new MarketReader(context);
  const { metrics, alerts } = options;
  return createKeeper({
    name: "watch",
    log: context.log,
    init: () => checkDeployment(context),
    async round() {
      const { block, now } = await newestBlock(context);
      const markets = await reader.read(block);
      const names = new Map(markets.map((market) => [market.id, nameOf(market)]));
      const findings = [
        ...(await lookAtSender(context, metrics, alerts?.config)),
        ...(await lookAtMarkets(context, metrics, markets, block)),
        ...(await lookAtIndices(context, metrics, markets, { block, now })),
      ];
      for (const { id, phase } of markets) reader.note(id, phase === "settled", block);
      if (alerts === undefined) return { block, outcomes: [] };
      const { desk, config } = alerts;
      findings.push(...(await lookAtAccounts(context, desk, config.watch, block)));
      const occurrences = await readOccurrences(context, names, config.watch, desk.nextBlock, block);
      desk.take(findings, ["balance", "index", "fund", "deficit", "margin"], { occurrences, block });
      return { block, outcomes: [] };
    },
  });
}

function nameOf({ id, expiry, index }: MarketState): string {
  const lastPeriod = expiry === 0n ? 0 : Number(expiry) / SECONDS_PER_DAY - 1;
  return `${symbolOf({ lastPeriod }, index)} (market ${id})`;
}

async function lookAtSender(
  { client }: KeeperContext,
  metrics: KeeperMetrics,
  alerts: AlertsConfig | undefined,
): Promise<Finding[]> {
  const { address } = client.account;
  const balance = await getBalance(client, { address });
  metrics.signerBalance.set(Number(formatEther(balance)));
  if (alerts === undefined) return [];
  return [findBalance({ sender: address, balance, least: parseEther(alerts.signerBalanceBelowEther) })];
}

async function lookAtMarkets(
  { client, deployment }: KeeperContext,
  metrics: KeeperMetrics,
  markets: readonly MarketState[],
  blockNumber: bigint,
): Promise<Finding[]> {
  const findings = markets.map(async (state) => {
    const { id, phase, stage, index, markX16, openInterest } = state;
    const fund = await getFund(client, { deployment, market: id, blockNumber });
    const market = String(id);
    metrics.mark.set({ market }, Number(pointsOfMark(markX16, { tickSize: tickSizeOf(index) })));
    metrics.openInterest.set({ market }, Number(openInterest));
    metrics.phase.set({ market }, PHASES.indexOf(phase));
    metrics.stage.set({ market }, stage);
    metrics.fundEquity.set({ market }, Number(fund.equity));
    metrics.fundLots.set({ market }, Number(fund.size));
    metrics.deficit.set({ market }, Number(fund.deficit));
    metrics.unfinished.set({ market }, Number(fund.unfinished));
    const { equity, deficit } = fund;
    return findFund({ market: id, symbol: nameOf(state), equity, deficit });
  });
  return (await Promise.all(findings)).flat();
}

async function lookAtIndices(
  { client, deployment }: KeeperContext,
  metrics: KeeperMetrics,
  markets: readonly MarketState[],
  { block, now }: { block: bigint; now: number },
): Promise<Finding[]> {
  // Months that have ended need no print of today.
  const alive = markets.filter(({ phase }) => phase === "open" || phase === "reduceOnly");
  return Promise.all(
    [...new Set(alive.map(({ feed }) => feed))].map(async (id) => {
      const feed = await getFeed(client, { deployment, feed: id, blockNumber: block });
      const newest = Number(feed.newestPeriod);
      const labels = { feed: String(id) };
      metrics.indexAge.set(labels, now - (newest + 1) * SECONDS_PER_DAY);
      metrics.indexValue.set(labels, Number(feed.followed) / 1e18);
      const newestDate = dateOf(newest).toISOString().slice(0, 10);
      return findIndex({ ...feed, id, name: textOf(feed.index), now, newestDate });
    }),
  );
}

function textOf(index: Hex): string {
  const text = hexToString(index, { size: 32 });
  return /^[\x21-\x7e]+$/.test(text) ? text : index;
}

async function lookAtAccounts(
  { client, deployment }: KeeperContext,
  desk: AlertDesk,
  watch: readonly WatchedAccount[],
  blockNumber: bigint,
): Promise<Finding[]> {
  if (watch.length === 0) return [];
  const accountIds = watch.map(({ account }) => account);
  const accounts = await getAccounts(client, { deployment, accountIds, blockNumber });
  return accounts.flatMap((account, i) => {
    const watched = watch[i];
    // That it was absorbed is told by its event; there is nothing to warn of any more.
    if (watched === undefined || account.retired) return [];
    return [findMargin(account, watched, desk.levelOf(`margin:${watched.account}`))];
  });
}

/** What happened to watched accounts and in markets since the last look. */
async function readOccurrences(
  { client, deployment }: KeeperContext,
  names: ReadonlyMap<number, string>,
  watch: readonly WatchedAccount[],
  from: bigint | undefined,
  block: bigint,
): Promise<Occurrence[]> {
  const found: Occurrence[] = [];
  const watched = new Map(watch.map((each) => [each.account, each]));
  for (let fromBlock = from ?? block + 1n; fromBlock <= block; fromBlock += RANGE) {
    const last = fromBlock + RANGE - 1n;
    const toBlock = last < block ? last : block;
    const range = { address: deployment.clearinghouse, events, strict: true, fromBlock, toBlock } as const;
    for (const log of await getLogs(client, range)) {
      const { market } = log.args;
      const name = names.get(market) ?? `market ${market}`;
      const common = {
        id: `${log.transactionHash}-${log.logIndex}`,
        block: log.blockNumber,
        severity: "critical" as const,
      };
      const details = { market, transaction: log.transactionHash, block: Number(log.blockNumber) };
      if (log.eventName === "RoundRecorded") {
        const { number, lots, tick } = log.args;
        found.push({
          ...common,
          event: "deleveraging",
          subject: `market:${market}`,
          text: `Deleveraging round ${number} of ${name}: ${lots < 0n ? -lots : lots} lots of the winning side close at tick ${tick}.`,
          details: { ...details, round: Number(number), lots: `${lots}`, tick },
        });
        continue;
      }
      const account = watched.get(log.args.account);
      if (account === undefined) continue;
      const who = account.label === undefined ? "" : ` (${account.label})`;
      const what =
        log.eventName === "Liquidated"
          ? `was liquidated in ${name}: its position changed by ${log.args.closed} lots`
          : `was absorbed: the fund of ${name} took over ${log.args.size} lots`;
      found.push({
        ...common,
        event: "liquidation",
        subject: `account:${account.account}`,
        text: `Account ${account.account}${who} ${what}.`,
        details: { ...details, account: account.account, ...(account.label && { label: account.label }) },
        webhooks: account.webhooks,
      });
    }
  }
  return found;
}
