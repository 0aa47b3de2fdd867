import { Command } from "commander";
import { pino } from "pino";
import { namesOf } from "../../publication/publish.ts";
import { readReporterConfig } from "../../reporter/node/config.ts";
import { createChain, createNode, createPublisher } from "../../reporter/node/create.ts";
import { examine } from "../../reporter/node/doctor.ts";
import { loadReporter } from "../../reporter/node/key.ts";
import { runReporter } from "../../reporter/node/run.ts";
import { backupCommands } from "./backup.ts";
import { bondCommands } from "./report-bond.ts";
import { answer, openSession, type GlobalOptions } from "../session.ts";

interface RunOptions extends GlobalOptions {
  config: string;
  dryRun: boolean;
}

/** `usance report`: a reporter's node, and what ails it. */
export function reportCommand(): Command {
  const command = new Command("report").description(
    "a reporter of the index: calculate, sign and post prints",
  );
  command
    .command("run")
    .description("run a reporter's node until interrupted; logs are JSON lines on standard error")
    .requiredOption("--config <file>", "configuration, see config/reporter.example.jsonc")
    .option("--dry-run", "calculate and exchange, sign and post nothing", false)
    .addHelpText(
      "after",
      "\nThe reporter's key is read from USANCE_REPORTER_KEY, or from the keystore that\nthe configuration names.\n\nExamples:\n  usance report run --config reporter.jsonc\n  usance report run --config reporter.jsonc --dry-run",
    )
    .action((_: unknown, self: Command) => run(self));
  command
    .command("doctor")
    .description(
      "examine a reporter: key, seat, bond, clock, balance, contributors, peers, missed days; 1 where anything is ill",
    )
    .requiredOption("--config <file>", "configuration, see config/reporter.example.jsonc")
    .addHelpText("after", "\nExamples:\n  usance report doctor --config reporter.jsonc")
    .action((_: unknown, self: Command) => doctor(self));
  for (const one of [
    ...bondCommands(),
    ...backupCommands("report", (path) => readReporterConfig(path).folder),
  ])
    command.addCommand(one);
  return command;
}

async function run(command: Command): Promise<void> {
  const options = command.optsWithGlobals<RunOptions>();
  const config = readReporterConfig(options.config);
  config.dryRun ||= options.dryRun;
  const account = await loadReporter(config.keystore);
  const { client, deployment } = await openSession(options);
  const log = pino(
    { name: "usance-reporter", level: config.logLevel },
    pino.destination({ dest: 2, sync: true }),
  );
  const node = createNode(config, { client, deployment, account, log });
  const publisher = createPublisher(config, { client, deployment }, node);
  let missing = "";
  const publish = async (): Promise<void> => {
    const found = await publisher?.update();
    if (found === undefined) return;
    if (found.published > 0) log.info({ prints: found.published }, "published");
    const names = namesOf(found.unknown);
    if (names !== missing && names !== "")
      log.warn({ prints: names }, "cannot be published: this node did not calculate them");
    missing = names;
  };
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await runReporter(node, {
    config,
    signal: stop.signal,
    afterRound: publish,
    onListening: (url) =>
      log.info(
        { url, reporter: account.address, dryRun: config.dryRun },
        "running; /health and /metrics answer",
      ),
  });
}

async function doctor(command: Command): Promise<void> {
  const options = command.optsWithGlobals<RunOptions>();
  const config = readReporterConfig(options.config);
  const account = await loadReporter(config.keystore);
  const { client, deployment } = await openSession(options);
  const chain = createChain(config, { client, deployment, account });
  const findings = await examine({ config, account, client, chain });
  const failed = findings.filter(({ ok }) => !ok).length;
  answer(command, {
    json: { ok: failed === 0, findings },
    text: [
      {
        columns: ["", "check", "finding"],
        rows: findings.map(({ ok, check, sentence }) => [ok ? "ok" : "FAIL", check, sentence]),
      },
    ],
  });
  if (failed > 0) throw new Error(`${failed} of ${findings.length} findings need somebody to act.`);
}
