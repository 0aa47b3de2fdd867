import { isAddress, type Address } from "viem";
import { z } from "zod";
import { parseWith, readJsonc } from "../lib/jsonc.ts";
import { SENDER_DEFAULTS } from "./sending/sender.ts";

/** Names of the keepers. */
export const KEEPER_NAMES = [
  "sync",
  "liquidation",
  "waterfall",
  "settlement",
  "purge",
  "signedOrders",
] as const;

/** Name of a keeper. */
export type KeeperName = (typeof KEEPER_NAMES)[number];

/** Those that run where nobody names others: the executor of signed orders takes a file and a port. */
const DEFAULT_KEEPERS = KEEPER_NAMES.filter((name) => name !== "signedOrders");

/** What alerts are about. Each that tells of trouble is followed by the other of its pair when the trouble is over. */
export const ALERT_EVENTS = [
  "jobUnhealthy",
  "jobRecovered",
  "balanceLow",
  "balanceRestored",
  "indexStale",
  "indexFresh",
  "fundNegative",
  "fundRestored",
  "deficit",
  "deficitRepaid",
  "deleveraging",
  "liquidation",
  "marginWarning",
  "marginRecovered",
  "test",
] as const;

/** What an alert is about. */
export type AlertEvent = (typeof ALERT_EVENTS)[number];

/** Part of the configuration: a field that it does not have is refused, and the message names those that it has. */
function section<shape extends z.core.$ZodLooseShape>(shape: shape) {
  const names = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code, ...issue }) =>
      code === "unrecognized_keys"
        ? `there is no field ${(issue as { keys?: string[] }).keys?.join(", ")}; there are ${names}`
        : undefined,
  });
}

const seconds = (least: number, most: number) => z.number().min(least).max(most);
const count = (most: number) => z.int().positive().max(most);
const lots = z.int().nonnegative().max(1_099_511_627_775);
const accountNumber = z
  .int()
  .min(2_048)
  .max(2 ** 28 - 1);

// The value stays out of the message: it is easily the secret itself.
const variable = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, {
  error:
    "must be the name of an environment variable in capitals, such as USANCE_WEBHOOK_URL, not what it holds",
});

const cadence = (everySeconds: number, everyBlock: boolean) => ({
  everySeconds: seconds(0.01, 86_400).default(everySeconds),
  everyBlock: z.boolean().default(everyBlock),
});

const webhook = section({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  urlVariable: variable,
  secretVariable: variable,
  events: z.array(z.enum(ALERT_EVENTS)).nonempty().optional(),
});

const watched = section({
  account: accountNumber,
  label: z.string().max(64).optional(),
  levelsPercent: z
    .array(z.int().min(100).max(10_000))
    .nonempty()
    .max(8)
    .refine(
      (levels) => levels.every((level, i) => i === 0 || level < (levels[i - 1] ?? 0)),
      "must fall, such as [200, 150, 120]",
    )
    .default([200, 150, 120]),
  hysteresisPercent: z.int().min(1).max(1_000).default(10),
  webhooks: z.array(z.string()).nonempty().optional(),
});

const alerts = section({
  stateFile: z.string().min(1),
  webhooks: z
    .array(webhook)
    .max(16)
    .refine(
      (hooks) => new Set(hooks.map(({ name }) => name)).size === hooks.length,
      "must have different names",
    ),
  unhealthySeconds: seconds(0, 86_400).default(60),
  signerBalanceBelowEther: z
    .string()
    .regex(/^\d+(\.\d{1,18})?$/, { error: 'must be a decimal text, such as "0.05"' })
    .default("0.05"),
  watch: z
    .array(watched)
    .max(1_000)
    .refine(
      (list) => new Set(list.map(({ account }) => account)).size === list.length,
      "must name each account once",
    )
    .default([]),
}).superRefine(({ webhooks, watch }, context) => {
  const names = webhooks.map(({ name }) => name);
  watch.forEach((each, i) =>
    each.webhooks?.forEach((name, j) => {
      if (!names.includes(name))
        context.addIssue({
          code: "custom",
          path: ["watch", i, "webhooks", j],
          message: `there is no webhook of this name; there are ${names.join(", ")}`,
        });
    }),
  );
});

const urlSchema = z.url({
  protocol: /^https?$/,
  error: "must be an address that begins with http:// or https://",
});

const addressSchema = z
  .string()
  .refine(
    (text) => isAddress(text),
    "must be an address of 20 bytes in hex",
  ) as unknown as z.ZodType<Address>;

