import { z } from "zod";
import { isContributorId } from "../../calculator/statement.ts";
import { parseWith, readJsonc } from "../../lib/jsonc.ts";
import { dateSchema } from "../../lib/schema.ts";
import { BASE_DATE } from "../calculation.ts";
import { parseMeters } from "../meters/config.ts";
import { MeterError } from "../meters/errors.ts";

const schema = z.strictObject({
  contributor: z.string().refine(isContributorId, "not an id that a contributor can have"),
  folder: z.string().min(1),
  /** Day on which the index is 1,000 points: part of the rules that a statement names. */
  baseDate: dateSchema.prefault(BASE_DATE),
  http: z
    .strictObject({ host: z.string().default("127.0.0.1"), port: z.int().min(0).max(65_535).default(9_466) })
    .prefault({}),
  everySeconds: z.number().positive().max(600).default(60),
  settleSeconds: z.int().nonnegative().max(10_800).default(1_800),
  latestSeconds: z.int().nonnegative().max(14_000).default(11_700),
  againSeconds: z.int().min(1_800).max(86_400).default(3_600),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  meters: z.unknown().transform((value, context) => {
    try {
      return parseMeters(value);
    } catch (error) {
      if (!(error instanceof MeterError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  }),
});

/** How a contributor's process runs. Keys are no part of it: they come from the environment alone. */
export type ContributorConfig = z.output<typeof schema>;

/**
 * Checks a configuration and fills in what it leaves out.
 * @throws Error that names the first field that is wrong.
 */
export function parseContributor(value: unknown): ContributorConfig {
  return parseWith(schema, value, "contributor configuration");
}

/** Reads a configuration file: JSON with comments and trailing commas. */
export function readContributor(path: string): ContributorConfig {
  return parseContributor(readJsonc(path, "contributor configuration"));
}
