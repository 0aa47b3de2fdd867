import { parse } from "csv-parse/sync";
import { concat, keccak256, stringToBytes, stringToHex, type Hex } from "viem";
import { periodOfDate } from "../lib/calendar.ts";

/** Id of the index of daily token usage. */
export const TU1D: Hex = stringToHex("TU1D", { size: 32 });

/** Day on which the index is 1,000 points. */
export const BASE_DATE = "2025-01-01";

/** How a print follows from the data; its hash is part of every vintage, so that a changed method cannot pass unseen. */
export const METHOD = "TU1D/1: floor(tokens * 1000e18 / tokens of 2025-01-01), one print per UTC day";

/** Tokens (in millions) of every UTC day that the data has; days missing at source are absent. */
export type Usage = ReadonlyMap<number, bigint>;

/** A print before it is signed. */
export interface CalculatedPrint {
  /** UTC day number. */
  period: number;
  /** WAD: 1e18 is one index point. */
  value: bigint;
  /** Hash that pins data and method. */
  vintage: Hex;
}

/**
 * Reads the daily series.
 * @param csv Columns date_utc and tokens_millions.
 * @throws RangeError at a line that is not a date and a whole number above zero, or at a day that comes twice.
 */
export function parseUsage(csv: string): Usage {
  const usage = new Map<number, bigint>();
  const rows = parse<Record<string, string>>(csv, { columns: true, trim: true });
  for (const { date_utc: date = "", tokens_millions: tokens = "" } of rows) {
    const period = periodOfDate(date);
    if (!/^[1-9]\d*$/.test(tokens)) throw new RangeError(`${date}: "${tokens}" is not a number of tokens`);
    if (usage.has(period)) throw new RangeError(`${date} comes twice`);
    usage.set(period, BigInt(tokens));
  }
  return usage;
}

/**
 * Calculates the value of a print, rounded down once.
 * @param tokens Tokens of the day.
 * @param baseTokens Tokens of the base day, in the same unit.
 * @returns WAD.
 */
export function printValue(tokens: bigint, baseTokens: bigint): bigint {
  return (tokens * 1_000n * 10n ** 18n) / baseTokens;
}

/** Hash of the hashes of data file and method. */
export function vintageOf(file: Uint8Array): Hex {
  return keccak256(concat([keccak256(file), keccak256(stringToBytes(METHOD))]));
}

/**
 * Calculates every print that the data allows, in the order of days.
 * @param file The data file, byte for byte.
 */
export function calculatePrints(file: Uint8Array): CalculatedPrint[] {
  const usage = parseUsage(new TextDecoder().decode(file));
  const baseTokens = usage.get(periodOfDate(BASE_DATE));
  if (baseTokens === undefined) throw new RangeError(`the data lacks the base day ${BASE_DATE}`);
  const vintage = vintageOf(file);
  return [...usage]
    .sort(([a], [b]) => a - b)
    .map(([period, tokens]) => ({ period, value: printValue(tokens, baseTokens), vintage }));
}
