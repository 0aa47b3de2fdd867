import { Command, InvalidArgumentError, Option } from "commander";
import { addMonths } from "../../lib/calendar.ts";
import { readVenue, referenceVenue } from "../../hedge/contracts.ts";
import { HedgeError } from "../../hedge/errors.ts";
import { DEFAULT_HORIZON } from "../../hedge/estimate.ts";
import { writeChanges, writeChart } from "../../hedge/output.ts";
import { makePlan, type Measure, type Plan, type Side } from "../../hedge/plan.ts";
import { planAsJson, planAsText } from "../../hedge/present.ts";
import { previewPlan } from "../../hedge/preview.ts";
import { lastOf, readIndex, readIndexFile, weekMean, type Series } from "../../hedge/series.ts";
import { readUsage, type OwnUsage } from "../../hedge/usage.ts";
import { parseWhole } from "../arguments.ts";
import type { Answer } from "../output.ts";
import { answer, openSession, type GlobalOptions } from "../session.ts";

interface HedgeOptions {
  usage: string;
  side: Side;
  measure?: Measure;
  price?: number;
  spend?: number;
  horizon: number;
  months?: string[];
  perpetual: boolean;
  ratio?: number;
  index?: string;
  offline: boolean;
  account?: number;
  chart: string | false;
  csv?: string;
}

/** `usance hedge`: what a company's own usage has to do with the index, and what a hedge of it takes. */
export function hedgeCommand(): Command {
  return new Command("hedge")
    .description("plan a hedge of your own usage: ratio, contracts, cost, margin, and whether it is any good")
    .requiredOption(
      "--usage <file>",
      "LiteLLM spend log, OpenRouter activity export (CSV or JSON), or CSV with date,tokens[,cost]",
    )
    .addOption(
      new Option("--side <side>", "buyer: pays for tokens; seller: is paid for them")
        .choices(["buyer", "seller"])
        .default("buyer"),
    )
    .addOption(
      new Option(
        "--measure <what>",
        "what is compared with the index (default: spend if the file has costs)",
      ).choices(["spend", "tokens"]),
    )
    .option("--price <usd>", "USD for a million tokens, where the file has no costs", parseAbove)
    .option("--spend <usd>", "USD a month to hedge (default: that of the last 28 days)", parseAbove)
    .option(
      "--horizon <weeks>",
      "weeks over which growth is measured",
      parseWhole({ min: 1, max: 13 }),
      DEFAULT_HORIZON,
    )
    .option("--months <months...>", "months to hedge, such as 2026-07 (default: every open one)", parseMonths)
    .option("--perpetual", "hedge a month's spend without a date, with TUX-PERP", false)
    .option("--ratio <number>", "plan with this ratio, whatever the estimate advises", parseAbove)
    .option("--index <file>", "history of the index from a file (default: from the chain)")
    .option("--offline", "no node: the terms of the reference markets; needs --index", false)
    .option(
      "--account <number>",
      "account whose orders the chain previews",
      parseWhole({ min: 1, max: 2 ** 28 - 1 }),
    )
    .option("--chart <file>", "chart to write, .svg or .html", "out/hedge.svg")
    .option("--no-chart", "write no chart")
    .option("--csv <file>", "write the changes that the ratio comes from")
    .addHelpText(
      "after",
      `
Examples:
  usance hedge --usage spend-logs.csv
  usance hedge --usage activity.csv --perpetual --json
  usance hedge --usage daily.csv --price 0.8 --months 2026-07 2026-08
  usance hedge --usage daily.csv --side seller --index data/token-usage-daily.csv --offline

docs/hedging.md says how it is calculated.`,
    )
    .action(async (_: unknown, command: Command) => {
      const options = command.opts<HedgeOptions>();
      answer(command, await hedge(command.optsWithGlobals<GlobalOptions>(), options));
    });
}

async function hedge(globals: GlobalOptions, options: HedgeOptions): Promise<Answer> {
  const usage = await readUsage(options.usage);
  const plan = options.offline
    ? await planOffline(usage, options)
    : await planOnChain(globals, usage, options);
  if (options.chart !== false) writeChart(options.chart, plan);
  if (options.csv !== undefined) writeChanges(options.csv, plan);
  const written = [options.chart, options.csv].filter((file) => typeof file === "string");
  return {
    json: { ...planAsJson(plan, usage), files: written },
    text: [
      ...planAsText(plan, usage),
      ...(written.length === 0 ? [] : ["", ...written.map((file) => `written: ${file}`)]),
    ],
  };
}

async function planOnChain(globals: GlobalOptions, usage: OwnUsage, options: HedgeOptions): Promise<Plan> {
  const session = await openSession(globals);
  const index =
    options.index === undefined
      ? await readIndex(session.client, session.deployment)
      : await readIndexFile(options.index);
  const plan = makePlan(usage, index, await readVenue(session), options);
  return options.account === undefined ? plan : previewPlan(session, plan, options.account);
}

async function planOffline(usage: OwnUsage, options: HedgeOptions): Promise<Plan> {
  if (options.index === undefined)
    throw new HedgeError(
      "NoIndex",
      "--offline",
      "--index <file>",
      "Without a node the index must come from a file: give --index, such as data/token-usage-daily.csv.",
    );
  const index = await readIndexFile(options.index);
  return makePlan(usage, index, referenceVenue(lastOf(index) + 1, wadOf(index)), options);
}

/** Latest 7-day mean, WAD; the reference markets are listed at it. */
function wadOf(index: Series): bigint {
  const mean = weekMean(index, lastOf(index)) ?? 0;
  return BigInt(Math.round(mean * 1e6)) * 10n ** 12n;
}

function parseAbove(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !(value > 0))
    throw new InvalidArgumentError("It must be a number above zero.");
  return value;
}

function parseMonths(text: string, previous: readonly string[] = []): string[] {
  try {
    return [...previous, addMonths(text, 0)];
  } catch {
    throw new InvalidArgumentError("It must be a month such as 2026-07.");
  }
}
