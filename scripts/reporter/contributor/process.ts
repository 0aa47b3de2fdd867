import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dateOfPeriod } from "../../lib/calendar.ts";
import { rulesFrom } from "../../calculator/rules.ts";
import { restoredAt } from "../../lib/backup.ts";
import { answerJson } from "../../lib/http.ts";
import type { Log } from "../../lib/log.ts";
import { serveStatements } from "../../statements/exchange.ts";
import type { StatementSigner } from "../../statements/signed.ts";
import { StatementStore } from "../../statements/store.ts";
import { openLog } from "../log/sqlite.ts";
import { runMeters } from "../meters/run.ts";
import type { ContributorConfig } from "./config.ts";
import { dueDays, publishDay, type Publisher } from "./publish.ts";

/** What a contributor's process needs besides its configuration. */
export interface ContributorOptions {
  readonly account: StatementSigner;
  readonly log: Log;
  /** Ends the process: what is under way is finished first. */
  readonly signal: AbortSignal;
  /** Unix milliseconds; the computer's clock when left out. */
  readonly clock?: () => number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Told where statements and health are once they answer. */
  readonly onListening?: (url: string) => void;
}

/**
 * Meters usage, publishes one signed statement of each day and its corrections, and serves them at
 * `/statements/:period`; `/health` tells how each source fares. It ends with the signal, or with an error that nobody
 * foresaw.
 */
export async function runContributor(config: ContributorConfig, options: ContributorOptions): Promise<void> {
  const { account, log: lines, signal, clock = Date.now, environment } = options;
  const { contributor, folder } = config;
  const rules = rulesFrom(config.baseDate);
  const log = openLog(join(folder, "usage.sqlite"), { contributor, clock });
  const store = new StatementStore(join(folder, "statements.sqlite"), {
    contributors: [{ id: contributor, address: account.address }],
    rules,
  });
  try {
    const meters = await runMeters(
      config.meters,
      { log, clock, ...(environment !== undefined && { environment }) },
      (source, outcome) => {
        if (outcome instanceof Error) lines.warn({ source, error: outcome.message }, "a source was not read");
        else if (outcome.refused > 0)
          lines.warn(
            { source, refused: outcome.refused, problem: outcome.problem?.message },
            "some of it was refused",
          );
        else lines.debug({ source, ...outcome }, "a source was read");
      },
    );
    const server = createServer((request, response) => {
      const { url = "/" } = request;
      if (request.method !== "GET") return answerJson(response, 405, { error: "only GET" });
      if (serveStatements(store, url, response)) return;
      if (url !== "/health") return answerJson(response, 404, { error: "there is nothing here" });
      const sources = meters.health();
      const healthy = sources.every(({ failures }) => failures < UNWELL);
      answerJson(response, healthy ? 200 : 503, { healthy, contributor, sources });
    });
    try {
      server.listen(config.http.port, config.http.host);
      await once(server, "listening");
      const { address, port, family } = server.address() as AddressInfo;
      options.onListening?.(`http://${family === "IPv6" ? `[${address}]` : address}:${port}`);
      for (const [source, url] of meters.receivers) lines.info({ source, url }, "telemetry is received");
      const ending = new AbortController();
      const until = AbortSignal.any([signal, ending.signal]);
      const published = publishing(
        { log, store, account, rules, restoredAt: restoredAt(folder), clock },
        config,
        meters.unreadSince,
        lines,
        until,
      );
      try {
        await Promise.race([published, meters.ended]);
      } finally {
        ending.abort();
        await published.catch(() => undefined);
      }
    } finally {
      await meters.stop().finally(() => {
        server.close();
        server.closeIdleConnections();
      });
    }
  } finally {
    log.end();
    store.close();
  }
}

/** Failures in a row from which on a source is said to be unwell. */
const UNWELL = 3;

async function publishing(
  publisher: Publisher,
  config: ContributorConfig,
  unreadSince: (time: number) => string[],
  lines: Log,
  signal: AbortSignal,
): Promise<void> {
  const tried = new Map<number, number>();
  while (!signal.aborted) {
    const now = publisher.clock();
    for (const period of dueDays(now, config, tried, unreadSince)) {
      if (signal.aborted) return;
      tried.set(period, now);
      const published = await publishDay(publisher, period);
      if (published === undefined || !published.isNew) continue;
      const { signed, closing } = published;
      const fields = {
        day: dateOfPeriod(period),
        number: signed.number,
        root: closing.root,
        late: closing.late,
      };
      const away = unreadSince((period + 1) * 86_400_000);
      if (away.length > 0) lines.warn({ ...fields, away }, "a statement is published without some sources");
      else lines.info(fields, "a statement is published");
    }
    await sleep(config.everySeconds * 1_000, undefined, { signal }).catch(() => undefined);
  }
}
