import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parseGwei } from "viem";
import { getBlock } from "viem/actions";
import { AccountBook } from "./accounts/book.ts";
import type { KeeperConfig, KeeperName, SupervisionConfig } from "./config.ts";
import { contextOf, type KeeperOptions } from "./context.ts";
import { SetupError, type Keeper, type KeeperLog, type Turn } from "./keeper.ts";
import { createLiquidationKeeper } from "./liquidation.ts";
import { countRound, createMetrics, gaugeConnection, gaugeHealth, type KeeperMetrics } from "./metrics.ts";
import { createPurgeKeeper } from "./purge.ts";
import { createSettlementKeeper } from "./settlement.ts";
import type { ConnectionStatus } from "./sending/connection.ts";
import { createSignedOrdersKeeper } from "./signed-orders/job.ts";
import type { SignedOrdersService } from "./signed-orders/service.ts";
import { Heads, type Head } from "./supervisor/heads.ts";
import { tell, type ProcessHealth } from "./supervisor/server.ts";
import type { Turns } from "./supervisor/turns.ts";
import { Worker, type JobHealth, type JobPlan } from "./supervisor/worker.ts";
import { createSyncKeeper } from "./sync.ts";
import { createWaterfallKeeper } from "./waterfall.ts";

/** Who sends first where several jobs want to: accounts that fall before everything else. */
const RANKS: Record<KeeperName, number> = {
  liquidation: 0,
  waterfall: 1,
  signedOrders: 2,
  sync: 3,
  settlement: 4,
  purge: 5,
};

/**
 * Plans the keepers that a configuration names.
 * @param turns Keeps them from sending at the same time.
 */
export function planKeepers(
  {
    signedOrders,
    ...base
  }: Pick<KeeperOptions, "client" | "deployment" | "log" | "nativePrice"> & {
    /** Where accepted orders are, for the keeper that executes them. */
    signedOrders?: Pick<SignedOrdersService, "store" | "folder"> | undefined;
  },
  config: KeeperConfig,
  turns?: Turns,
): JobPlan[] {
  const { dryRun, maxFeePerGasGwei, sending, shard } = config;
  const optionsFor = (name: KeeperName): KeeperOptions => ({
    ...base,
    dryRun,
    sending,
    ...(shard && { shard }),
    ...(turns && { turn: turns.of(RANKS[name]) satisfies Turn }),
    ...(maxFeePerGasGwei !== undefined && { maxFeePerGas: parseGwei(String(maxFeePerGasGwei)) }),
  });
  const create: Record<KeeperName, (options: KeeperOptions) => Keeper> = {
    sync: (options) => createSyncKeeper({ ...options, interval: config.sync.intervalSeconds }),
    liquidation: (options) => createLiquidationKeeper({ ...options, ...config.liquidation }),
    waterfall: (options) => createWaterfallKeeper({ ...options, ...config.waterfall }),
    settlement: (options) => createSettlementKeeper({ ...options, ...config.settlement }),
    purge: (options) => createPurgeKeeper({ ...options, ...config.purge }),
    signedOrders(options) {
      if (signedOrders === undefined)
        throw new SetupError("There is no file of signed orders: open it first.");
      const { store, folder } = signedOrders;
      return createSignedOrdersKeeper({ ...options, ...config.signedOrders, store, folder });
    },
  };
  // A job that starts anew keeps accounts of its own: those that it shared may be what is wrong.
  const shared = new AccountBook(contextOf(optionsFor("liquidation")));
  return config.keepers.map((name) => {
    const { everySeconds, everyBlock } = config[name];
    let accounts: AccountBook | undefined = shared;
    return {
      name,
      everySeconds,
      everyBlock,
      create() {
        const options = { ...optionsFor(name), ...(accounts && { accounts }) };
        accounts = undefined;
        return create[name](options);
      },
    };
  });
}

/** Asks the client's node for the newest block. */
export function headOf(client: KeeperOptions["client"]): () => Promise<Head> {
  return () => getBlock(client, { blockTag: "latest" });
}

