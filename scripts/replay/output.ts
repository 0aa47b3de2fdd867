import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderReport } from "./report.ts";
import type { PriceRecord, ReplayResult } from "./result.ts";

/** Files that a replay writes. */
export interface OutputFiles {
  json: string;
  report: string;
}

/** Writes the result and its report into a folder. */
export function writeOutput(folder: string, result: ReplayResult): OutputFiles {
  mkdirSync(folder, { recursive: true });
  const files = { json: join(folder, "replay.json"), report: join(folder, "report.html") };
  writeFileSync(files.json, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(files.report, renderReport(result));
  return files;
}

/** Reasons why a run did not show what it must; none when all is well. */
export function failuresOf(
  { conservation, settlements, prices, complete }: ReplayResult,
  due: readonly string[],
): string[] {
  const failures: string[] = [];
  if (!complete) failures.push("the run ended early");
  if (conservation.maxDrift !== 0) failures.push(`money drifted by up to ${conservation.maxDrift} units`);
  const all = [...settlements, ...(prices?.settlements ?? [])];
  for (const { market, price, expected, matches } of all)
    if (!matches) failures.push(`${market} settled at ${price} instead of ${expected}`);
  const settled = new Set(all.map(({ market }) => market));
  for (const market of due) if (!settled.has(market)) failures.push(`${market} is due and has not settled`);
  return failures;
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** The table at the end of a run. */
export function summaryTable(result: ReplayResult): string {
  const { settlements, conservation, prices } = result;
  const lines = columns([
    ["days", whole.format(result.days), `${result.from} to ${result.to}`],
    ["prints", whole.format(result.prints), "each signed by a quorum of five"],
    ["fills", whole.format(result.fills), `in ${whole.format(result.transactions)} transactions`],
    ["funding updates", whole.format(result.fundingUpdates), ""],
    [
      "liquidations",
      whole.format(result.liquidations),
      `and ${whole.format(result.absorptions)} absorptions`,
    ],
    [
      "settlements",
      whole.format(settlements.length),
      `${whole.format(settlements.filter(({ matches }) => matches).length)} equal the mean of their prints`,
    ],
    [
      "conservation",
      `${conservation.maxDrift}`,
      `largest drift in ${whole.format(conservation.checks)} checks`,
    ],
    ["seconds", whole.format(result.seconds), ""],
  ]);
  const months = columns([
    ["market", "price", "mean of prints"],
    ...settlements.map(({ market, price, mean }) => [market, price.toFixed(1), mean.toFixed(4)]),
  ]);
  const gas = columns([
    ["gas of", "calls", "smallest", "median", "largest"],
    ...Object.entries(result.gas).map(([name, { count, min, median, max }]) => [
      name,
      ...[count, min, median, max].map((value) => whole.format(value)),
    ]),
  ]);
  return [
    lines,
    ...(settlements.length > 0 ? [months] : []),
    ...(prices ? [priceTable(prices)] : []),
    gas,
  ].join("\n\n");
}

/** What came of TPX and GPX, with what of them is synthetic. */
function priceTable({ labels, prints, settlements, spreads }: PriceRecord): string {
  const closed = spreads.filter(({ kind }) => kind === "closed").length;
  const exact = settlements.filter(({ matches }) => matches).length;
  const lines = columns([
    ["TPX", labels.TPX],
    ["GPX", labels.GPX],
    ["prints of both", `${whole.format(prints)}, each signed by a quorum of five`],
    ["spreads traded", `${whole.format(spreads.length)}, ${whole.format(closed)} of them to close`],
    [
      "settlements",
      `${whole.format(settlements.length)}, ${whole.format(exact)} equal the mean of their prints`,
    ],
  ]);
  if (settlements.length === 0) return lines;
  const months = columns([
    ["market", "USD", "mean of prints"],
    ...settlements.map(({ market, price, mean }) => [market, price.toFixed(4), mean.toFixed(6)]),
  ]);
  return `${lines}\n\n${months}`;
}

/** Aligns rows: the first column to the left, numbers to the right, a last column of words to the left. */
function columns(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const words = column === 0 || /[a-z]{2}.* /.test(cell);
          return words ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
