import { readFile } from "node:fs/promises";
import { getLatestPrint, getPrint, type Deployment } from "@usance/sdk";
import type { Client } from "viem";
import { parse } from "csv-parse/sync";
import { usageIndexAbi } from "@usance/sdk/abis";
import { readContract } from "viem/actions";
import { dateOfPeriod, periodOfDate } from "../lib/calendar.ts";
import { sentenceOf } from "../lib/errors.ts";
import { calculatePrints, TU1D } from "../reporter/calculation.ts";
import { causeOf } from "../reporter/meters/http.ts";
import { HedgeError } from "./errors.ts";

/** Daily values by UTC day number; a day without one is absent. */
export type Series = ReadonlyMap<number, number>;

/** Days of a week that must be known for its mean, as the index itself demands. */
const LEAST_DAYS = 4;
/** Prints that are asked for at once. */
const BATCH = 50;

/** Reads every print of TU1D from the chain, in points. */
export async function readIndex(client: Client, deployment: Deployment): Promise<Series> {
  const parameters = { deployment, index: TU1D };
  const { firstPeriod } = await readContract(client, {
    address: deployment.usageIndex,
    abi: usageIndexAbi,
    functionName: "config",
    args: [TU1D],
  });
  const { period: last } = await getLatestPrint(client, parameters);
  const series = new Map<number, number>();
  for (let from = firstPeriod; from <= last; from += BATCH) {
    const periods = Array.from({ length: Math.min(BATCH, last - from + 1) }, (_, offset) => from + offset);
    const prints = await Promise.all(periods.map((period) => getPrint(client, { ...parameters, period })));
    // A filled day is a settlement's stand-in for a print and was not measured.
    prints.forEach(({ value, filled }, place) => {
      if (value > 0n && !filled) series.set(periods[place]!, Number(value) / 1e18);
    });
  }
  return series;
}

/**
 * Reads the index from a file: the series of usage (date_utc,tokens_millions), or what `usance index history --format csv` writes
 * (date,points).
 * @throws HedgeError UnreadableFile, NoIndex.
 */
export async function readIndexFile(path: string): Promise<Series> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    const cause = causeOf(error);
    throw new HedgeError(
      "UnreadableFile",
      cause,
      "a CSV file",
      `${path} cannot be read (${cause}): name a CSV file.`,
    );
  }
  const text = file.toString("utf8");
  try {
    if (text.slice(0, text.indexOf("\n")).includes("tokens_millions"))
      return new Map(calculatePrints(file).map(({ period, value }) => [period, Number(value) / 1e18]));
    const series = new Map<number, number>();
    for (const { date = "", points = "" } of parse<Record<string, string>>(text, {
      columns: true,
      trim: true,
    })) {
      const value = Number(points);
      if (!(value > 0)) throw new RangeError(`${date}: "${points}" is no value in points`);
      series.set(periodOfDate(date), value);
    }
    if (series.size === 0) throw new RangeError("it has no days");
    return series;
  } catch (error) {
    throw new HedgeError(
      "NoIndex",
      sentenceOf(error),
      "columns date_utc,tokens_millions or date,points",
      `${path} is no series of the index (${sentenceOf(error)}): its columns must be date_utc,tokens_millions or date,points.`,
    );
  }
}

/** Mean of the seven days that end with a period; undefined where fewer than four are known. */
export function weekMean(series: Series, period: number): number | undefined {
  return trailing(series, period, 7, LEAST_DAYS);
}

/** Mean of the known days among those that end with a period; undefined where fewer than `least` are. */
export function trailing(series: Series, period: number, days: number, least = 1): number | undefined {
  let sum = 0;
  let present = 0;
  for (let day = period - days + 1; day <= period; day++) {
    const value = series.get(day);
    if (value === undefined) continue;
    sum += value;
    present++;
  }
  return present < least ? undefined : sum / present;
}

/** Daily means of a week, of own usage and of the index; undefined where either is not known. */
export interface Week {
  /** Its last UTC day number. */
  readonly period: number;
  readonly own: number | undefined;
  readonly index: number | undefined;
}

/** Change of own usage and of the index over some weeks. */
export interface Change {
  /** Weeks at its start and its end, counted from the first. */
  readonly from: number;
  readonly to: number;
  readonly own: number;
  readonly index: number;
}

/**
 * Cuts both series into weeks, from the last day that both have backwards. A week's mean has no weekday in it.
 * @throws HedgeError NoOverlap; NoUsage where a week has none, whose growth has no logarithm.
 */
export function weeksOf(own: Series, index: Series): Week[] {
  const first = Math.max(firstOf(own), firstOf(index));
  const last = Math.min(lastOf(own), lastOf(index));
  if (last < first) {
    const actual = `${dateOfPeriod(firstOf(own))} to ${dateOfPeriod(lastOf(own))}`;
    const allowed = `${dateOfPeriod(firstOf(index))} to ${dateOfPeriod(lastOf(index))}`;
    throw new HedgeError(
      "NoOverlap",
      actual,
      allowed,
      `The usage is of ${actual} and the index of ${allowed}: they need days in common.`,
    );
  }
  const weeks: Week[] = [];
  for (let period = last; period - 6 >= first; period -= 7) {
    const week = { period, own: weekMean(own, period), index: weekMean(index, period) };
    if (week.own === 0)
      throw new HedgeError(
        "NoUsage",
        0,
        "usage above zero in every week",
        `There is no usage in the week that ends on ${dateOfPeriod(period)}: cut the file to weeks with usage.`,
      );
    weeks.unshift(week);
  }
  return weeks;
}

/** Growth over `horizon` weeks as logarithms, from every week on: neighbours overlap. */
export function changesOf(weeks: readonly Week[], horizon: number): Change[] {
  const changes: Change[] = [];
  for (let to = horizon; to < weeks.length; to++) {
    const start = weeks[to - horizon]!;
    const end = weeks[to]!;
    if (start.own === undefined || start.index === undefined) continue;
    if (end.own === undefined || end.index === undefined) continue;
    changes.push({
      from: to - horizon,
      to,
      own: Math.log(end.own / start.own),
      index: Math.log(end.index / start.index),
    });
  }
  return changes;
}

/** Newest day of a series; −Infinity where it is empty. */
export function lastOf(series: Series): number {
  return Math.max(...series.keys());
}

function firstOf(series: Series): number {
  return Math.min(...series.keys());
}