/** A part of the process that is no job of the chain's, such as the delivery of alerts. */
export interface SidePart {
  name: string;
  /** Works until the signal; told how the process stands whenever it asks. */
  run: (signal: AbortSignal, health: () => ProcessHealth) => Promise<void>;
  health: () => JobHealth;
}

/** What a keeper process needs besides its jobs. */
export interface ProcessOptions {
  config: SupervisionConfig;
  log: KeeperLog;
  /** Asks for the newest block. */
  readHead: () => Promise<Head>;
  /** Ends the process: what is being sent is finished first. */
  signal: AbortSignal;
  /** How the sender and its nodes stand. */
  connection?: () => ConnectionStatus;
  /** Given out to the jobs; nothing new is sent once the process ends. */
  turns?: Turns | undefined;
  metrics?: KeeperMetrics | undefined;
  parts?: readonly SidePart[];
  /** Takes secrets out of what is told over HTTP. */
  hide?: (text: string) => string;
  /** Told where /health and /metrics are once they answer. */
  onListening?: (url: string) => void;
}

/**
 * Runs jobs under one supervisor until the signal, each at its own pace. A job that fails or hangs starts again after a pause and leaves the
 * others alone.
 * @returns Whether every round had ended when the process did.
 * @throws SetupError where no later round can do better: another chain, no clearing house.
 */
export async function runKeepers(plans: readonly JobPlan[], options: ProcessOptions): Promise<boolean> {
  const { config, log, readHead, signal, turns, connection, parts = [], hide = (text) => text } = options;
  const metrics = options.metrics ?? createMetrics();
  const heads = new Heads({ ...config.head, read: readHead, log });
  const onRound = countRound.bind(undefined, metrics);
  const workers = plans.map((plan) => new Worker(plan, { limits: config.supervision, heads, log, onRound }));
  const health = (): ProcessHealth => {
    const head = heads.health();
    const jobs = Object.fromEntries([
      ...workers.map((worker) => [worker.plan.name, worker.health()] as const),
      ...parts.map((part) => [part.name, part.health()] as const),
    ]);
    const healthy = head.healthy && Object.values(jobs).every((job) => job.healthy);
    return { healthy, head, jobs, ...(connection && { connection: connection() }) };
  };
  const server = await tell(
    {
      health,
      hide,
      log,
      async metrics() {
        gaugeHealth(metrics, workers, heads);
        if (connection !== undefined) gaugeConnection(metrics, connection());
        return { type: metrics.registry.contentType, text: await metrics.registry.metrics() };
      },
    },
    config.http,
  );
  const { address, port } = server.address() as AddressInfo;
  options.onListening?.(`http://${address}:${port}`);

  const stop = new AbortController();
  const end = () => stop.abort();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  stop.signal.addEventListener("abort", () => turns?.close(), { once: true });
  const failures: unknown[] = [];
  const running = [
    heads.run(stop.signal),
    ...workers.map((worker) => worker.run(stop.signal)),
    ...parts.map((part) => part.run(stop.signal, health)),
  ].map((part) =>
    part.catch((error: unknown) => {
      failures.push(error);
      end();
    }),
  );
  try {
    const clean = await endOf(running, stop.signal, config.supervision.stopSeconds);
    if (!clean) log.warn({}, "a round did not end in time; the process ends without it");
    // The first is the cause; what ended with it may have failed as well.
    if (failures.length > 0) throw failures[0];
    return clean;
  } finally {
    signal.removeEventListener("abort", end);
    await close(server);
  }
}

/** Whether everything ended by itself, or at most some seconds after the signal. */
async function endOf(
  running: readonly Promise<unknown>[],
  signal: AbortSignal,
  seconds: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    const start = () => {
      timer = setTimeout(() => resolve(false), seconds * 1_000);
    };
    if (signal.aborted) start();
    else signal.addEventListener("abort", start, { once: true });
  });
  try {
    return await Promise.race([Promise.all(running).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
