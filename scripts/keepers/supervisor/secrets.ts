import { pino } from "pino";
import { KEY_VARIABLE, PASSPHRASE_VARIABLE } from "../../lib/keys.ts";
import { redactor, secretsOf } from "../../lib/redact.ts";
import type { KeeperConfig } from "../config.ts";
import type { KeeperLog } from "../keeper.ts";

/** Fields whose values never belong into a log. */
const FIELDS = ["key", "privateKey", "secret", "password", "passphrase", "authorization"];

/**
 * Makes the function that hides what a keeper process must not tell: key and passphrase of the sender, secrets of webhooks, and what in
 * the addresses of nodes, signer and webhooks may be a key.
 */
export function keeperRedactor(
  rpc: readonly string[],
  { signer, alerts }: Pick<KeeperConfig, "signer" | "alerts">,
  environment: NodeJS.ProcessEnv = process.env,
): (text: string) => string {
  const webhooks = alerts?.webhooks ?? [];
  const urls = webhooks.flatMap(({ urlVariable }) => environment[urlVariable] ?? []);
  return redactor([
    environment[KEY_VARIABLE],
    environment[PASSPHRASE_VARIABLE],
    ...webhooks.map(({ secretVariable }) => environment[secretVariable]),
    ...secretsOf([...rpc, ...urls, ...(signer ? [signer.url] : [])]),
  ]);
}

/** Logs JSON lines to standard error, with secrets taken out of every line whatever wrote it. */
export function createLog(level: KeeperConfig["logLevel"], hide: (text: string) => string): KeeperLog {
  return pino(
    {
      name: "usance-keeper",
      level,
      redact: { paths: FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
      hooks: { streamWrite: hide },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
