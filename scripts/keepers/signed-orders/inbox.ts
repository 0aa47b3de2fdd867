import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Hash } from "viem";
import { sentenceOf } from "../../lib/errors.ts";
import { answerJson, HttpError, readJson } from "../../lib/http.ts";
import type { KeeperLog } from "../keeper.ts";
import type { Admission } from "./admission.ts";
import { formatTrail, OrderRefusedError } from "./order.ts";
import type { KeptOrder, OrderStore } from "./store.ts";

/** How orders are taken over HTTP. */
export interface InboxSettings {
  host: string;
  port: number;
  /** Requests that one address may make in a minute. */
  perMinute: number;
}

/** Most that is read of a request: an order with a signature of 16 kB. */
const MOST_BYTES = 64 * 1024;

/** Requests whose orders are checked at a time: each asks the node. */
const MOST_CHECKS = 16;

/** Addresses whose requests are counted at a time. */
const MOST_CALLERS = 10_000;

const MINUTE = 60_000;
const ORDER = /^\/signed-orders\/(0x[0-9a-f]{64})$/;

/** Takes signed orders over HTTP and tells what became of them. */
export class Inbox {
  readonly #settings: InboxSettings;
  readonly #admission: Admission;
  readonly #store: OrderStore;
  readonly #log: KeeperLog;
  readonly #callers = new Map<string, number>();
  #minute = 0;
  #checks = 0;
  #server: Server | undefined;

  constructor(settings: InboxSettings, admission: Admission, store: OrderStore, log: KeeperLog) {
    this.#settings = settings;
    this.#admission = admission;
    this.#store = store;
    this.#log = log;
  }

  /** Whether it answers. */
  get isListening(): boolean {
    return this.#server?.listening === true;
  }

  /**
   * Starts to answer.
   * @returns Its address.
   */
  async start(): Promise<string> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (error instanceof OrderRefusedError) return refuse(response, error);
        if (!(request.destroyed && request.errored))
          this.#log.warn({ error: sentenceOf(error) }, "a request to the inbox failed");
        if (!response.headersSent)
          answerJson(response, 503, {
            error: { code: "Unavailable", message: "The order cannot be checked now: send it again later." },
          });
        else response.destroy();
      });
    });
    server.requestTimeout = 10_000;
    server.headersTimeout = 10_000;
    server.maxConnections = 1_000;
    this.#server = server;
    server.listen(this.#settings.port, this.#settings.host);
    await once(server, "listening");
    const { address, port, family } = server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  /** Answers no more. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Pages of any origin may hand over orders: nothing here depends on who asks.
    response.setHeader("access-control-allow-origin", "*");
    if (request.method === "OPTIONS") {
      response.setHeader("access-control-allow-methods", "GET, POST");
      response.setHeader("access-control-allow-headers", "content-type");
      return void response.writeHead(204).end();
    }
    this.#count(request.socket.remoteAddress ?? "");
    const url = request.url ?? "/";
    if (request.method === "POST" && url === "/signed-orders") return this.#take(request, response);
    const [, hash] = (request.method === "GET" && ORDER.exec(url)) || [];
    if (hash === undefined)
      return answerJson(response, 404, {
        error: { code: "NotFound", message: "There are POST /signed-orders and GET /signed-orders/<hash>." },
      });
    const kept = this.#store.find(hash as Hash);
    if (kept !== undefined) return answerJson(response, 200, view(kept));
    answerJson(response, 404, {
      error: { code: "UnknownOrder", message: `There is no order ${hash} here: hand it over first.` },
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#checks >= MOST_CHECKS)
      throw new OrderRefusedError(
        "TooManyRequests",
        `${MOST_CHECKS} orders are being checked: send it again in a moment.`,
      );
    this.#checks += 1;
    try {
      const { kept, isNew } = await this.#admission.admit(await readBody(request));
      if (isNew) this.#log.info({ order: kept.hash, account: kept.account }, "signed order accepted");
      answerJson(response, isNew ? 201 : 200, view(kept));
    } finally {
      this.#checks -= 1;
    }
  }

  #count(caller: string): void {
    const minute = Math.floor(Date.now() / MINUTE);
    if (minute !== this.#minute || this.#callers.size >= MOST_CALLERS) this.#callers.clear();
    this.#minute = minute;
    const requests = (this.#callers.get(caller) ?? 0) + 1;
    this.#callers.set(caller, requests);
    const { perMinute } = this.#settings;
    if (requests > perMinute)
      throw new OrderRefusedError(
        "TooManyRequests",
        `${requests} requests came from this address within a minute, at most ${perMinute} are answered: wait.`,
      );
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const tooLong = () =>
    new OrderRefusedError("BodyTooLong", `The order is longer than ${MOST_BYTES} bytes: send one at a time.`);
  // Said before it is read: whoever sends it hears of it.
  if (Number(request.headers["content-length"] ?? 0) > MOST_BYTES) throw tooLong();
  try {
    return await readJson(request, MOST_BYTES);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw error.message.startsWith("the body is longer")
      ? tooLong()
      : new OrderRefusedError("NotJson", "The order is not JSON: send what `signOrder` gave.");
  }
}

function refuse(response: ServerResponse, { status, code, message }: OrderRefusedError): void {
  if (status === 429) response.setHeader("retry-after", "60");
  // What is left of a body is not read.
  if (status === 413) response.setHeader("connection", "close");
  answerJson(response, status, { error: { code, message } });
}

/** What is told of an order. */
function view(kept: KeptOrder): Record<string, unknown> {
  const { hash, trail, followed, consumedLots, failures, error, retryAt, acceptedAt, ended } = kept;
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return {
    hash,
    status: ended?.by ?? "kept",
    consumedLots: consumedLots.toString(),
    acceptedAt: time(acceptedAt),
    ...(trail && {
      trail: formatTrail(trail),
      extremeX16: followed.extremeX16?.toString() ?? null,
      fired: followed.fired,
    }),
    ...(!ended && failures > 0 && { failures, error, retryAt: time(retryAt) }),
  };
}
