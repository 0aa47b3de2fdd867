import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { parse } from "csv-parse";
import { dateOfPeriod } from "../lib/calendar.ts";
import { sentenceOf } from "../lib/errors.ts";
import { csvFiles } from "../reporter/meters/files.ts";
import { causeOf } from "../reporter/meters/http.ts";
import { HedgeError } from "./errors.ts";
import { detectFormat, type Format, type Row } from "./formats.ts";

/** Usage of one UTC day. */
export interface UsageDay {
  tokens: number;
  /** USD; undefined where the file has no costs. */
  cost: number | undefined;
}

/** A company's own usage, day by day. */
export interface OwnUsage {
  /** Kind of file that it was read from. */
  readonly format: string;
  /** Columns that were read. */
  readonly columns: readonly string[];
  /** UTC day number → usage; a day that was not measured is absent. */
  readonly days: ReadonlyMap<number, UsageDay>;
  readonly rows: number;
  /** Rows that could not be read and were left out, and what was wrong with the first of them. */
  readonly refused: number;
  readonly problem: string | undefined;
  /** Rows that came more than once and counted once. */
  readonly repeated: number;
}

/** Largest share of rows that may be unreadable. */
const MAX_REFUSED = 0.01;

/**
 * Reads a company's usage: a CSV or JSON file, or a folder of CSV files of one kind.
 * @throws HedgeError UnreadableFile, UnknownFormat, UnreadableRows, DuplicateDay, NegativeUsage, NoUsage.
 */
export async function readUsage(path: string): Promise<OwnUsage> {
  const sum = new UsageSum();
  for (const file of await filesOf(path)) {
    const rows = await rowsOf(file);
    for await (const { row, format, place } of rows) sum.add(place, format, row);
  }
  return sum.finish(path);
}

/** Adds rows up to days. */
class UsageSum {
  readonly #days = new Map<number, UsageDay>();
  readonly #keys = new Set<string>();
  #format: Format | undefined;
  #rows = 0;
  #refused = 0;
  #repeated = 0;
  #problem: string | undefined;

