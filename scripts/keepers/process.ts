import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseGwei } from "viem";
import { isTemporary } from "../lib/temporary.ts";
import { AccountBook } from "./accounts/book.ts";
import type { KeeperConfig, KeeperName } from "./config.ts";
import { contextOf, type KeeperOptions } from "./context.ts";
import type { Keeper, KeeperLog } from "./keeper.ts";
import { createLiquidationKeeper } from "./liquidation.ts";
import { createMetrics } from "./metrics.ts";
import { createSettlementKeeper } from "./settlement.ts";
import { createSyncKeeper } from "./sync.ts";
import { createWaterfallKeeper } from "./waterfall.ts";

/** Creates the keepers that a configuration names. */
export function createKeepers(
  base: Pick<KeeperOptions, "client" | "deployment" | "log">,
  { keepers, dryRun, maxFeePerGasGwei, shard, sync, liquidation, waterfall, settlement }: KeeperConfig,
): Keeper[] {
  const own: KeeperOptions = {
    ...base,
    dryRun,
    ...(shard && { shard }),
    ...(maxFeePerGasGwei !== undefined && { maxFeePerGas: parseGwei(String(maxFeePerGasGwei)) }),
  };
  const options: KeeperOptions = { ...own, accounts: new AccountBook(contextOf(own)) };
  const create: Record<KeeperName, () => Keeper> = {
    sync: () => createSyncKeeper({ ...options, interval: sync.intervalSeconds }),
    liquidation: () => createLiquidationKeeper({ ...options, ...liquidation }),
    waterfall: () => createWaterfallKeeper({ ...options, ...waterfall }),
    settlement: () => createSettlementKeeper({ ...options, ...settlement }),
  };
  return keepers.map((name) => create[name]());
}

/** What a keeper process needs besides its keepers. */
export interface ProcessOptions {
  config: Pick<KeeperConfig, "everySeconds" | "maxFailures" | "http">;
  log: KeeperLog;
  /** Ends the process: the round under way is finished first. */
  signal: AbortSignal;
  /** Told where /health and /metrics are once they answer. */
  onListening?: (url: string) => void;
}

/**
 * Runs keepers round after round until the signal, one after the other, since one sender's transactions are in order.
 * A node that cannot be reached is tried again `maxFailures` times in a row.
 * @throws the first error that is neither a known race nor the node's absence: something is wrong that a person must see.
 */
export async function runKeepers(
  keepers: readonly Keeper[],
  { config, log, signal, onListening }: ProcessOptions,
): Promise<void> {
  const metrics = createMetrics();
  const server = await serve(keepers, metrics.registry, config.http);
  const { address, port } = server.address() as AddressInfo;
  onListening?.(`http://${address}:${port}`);
  const failures = new Map<Keeper, number>();
  try {
    for (const keeper of keepers) await keeper.init();
    while (!signal.aborted) {
      for (const keeper of keepers) {
        if (signal.aborted) break;
        try {
          await metrics.observe(keeper);
          failures.delete(keeper);
        } catch (error) {
          const count = (failures.get(keeper) ?? 0) + 1;
          failures.set(keeper, count);
          if (!isTemporary(error) || count >= config.maxFailures) throw error;
          log.warn({ keeper: keeper.name, failures: count }, "the node cannot be reached");
        }
      }
      await sleep(config.everySeconds * 1_000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    for (const keeper of keepers) await keeper.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function serve(
  keepers: readonly Keeper[],
  registry: ReturnType<typeof createMetrics>["registry"],
  { host, port }: KeeperConfig["http"],
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) =>
      response.writeHead(status, { "content-type": type }).end(body);
    if (request.method !== "GET") return answer(405, "text/plain", "only GET\n");
    if (request.url === "/health") {
      const jobs = Object.fromEntries(keepers.map((keeper) => [keeper.name, keeper.health()]));
      const healthy = Object.values(jobs).every((job) => job.healthy);
      return answer(healthy ? 200 : 503, "application/json", `${JSON.stringify({ healthy, jobs })}\n`);
    }
    if (request.url === "/metrics")
      return void registry.metrics().then(
        (text) => answer(200, registry.contentType, text),
        () => answer(500, "text/plain", "no metrics\n"),
      );
    return answer(404, "text/plain", "there are /health and /metrics\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return server;
}
