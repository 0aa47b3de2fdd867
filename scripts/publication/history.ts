import { formatIndex, getPrint, type Deployment } from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import { zeroHash, type Client, type Hex } from "viem";
import { getBlock, getContractEvents } from "viem/actions";
import { dateOfPeriod } from "../lib/calendar.ts";
import { PublicationError } from "./errors.ts";
import type { ChainPrint } from "./verify.ts";

/** A day of an index as the chain has it. */
export interface HistoryDay {
  /** UTC. */
  readonly date: string;
  readonly period: number;
  /** Points, exact, as a decimal text. */
  readonly points: string;
  /** Revision that stands; 0 for a day that was filled. */
  readonly revision: number;
  readonly status: "provisional" | "final" | "filled";
  /** Time of that revision's post, UTC; undefined for a filled day. */
  readonly postedAt: string | undefined;
  /** What the print was computed from; undefined for a filled day. */
  readonly vintage: Hex | undefined;
}

/** A print that another one took the place of. */
export interface Correction {
  readonly date: string;
  readonly from: { readonly revision: number; readonly points: string; readonly vintage: Hex };
  readonly to: { readonly revision: number; readonly points: string; readonly vintage: Hex };
}

/** History of an index. */
export interface History {
  readonly days: readonly HistoryDay[];
  /** In the order in which they were posted. */
  readonly corrections: readonly Correction[];
}

/** A print as the chain states it: its vintage whole, which only its event has. All zero where the day has none. */
export async function readPrint(
  client: Client,
  { deployment, index, period }: { deployment: Deployment; index: Hex; period: number },
): Promise<ChainPrint> {
  const { value, filled } = await getPrint(client, { deployment, index, period });
  if (value === 0n || filled) return { value, filled, revision: 0, vintage: zeroHash };
  const posted = await getContractEvents(client, {
    address: deployment.usageIndex,
    abi: usageIndexAbi,
    eventName: "PrintPosted",
    args: { index, period },
    fromBlock: BigInt(deployment.block),
    strict: true,
  });
  const last = posted.at(-1);
  if (last === undefined)
    throw new PublicationError("NotFound", dateOfPeriod(period), "no event of its post", "PrintPosted");
  return { value, filled, revision: last.args.revision, vintage: last.args.vintage };
}

/**
 * Reads every day that an index has, and every correction, from the events and the state of the chain.
 * @param index Id of the index.
 */
export async function readHistory(
  client: Client,
  { deployment, index }: { deployment: Deployment; index: Hex },
): Promise<History> {
  const filter = {
    address: deployment.usageIndex,
    abi: usageIndexAbi,
    args: { index },
    fromBlock: BigInt(deployment.block),
    strict: true,
  } as const;
  const posted = await getContractEvents(client, { ...filter, eventName: "PrintPosted" });
  const filled = await getContractEvents(client, { ...filter, eventName: "DayFilled" });

  const corrections: Correction[] = [];
  const standing = new Map<number, Correction["to"] & { readonly blockNumber: bigint }>();
  for (const { args, blockNumber } of posted) {
    const { period, revision, value, vintage } = args;
    const to = { revision, points: formatIndex(value), vintage };
    const from = standing.get(period);
    if (from !== undefined) {
      const { blockNumber: _, ...before } = from;
      corrections.push({ date: dateOfPeriod(period), from: before, to });
    }
    standing.set(period, { ...to, blockNumber });
  }
  const periods = [...new Set([...posted, ...filled].map(({ args }) => args.period))].sort((a, b) => a - b);
  const days = await Promise.all(
    periods.map(async (period): Promise<HistoryDay> => {
      const { value, filled, isFinal } = await getPrint(client, { deployment, index, period });
      const day = { date: dateOfPeriod(period), period, points: formatIndex(value) };
      const last = filled ? undefined : standing.get(period);
      if (last === undefined)
        return { ...day, revision: 0, status: "filled", postedAt: undefined, vintage: undefined };
      // The contract keeps the time of the newest days alone.
      const { timestamp } = await getBlock(client, { blockNumber: last.blockNumber });
      const postedAt = new Date(Number(timestamp) * 1_000).toISOString();
      const status = isFinal ? "final" : "provisional";
      return { ...day, revision: last.revision, status, postedAt, vintage: last.vintage };
    }),
  );
  return { days, corrections };
}

/** Writes the days as CSV with a line of titles; no cell needs quotes. */
export function historyAsCsv({ days }: History): string {
  const lines = days.map(({ date, points, revision, status, postedAt = "", vintage = "" }) =>
    [date, points, revision, status, postedAt, vintage].join(","),
  );
  return ["date,points,revision,status,posted_at,vintage", ...lines, ""].join("\n");
}