const schema = section({
  keepers: z
    .array(z.enum(KEEPER_NAMES))
    .nonempty()
    .refine((names) => new Set(names).size === names.length, "must name each keeper once")
    .default(DEFAULT_KEEPERS),
  dryRun: z.boolean().default(false),
  rpc: z.array(urlSchema).nonempty().optional(),
  agree: z.int().positive().optional(),
  signer: z
    .strictObject({
      url: urlSchema,
      address: addressSchema,
      timeoutSeconds: z.number().positive().max(300).default(10),
    })
    .optional(),
  maxFeePerGasGwei: z.number().positive().optional(),
  nativePriceInCollateral: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a decimal text such as "2500.5"')
    .optional(),
  sending: section({
    replaceAfterBlocks: z.int().positive().max(1_000).default(SENDER_DEFAULTS.replaceAfterBlocks),
    waitSeconds: z.number().nonnegative().max(3_600).default(SENDER_DEFAULTS.waitSeconds),
    upkeepFeeMultiple: z.int().min(2).max(1_000_000).default(SENDER_DEFAULTS.upkeepFeeMultiple),
  }).prefault({}),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  http: section({
    host: z.string().default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(9_464),
  }).prefault({}),
  shard: section({ index: z.int().nonnegative(), of: z.int().positive() })
    .refine(({ index, of }) => index < of, "index must be below of")
    .optional(),
  head: section({
    pollSeconds: seconds(0.05, 60).default(1),
    maxAgeSeconds: seconds(1, 86_400).optional(),
  }).prefault({}),
  supervision: section({
    hangSeconds: seconds(0.05, 86_400).default(300),
    failuresAllowed: count(1_000).default(3),
    firstPauseSeconds: seconds(0.01, 3_600).default(1),
    longestPauseSeconds: seconds(0.01, 3_600).default(60),
    stopSeconds: seconds(0.05, 3_600).default(60),
  }).prefault({}),
  sync: section({
    ...cadence(15, false),
    intervalSeconds: count(86_400).default(300),
  }).prefault({}),
  liquidation: section({
    ...cadence(15, true),
    keeperAccount: accountNumber.optional(),
    maxFills: count(65_535).default(50),
    takeOverLots: lots.default(0),
  }).prefault({}),
  waterfall: section({
    ...cadence(15, true),
    batch: count(200).default(40),
    maxFills: count(65_535).default(50),
  }).prefault({}),
  settlement: section({
    ...cadence(60, false),
    batch: count(200).default(40),
  }).prefault({}),
  purge: section({
    ...cadence(300, false),
    waitSeconds: z.int().nonnegative().max(2_592_000).default(600),
    maxOrders: count(10_000).default(200),
    batch: count(200).default(50),
    confirmations: z.int().nonnegative().max(100_000).default(12),
  }).prefault({}),
  signedOrders: section({
    ...cadence(15, true),
    database: z.string().min(1).default("keeper-orders.sqlite"),
    folder: z.string().min(1).optional(),
    inbox: section({
      host: z.string().default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(9_465),
      perMinute: count(1_000_000).default(120),
    }).prefault({}),
    minFee: z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'must be a decimal text such as "0.5"')
      .default("0"),
    perSigner: count(100_000).default(200),
    mostOrders: count(1_000_000).default(10_000),
    batch: count(64).default(8),
    gasEach: z.int().min(100_000).max(15_000_000).default(1_000_000),
    most: count(10_000).default(200),
    looks: count(10_000).default(50),
    retrySeconds: seconds(0.01, 3_600).default(15),
    longestRetrySeconds: seconds(0.01, 86_400).default(600),
  }).prefault({}),
  watch: section(cadence(15, false)).prefault({}),
  alerts: alerts.optional(),
});

/** How the keeper process runs. Keys, and addresses that are secret, are no part of it: they come from the environment, or a signer holds them. */
export type KeeperConfig = z.output<typeof schema>;

/** Where alerts go and what they are about. */
export type AlertsConfig = NonNullable<KeeperConfig["alerts"]>;

/** An account whose owner is told how near it is to liquidation. */
export type WatchedAccount = AlertsConfig["watch"][number];

/** How the chain is watched and jobs are supervised. */
export type SupervisionConfig = Pick<KeeperConfig, "head" | "supervision" | "http">;

/**
 * Checks a configuration and fills in what it leaves out.
 * @throws Error that names the first field that is wrong, what it holds and what is allowed.
 */
export function parseConfig(value: unknown): KeeperConfig {
  return parseWith(schema, value, "keeper configuration", {
    hides: (path) => path[0] === "rpc" || /Variable$|^url$/.test(path.at(-1)?.toString() ?? ""),
  });
}

/** Reads a configuration file: JSON with comments and trailing commas. */
export function readConfig(path: string): KeeperConfig {
  return parseConfig(readJsonc(path, "keeper configuration"));
}
