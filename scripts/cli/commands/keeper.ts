import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { KEEPER_NAMES, parseConfig, readConfig, type KeeperName } from "../../keepers/config.ts";
import { createKeepers, runKeepers } from "../../keepers/process.ts";
import type { Answer } from "../output.ts";
import { openSession, type GlobalOptions } from "../session.ts";
import { print } from "../output.ts";

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
    .action(async (_: unknown, self: Command) => {
      await run(self.optsWithGlobals<RunOptions>());
    });
  return command;
}

async function run(options: RunOptions): Promise<void> {
  const config = options.config === undefined ? parseConfig({}) : readConfig(options.config);
  config.keepers = options.only ?? config.keepers;
  config.dryRun ||= options.dryRun;
  const { deployment, signer } = await openSession(options);
  const log = pino(
    { name: "usance-keeper", level: config.logLevel },
    pino.destination({ dest: 2, sync: true }),
  );
  const keepers = createKeepers({ client: signer(), deployment, log }, config);
  if (options.once) {
    const reports = [];
    for (const keeper of keepers) {
      await keeper.init();
      reports.push(await keeper.runOnce());
    }
    print(summary(reports), options.json);
    return;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await runKeepers(keepers, {
    config,
    log,
    signal: stop.signal,
    onListening: (url) => log.info({ url, keepers: config.keepers }, "running; /health and /metrics answer"),
  });
}

function summary(
  reports: Awaited<ReturnType<ReturnType<typeof createKeepers>[number]["runOnce"]>>[],
): Answer {
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
