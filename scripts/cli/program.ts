import { Command, CommanderError, Option } from "commander";
import { KEY_VARIABLE, KEYSTORE_VARIABLE, PASSPHRASE_VARIABLE } from "../lib/keys.ts";
import { sentenceOf } from "../lib/errors.ts";
import { accountCommand } from "./commands/account.ts";
import { bookCommand } from "./commands/book.ts";
import { contributorCommand } from "./commands/contributor.ts";
import { fundingCommand } from "./commands/funding.ts";
import { fundsCommands } from "./commands/funds.ts";
import { historyCommand } from "./commands/history.ts";
import { hedgeCommand } from "./commands/hedge.ts";
import { indexCommand } from "./commands/index.ts";
import { keeperCommand } from "./commands/keeper.ts";
import { keyCommand } from "./commands/key.ts";
import { marketsCommand } from "./commands/markets.ts";
import { orderCommand } from "./commands/order.ts";
import { positionsCommand } from "./commands/positions.ts";
import { reportCommand } from "./commands/report.ts";
import { rollCommand } from "./commands/roll.ts";
import { toJson } from "./output.ts";
import { refuseSecrets } from "./secrets.ts";

/** Where a run writes to. */
export interface Output {
  writeOut: (text: string) => void;
  writeErr: (text: string) => void;
}

/**
 * Runs the command line once.
 * @param args What follows the name of the command.
 * @returns The exit code: 0, or 1 after an error, of which one sentence was written.
 */
export async function run(args: readonly string[], output: Output): Promise<number> {
  try {
    refuseSecrets(args);
    await createProgram(output).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const message = sentenceOf(error);
    const name = error instanceof Error ? error.name : "Error";
    output.writeErr(`${args.includes("--json") ? toJson({ error: { name, message } }) : message}\n`);
    return 1;
  }
}

const DEFAULT_RPC: readonly string[] = ["http://127.0.0.1:8545"];

/** The environment names several in one text. */
function collectRpc(text: string, before: readonly string[]): readonly string[] {
  const urls = text.split(/\s+/).filter((url) => url !== "");
  return before === DEFAULT_RPC ? urls : [...before, ...urls];
}

/** The command line with all its commands. */
export function createProgram(output: Output): Command {
  const program = new Command("usance")
    .description("A futures exchange for AI token usage, from the command line")
    .addOption(
      new Option("--rpc <url>", "node to talk to; given more than once, several that have to agree")
        .env("USANCE_RPC")
        .default(DEFAULT_RPC, DEFAULT_RPC.join(" "))
        .argParser(collectRpc),
    )
    .addOption(
      new Option(
        "--deployment <file>",
        "addresses of the exchange (default: deployments/<chainId>.json)",
      ).env("USANCE_DEPLOYMENT"),
    )
    .option("--keystore <file>", `encrypted file with the key that signs (env: ${KEYSTORE_VARIABLE})`)
    .option(
      "--passphrase-file <file>",
      "file whose first line is the keystore's passphrase; `-` is standard input",
    )
    .option("--json", "print JSON: amounts, prices and sizes as decimal texts", false)
    .addHelpText(
      "after",
      `
The key that signs comes from a keystore (\`usance key new\`), or from the
environment variable ${KEY_VARIABLE}; never from an argument, which others
on the machine can see. A keystore's passphrase comes from --passphrase-file,
from ${PASSPHRASE_VARIABLE}, or is asked for. \`report\` has a key
of its own.`,
    )
    .showHelpAfterError("(usance --help says more)");

  for (const command of [
    indexCommand(),
    marketsCommand(),
    bookCommand(),
    keyCommand(),
    accountCommand(),
    ...fundsCommands(),
    orderCommand(),
    rollCommand(),
    positionsCommand(),
    fundingCommand(),
    historyCommand(),
    hedgeCommand(),
    keeperCommand(),
    reportCommand(),
    contributorCommand(),
  ])
    program.addCommand(command);

  // Subcommands write where the program writes, and end in the same way: with an error for `run`, not with the process.
  for (const command of everyCommand(program)) command.exitOverride().configureOutput(output);
  return program;
}

/** A command and all that are below it. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
