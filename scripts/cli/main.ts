import { Command, CommanderError, Option } from "commander";
import { accountCommand } from "./commands/account.ts";
import { bookCommand } from "./commands/book.ts";
import { indexCommand } from "./commands/index.ts";
import { keeperCommand } from "./commands/keeper.ts";
import { marketsCommand } from "./commands/markets.ts";
import { orderCommand } from "./commands/order.ts";
import { sentenceOf, toJson } from "./output.ts";

const program = new Command("usance")
  .description("A futures exchange for AI token usage, from the command line")
  .addOption(new Option("--rpc <url>", "node to talk to").env("USANCE_RPC").default("http://127.0.0.1:8545"))
  .addOption(
    new Option("--deployment <file>", "addresses of the exchange (default: deployments/<chainId>.json)").env(
      "USANCE_DEPLOYMENT",
    ),
  )
  .option("--json", "print JSON: amounts, prices and sizes as decimal texts", false)
  .addHelpText(
    "after",
    "\nThe key that signs is read from the environment variable USANCE_PRIVATE_KEY and from nowhere else.",
  )
  .showHelpAfterError("(usance --help says more)");

for (const command of [
  indexCommand(),
  marketsCommand(),
  bookCommand(),
  accountCommand(),
  orderCommand(),
  keeperCommand(),
])
  program.addCommand(command);

// Subcommands print their own usage errors, and end like every other failure: with code 1.
const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];
for (const command of everyCommand(program)) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 1;
  else {
    const asJson = program.opts<{ json: boolean }>().json;
    const message = sentenceOf(error);
    const name = error instanceof Error ? error.name : "Error";
    process.stderr.write(`${asJson ? toJson({ error: { name, message } }) : message}\n`);
    process.exitCode = 1;
  }
}
