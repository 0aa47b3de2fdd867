import type { Command } from "commander";
import { parseWhole } from "./arguments.ts";

/** Largest number that an account can have. */
const MAX_ACCOUNT = 2 ** 28 - 1;

/** Reads the number of an account. */
export const parseAccount = parseWhole({ min: 1, max: MAX_ACCOUNT });

/** Reads the number of a subaccount. */
const parseSubaccount = parseWhole({ min: 0, max: 65_535 });

/** Adds the options that say which account a command is about. */
export function accountOptions(command: Command, { named = true } = {}): Command {
  if (named) command.option("--account <number>", "number of the account", parseAccount);
  return command.option("--subaccount <number>", "subaccount of the sender", parseSubaccount, 0);
}

/** Adds the option that sends nothing. */
export function dryRunOption(command: Command): Command {
  return command.option("--dry-run", "say what it would do, and send nothing", false);
}

/** Adds examples to the help of a command; a test reads them. */
export function examples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
