import pg from "pg";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import { MeterError } from "./errors.ts";
import { causeOf } from "./http.ts";
import { OutcomeSum, type Meter, type MeterContext, type MeterOutcome } from "./meter.ts";
import { OPTIONAL_COLUMNS, REQUIRED_COLUMNS, spendEntry, utcTime, type OwnAccounts } from "./spend-logs.ts";

/** Which database is read, and from when on. */
export interface LiteLlmPostgresOptions {
  /** postgres://…; it holds the password and is in no message. */
  readonly url: string;
  /** Name of the table, with its schema where that is not on the search path. */
  readonly table: readonly string[];
  /** First UTC day number that counts. */
  readonly from: number;
  /** How far back each reading begins: rows are written when a request ends and carry the time at which it began. */
  readonly overlapSeconds: number;
  /** Rows of one query, which are logged in one step. */
  readonly batch: number;
  readonly timeoutSeconds: number;
  readonly own: OwnAccounts;
}

/** Name of the checkpoint with the newest start of a request that was read. */
const NEWEST = "newest";

/**
 * Meter of a LiteLLM gateway's database. It only reads, in pages in the order of time and `request_id`, which is the
 * key: rows that were read before are dropped.
 */
export function createLiteLlmPostgresMeter(context: MeterContext, options: LiteLlmPostgresOptions): Meter {
  const { source, log } = context;
  const { own, batch } = options;
  return {
    source,
    async read(): Promise<MeterOutcome> {
      const client = new pg.Client({
        connectionString: options.url,
        // Times without a zone are UTC, and those with one are written in it.
        options: "-c timezone=UTC -c default_transaction_read_only=on",
        connectionTimeoutMillis: options.timeoutSeconds * 1_000,
        query_timeout: options.timeoutSeconds * 1_000,
        statement_timeout: options.timeoutSeconds * 1_000,
      });
      // A connection may break between two queries; the next one says so.
      client.on("error", () => undefined);
      const sum = new OutcomeSum();
      try {
        await answered(source, client.connect());
        const sql = await pageQuery(source, client, options.table);
        const after = await log.position(source);
        let newest = (await log.checkpoints(source)).get(NEWEST);
        let cursor = [startOf(source, newest, options), ""];
        for (let page = 0; ; page++) {
          const { rows } = await answered(source, client.query<Row>(sql, [...cursor, batch]));
          const last = rows.at(-1);
          if (last === undefined) return sum.outcome;
          cursor = [last.startTime, last.request_id];
          if (newest === undefined || last.startTime > newest) newest = last.startTime;
          sum.add(
            await log.append(source, {
              after: after + page,
              entries: rows.flatMap((row) => sum.attempt(() => spendEntry(source, row, own)) ?? []),
              checkpoints: new Map([[NEWEST, newest]]),
            }),
          );
          if (rows.length < batch) return sum.outcome;
        }
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}

interface Row {
  readonly request_id: string;
  /** UTC, so written that the order of texts is that of times. */
  readonly startTime: string;
}

const TIME_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US';

/** Query of one page: $1 time and $2 request after which it begins, $3 rows. */
async function pageQuery(source: string, client: pg.Client, table: readonly string[]): Promise<string> {
  const name = table.map((part) => pg.escapeIdentifier(part)).join(".");
  const { rows } = await answered(
    source,
    client.query<{ column: string }>(
      `SELECT attname AS column FROM pg_attribute
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [name],
    ),
  );
  if (rows.length === 0) throw new MeterError("MissingTable", source, "no such table", name);
  const columns = new Set(rows.map(({ column }) => column));
  for (const column of REQUIRED_COLUMNS)
    if (!columns.has(column)) throw new MeterError("MissingColumn", source, [...columns].join(","), column);
  const wanted = [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS].filter((column) => columns.has(column));
  const selected = wanted.map((column) => {
    const quoted = pg.escapeIdentifier(column);
    if (column === "startTime") return `to_char(${quoted}, '${TIME_FORMAT}') AS ${quoted}`;
    // Prompts may lie beside it: nothing of them leaves the database.
    if (column === "metadata")
      return `jsonb_build_object('usage_object', ${quoted}::jsonb -> 'usage_object') AS ${quoted}`;
    return `${quoted}::text AS ${quoted}`;
  });
  return `SELECT ${selected.join(", ")} FROM ${name}
    WHERE ("startTime", request_id) > ($1::timestamp, $2) ORDER BY ${name}."startTime", request_id LIMIT $3`;
}

function startOf(source: string, newest: string | undefined, options: LiteLlmPostgresOptions): string {
  // The query begins after this moment and the empty id, which no request has.
  const first = options.from * SECONDS_PER_DAY * 1_000;
  if (newest === undefined) return new Date(first).toISOString().slice(0, -1);
  const overlapped = utcTime(source, newest) - options.overlapSeconds * 1_000;
  return new Date(Math.max(first, overlapped)).toISOString().slice(0, -1);
}

/** An answer of the database, or what was wrong, without the address. */
async function answered<T>(source: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new MeterError("Unreachable", source, causeOf(error), "an answer of the database");
  }
}
