import { Command, CommanderError, Option } from "commander";
import { accountCommand } from "./commands/account.ts";
import { bookCommand } from "./commands/book.ts";
import { contributorCommand } from "./commands/contributor.ts";
import { hedgeCommand } from "./commands/hedge.ts";
import { indexCommand } from "./commands/index.ts";
import { keeperCommand } from "./commands/keeper.ts";
import { marketsCommand } from "./commands/markets.ts";
import { orderCommand } from "./commands/order.ts";
import { reportCommand } from "./commands/report.ts";
import { sentenceOf } from "../lib/errors.ts";
import { toJson } from "./output.ts";

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
  const program = createProgram(output);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const message = sentenceOf(error);
    const name = error instanceof Error ? error.name : "Error";
    const asJson = program.opts<{ json: boolean }>().json;
    output.writeErr(`${asJson ? toJson({ error: { name, message } }) : message}\n`);
    return 1;
  }
}

function createProgram(output: Output): Command {
  const program = new Command("usance")
    .description("A futures exchange for AI token usage, from the command line")
    .addOption(
      new Option("--rpc <url>", "node to talk to").env("USANCE_RPC").default("http://127.0.0.1:8545"),
    )
    .addOption(
      new Option(
        "--deployment <file>",
        "addresses of the exchange (default: deployments/<chainId>.json)",
      ).env("USANCE_DEPLOYMENT"),
    )
    .option("--json", "print JSON: amounts, prices and sizes as decimal texts", false)
    .addHelpText(
      "after",
      "\nThe key that signs is read from the environment variable USANCE_PRIVATE_KEY and from nowhere else; `report` has its own.",
    )
    .showHelpAfterError("(usance --help says more)");

  for (const command of [
    indexCommand(),
    marketsCommand(),
    bookCommand(),
    accountCommand(),
    orderCommand(),
    hedgeCommand(),
    keeperCommand(),
    reportCommand(),
    contributorCommand(),
  ])
    program.addCommand(command);

  // Subcommands write where the program writes, and end in the same way: with an error for `run`, not with the process.
  const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];
  for (const command of everyCommand(program)) command.exitOverride().configureOutput(output);
  return program;
}
