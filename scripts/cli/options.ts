import type { Command } from "commander";
import { parseWhole } from "./arguments.ts";

/** Adds the options that say which account a command is about. */
export function accountOptions(command: Command, { named = true } = {}): Command {
  if (named)
    command.option("--account <number>", "number of the account", parseWhole({ min: 1, max: 2 ** 28 - 1 }));
  return command.option(
    "--subaccount <number>",
    "subaccount of the signer",
    parseWhole({ min: 0, max: 65_535 }),
    0,
  );
}
