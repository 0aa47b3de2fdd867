import { formatIndex, getPrint, type Deployment } from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import type { Client, Hex } from "viem";
import { getContractEvents } from "viem/actions";
import { dateOfPeriod } from "../lib/calendar.ts";

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
  const standing = new Map<number, Correction["to"]>();
  for (const { args } of posted) {
    const { period, revision, value, vintage } = args;
    const to = { revision, points: formatIndex(value), vintage };
    const from = standing.get(period);
    if (from !== undefined) corrections.push({ date: dateOfPeriod(period), from, to });
    standing.set(period, to);
  }
  const periods = [...new Set([...posted, ...filled].map(({ args }) => args.period))].sort((a, b) => a - b);
  const days = await Promise.all(
    periods.map(async (period): Promise<HistoryDay> => {
      const print = await getPrint(client, { deployment, index, period });
      return {
        date: dateOfPeriod(period),
        period,
        points: formatIndex(print.value),
        revision: print.revision,
        status: print.filled ? "filled" : print.isFinal ? "final" : "provisional",
        postedAt: print.filled ? undefined : new Date(Number(print.revisedAt) * 1_000).toISOString(),
        vintage: print.filled ? undefined : standing.get(period)?.vintage,
      };
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
