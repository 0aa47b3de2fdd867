import { setImmediate } from "node:timers/promises";
import type { DatabaseSync, StatementSync, SQLOutputValue } from "node:sqlite";
import { zeroHash, type Hex } from "viem";
import { merkleRoot } from "../../calculator/merkle.ts";
import { checkStatement, type UsageRow } from "../../calculator/statement.ts";
import { dateOfPeriod, SECONDS_PER_DAY } from "../../lib/calendar.ts";
import { appendOnly, inTransaction, openDatabase } from "../../lib/sqlite.ts";
import { checkEntry, entryLeaf, RowSums, sameUsage, type LoggedEntry } from "./entry.ts";
import { LogError } from "./errors.ts";
import type { Appended, Batch, Closing, UsageLog } from "./log.ts";

/** Moments between which a process may die. Tests kill it at each of them. */
export type LogStep =
  | "append begun"
  | "entries written"
  | "checkpoints written"
  | "append committed"
  | "close begun"
  | "closing written"
  | "close committed";

/** All of them, in the order in which they come. */
export const LOG_STEPS: readonly LogStep[] = [
  "append begun",
  "entries written",
  "checkpoints written",
  "append committed",
  "close begun",
  "closing written",
  "close committed",
];

/** What a log is opened with. */
export interface SqliteLogOptions {
  /** Id under which the contributor was admitted. A file belongs to one. */
  readonly contributor: string;
  /** Unix milliseconds; the computer's clock when left out. */
  readonly clock?: () => number;
  /** Told of each step as it is reached. */
  readonly onStep?: (step: LogStep) => void;
}

