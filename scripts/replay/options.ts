import { Command, InvalidArgumentError } from "commander";
import { monthWindow } from "../lib/calendar.ts";

/** Options of the command line. */
export interface ReplayArguments {
  days: number;
  all: boolean;
  /** Month to begin with, "2026-03"; that of the data's first day when left out. */
  from?: string;
  keep: boolean;
  port?: number;
  seed: number;
  out: string;
}

/** Reads the command line; prints help or a usage error and ends the process where it asks for that. */
export function parseArguments(argv: readonly string[]): ReplayArguments {
  const whole = (least: number, most: number) => (text: string) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed.`);
    return value;
  };
  const month = (text: string) => {
    try {
      monthWindow(text);
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message}.`);
    }
    return text;
  };
  return new Command("npm start --")
    .description(
      "Runs a local exchange on the real usage series and writes out/replay.json and out/report.html",
    )
    .option("--days <number>", "simulated days", whole(1, 100_000), 365)
    .option("--all", "every day of the series", false)
    .option("--from <month>", "month to begin with, such as 2026-03 (default: the first)", month)
    .option("--keep", "leave node and keepers running afterwards", false)
    .option(
      "--port <number>",
      "port of the node (default: 8545 with --keep, else a free one)",
      whole(0, 65_535),
    )
    .option("--seed <number>", "seed of the takers' random numbers", whole(0, 2 ** 32 - 1), 1)
    .option("--out <folder>", "where to write", "out")
    .parse(argv, { from: "user" })
    .opts<ReplayArguments>();
}
