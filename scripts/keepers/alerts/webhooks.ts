import { createHmac } from "node:crypto";
import type { AlertEvent, AlertsConfig } from "../config.ts";
import { SetupError } from "../keeper.ts";
import type { Alert } from "./state.ts";

/** Header that holds time and signature: `t=<Unix time>,v1=<HMAC-SHA-256 of "<t>.<body>" in hex>`. */
const SIGNATURE_HEADER = "usance-signature";

/** How long an answer is waited for, milliseconds. */
const TIMEOUT = 10_000;

/** A webhook with what is secret about it. */
export interface Webhook {
  name: string;
  url: string;
  secret: string;
  /** What it is told; everything where it is left out. */
  events?: readonly AlertEvent[] | undefined;
}

/**
 * Takes addresses and secrets of the webhooks from the environment.
 * @throws SetupError in one sentence, without what a variable holds.
 */
export function readWebhooks(
  { webhooks }: Pick<AlertsConfig, "webhooks">,
  environment: NodeJS.ProcessEnv = process.env,
): Webhook[] {
  return webhooks.map(({ name, urlVariable, secretVariable, events }) => {
    const url = environment[urlVariable];
    const secret = environment[secretVariable];
    if (!url)
      throw new SetupError(
        `The webhook ${name} needs its address: set the environment variable ${urlVariable}.`,
      );
    if (!secret)
      throw new SetupError(
        `The webhook ${name} needs a secret to sign with: set the environment variable ${secretVariable}.`,
      );
    if (!/^https?:$/.test(protocolOf(url)))
      throw new SetupError(`${urlVariable} does not hold an address that starts with https:// or http://.`);
    return { name, url, secret, events };
  });
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}

/** The value of the signature's header for a body that is sent at some Unix time. */
function signatureOf(secret: string, time: number, body: string): string {
  return `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${body}`).digest("hex")}`;
}

/**
 * Posts an alert.
 * @throws Error in one sentence, without the address, where the webhook does not take it.
 */
export async function post({ url, secret }: Webhook, alert: Alert): Promise<void> {
  const body = JSON.stringify(alert);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      body,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
      headers: {
        "content-type": "application/json",
        "user-agent": "usance-keeper",
        "usance-alert-id": alert.id,
        [SIGNATURE_HEADER]: signatureOf(secret, Math.floor(Date.now() / 1_000), body),
      },
    });
  } catch (error) {
    // What fetch throws may hold the address.
    const timeout = error instanceof Error && error.name === "TimeoutError";
    throw new Error(timeout ? `it did not answer within ${TIMEOUT / 1_000} s` : "it could not be reached", {
      cause: error,
    });
  }
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}
