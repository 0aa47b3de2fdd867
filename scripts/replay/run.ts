import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { deployLocal } from "../deploy/local.ts";
import { monthlySymbol } from "../deploy/markets.ts";
import { addMonths, dateOfPeriod, monthOfPeriod, monthWindow } from "../lib/calendar.ts";
import { root } from "../lib/production.ts";
import { DATA_FILE } from "../reporter/reporter.ts";
import { calculatePrints } from "../reporter/calculation.ts";
import { connect } from "./connection.ts";
import { keepRunning } from "./keep.ts";
import { startNode } from "./node.ts";
import type { ReplayArguments } from "./options.ts";
import { failuresOf, summaryTable, writeOutput } from "./output.ts";
import { PRICES_BASE } from "./prices.ts";
import { ProgressWriter } from "./progress.ts";
import { replay } from "./replay.ts";

/** Port where tools look for a local node. */
const DEFAULT_PORT = 8_545;

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;

/** Days after the end of a month from which its settlement must have happened. */
const SETTLED_AFTER = 4;

/** Runs a replay from node to report. Returns the exit code: 0 where it showed what it must. */
export async function runReplay(args: ReplayArguments, signal: AbortSignal): Promise<number> {
  const periods = calculatePrints(readFileSync(DATA_FILE)).map(({ period }) => period);
  const [begin = 0, last = 0] = [periods[0], periods.at(-1)];
  const first = args.from === undefined ? begin : monthWindow(args.from).firstPeriod;
  if (first < begin || first > last) {
    const months = `${monthOfPeriod(begin)} to ${monthOfPeriod(last)}`;
    process.stderr.write(`--from ${args.from}: the series has the months ${months}\n`);
    return 1;
  }
  const available = last - first + 1;
  const days = args.all ? available : Math.min(args.days, available);
  const folder = resolve(root, args.out);

  const port = args.port ?? (args.keep ? DEFAULT_PORT : 0);
  const node = await startNode({ port, logFolder: folder, initialDate: `${dateOfPeriod(first)}T00:00:00Z` });
  let kept = false;
  try {
    const deployment = await deployLocal({ rpc: node.url, save: args.keep });
    process.stdout.write(`node ${node.url}, clearing house ${deployment.clearinghouse}\n`);
    const connection = connect(node.url);
    const progress = new ProgressWriter();
    const run = replay({
      connection,
      deployment,
      days,
      seed: args.seed,
      from: first,
      signal,
      onProgress: (state) => progress.update(state),
    });
    const result = await Promise.race([run, node.lost]).finally(() => progress.end());
    const files = writeOutput(folder, result);
    process.stdout.write(`\n${summaryTable(result)}\n\nwrote ${files.json} and ${files.report}\n`);
    await connection.close();
    if (!result.complete) {
      process.stderr.write(`interrupted on ${result.to}: the results are those until then\n`);
      return INTERRUPTED;
    }
    const failures = failuresOf(result, [
      ...dueMonths(first, first + days),
      ...duePriceMonths(first, first + days),
    ]);
    for (const failure of failures) process.stderr.write(`FAILED: ${failure}\n`);
    if (args.keep) {
      process.stdout.write(await keepRunning(node, deployment, folder));
      kept = true;
    }
    return failures.length === 0 ? 0 : 1;
  } finally {
    if (!kept) await node.stop();
  }
}

/** Futures that were listed and whose settlement is due on the last morning of a run. */
export function dueMonths(first: number, lastMorning: number): string[] {
  return monthsDue(first, lastMorning).map(monthlySymbol);
}

/** The same of TPX and GPX, which begin later. */
export function duePriceMonths(first: number, lastMorning: number): string[] {
  const months = monthsDue(Math.max(first, PRICES_BASE), lastMorning);
  return (["TPX", "GPX"] as const).flatMap((price) => months.map((month) => `${price}-${month}`));
}

function monthsDue(first: number, lastMorning: number): string[] {
  const due: string[] = [];
  for (let month = monthOfPeriod(first); ; month = addMonths(month, 1)) {
    if (monthWindow(month).lastPeriod + SETTLED_AFTER > lastMorning) return due;
    due.push(month);
  }
}
