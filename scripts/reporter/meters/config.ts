import { z } from "zod";
import { periodOfDate } from "../../lib/calendar.ts";
import { MeterError } from "./errors.ts";

const SOURCE = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const ENVIRONMENT = /^[A-Z][A-Z0-9_]*$/;

const text = z.string().min(1);
const texts = z.array(text).default([]);
const seconds = (otherwise: number, most: number) => z.number().positive().max(most).default(otherwise);
const variable = z
  .string()
  .regex(ENVIRONMENT, "the name of a variable of the environment, such as API_TOKEN");
const date = text.transform((value, context) => {
  try {
    return periodOfDate(value);
  } catch {
    context.addIssue("a date such as 2025-01-31");
    return z.NEVER;
  }
});
const url = text.transform((value, context) => {
  const address = URL.canParse(value) ? new URL(value) : undefined;
  if (
    address === undefined ||
    !["http:", "https:"].includes(address.protocol) ||
    address.username ||
    address.password
  ) {
    context.addIssue("an http or https address without a password; a token goes into the environment");
    return z.NEVER;
  }
  return address;
});

const named = {
  source: z.string().regex(SOURCE, `a name that matches ${SOURCE.source}`),
};
// Whether usage is paid for decides if it counts, so that nobody gets an answer by default.
const marked = {
  priced: z.boolean(),
  ownAccount: z.boolean().default(false),
  labelled: z.boolean().default(true),
  freeModels: texts,
};
const fetched = {
  url,
  tokenEnv: variable.optional(),
  timeoutSeconds: seconds(10, 300),
  maxBytes: z.int().positive().max(1_000_000_000).default(20_000_000),
};
const own = z.strictObject({ keys: texts, teams: texts, users: texts }).prefault({});
const batch = z.int().positive().max(10_000).default(1_000);

const meter = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("prometheus"),
    ...named,
    ...fetched,
    ...marked,
    everySeconds: seconds(60, 3_600),
  }),
  z.strictObject({
    kind: z.literal("litellm-postgres"),
    ...named,
    urlEnv: variable,
    table: z.array(text).min(1).max(2).default(["LiteLLM_SpendLogs"]),
    from: date,
    overlapSeconds: z
      .number()
      .nonnegative()
      .max(7 * 86_400)
      .default(3_600),
    batch,
    timeoutSeconds: seconds(30, 300),
    own,
    everySeconds: seconds(300, 86_400),
  }),
  z.strictObject({
    kind: z.literal("litellm-csv"),
    ...named,
    path: text,
    batch,
    own,
    everySeconds: seconds(600, 86_400),
  }),
  z.strictObject({
    kind: z.literal("otlp"),
    ...named,
    host: text.default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(4_318),
    tokenEnv: variable.optional(),
    maxBytes: z.int().positive().max(1_000_000_000).default(4_000_000),
    ...marked,
    accountAttributes: texts,
    ownAccounts: texts,
  }),
  z.strictObject({
    kind: z.literal("published"),
    ...named,
    ...fetched,
    ...marked,
    format: z.enum(["rankings", "csv"]),
    from: date,
    days: z.int().positive().max(100).default(10),
    model: z.string().default(""),
    countOther: z.boolean().default(false),
    everySeconds: seconds(3_600, 86_400),
  }),
  z.strictObject({
    kind: z.literal("csv-folder"),
    ...named,
    path: text,
    ...marked,
    model: z.string().default(""),
    everySeconds: seconds(600, 86_400),
  }),
]);

const schema = z
  .array(meter)
  .min(1)
  .superRefine((meters, context) => {
    meters.forEach(({ source }, index) => {
      if (meters.findIndex((each) => each.source === source) !== index)
        context.addIssue({
          code: "custom",
          path: [index, "source"],
          message: "a name that no other meter has",
        });
    });
  });

/** One meter: what it reads, and what its source cannot say. */
export type MeterConfig = z.output<typeof meter>;

/**
 * Checks the configuration of meters and fills in what it leaves out.
 * @throws MeterError InvalidConfiguration with the first field that is wrong, the value that it has and what is allowed.
 */
export function parseMeters(value: unknown): MeterConfig[] {
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  // A strict object complains of itself, not of the field that it does not know.
  const field = issue?.code === "unrecognized_keys" ? [...path, ...issue.keys.slice(0, 1)] : path;
  const actual = field.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
  throw new MeterError(
    "InvalidConfiguration",
    ["meters", ...field].join("."),
    // Even a wrong address keeps its password to itself.
    (JSON.stringify(actual) ?? "nothing").replace(/\/\/[^/@\s]*@/g, "//…@"),
    issue?.code === "unrecognized_keys" ? "no such field" : (issue?.message ?? ""),
  );
}

/**
 * Reads a secret from the environment.
 * @throws MeterError MissingSecret.
 */
export function secretOf(
  source: string,
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const value = environment[name];
  if (value === undefined || value === "")
    throw new MeterError("MissingSecret", source, "not set", `a value of ${name}`);
  return value;
}
