import { parse, CsvError } from "csv-parse/sync";
import { dateOfPeriod, periodOfDate, SECONDS_PER_DAY } from "../../lib/calendar.ts";
import type { UsageEntry } from "../log/entry.ts";
import type { Appended } from "../log/log.ts";
import { MeterError } from "./errors.ts";
import { isUsage, marksOf, noAmounts, type Amounts, type Marks, type MeterContext } from "./meter.ts";

/** What a series of days says of a model on a day. */
export type DailyRow = Omit<UsageEntry, "key">;

/** What a series that does not say it is taken to mean. */
export interface DailyDefaults {
  readonly marks: Marks;
  /** Name for totals that are not divided by model; without it they have no label. */
  readonly model: string;
}

const AMOUNTS = ["input", "cached", "output", "reasoning", "requests"] as const;
const COLUMNS = {
  date: ["date_utc", "date"],
  model: ["model", "model_permaslug"],
  total: ["tokens_millions", "total_tokens"],
} as const;

/**
 * Reads a series of days from CSV with a header. It has a date (`date_utc` or `date`) and either a total
 * (`tokens_millions` or `total_tokens`) or `input` and `output`; it may have `model` (or `model_permaslug`), `cached`,
 * `reasoning`, `requests`, and the marks `labelled`, `priced` and `own_account`. A total that is not divided counts as
 * input. Other columns are passed over.
 * @param place Source, and file where there are several.
 * @throws MeterError WrongFormat, MissingColumn, WrongDate, WrongAmount.
 */
export function parseDailyCsv(place: string, text: string, { marks, model }: DailyDefaults): DailyRow[] {
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  let header: string[] = [];
  try {
    rows = parse(text, {
      bom: true,
      columns: (names: string[]) => (header = names),
      trim: true,
      skip_empty_lines: true,
      info: true,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new MeterError("WrongFormat", place, error.code, "CSV with a header");
  }
  const find = (names: readonly string[]) => names.find((name) => header.includes(name));
  const missing = (names: readonly string[]) =>
    new MeterError("MissingColumn", place, header.join(","), names.join(" or "));
  const [date, total, named] = [find(COLUMNS.date), find(COLUMNS.total), find(COLUMNS.model)];
  if (date === undefined) throw missing(COLUMNS.date);
  if (total === undefined && !(header.includes("input") && header.includes("output")))
    throw missing([...COLUMNS.total, "input and output"]);
  return rows.map(({ record, info }) => {
    const line = `${place}:${info.lines}`;
    const given = named === undefined ? model : (record[named] ?? "");
    const amounts: Amounts = noAmounts();
    if (total === undefined)
      for (const name of AMOUNTS) {
        if (header.includes(name)) amounts[name] = wholeAmount(line, record[name] ?? "", 0);
      }
    else amounts.input = wholeAmount(line, record[total] ?? "", total === "tokens_millions" ? 6 : 0);
    const made = marksOf(given, marks);
    return {
      period: periodOf(line, record[date] ?? ""),
      ...made,
      labelled: flag(line, record.labelled, made.labelled) && given !== "",
      priced: flag(line, record.priced, made.priced),
      ownAccount: flag(line, record.own_account, made.ownAccount),
      ...amounts,
    };
  });
}

/**
 * Logs what a series says of days that are over. It is the whole truth of each day that it names: what it said of such a
 * day before is corrected, and what it says no longer becomes nothing. Days that it does not name stay as they are.
 * @throws MeterError StatedTwice where it says two things of one model on one day.
 */
export async function logDays(
  { source, log, clock }: MeterContext,
  rows: readonly DailyRow[],
  checkpoints: ReadonlyMap<string, string> = new Map(),
): Promise<Appended> {
  const today = Math.floor(clock() / (SECONDS_PER_DAY * 1_000));
  const days = new Map<number, Map<string, UsageEntry>>();
  for (const row of rows) {
    if (row.period >= today) continue;
    const { model, labelled, priced, ownAccount } = row;
    const date = dateOfPeriod(row.period);
    const key = JSON.stringify([date, model, labelled, priced, ownAccount]);
    let day = days.get(row.period);
    if (day === undefined) days.set(row.period, (day = new Map<string, UsageEntry>()));
    if (day.has(key)) throw new MeterError("StatedTwice", source, `${date}, ${model}`, "once");
    day.set(key, { key, ...row });
  }
  const after = await log.position(source);
  const entries: UsageEntry[] = [];
  for (const [period, day] of days) {
    const known = await log.entries(period, { source });
    const keys = new Set(known.map(({ key }) => key));
    for (const entry of known) if (!day.has(entry.key)) entries.push({ ...entry, ...noAmounts() });
    for (const entry of day.values()) if (isUsage(entry) || keys.has(entry.key)) entries.push(entry);
  }
  return log.append(source, { after, entries, checkpoints, replace: true });
}

/**
 * Reads a date of a series.
 * @throws MeterError WrongDate.
 */
export function periodOf(place: string, date: string): number {
  try {
    return periodOfDate(date);
  } catch {
    throw new MeterError("WrongDate", place, date, "a date such as 2025-01-31");
  }
}

/**
 * Reads an amount that a series writes in units of 10^decimals.
 * @throws MeterError WrongAmount.
 */
export function wholeAmount(place: string, text: string, decimals: number): bigint {
  const [, whole, fraction = ""] = /^(\d{1,24})(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === undefined || fraction.length > decimals)
    throw new MeterError(
      "WrongAmount",
      place,
      text,
      decimals === 0 ? "a whole number" : `${decimals} decimals`,
    );
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

function flag(place: string, text: string | undefined, otherwise: boolean): boolean {
  if (text === undefined || text === "") return otherwise;
  const value = text.toLowerCase();
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new MeterError("WrongFormat", place, text, "true or false");
}
