import { parseCollateral, type Deployment } from "@usance/sdk";
import { Command, InvalidArgumentError } from "commander";
import type { Account, Chain, Client, Transport } from "viem";
import { AlertDesk } from "../../keepers/alerts/desk.ts";
import { readWebhooks } from "../../keepers/alerts/webhooks.ts";
import { checkKeeper } from "../../keepers/check.ts";
import {
  KEEPER_NAMES,
  parseConfig,
  readConfig,
  type AlertsConfig,
  type KeeperConfig,
  type KeeperName,
} from "../../keepers/config.ts";
import type { KeeperLog, KeeperReport } from "../../keepers/keeper.ts";
import { addProcessMetrics, createMetrics, type KeeperMetrics } from "../../keepers/metrics.ts";
import { headOf, planKeepers, runKeepers } from "../../keepers/process.ts";
import { connectionOf } from "../../keepers/sending/connection.ts";
import { openSignedOrders, type SignedOrdersService } from "../../keepers/signed-orders/service.ts";
import { accountOf, remoteSigner } from "../../keepers/sending/signer.ts";
import { createLog, keeperRedactor } from "../../keepers/supervisor/secrets.ts";
import { Turns } from "../../keepers/supervisor/turns.ts";
import { createWatch } from "../../keepers/watch.ts";
import { withAccount } from "../../lib/client.ts";
import { examples } from "../options.ts";
import { toJson, type Answer } from "../output.ts";
import { answer, openSession, readCollateral, type GlobalOptions, type Session } from "../session.ts";

interface ConfigOptions extends GlobalOptions {
  config?: string;
  only?: KeeperName[];
  dryRun: boolean;
}

/** Chain id of a development node, which makes blocks only when it is asked to: their age says nothing. */
const DEVELOPMENT_CHAIN = 31_337;

/** Age of the newest block from which on a node is reported as behind, seconds. */
const MAX_HEAD_AGE = 300;

/** `usance keeper run`: the upkeep that the contracts leave to the public. */
export function keeperCommand(): Command {
  const command = new Command("keeper").description("upkeep: marks and funding, liquidation, settlement");
  const run = command
    .command("run")
    .description("run keepers until interrupted; logs are JSON lines on standard error")
    .option("--only <names>", `some of ${KEEPER_NAMES.join(",")}`, parseNames)
    .option("--config <file>", "configuration, see config/keeper.example.jsonc")
    .option("--once", "one round, then end", false)
    .option("--dry-run", "decide and simulate, send nothing", false)
    .action((_: unknown, self: Command) => runCommand(self));
  const check = command
    .command("check")
    .description("print the configuration that holds and try what it relies on")
    .option("--only <names>", `some of ${KEEPER_NAMES.join(",")}`, parseNames)
    .option("--config <file>", "configuration, see config/keeper.example.jsonc")
    .option("--dry-run", "as for run", false)
    .option("--test-alerts", "send a test alert to every webhook", false)
    .action((_: unknown, self: Command) => checkCommand(self));
  examples(
    run,
    "usance keeper run --config keeper.jsonc",
    "usance keeper run --only sync,liquidation",
    "usance keeper run --once --dry-run",
  );
  examples(
    check,
    "usance keeper check --config keeper.jsonc",
    "usance keeper check --config keeper.jsonc --test-alerts",
  );
  return command;
}

/** What a keeper process works with. */
interface Setting {
  config: KeeperConfig;
  session: Session;
  /** The client that signs: the remote signer's where the configuration names one. */
  signer: () => Promise<Client<Transport, Chain, Account>>;
  /** Takes secrets out of a text. */
  hide: (text: string) => string;
}

/** Connects as configuration and options say. */
async function open(command: Command): Promise<Setting> {
  const options = command.optsWithGlobals<ConfigOptions>();
  const config = options.config === undefined ? parseConfig({}) : readConfig(options.config);
  config.keepers = options.only ?? config.keepers;
  config.dryRun ||= options.dryRun;
  // What is written on the command line goes before the file, and the file before what is left out.
  const isNamed = command.getOptionValueSourceWithGlobals("rpc") === "cli";
  const rpc = isNamed ? options.rpc : (config.rpc ?? options.rpc);
  const { agree, signer: remote } = config;
  const session = await openSession({ ...options, rpc }, undefined, { agree });
  if (config.head.maxAgeSeconds === undefined && session.client.chain.id !== DEVELOPMENT_CHAIN)
    config.head.maxAgeSeconds = MAX_HEAD_AGE;
  const signer = () =>
    remote ? Promise.resolve(withAccount(session.client, accountOf(remoteSigner(remote)))) : session.signer();
  return { config, session, signer, hide: keeperRedactor(rpc, config) };
}

async function runCommand(command: Command): Promise<void> {
  const setting = await open(command);
  if (command.opts<{ once: boolean }>().once) answer(command, await runOnce(setting));
  else await runOn(setting);
}

