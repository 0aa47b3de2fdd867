import { MeterError } from "./errors.ts";

/** How a source on the network is read. */
export interface FetchOptions {
  readonly source: string;
  readonly url: URL;
  readonly accept: string;
  /** Bearer token. */
  readonly token?: string;
  readonly timeoutSeconds: number;
  /** Longest answer that is read. */
  readonly maxBytes: number;
}

/**
 * Reads a text over HTTP.
 * @throws MeterError Unreachable, WrongStatus, TooLarge. The address is no part of the message, since it may hold a key.
 */
export async function fetchText(options: FetchOptions): Promise<string> {
  const { source, url, accept, token, timeoutSeconds, maxBytes } = options;
  let response: Response;
  const chunks: Uint8Array[] = [];
  try {
    response = await fetch(url, {
      headers: { accept, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.timeout(timeoutSeconds * 1_000),
    });
    if (response.ok && response.body !== null) {
      let size = 0;
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        size += chunk.byteLength;
        if (size > maxBytes) throw new MeterError("TooLarge", source, size, maxBytes);
        chunks.push(chunk);
      }
    }
  } catch (error) {
    if (error instanceof MeterError) throw error;
    throw new MeterError("Unreachable", source, causeOf(error), `an answer within ${timeoutSeconds} s`);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new MeterError("WrongStatus", source, response.status, "200 to 299");
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What went wrong, without addresses. */
export function causeOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === "string") return code;
    if (each.name === "TimeoutError") return each.name;
  }
  return error instanceof Error ? error.name : "unknown";
}
