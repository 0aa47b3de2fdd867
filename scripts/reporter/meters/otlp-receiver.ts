import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { MeterError } from "./errors.ts";
import type { MeterOutcome } from "./meter.ts";
import type { OtlpMeter } from "./otlp.ts";

/** Where telemetry is received. */
export interface OtlpReceiverOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Bearer token that senders must have; whoever reaches the port can state usage where there is none. */
  readonly token?: string;
  /** Longest request that is read, before and after it is unpacked. */
  readonly maxBytes: number;
  /** Told what each request came to, or why it failed. */
  readonly onOutcome?: (outcome: MeterOutcome | Error) => void;
}

/** A server that receives telemetry. */
export interface OtlpReceiver {
  /** Where exporters send to. */
  readonly url: string;
  /** Lets requests under way come to their end. */
  close(): Promise<void>;
}

/**
 * Receives OTLP/HTTP in JSON at /v1/metrics. An answer of success comes when what was sent is in the log.
 */
export async function startOtlpReceiver(
  meter: OtlpMeter,
  options: OtlpReceiverOptions,
): Promise<OtlpReceiver> {
  await meter.begin();
  const server = createServer((request, response) => {
    void answer(meter, options, request, response);
  });
  server.listen(options.port, options.host);
  await once(server, "listening");
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}/v1/metrics`,
    async close() {
      server.close();
      server.closeIdleConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

/** Refusal of a request, as OTLP words it. */
class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  /** @param code Of google.rpc.Code. */
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function answer(
  meter: OtlpMeter,
  options: OtlpReceiverOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  try {
    const outcome = await meter.accept(await readRequest(request, options));
    options.onOutcome?.(outcome);
    const { refused, problem } = outcome;
    send(
      200,
      refused === 0
        ? {}
        : { partialSuccess: { rejectedDataPoints: String(refused), errorMessage: problem?.message } },
    );
  } catch (error) {
    const refusal =
      error instanceof Refusal
        ? error
        : error instanceof MeterError
          ? new Refusal(400, 3, error.message)
          : // Not the sender's fault: it may try again.
            new Refusal(503, 14, "it could not be logged");
    if (refusal !== error) options.onOutcome?.(error instanceof Error ? error : new Error(String(error)));
    // What was not read of the request must not be taken for the next one.
    response.setHeader("connection", "close");
    send(refusal.status, { code: refusal.code, message: refusal.message });
  }
}

async function readRequest(
  request: IncomingMessage,
  { token, maxBytes }: OtlpReceiverOptions,
): Promise<unknown> {
  const { method, url = "", headers } = request;
  if (new URL(url, "http://receiver").pathname !== "/v1/metrics")
    throw new Refusal(404, 5, "metrics go to /v1/metrics");
  if (method !== "POST") throw new Refusal(405, 12, "metrics are posted");
  if (token !== undefined && !sameText(headers.authorization ?? "", `Bearer ${token}`))
    throw new Refusal(401, 16, "a bearer token is needed");
  if (headers["content-type"]?.split(";")[0]?.trim().toLowerCase() !== "application/json")
    throw new Refusal(415, 3, "only application/json is read: set the exporter to http/json");
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip") throw new Refusal(415, 3, "only gzip is unpacked");
  const tooLarge = new Refusal(413, 8, `at most ${maxBytes} bytes are read`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  let body = Buffer.concat(chunks);
  if (encoding === "gzip")
    try {
      body = await promisify(gunzip)(body, { maxOutputLength: maxBytes });
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge;
      throw new Refusal(400, 3, "not gzip");
    }
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    throw new Refusal(400, 3, "not JSON");
  }
}

/** Takes the same time wherever the texts differ. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
