import { z } from "zod";
import { parseWith, readJsonc } from "../lib/jsonc.ts";

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
  return parseWith(schema, value, "keeper configuration");
}

/** Reads a configuration file: JSON with comments and trailing commas. */
export function readConfig(path: string): KeeperConfig {
  return parseConfig(readJsonc(path, "keeper configuration"));
}
