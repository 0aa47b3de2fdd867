import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { sentenceOf } from "../../lib/errors.ts";
import type { KeeperLog } from "../keeper.ts";
import type { ConnectionStatus } from "../sending/connection.ts";
import type { HeadHealth } from "./heads.ts";
import type { JobHealth } from "./worker.ts";

/** How the whole process stands. */
export interface ProcessHealth {
  healthy: boolean;
  head: HeadHealth;
  jobs: Record<string, JobHealth>;
  /** Sender and nodes. */
  connection?: ConnectionStatus;
}

/** What the process tells over HTTP. */
export interface Told {
  health: () => ProcessHealth;
  metrics: () => Promise<{ type: string; text: string }>;
  /** Takes secrets out of a text. */
  hide: (text: string) => string;
  log: KeeperLog;
}

/** Starts to answer `/live`, `/health`, `/health/<job>` and `/metrics`. */
export async function tell(told: Told, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer((request, response) => {
    answer(told, request, response).catch((error: unknown) => {
      told.log.warn({ error: sentenceOf(error) }, "a request failed");
      if (!response.headersSent) response.writeHead(500).end("something failed\n");
      else response.destroy();
    });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return server;
}

async function answer(told: Told, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = (status: number, value: unknown) =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(`${told.hide(JSON.stringify(value, readable))}\n`);
  const url = request.url ?? "/";
  if (request.method !== "GET" && request.method !== "HEAD") return void json(405, { error: "only GET" });
  if (url === "/live") return void json(200, { live: true });
  if (url === "/health") {
    const health = told.health();
    return void json(health.healthy ? 200 : 503, health);
  }
  if (url.startsWith("/health/")) {
    const { head, jobs } = told.health();
    const name = url.slice("/health/".length);
    const found = name === "head" ? head : Object.hasOwn(jobs, name) ? jobs[name] : undefined;
    if (found === undefined)
      return void json(404, {
        error: `there is no job of this name; there are head, ${Object.keys(jobs).join(", ")}`,
      });
    return void json(found.healthy ? 200 : 503, found);
  }
  if (url === "/metrics") {
    const { type, text } = await told.metrics();
    return void response.writeHead(200, { "content-type": type }).end(text);
  }
  json(404, { error: "there are /live, /health, /health/<job> and /metrics" });
}

const TIMES = new Set(["lastSuccess", "runningSince"]);

/** Writes times as texts, and whole numbers of any size as numbers. */
function readable(key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && TIMES.has(key) ? new Date(value).toISOString() : value;
}