/** A single round is answered like any other command; only what goes wrong is logged beside it. */
async function runOnce({ config, session, signer, hide }: Setting): Promise<Answer> {
  const { deployment } = session;
  const client = await signer();
  const nativePrice = await nativePriceOf(config, session);
  const log = createLog("warn", hide);
  const signedOrders = await signedOrdersOf(config, session, { client, log });
  const reports: KeeperReport[] = [];
  for (const { create } of planKeepers({ client, deployment, log, nativePrice, signedOrders }, config)) {
    const keeper = create();
    await keeper.init();
    reports.push(await keeper.runOnce());
  }
  signedOrders?.close();
  return summary(reports);
}

async function runOn({ config, session, signer, hide }: Setting): Promise<void> {
  const { deployment } = session;
  const client = await signer();
  const nativePrice = await nativePriceOf(config, session);
  const log = createLog(config.logLevel, hide);
  const metrics = createMetrics();
  addProcessMetrics(metrics);
  const desk = config.alerts && deskOf(config.alerts, { deployment, log, metrics });
  const alerts = config.alerts && desk && { desk, config: config.alerts };
  const turns = new Turns(config.supervision.hangSeconds * 1_000);
  const watch = {
    name: "watch",
    ...config.watch,
    create: () => createWatch({ client, deployment, log, metrics, alerts }),
  };
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const { keepers, dryRun } = config;
  const signedOrders = await signedOrdersOf(config, session, { client, log });
  const sender = client.account.address;
  const clean = await runKeepers(
    [...planKeepers({ client, deployment, log, nativePrice, signedOrders }, config, turns), watch],
    {
      config,
      log,
      metrics,
      turns,
      hide,
      readHead: headOf(client),
      connection: () => connectionOf(client, {}, log).status(),
      parts: [...(desk ? [desk] : []), ...(signedOrders ? [signedOrders.inbox] : [])],
      signal: stop.signal,
      onListening: (url) =>
        log.info({ url, keepers, dryRun, sender }, "running; /health and /metrics answer"),
    },
  );
  log.info({}, "ended");
  // What is left of a round that hangs would keep the process.
  if (!clean) process.exit(0);
}

/** Collateral units that a native coin is worth. */
async function nativePriceOf(
  { nativePriceInCollateral: text }: KeeperConfig,
  session: Session,
): Promise<bigint | undefined> {
  return text === undefined ? undefined : parseCollateral(text, (await readCollateral(session)).decimals);
}

function deskOf(
  config: AlertsConfig,
  { deployment, log, metrics }: { deployment: Deployment; log: KeeperLog; metrics: KeeperMetrics },
): AlertDesk {
  const { chainId } = deployment;
  return new AlertDesk({ config, webhooks: readWebhooks(config), chainId, log, metrics });
}

async function checkCommand(command: Command): Promise<void> {
  const { config, session, signer, hide } = await open(command);
  const { client, deployment } = session;
  const log = createLog("error", hide);
  const checks = await checkKeeper({ client, deployment, log, sender: signer }, config);
  if (command.opts<{ testAlerts: boolean }>().testAlerts && config.alerts)
    for (const { webhook, error } of await deskOf(config.alerts, {
      deployment,
      log,
      metrics: createMetrics(),
    }).test())
      checks.push({
        check: `test alert to ${webhook}`,
        ok: error === undefined,
        detail: error ?? "taken",
      });
  const shown = hide(toJson(config));
  answer(command, {
    json: { config: JSON.parse(shown) as unknown, checks },
    text: [
      shown,
      "",
      {
        columns: ["check", "result", "detail"],
        rows: checks.map(({ check, ok, detail }) => [check, ok ? "ok" : "FAILED", hide(detail)]),
      },
    ],
  });
  const failed = checks.filter(({ ok }) => !ok).map(({ check }) => check);
  if (failed.length > 0)
    throw new Error(`${failed.length} of ${checks.length} checks failed: ${failed.join(", ")}.`);
}

/** Accepted orders, where the keeper that executes them runs. */
async function signedOrdersOf(
  { keepers, signedOrders: config }: KeeperConfig,
  session: Session,
  { client, log }: { client: Awaited<ReturnType<Setting["signer"]>>; log: KeeperLog },
): Promise<SignedOrdersService | undefined> {
  if (!keepers.includes("signedOrders")) return undefined;
  const { deployment } = session;
  const collateral = await readCollateral(session);
  return openSignedOrders({
    ...{ client, deployment, log, config, collateral },
    minFee: parseCollateral(config.minFee, collateral.decimals),
    onListening: (url) => log.info({ url }, "taking signed orders"),
  });
}

function summary(reports: readonly KeeperReport[]): Answer {
  const outcomes = reports.flatMap(({ keeper, outcomes }) =>
    outcomes.map((outcome) => ({ keeper, ...outcome })),
  );
  return {
    json: reports,
    text: [
      {
        columns: ["keeper", "action", "result"],
        rows: outcomes.map(({ keeper, action, result }) => [keeper, action.kind, result]),
        empty: "nothing to do",
      },
    ],
  };
}

function parseNames(text: string): KeeperName[] {
  return text.split(",").map((name) => {
    const known = KEEPER_NAMES.find((candidate) => candidate === name);
    if (known === undefined) throw new InvalidArgumentError(`There is no keeper "${name}".`);
    return known;
  });
}
