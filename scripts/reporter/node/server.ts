import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Hex } from "viem";
import type { Registry } from "prom-client";
import { sentenceOf } from "../../lib/errors.ts";
import { answerJson, HttpError, readJson } from "../../lib/http.ts";
import type { Log } from "../../lib/log.ts";
import { serveStatements } from "../../statements/exchange.ts";
import { statementToJson } from "../../statements/json.ts";
import type { StatementStore } from "../../statements/store.ts";
import type { DayStore } from "./days.ts";
import { dayToJson } from "./peers.ts";
import type { ReportStore } from "./report-store.ts";
import { ReportError, reportListSchema, reportToJson, type FullReport } from "./reports.ts";

/** Most that is read of a request. */
const MAX_BODY = 256 * 1024;
const REPORTS = /^\/reports\/(0x[0-9a-f]{64})\/(\d{1,10})\/(\d{1,10})$/;
const DAY = /^\/days\/(0x[0-9a-f]{46,64})$/;

/** What a node serves. */
export interface Served {
  readonly statements: StatementStore;
  readonly reports: ReportStore;
  readonly days: DayStore;
  readonly registry: Registry;
  readonly log: Log;
  health(): { healthy: boolean };
  /** Takes a report from whoever sends it: its signature says whose it is. */
  receive(report: FullReport): Promise<unknown>;
}

/** Answers the requests of peers, and of whoever watches the node. */
export function answerTo(served: Served): RequestListener {
  return (request, response) => {
    handle(served, request, response).catch((error: unknown) => {
      // Whoever gave up waiting is no trouble of this node.
      if (request.destroyed && request.errored) served.log.debug({}, "a request was given up");
      else served.log.warn({ error: sentenceOf(error) }, "a request failed");
      if (!response.headersSent) answerJson(response, 500, { error: "something failed" });
      else response.destroy();
    });
  };
}

/** Starts to answer peers, and whoever watches the node. */
export async function serveNode(
  served: Served,
  { host, port }: { host: string; port: number },
): Promise<Server> {
  const server = createServer(answerTo(served));
  // Whoever sends a body byte by byte is not waited for.
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return server;
}

async function handle(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { statements, reports, days, registry } = served;
  const url = request.url ?? "/";
  if (request.method === "POST" && url === "/reports") return take(served, request, response);
  if (request.method !== "GET") return answerJson(response, 405, { error: "only GET, and POST /reports" });
  if (serveStatements(statements, url, response)) return;
  const [, index, period, revision] = REPORTS.exec(url) ?? [];
  if (index !== undefined) {
    const found = reports.reportsOf(index as Hex, Number(period), Number(revision));
    return answerJson(response, 200, { reports: found.map(reportToJson) });
  }
  const vintage = DAY.exec(url)?.[1] as Hex | undefined;
  if (vintage !== undefined) {
    const day = days.find(vintage);
    if (day === undefined) return answerJson(response, 404, { error: "no day with this vintage is known" });
    return answerJson(response, 200, dayToJson(day));
  }
  if (url === "/evidence")
    return answerJson(response, 200, {
      reports: reports.equivocations().map((pair) => pair.map(reportToJson)),
      statements: statements.conflicts().map((pair) => pair.map(statementToJson)),
    });
  if (url === "/health") {
    const health = served.health();
    return answerJson(response, health.healthy ? 200 : 503, health);
  }
  if (url === "/metrics") {
    const text = await registry.metrics();
    response.writeHead(200, { "content-type": registry.contentType }).end(text);
    return;
  }
  answerJson(response, 404, {
    error:
      "there are /statements/:period, /reports/:index/:period/:revision, /days/:vintage, /evidence, /health, /metrics",
  });
}

async function take(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body: unknown;
  try {
    body = await readJson(request, MAX_BODY);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return answerJson(response, 400, { error: error.message });
  }
  const parsed = reportListSchema.safeParse(body);
  if (!parsed.success) return answerJson(response, 400, { error: "no list of reports" });
  const refused: string[] = [];
  for (const report of parsed.data.reports) {
    try {
      await served.receive(report);
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      refused.push(error.message);
    }
  }
  answerJson(response, refused.length === 0 ? 200 : 422, { refused });
}
