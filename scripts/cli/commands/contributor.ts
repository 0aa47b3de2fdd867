import { Command } from "commander";
import { pino } from "pino";
import { loadAccount, type KeySource } from "../../lib/keys.ts";
import { readContributor } from "../../reporter/contributor/config.ts";
import { backupCommands } from "./backup.ts";
import { runContributor } from "../../reporter/contributor/process.ts";

interface RunOptions extends KeySource {
  config: string;
}

/** `usance contributor run`: meters usage and publishes signed statements of it. */
export function contributorCommand(): Command {
  const command = new Command("contributor").description("metering of usage, and statements of it");
  command
    .command("run")
    .description("meter and publish until interrupted; logs are JSON lines on standard error")
    .requiredOption("--config <file>", "configuration, see config/contributor.example.jsonc")
    .addHelpText("after", "\nExamples:\n  usance contributor run --config contributor.jsonc")
    .action((_: unknown, self: Command) => run(self.optsWithGlobals<RunOptions>()));
  for (const one of backupCommands("contributor", (path) => readContributor(path).folder))
    command.addCommand(one);
  return command;
}

async function run(options: RunOptions): Promise<void> {
  const config = readContributor(options.config);
  const account = await loadAccount(options);
  const log = pino(
    { name: "usance-contributor", level: config.logLevel },
    pino.destination({ dest: 2, sync: true }),
  );
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await runContributor(config, {
    account,
    log,
    signal: stop.signal,
    onListening: (url) =>
      log.info({ url, contributor: config.contributor }, "running; /statements and /health answer"),
  });
}