// Amounts are texts: SQLite's integers end at 2^63.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS log (
    one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, contributor TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, period INTEGER NOT NULL,
    model TEXT NOT NULL, labelled INTEGER NOT NULL, priced INTEGER NOT NULL, own_account INTEGER NOT NULL,
    input TEXT NOT NULL, cached TEXT NOT NULL, output TEXT NOT NULL, reasoning TEXT NOT NULL,
    requests TEXT NOT NULL, recorded_at INTEGER NOT NULL,
    UNIQUE (source, key, version)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entries_of_period ON entries (period, id);
  CREATE TABLE IF NOT EXISTS closings (
    period INTEGER NOT NULL, revision INTEGER NOT NULL, root TEXT NOT NULL, entries INTEGER NOT NULL,
    late INTEGER NOT NULL, up_to INTEGER NOT NULL, closed_at INTEGER NOT NULL,
    PRIMARY KEY (period, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sources (source TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS checkpoints (
    source TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (source, name)
  ) STRICT, WITHOUT ROWID;
  ${appendOnly("entries")}
  ${appendOnly("closings")}
`;
const FORMAT = 1;

/** Entries that are read at once. */
const PAGE = 500;

// Of each key the newest version within the limit.
const COUNTING = `
  SELECT * FROM entries AS e WHERE period = :period AND id <= :upTo AND NOT EXISTS (
    SELECT 1 FROM entries AS n
    WHERE n.source = e.source AND n.key = e.key AND n.version > e.version AND n.id <= :upTo
  )`;

/**
 * Opens the log in a SQLite file, and makes it where there is none. Each call that writes is one transaction, which is
 * on the disk before the call returns: a process that dies at any moment has written all of it or nothing.
 * @param path A file; ":memory:" keeps nothing.
 * @throws LogError UnknownFormat, WrongContributor. SqliteMissingError where this Node has none.
 * @throws CalculationError InvalidName where the contributor's id is none.
 */
export function openLog(path: string, options: SqliteLogOptions): UsageLog {
  checkStatement({ contributor: options.contributor, period: 0, rows: [] });
  return new SqliteLog(path, options);
}

type Row = Record<string, SQLOutputValue>;

class SqliteLog implements UsageLog {
  readonly contributor: string;
  readonly #db: DatabaseSync;
  readonly #clock: () => number;
  readonly #step: (step: LogStep) => void;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(path: string, { contributor, clock = Date.now, onStep = () => undefined }: SqliteLogOptions) {
    this.contributor = contributor;
    this.#clock = clock;
    this.#step = onStep;
    this.#db = openDatabase(path, SCHEMA);
    try {
      inTransaction(this.#db, () => {
        this.#sql("INSERT OR IGNORE INTO log VALUES (1, ?, ?)").run(FORMAT, contributor);
        const { format, contributor: owner } = this.#sql("SELECT * FROM log").get() ?? {};
        if (format !== FORMAT) throw new LogError("UnknownFormat", path, String(format), FORMAT);
        if (owner !== contributor) throw new LogError("WrongContributor", path, contributor, String(owner));
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  position(source: string): Promise<number> {
    return Promise.resolve(this.#position(source));
  }

  checkpoints(source: string): Promise<Map<string, string>> {
    const rows = this.#sql("SELECT name, value FROM checkpoints WHERE source = ?").all(source);
    return Promise.resolve(new Map(rows.map(({ name, value }) => [String(name), String(value)])));
  }

  append(source: string, batch: Batch): Promise<Appended> {
    return attempt(() => {
      for (const entry of batch.entries) checkEntry(source, entry);
      const appended = inTransaction(this.#db, () => {
        this.#step("append begun");
        const position = this.#position(source);
        if (position !== batch.after) throw new LogError("PositionMoved", source, position, batch.after);
        const counts = this.#write(source, batch);
        this.#step("entries written");
        const write = this.#sql("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)");
        const remove = this.#sql("DELETE FROM checkpoints WHERE source = ? AND name = ?");
        for (const [name, value] of batch.checkpoints ?? [])
          if (value === undefined) remove.run(source, name);
          else write.run(source, name, value);
        this.#sql("INSERT OR REPLACE INTO sources VALUES (?, ?)").run(source, position + 1);
        this.#step("checkpoints written");
        return counts;
      });
      this.#step("append committed");
      return appended;
    });
  }

  entries(
    period: number,
    { source, revision }: { source?: string; revision?: number } = {},
  ): Promise<LoggedEntry[]> {
    return attempt(() => {
      const upTo = this.#upTo(period, revision);
      const rows =
        source === undefined
          ? this.#sql(`${COUNTING} ORDER BY id`).all({ period, upTo })
          : this.#sql(`${COUNTING} AND source = :source ORDER BY id`).all({ period, upTo, source });
      return rows.map(entryOf);
    });
  }

  async rows(period: number, revision?: number): Promise<UsageRow[]> {
    const sums = new RowSums();
    for await (const entry of this.#each(period, this.#upTo(period, revision))) sums.add(entry);
    return sums.rows();
  }

  knows(period: number): Promise<boolean> {
    const row = this.#sql("SELECT 1 FROM entries WHERE period = ? LIMIT 1").get(period);
    return Promise.resolve(row !== undefined);
  }

  async close(period: number): Promise<Closing> {
    const end = (period + 1) * SECONDS_PER_DAY * 1_000;
    const now = this.#clock();
    const iso = (time: number) => new Date(time).toISOString();
    if (now < end) throw new LogError("DayNotOver", dateOfPeriod(period), iso(now), iso(end));
    for (;;) {
      const before = this.#newest(period);
      const { last } = this.#sql("SELECT max(id) AS last FROM entries WHERE period = ?").get(period) ?? {};
      const upTo = Number(last ?? 0);
      if (before !== undefined && Number(before.up_to) === upTo) return closingOf(before);
      const lateQuery = this.#sql(
        "SELECT count(*) AS late FROM entries WHERE period = ? AND id > ? AND id <= ?",
      );
      const late = before === undefined ? 0 : lateQuery.get(period, before.up_to ?? 0, upTo)?.late;
      // Outside of a transaction: hashing a large day takes long, and what it is made of does not change.
      const leaves: Hex[] = [];
      for await (const entry of this.#each(period, upTo)) leaves.push(entryLeaf(this.contributor, entry));
      const made: Closing = {
        period,
        revision: Number(before?.revision ?? 0) + 1,
        root: leaves.length === 0 ? zeroHash : merkleRoot(leaves),
        entries: leaves.length,
        late: Number(late),
        closedAt: now,
      };
      const isWritten = inTransaction(this.#db, () => {
        this.#step("close begun");
        // Somebody else may have closed it meanwhile.
        if (Number(this.#newest(period)?.revision ?? 0) !== made.revision - 1) return false;
        this.#sql("INSERT INTO closings VALUES (?, ?, ?, ?, ?, ?, ?)").run(
          period,
          made.revision,
          made.root,
          made.entries,
          made.late,
          upTo,
          made.closedAt,
        );
        this.#step("closing written");
        return true;
      });
      if (!isWritten) continue;
      this.#step("close committed");
      return made;
    }
  }

  closings(period: number): Promise<Closing[]> {
    const rows = this.#sql("SELECT * FROM closings WHERE period = ? ORDER BY revision").all(period);
    return Promise.resolve(rows.map(closingOf));
  }

  end(): void {
    this.#db.close();
  }

  #write(source: string, { entries, replace = false }: Batch): Appended {
    let [added, duplicates, replaced, late] = [0, 0, 0, 0];
    const newest = this.#sql(
      "SELECT * FROM entries WHERE source = ? AND key = ? ORDER BY version DESC LIMIT 1",
    );
    const insert = this.#sql(`INSERT INTO entries VALUES (NULL, ${"?, ".repeat(13)}?)`);
    const closed = new Map<number, boolean>();
    for (const entry of entries) {
      const row = newest.get(source, entry.key);
      const known = row && entryOf(row);
      if (known !== undefined && (!replace || sameUsage(known, entry))) {
        duplicates++;
        continue;
      }
      if (known !== undefined && known.period !== entry.period)
        throw new LogError("PeriodChanged", `${source}, ${entry.key}`, entry.period, known.period);
      insert.run(
        source,
        entry.key,
        known === undefined ? 0 : known.version + 1,
        entry.period,
        entry.model,
        Number(entry.labelled),
        Number(entry.priced),
        Number(entry.ownAccount),
        String(entry.input),
        String(entry.cached),
        String(entry.output),
        String(entry.reasoning),
        String(entry.requests),
        this.#clock(),
      );
      if (known === undefined) added++;
      else replaced++;
      let isClosed = closed.get(entry.period);
      if (isClosed === undefined)
        closed.set(entry.period, (isClosed = this.#newest(entry.period) !== undefined));
      if (isClosed) late++;
    }
    return { added, duplicates, replaced, late };
  }

  /** Entries that count, page by page, so that other work gets its turn between two pages. */
  async *#each(period: number, upTo: number): AsyncGenerator<LoggedEntry> {
    const page = this.#sql(`${COUNTING} AND id > :after ORDER BY id LIMIT ${PAGE}`);
    for (let after = 0; ; await setImmediate()) {
      const rows = page.all({ period, upTo, after });
      for (const row of rows) yield entryOf(row);
      if (rows.length < PAGE) return;
      after = Number(rows.at(-1)?.id);
    }
  }

  /** Last entry that a revision has. */
  #upTo(period: number, revision: number | undefined): number {
    if (revision === undefined) return Number.MAX_SAFE_INTEGER;
    const row = this.#sql("SELECT up_to FROM closings WHERE period = ? AND revision = ?").get(
      period,
      revision,
    );
    if (row !== undefined) return Number(row.up_to);
    const newest = this.#newest(period);
    throw new LogError(
      "DayNotClosed",
      dateOfPeriod(period),
      revision,
      newest ? String(newest.revision) : "none",
    );
  }

  #newest(period: number): Row | undefined {
    return this.#sql("SELECT * FROM closings WHERE period = ? ORDER BY revision DESC LIMIT 1").get(period);
  }

  #position(source: string): number {
    return Number(this.#sql("SELECT position FROM sources WHERE source = ?").get(source)?.position ?? 0);
  }

  #sql(text: string): StatementSync {
    let statement = this.#prepared.get(text);
    if (statement === undefined) this.#prepared.set(text, (statement = this.#db.prepare(text)));
    return statement;
  }
}

function entryOf(row: Row): LoggedEntry {
  return {
    source: String(row.source),
    key: String(row.key),
    version: Number(row.version),
    period: Number(row.period),
    model: String(row.model),
    labelled: row.labelled === 1,
    priced: row.priced === 1,
    ownAccount: row.own_account === 1,
    input: BigInt(String(row.input)),
    cached: BigInt(String(row.cached)),
    output: BigInt(String(row.output)),
    reasoning: BigInt(String(row.reasoning)),
    requests: BigInt(String(row.requests)),
  };
}

function closingOf(row: Row): Closing {
  return {
    period: Number(row.period),
    revision: Number(row.revision),
    root: String(row.root) as Hex,
    entries: Number(row.entries),
    late: Number(row.late),
    closedAt: Number(row.closed_at),
  };
}

/** SQLite answers at once, other stores would not: what the log throws comes as a rejection. */
function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
