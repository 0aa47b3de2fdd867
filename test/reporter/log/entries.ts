import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECONDS_PER_DAY, periodOfDate } from "../../../scripts/lib/calendar.ts";
import type { UsageEntry } from "../../../scripts/reporter/log/entry.ts";
import { openLog, type SqliteLogOptions } from "../../../scripts/reporter/log/sqlite.ts";
import type { Batch, UsageLog } from "../../../scripts/reporter/log/log.ts";

export const DAY = periodOfDate("2026-09-01");

/** A moment of a day: hours after its start, Unix milliseconds. */
export const at = (period: number, hours = 0) => (period * SECONDS_PER_DAY + hours * 3_600) * 1_000;

/** An entry that counts. */
export function entry(key: string, other: Partial<UsageEntry> = {}): UsageEntry {
  return {
    key,
    period: DAY,
    model: "m",
    labelled: true,
    priced: true,
    ownAccount: false,
    input: 10n,
    cached: 0n,
    output: 5n,
    reasoning: 0n,
    requests: 1n,
    ...other,
  };
}

/** Log that keeps nothing, opened a week after the day. */
export function memoryLog(options: Partial<SqliteLogOptions> = {}): UsageLog {
  return openLog(":memory:", { contributor: "c", clock: () => at(DAY + 7), ...options });
}

/** Writes a batch after whatever the source wrote before. */
export async function write(
  log: UsageLog,
  source: string,
  entries: UsageEntry[],
  other: Partial<Batch> = {},
) {
  return log.append(source, { after: await log.position(source), entries, ...other });
}

/** A folder that is gone when the work is done. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "usance-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Coded {
  readonly name: string;
  readonly code: string;
  readonly actual: unknown;
  readonly allowed: unknown;
}

/** Name, code, actual and allowed value of the error that a call ends with. */
export async function refusal(call: () => unknown): Promise<[string, string, unknown, unknown] | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const { name, code, actual, allowed } = error as Coded;
    if (code === undefined) throw error;
    return [name, code, actual, allowed];
  }
}
