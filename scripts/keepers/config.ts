import { readFileSync } from "node:fs";
import { z } from "zod";

/** Names of the keepers. */
export const KEEPER_NAMES = ["sync", "liquidation", "waterfall", "settlement"] as const;

/** Name of a keeper. */
export type KeeperName = (typeof KEEPER_NAMES)[number];

const schema = z.strictObject({
  keepers: z
    .array(z.enum(KEEPER_NAMES))
    .nonempty()
    .default([...KEEPER_NAMES]),
  everySeconds: z.number().positive().max(3_600).default(15),
  dryRun: z.boolean().default(false),
  maxFeePerGasGwei: z.number().positive().optional(),
  maxFailures: z.int().positive().default(10),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  http: z
    .strictObject({ host: z.string().default("127.0.0.1"), port: z.int().min(0).max(65_535).default(9_464) })
    .prefault({}),
  shard: z
    .strictObject({ index: z.int().nonnegative(), of: z.int().positive() })
    .refine(({ index, of }) => index < of, "index must be below of")
    .optional(),
  sync: z.strictObject({ intervalSeconds: z.int().positive().default(300) }).prefault({}),
  liquidation: z
    .strictObject({
      keeperAccount: z.int().positive().optional(),
      maxFills: z.int().positive().max(65_535).default(50),
      takeOverLots: z.int().nonnegative().max(1_099_511_627_775).default(0),
    })
    .prefault({}),
  waterfall: z
    .strictObject({
      batch: z.int().positive().max(200).default(40),
      maxFills: z.int().positive().max(65_535).default(50),
    })
    .prefault({}),
  settlement: z.strictObject({ batch: z.int().positive().max(200).default(40) }).prefault({}),
});

/** How the keeper process runs. Keys are no part of it: they come from the environment alone. */
export type KeeperConfig = z.output<typeof schema>;

/**
 * Checks a configuration and fills in what it leaves out.
 * @throws Error that names the first field that is wrong.
 */
export function parseConfig(value: unknown): KeeperConfig {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  throw new Error(`The keeper configuration is wrong: ${field}${issue?.message}.`);
}

/** Reads a configuration file: JSON with comments and trailing commas. */
export function readConfig(path: string): KeeperConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Error(`There is no keeper configuration at ${path}.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(withoutComments(text));
  } catch {
    throw new Error(`${path} is not JSON with comments.`);
  }
  return parseConfig(value);
}

/** Plain JSON: without comments, then without commas before a closing bracket. Texts match first and stay as they are. */
function withoutComments(text: string): string {
  const keep = (_: string, string?: string) => string ?? "";
  return text
    .replaceAll(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, keep)
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, keep);
}
