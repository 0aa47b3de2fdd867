import { Command } from "commander";
import { pino } from "pino";
import { accountFromEnvironment } from "../../lib/client.ts";
import { readContributor } from "../../reporter/contributor/config.ts";
import { backupCommands } from "./backup.ts";
import { runContributor } from "../../reporter/contributor/process.ts";

/** `usance contributor run`: meters usage and publishes signed statements of it. */
export function contributorCommand(): Command {
  const command = new Command("contributor").description("metering of usage, and statements of it");
  command
    .command("run")
    .description("meter and publish until interrupted; logs are JSON lines on standard error")
    .requiredOption("--config <file>", "configuration, see config/contributor.example.jsonc")
    .action(({ config }: { config: string }) => run(config));
  for (const one of backupCommands((path) => readContributor(path).folder)) command.addCommand(one);
  return command;
}

async function run(path: string): Promise<void> {
  const config = readContributor(path);
  const account = accountFromEnvironment();
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
