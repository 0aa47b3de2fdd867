import { z } from "zod";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import type { UsageEntry } from "../log/entry.ts";
import { MeterError } from "./errors.ts";
import { amountOf } from "./meter.ts";

// One row of LiteLLM's table LiteLLM_SpendLogs, from the database or from an export of it: there every value is a text,
// and columns that a version does not have are missing.

/** Columns without which a row says nothing. */
export const REQUIRED_COLUMNS = [
  "request_id",
  "api_key",
  "spend",
  "prompt_tokens",
  "completion_tokens",
  "startTime",
  "model",
] as const;

/** Columns that some versions have. */
export const OPTIONAL_COLUMNS = [
  "user",
  "team_id",
  "end_user",
  "model_group",
  "cache_hit",
  "status",
  "metadata",
] as const;

/** Accounts of the contributor itself. */
export interface OwnAccounts {
  /** As `api_key` has them: hashes of keys. */
  readonly keys: readonly string[];
  readonly teams: readonly string[];
  readonly users: readonly string[];
}

const text = z
  .union([z.string(), z.number(), z.null()])
  .optional()
  .transform((value) => String(value ?? ""));

const schema = z.object({
  request_id: z.string().min(1),
  api_key: text,
  spend: text,
  prompt_tokens: text,
  completion_tokens: text,
  startTime: z.string(),
  model: text,
  user: text,
  team_id: text,
  end_user: text,
  model_group: text,
  cache_hit: text,
  status: text,
  metadata: z.unknown().optional(),
});

// What providers report is kept as it came: Anthropic's names stand beside those of OpenAI.
const usage = z.looseObject({
  cache_read_input_tokens: z.unknown().optional(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.unknown().optional() }).nullish().catch(undefined),
  completion_tokens_details: z
    .looseObject({ reasoning_tokens: z.unknown().optional() })
    .nullish()
    .catch(undefined),
});
const metadata = z.looseObject({ usage_object: usage.nullish().catch(undefined) });

/**
 * Reads a row. The day is that of `startTime`. What the gateway answered from its own cache was not used from any model
 * and counts as unpriced; a request that failed counts as none, but for the tokens that it used.
 * @throws MeterError WrongFormat, WrongDate, WrongAmount.
 */
export function spendEntry(source: string, row: unknown, own: OwnAccounts): UsageEntry {
  const parsed = schema.safeParse(row);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new MeterError(
      "WrongFormat",
      `${source}, ${issue?.path.join(".") ?? ""}`,
      issue?.message ?? "",
      "a row of LiteLLM_SpendLogs",
    );
  }
  const { data } = parsed;
  const place = `${source}, ${data.request_id}`;
  const amount = (value: string) => amountOf(place, value === "" ? "0" : value);
  const model = data.model || data.model_group;
  const detail = detailOf(data.metadata);
  return {
    key: data.request_id,
    period: Math.floor(utcTime(place, data.startTime) / (SECONDS_PER_DAY * 1_000)),
    model,
    labelled:
      model !== "" && [data.api_key, data.user, data.team_id, data.end_user].some((each) => each !== ""),
    priced: Number(data.spend) > 0 && data.cache_hit.toLowerCase() !== "true",
    ownAccount:
      own.keys.includes(data.api_key) || own.teams.includes(data.team_id) || own.users.includes(data.user),
    input: amount(data.prompt_tokens),
    cached: detail.cached,
    output: amount(data.completion_tokens),
    reasoning: detail.reasoning,
    requests: data.status === "failure" ? 0n : 1n,
  };
}

/** Parts of a row's tokens. They are details: one that cannot be read is not known, and the row still counts. */
function detailOf(value: unknown): { cached: bigint; reasoning: bigint } {
  let object = value;
  if (typeof value === "string")
    try {
      object = JSON.parse(value);
    } catch {
      object = undefined;
    }
  const { usage_object: said } = metadata.safeParse(object).data ?? {};
  const count = (part: unknown) =>
    typeof part === "number" && Number.isSafeInteger(part) && part > 0 ? BigInt(part) : 0n;
  return {
    cached: count(said?.cache_read_input_tokens) || count(said?.prompt_tokens_details?.cached_tokens),
    reasoning: count(said?.completion_tokens_details?.reasoning_tokens),
  };
}

// With a space or a T, with any fraction, and without a zone where the column has none: then it is UTC.
const TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Reads a time as PostgreSQL or an export writes it.
 * @returns Unix milliseconds.
 * @throws MeterError WrongDate.
 */
export function utcTime(place: string, value: string): number {
  const [, date = "", time = "", fraction = "", zone = "Z"] = TIME.exec(value.trim()) ?? [];
  const offset =
    zone.length === 3 ? `${zone}:00` : zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const parsed = Date.parse(`${date}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`);
  // Date.parse lets "2026-02-30" through as March.
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (
    Number.isNaN(parsed) ||
    Number.isNaN(midnight) ||
    new Date(midnight).toISOString().slice(0, 10) !== date
  )
    throw new MeterError("WrongDate", place, value, "a time such as 2026-09-01 12:00:00.123");
  return parsed;
}