  add(place: string, format: Format, row: Row): void {
    if (this.#format !== undefined && this.#format.name !== format.name)
      throw new HedgeError(
        "UnknownFormat",
        format.name,
        this.#format.name,
        `${place} is ${format.name}, and the files before it are ${this.#format.name}: put one kind into a folder.`,
      );
    this.#format = format;
    this.#rows++;
    let read;
    try {
      read = format.read(place, row);
    } catch (error) {
      if (error instanceof HedgeError) throw placed(place, error);
      this.#refused++;
      const said = sentenceOf(error);
      this.#problem ??= said.startsWith(place) ? said : `${place}: ${said}`;
      return;
    }
    const { period, tokens, cost, key } = read;
    if (key !== undefined) {
      if (this.#keys.has(key)) {
        this.#repeated++;
        return;
      }
      this.#keys.add(key);
    }
    const day = this.#days.get(period);
    if (day === undefined) this.#days.set(period, { tokens, cost });
    else if (format.byDay) throw duplicateDay(place, period);
    else {
      day.tokens += tokens;
      if (cost !== undefined) day.cost = (day.cost ?? 0) + cost;
    }
  }

  finish(path: string): OwnUsage {
    const format = this.#format;
    if (format === undefined || this.#days.size === 0)
      throw new HedgeError(
        this.#refused > 0 ? "UnreadableRows" : "NoUsage",
        0,
        1,
        this.#problem === undefined
          ? `${path} has no rows: export some months of usage.`
          : `No row of ${path} can be read; ${this.#problem}.`,
      );
    if (this.#refused > MAX_REFUSED * this.#rows)
      throw new HedgeError(
        "UnreadableRows",
        this.#refused,
        Math.floor(MAX_REFUSED * this.#rows),
        `${this.#refused} of ${this.#rows} rows of ${path} cannot be read, more than 1 %; the first is ${this.#problem}.`,
      );
    return {
      format: format.name,
      columns: format.columns,
      days: format.byRequest ? wholeDays(this.#days) : sortedDays(this.#days),
      rows: this.#rows,
      refused: this.#refused,
      problem: this.#problem,
      repeated: this.#repeated,
    };
  }
}

function sortedDays(days: ReadonlyMap<number, UsageDay>): ReadonlyMap<number, UsageDay> {
  return new Map([...days].sort(([a], [b]) => a - b));
}

/** Days of a log of requests: the first and last may be cut off and are left out, and one without a request had no usage. */
function wholeDays(days: ReadonlyMap<number, UsageDay>): ReadonlyMap<number, UsageDay> {
  const periods = [...days.keys()].sort((a, b) => a - b);
  const priced = [...days.values()].some(({ cost }) => cost !== undefined);
  const whole = new Map<number, UsageDay>();
  for (let period = periods[0]! + 1; period < periods.at(-1)!; period++)
    whole.set(period, days.get(period) ?? { tokens: 0, cost: priced ? 0 : undefined });
  return whole;
}

interface PlacedRow {
  row: Row;
  format: Format;
  /** File and row, for errors. */
  place: string;
}

async function filesOf(path: string): Promise<string[]> {
  try {
    await stat(path);
    return await csvFiles("usage", path);
  } catch (error) {
    throw unreadable(path, causeOf(error));
  }
}

async function rowsOf(file: string): Promise<AsyncIterable<PlacedRow> | Iterable<PlacedRow>> {
  if (/\.csv$/i.test(file)) return csvRows(file);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw unreadable(file, causeOf(error));
  }
  return /^\s*[[{]/.test(text) ? jsonRows(file, text) : csvRows(file);
}

/** Rows of a CSV file, read as a stream: a log of requests may be large. */
async function* csvRows(file: string): AsyncGenerator<PlacedRow> {
  const place = basename(file);
  let format: Format | undefined;
  const source = createReadStream(file);
  const rows = source.pipe(
    parse({
      bom: true,
      skip_empty_lines: true,
      columns: (header: string[]) => {
        const columns = header.map((column) => column.trim());
        format = detectFormat(columns.map((column) => canonical(column)));
        return columns.map((column) => canonical(column));
      },
    }),
  );
  // A pipe does not pass errors on.
  source.on("error", (error) => rows.destroy(error));
  let line = 1;
  try {
    for await (const row of rows as AsyncIterable<Row>)
      yield { row, format: format!, place: `${place}:${++line}` };
  } catch (error) {
    if (error instanceof HedgeError) throw error;
    throw unreadable(file, (error as { code?: string }).code ?? sentenceOf(error));
  } finally {
    source.destroy();
  }
}

/** Rows of JSON: a list, a list under `data`, or one object a line. */
function* jsonRows(file: string, text: string): Generator<PlacedRow> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    try {
      content = text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line): unknown => JSON.parse(line));
    } catch (error) {
      throw unreadable(file, sentenceOf(error));
    }
  }
  const rows = Array.isArray(content) ? content : (content as { data?: unknown }).data;
  if (!Array.isArray(rows))
    throw new HedgeError(
      "UnknownFormat",
      Object.keys(content as object).join(", "),
      "a list of rows, or `data` with one",
      `${file} holds no list of rows: it must be a list, an object whose \`data\` is one, or one object a line.`,
    );
  let format: Format | undefined;
  let place = 0;
  for (const given of rows as readonly unknown[]) {
    if (typeof given !== "object" || given === null) throw unreadable(file, "an entry that is no object");
    const row = Object.fromEntries(Object.entries(given).map(([name, value]) => [canonical(name), value]));
    format ??= detectFormat(Object.keys(row));
    yield { row, format, place: `${basename(file)}, row ${++place}` };
  }
}

/** "Total Tokens" and totalTokens are total_tokens; `startTime` is LiteLLM's own column and stays. */
function canonical(column: string): string {
  if (column === "startTime") return column;
  return column
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_");
}

function placed(place: string, { code, actual, allowed, message }: HedgeError): HedgeError {
  return new HedgeError(code, actual, allowed, `${place}: ${message}`);
}

function duplicateDay(place: string, period: number): HedgeError {
  const date = dateOfPeriod(period);
  return new HedgeError(
    "DuplicateDay",
    date,
    "each day once",
    `${place}: ${date} comes twice, so say which one counts.`,
  );
}

function unreadable(path: string, cause: string): HedgeError {
  return new HedgeError(
    "UnreadableFile",
    cause,
    "a CSV or JSON file, or a folder of CSV files",
    `${path} cannot be read (${cause}): name a CSV or JSON file, or a folder of CSV files.`,
  );
}
