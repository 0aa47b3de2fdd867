import { REQUIRED_COLUMNS, spendEntry, utcTime } from "../reporter/meters/spend-logs.ts";
import { periodOfDate, SECONDS_PER_DAY } from "../lib/calendar.ts";
import { HedgeError } from "./errors.ts";

/** A row of a file of usage: column or field → value. */
export type Row = Readonly<Record<string, unknown>>;

/** What a row adds to its day. */
export interface RowUsage {
  /** UTC day number. */
  readonly period: number;
  readonly tokens: number;
  /** USD; undefined where the file has no costs. */
  readonly cost: number | undefined;
  /** Names the row where a file may have it twice, and it then counts once. */
  readonly key: string | undefined;
}

/** A kind of file, as its columns give it away. */
export interface Format {
  readonly name: string;
  /** Columns that are read, for people. */
  readonly columns: readonly string[];
  /** One row is one request: days without rows are days without usage, and the first and last day may be cut off. */
  readonly byRequest: boolean;
  /** One row is one whole day, so that no day may come twice. */
  readonly byDay: boolean;
  /** @throws Error where a value cannot be read. */
  readonly read: (place: string, row: Row) => RowUsage;
}

const TOKENS = ["tokens", "total_tokens", "tokens_total", "token_count"];
const PARTS = [
  ["tokens_prompt", "tokens_completion"],
  ["prompt_tokens", "completion_tokens"],
  ["input_tokens", "output_tokens"],
] as const;
const MILLIONS = "tokens_millions";
const DATES = ["date", "date_utc", "day"];
const COSTS = ["cost_total", "cost_usd", "cost", "spend_usd", "spend", "usage"];
/** Cost of inference that OpenRouter's users pay elsewhere with their own keys, which is no part of the total. */
const OWN_KEYS = "byok_usage_inference";

/**
 * Finds out what a file is from its columns.
 * @throws HedgeError UnknownFormat.
 */
export function detectFormat(columns: readonly string[]): Format {
  const known = new Set(columns);
  if (REQUIRED_COLUMNS.every((column) => known.has(column))) return liteLlm;
  const first = (names: readonly string[]) => names.find((name) => known.has(name));
  const parts = PARTS.find((pair) => pair.every((name) => known.has(name)));
  const date = first(DATES);
  const cost = first(COSTS);
  const costs = [cost, known.has(OWN_KEYS) ? OWN_KEYS : undefined].filter((name) => name !== undefined);
  const total = first(TOKENS);
  const tokens = parts ?? (total === undefined ? undefined : [total]);
  if (known.has("created_at") && tokens !== undefined)
    return summed("activity export, a row a request", {
      moment: "created_at",
      tokens,
      costs,
      key: first(["generation_id", "id"]),
      byRequest: true,
    });
  const model = first(["model", "model_permaslug"]);
  if (date !== undefined && tokens !== undefined && model !== undefined)
    return summed("activity export, a row a day and model", {
      moment: date,
      tokens,
      costs,
      byRequest: false,
    });
  if (date !== undefined && tokens !== undefined) return daily(date, tokens, costs, 1);
  if (date !== undefined && known.has(MILLIONS)) return daily(date, [MILLIONS], costs, 1_000_000);
  const shown = columns.slice(0, 12).join(", ");
  const allowed = "a spend log of LiteLLM, an activity export of OpenRouter, or columns date,tokens[,cost]";
  throw new HedgeError(
    "UnknownFormat",
    shown,
    allowed,
    `The columns are ${shown || "none"}: they must be those of ${allowed}.`,
  );
}

const liteLlm: Format = {
  name: "LiteLLM spend log, a row a request",
  columns: ["startTime", "prompt_tokens", "completion_tokens", "spend"],
  byRequest: true,
  byDay: false,
  read(place, row) {
    const { key, period, input, output } = spendEntry(place, row, { keys: [], teams: [], users: [] });
    // What the gateway answered from its own cache was not used from any model, and nobody billed it.
    const cached = textOf(row["cache_hit"]).toLowerCase() === "true";
    const tokens = cached ? 0 : Number(input + output);
    return { key, period, tokens, cost: cached ? 0 : amountOf(row, "spend") };
  },
};

interface Summed {
  moment: string;
  tokens: readonly string[];
  costs: readonly string[];
  key?: string | undefined;
  byRequest: boolean;
}

/** Rows of which a day may have many. */
function summed(name: string, { moment, tokens, costs, key, byRequest }: Summed): Format {
  return {
    name,
    columns: [moment, ...tokens, ...costs],
    byRequest,
    byDay: false,
    read: (place, row) => ({
      key: key === undefined ? undefined : textOf(row[key]) || undefined,
      period: periodOf(place, textOf(row[moment])),
      tokens: totalOf(row, tokens),
      cost: costs.length === 0 ? undefined : totalOf(row, costs),
    }),
  };
}

/** One row a day. */
function daily(date: string, tokens: readonly string[], costs: readonly string[], unit: number): Format {
  return {
    name: "daily usage, a row a day",
    columns: [date, ...tokens, ...costs],
    byRequest: false,
    byDay: true,
    read: (place, row) => ({
      key: undefined,
      period: periodOf(place, textOf(row[date])),
      tokens: unit * totalOf(row, tokens),
      cost: costs.length === 0 ? undefined : totalOf(row, costs),
    }),
  };
}

function periodOf(place: string, text: string): number {
  const moment = text.trim();
  if (moment.length === 10) return periodOfDate(moment);
  return Math.floor(utcTime(place, moment) / (SECONDS_PER_DAY * 1_000));
}

function totalOf(row: Row, columns: readonly string[]): number {
  return columns.reduce((total, column) => total + amountOf(row, column), 0);
}

/** Reads a number; an empty cell is zero. */
function amountOf(row: Row, column: string): number {
  const text = textOf(row[column]).trim();
  const amount = Number(text);
  if (!Number.isFinite(amount)) throw new RangeError(`"${text}" in ${column} is no number`);
  if (amount < 0)
    throw new HedgeError(
      "NegativeUsage",
      amount,
      0,
      `${column} is ${text}: usage and costs are zero or more, so correct the row or take it out.`,
    );
  return amount;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";
}
