import type { IncomingMessage, ServerResponse } from "node:http";

/** An answer that is no answer: a wrong status, too long, or no JSON. */
export class HttpError extends Error {
  override readonly name = "HttpError";
}

/** How long to wait for another process, and how much of its answer to read. */
export interface Limits {
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
}

/** What another process answered, whether it did what was asked or not. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Gets JSON from another process, or posts it when there is a body. User and password of an address become a Basic authorisation.
 * @throws HttpError, or the error of fetch. No message holds the address: it may hold a key.
 */
export async function fetchJson(url: string, limits: Limits, body?: unknown): Promise<unknown> {
  const { ok, status, text } = await fetchText(url, limits, body);
  if (!ok) throw new HttpError(`the answer is ${status}: ${text.slice(0, 200)}`);
  return parseAnswer(text);
}

/**
 * Like `fetchJson`, for those who answer a refusal in JSON, too.
 * @throws HttpError where the answer is too long or not JSON, or the error of fetch.
 */
export async function fetchAnswer(url: string, limits: Limits, body?: unknown): Promise<JsonAnswer> {
  const { status, text } = await fetchText(url, limits, body);
  return { status, body: parseAnswer(text) };
}

async function fetchText(
  url: string,
  { timeoutSeconds, maxBytes }: Limits,
  body: unknown,
): Promise<{ ok: boolean; status: number; text: string }> {
  const { address, headers } = addressOf(url);
  const response = await fetch(address, {
    signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    redirect: "error",
    headers,
    ...(body !== undefined && {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new HttpError(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return { ok: response.ok, status: response.status, text: Buffer.concat(chunks).toString("utf8") };
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HttpError("the answer is not JSON");
  }
}

/** `fetch` refuses an address that names a user, and says so with the password. */
function addressOf(url: string): { address: URL | string; headers: Record<string, string> } {
  if (!URL.canParse(url)) return { address: url, headers: {} };
  const address = new URL(url);
  const { username, password } = address;
  if (username === "") return { address, headers: {} };
  address.username = "";
  address.password = "";
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address, headers: { authorization: `Basic ${btoa(user)}` } };
}

/**
 * Reads the JSON body of a request.
 * @throws HttpError where it is too long or not JSON.
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new HttpError(`the body is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    throw new HttpError("the body is not JSON");
  }
}

/** Answers with JSON and ends. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}
