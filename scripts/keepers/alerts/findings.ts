import { formatEther } from "viem";
import type { AlertEvent, WatchedAccount } from "../config.ts";
import type { ProcessHealth } from "../supervisor/server.ts";

/** How grave an alert is. */
export type Severity = "info" | "warning" | "critical";

/** How something stands that alerts are about. */
export interface Finding {
  /** What it is about, such as `job:sync`. */
  subject: string;
  /** 0 where all is well; the higher the worse. */
  level: number;
  /** Told when the level rises, and when it is 0 again. */
  begins: AlertEvent;
  ends: AlertEvent;
  severity: Severity;
  /** One sentence for each. */
  text: string;
  endText: string;
  details: Record<string, string | number>;
  /** Webhooks that are told; all of them where it is left out. */
  webhooks?: readonly string[] | undefined;
}

/** Something that happened once, on chain. */
export interface Occurrence {
  /** The same wherever the same log is read. */
  id: string;
  block: bigint;
  event: AlertEvent;
  severity: Severity;
  subject: string;
  text: string;
  details: Record<string, string | number>;
  webhooks?: readonly string[] | undefined;
}

/**
 * Jobs, and the head of the chain, that have been unwell for long enough.
 * @param since Unix time in milliseconds from which each has been unwell without a break; kept from call to call.
 */
export function findJobs(
  { head, jobs }: ProcessHealth,
  since: Map<string, number>,
  { now, unhealthySeconds }: { now: number; unhealthySeconds: number },
): Finding[] {
  return Object.entries({ head, ...jobs }).flatMap(([name, { healthy, wrong = "" }]) => {
    if (healthy) since.delete(name);
    else if (!since.has(name)) since.set(name, now);
    const start = since.get(name) ?? now;
    // Neither well nor unwell for long: what was told before stands.
    if (!healthy && now - start < unhealthySeconds * 1_000) return [];
    const finding: Finding = {
      subject: `job:${name}`,
      level: healthy ? 0 : 1,
      begins: "jobUnhealthy",
      ends: "jobRecovered",
      severity: "critical",
      text: `The keeper's job ${name} is unwell: ${wrong}.`,
      endText: `The keeper's job ${name} is well again.`,
      details: { job: name, ...(wrong !== "" && { wrong }) },
    };
    return [finding];
  });
}

/** Whether the sender can still pay for gas. */
export function findBalance({
  sender,
  balance,
  least,
}: {
  sender: string;
  /** Wei. */
  balance: bigint;
  least: bigint;
}): Finding {
  const ether = formatEther(balance);
  return {
    subject: "balance",
    level: balance < least ? 1 : 0,
    begins: "balanceLow",
    ends: "balanceRestored",
    severity: "warning",
    text: `The keeper ${sender} has ${ether} ether left for gas, less than ${formatEther(least)}.`,
    endText: `The keeper ${sender} has ${ether} ether for gas again.`,
    details: { sender, balanceEther: ether, leastEther: formatEther(least) },
  };
}

/** Which limits of the stale ladder an index has passed. */
export function findIndex(feed: {
  id: number;
  name: string;
  /** Unix time of the newest block. */
  now: number;
  /** Unix times of the three limits. */
  staleAt: bigint;
  haltedAt: bigint;
  settledAt: bigint;
  newestDate: string;
}): Finding {
  const { id, name, newestDate, now } = feed;
  const limits = [feed.staleAt, feed.haltedAt, feed.settledAt];
  const level = limits.filter((limit) => BigInt(now) >= limit).length;
  const means = [
    "",
    "takers must reduce and funding stands still",
    "the book and liquidation wait",
    "its markets may be settled",
  ];
  return {
    subject: `index:${id}`,
    level,
    begins: "indexStale",
    ends: "indexFresh",
    severity: level > 1 ? "critical" : "warning",
    text: `The index ${name} has passed limit ${level} of 3 without a new print (newest: ${newestDate}): ${means[level] ?? ""}.`,
    endText: `The index ${name} is fresh again (newest print: ${newestDate}).`,
    details: { feed: id, index: name, limit: level, newestDate },
  };
}

/** Whether a market's fund is below zero, and whether the market has a deficit. */
export function findFund(fund: {
  market: number;
  symbol: string;
  /** Collateral units. */
  equity: bigint;
  deficit: bigint;
}): Finding[] {
  const { market, symbol, equity, deficit } = fund;
  const common = { severity: "critical" as const, details: { market, symbol } };
  return [
    {
      ...common,
      subject: `fund:${market}`,
      level: equity < 0n ? 1 : 0,
      begins: "fundNegative",
      ends: "fundRestored",
      text: `The insurance fund of ${symbol} is below zero: its equity is ${equity} units of collateral.`,
      endText: `The insurance fund of ${symbol} is above zero again.`,
      details: { ...common.details, equity: `${equity}` },
    },
    {
      ...common,
      subject: `deficit:${market}`,
      level: deficit > 0n ? 1 : 0,
      begins: "deficit",
      ends: "deficitRepaid",
      text: `The market ${symbol} has a deficit of ${deficit} units of collateral: withdrawals leave a share behind until it is repaid.`,
      endText: `The deficit of ${symbol} is repaid.`,
      details: { ...common.details, deficit: `${deficit}` },
    },
  ];
}

/**
 * How many of an account's levels its equity has fallen below. A level that it is below already holds until equity is above it by
 * the hysteresis, so that a price that trembles around a level tells nobody twice.
 * @param before Level that was told last.
 */
export function marginLevel(
  { equity, maintenanceMargin }: { equity: bigint; maintenanceMargin: bigint },
  { levelsPercent, hysteresisPercent }: Pick<WatchedAccount, "levelsPercent" | "hysteresisPercent">,
  before: number,
): number {
  if (maintenanceMargin === 0n) return 0;
  const below = (percent: number) => equity * 100n < maintenanceMargin * BigInt(percent);
  const now = levelsPercent.filter(below).length;
  const held = levelsPercent.slice(0, before).findLastIndex((percent) => below(percent + hysteresisPercent));
  return Math.max(now, held + 1);
}

/** How near a watched account is to liquidation. */
export function findMargin(
  account: { equity: bigint; maintenanceMargin: bigint },
  watched: WatchedAccount,
  before: number,
): Finding {
  const { account: id, label, levelsPercent } = watched;
  const { equity, maintenanceMargin } = account;
  const level = marginLevel(account, watched, before);
  const name = label === undefined ? `account ${id}` : `account ${id} (${label})`;
  const ratio = maintenanceMargin === 0n ? undefined : (equity * 100n) / maintenanceMargin;
  const amounts = `${equity} units of collateral against a maintenance margin of ${maintenanceMargin}`;
  return {
    subject: `margin:${id}`,
    level,
    begins: "marginWarning",
    ends: "marginRecovered",
    severity: level === levelsPercent.length ? "critical" : "warning",
    text: `The equity of ${name} is below ${levelsPercent[level - 1] ?? 0} % of its maintenance margin: ${amounts}. Liquidation begins below 100 %.`,
    endText: `The equity of ${name} is above ${levelsPercent[0] ?? 0} % of its maintenance margin again: ${amounts}.`,
    details: {
      account: id,
      ...(label !== undefined && { label }),
      equity: `${equity}`,
      maintenanceMargin: `${maintenanceMargin}`,
      ...(ratio !== undefined && { percent: Number(ratio) }),
      level,
    },
    webhooks: watched.webhooks,
  };
}
