import { parseCollateral } from "@usance/sdk";
import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import {
  KEEPER_NAMES,
  parseConfig,
  readConfig,
  type KeeperConfig,
  type KeeperName,
} from "../../keepers/config.ts";
import type { KeeperReport } from "../../keepers/keeper.ts";
import { headOf, planKeepers, runKeepers } from "../../keepers/process.ts";
import { Turns } from "../../keepers/supervisor/turns.ts";
import { connectionOf } from "../../keepers/sending/connection.ts";
import { accountOf, remoteSigner } from "../../keepers/sending/signer.ts";
import { KEY_VARIABLE, withAccount } from "../../lib/client.ts";
import { redactor, secretsOf } from "../../lib/redact.ts";
import type { Answer } from "../output.ts";
import { answer, openSession, readCollateral, type GlobalOptions, type Session } from "../session.ts";

interface RunOptions extends GlobalOptions {
  config?: string;
  only?: KeeperName[];
  once: boolean;
  dryRun: boolean;
}

/** `usance keeper run`: the upkeep that the contracts leave to the public. */
export function keeperCommand(): Command {
  const command = new Command("keeper").description("upkeep: marks and funding, liquidation, settlement");
  command
    .command("run")
    .description("run keepers until interrupted; logs are JSON lines on standard error")
    .option("--only <names>", `some of ${KEEPER_NAMES.join(",")}`, parseNames)
    .option("--config <file>", "configuration, see config/keeper.example.jsonc")
    .option("--once", "one round, then end", false)
    .option("--dry-run", "decide and simulate, send nothing", false)
    .action((_: unknown, self: Command) => run(self));
  return command;
}

async function run(command: Command): Promise<void> {
  const options = command.optsWithGlobals<RunOptions>();
  const config = options.config === undefined ? parseConfig({}) : readConfig(options.config);
  config.keepers = options.only ?? config.keepers;
  config.dryRun ||= options.dryRun;
  // What is written on the command line goes before the file, and the file before what is left out.
  const isNamed = command.getOptionValueSourceWithGlobals("rpc") === "cli";
  const rpc = isNamed ? options.rpc : (config.rpc ?? options.rpc);
  const { agree } = config;
  const session = await openSession({ ...options, rpc }, undefined, { agree });
  // A single round is answered like any other command; only what goes wrong is logged beside it.
  const level = options.once ? "warn" : config.logLevel;
  const hide = redactor([process.env[KEY_VARIABLE], ...secretsOf([...rpc, config.signer?.url ?? ""])]);
  const log = pino(
    { name: "usance-keeper", level, hooks: { streamWrite: hide } },
    pino.destination({ dest: 2, sync: true }),
  );
  const client = config.signer
    ? withAccount(session.client, accountOf(remoteSigner(config.signer)))
    : await session.signer();
  const { deployment } = session;
  const nativePrice = await nativePriceOf(config, session);
  const turns = new Turns(config.supervision.hangSeconds * 1_000);
  const plans = planKeepers({ client, deployment, log, nativePrice }, config, turns);
  if (options.once) {
    const reports: KeeperReport[] = [];
    for (const { create } of plans) {
      const keeper = create();
      await keeper.init();
      reports.push(await keeper.runOnce());
    }
    answer(command, summary(reports));
    return;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const clean = await runKeepers(plans, {
    config,
    log,
    readHead: headOf(client),
    signal: stop.signal,
    connection: () => connectionOf(client, {}, log).status(),
    turns,
    hide,
    onListening: (url) => log.info({ url, keepers: config.keepers }, "running; /health and /metrics answer"),
  });
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
