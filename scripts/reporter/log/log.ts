import type { Hex } from "viem";
import { checkStatement, type Statement, type UsageRow } from "../../calculator/statement.ts";
import { dateOfPeriod } from "../../lib/calendar.ts";
import type { LoggedEntry, UsageEntry } from "./entry.ts";
import { LogError } from "./errors.ts";

/** What a meter writes in one step: all of it or nothing. */
export interface Batch {
  /** Where the log stood for this source when the meter read its checkpoints; another writer since then is refused. */
  readonly after: number;
  readonly entries: readonly UsageEntry[];
  /** What the meter needs to go on from here, by name. Left-out names keep their value, undefined takes it away. */
  readonly checkpoints?: ReadonlyMap<string, string | undefined>;
  /** Does an entry with a known key correct it? Otherwise it is a duplicate and dropped. */
  readonly replace?: boolean;
}

/** What became of a batch. */
export interface Appended {
  readonly added: number;
  /** Entries that were known already. */
  readonly duplicates: number;
  /** Entries that corrected a known one. */
  readonly replaced: number;
  /** Of those added or replaced, how many belong to a day that had been closed. */
  readonly late: number;
}

/** A day as it was closed. Another revision exists where entries came after that. */
export interface Closing {
  /** UTC day number. */
  readonly period: number;
  /** From 1; it is the version of the statement. */
  readonly revision: number;
  /** Merkle root over the day's entries; 32 zero bytes where it has none. */
  readonly root: Hex;
  /** Entries that count. */
  readonly entries: number;
  /** Entries, corrections included, that came after the revision before was closed. */
  readonly late: number;
  /** Unix milliseconds. */
  readonly closedAt: number;
}

/** Append-only record of what a contributor's meters saw. */
export interface UsageLog {
  readonly contributor: string;
  /** Batches that this source has written. */
  position(source: string): Promise<number>;
  /** What a meter left for itself. */
  checkpoints(source: string): Promise<Map<string, string>>;
  /**
   * Writes a batch, durably and at once.
   * @throws LogError PositionMoved, EmptyKey, WrongPeriod, AmountOutOfRange, PeriodChanged.
   */
  append(source: string, batch: Batch): Promise<Appended>;
  /**
   * Entries of a day that count: of each key the newest version.
   * @param filter Those of one source; as they were when a revision was closed, instead of now.
   * @throws LogError DayNotClosed.
   */
  entries(period: number, filter?: { source?: string; revision?: number }): Promise<LoggedEntry[]>;
  /**
   * Rows of a day: its entries added up, without having all of them at hand at once.
   * @param revision As they were when this revision was closed; as they are now when left out.
   * @throws LogError DayNotClosed.
   */
  rows(period: number, revision?: number): Promise<UsageRow[]>;
  /** Does it have an entry of this day? */
  knows(period: number): Promise<boolean>;
  /**
   * Closes a day, or closes it anew where entries came since. Closing twice changes nothing.
   * @throws LogError DayNotOver.
   */
  close(period: number): Promise<Closing>;
  /** Every revision of a day, oldest first. */
  closings(period: number): Promise<Closing[]>;
  /** Lets go of the file. */
  end(): void;
}

/** A statement and the closing that it follows from. */
export interface ClosedStatement {
  readonly statement: Statement;
  readonly closing: Closing;
}

/**
 * Says what a closed day comes to. The calculator accepts it whatever the sources wrote.
 * @param revision The newest when left out.
 * @throws LogError DayNotClosed where there is no such revision.
 */
export async function statementOf(
  log: UsageLog,
  period: number,
  revision?: number,
): Promise<ClosedStatement> {
  const closings = await log.closings(period);
  const wanted = revision ?? closings.at(-1)?.revision ?? 1;
  const closing = closings.find((each) => each.revision === wanted);
  if (closing === undefined)
    throw new LogError(
      "DayNotClosed",
      dateOfPeriod(period),
      wanted,
      closings.length === 0 ? "a closed day" : `1 to ${closings.length}`,
    );
  const statement: Statement = { contributor: log.contributor, period, rows: await log.rows(period, wanted) };
  checkStatement(statement);
  return { statement, closing };
}

/** Closes a day and says what it comes to. */
export async function closeDay(log: UsageLog, period: number): Promise<ClosedStatement> {
  const { revision } = await log.close(period);
  return statementOf(log, period, revision);
}
