import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sentenceOf } from "../lib/errors.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import { drawPlan } from "./chart.ts";
import { HedgeError } from "./errors.ts";
import { hedgedGrowth } from "./estimate.ts";
import type { Plan } from "./plan.ts";

/** Writes the chart: an SVG, or a page around it where the name ends in .html. */
export function writeChart(path: string, plan: Plan): void {
  const { title, caption, svg } = drawPlan(plan);
  const page = `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${title}</title>\n<figure>${svg}<figcaption>${caption}</figcaption></figure>\n</html>\n`;
  write(path, /\.html?$/i.test(path) ? page : `${svg}\n`);
}

/** Writes the changes that the ratio was estimated from, and what the plan's ratio makes of them. */
export function writeChanges(path: string, { estimate: { weeks, changes }, ratio }: Plan): void {
  const hedged = hedgedGrowth(changes, ratio);
  const lines = changes.map(({ from, to, own, index }, place) =>
    [
      dateOfPeriod(weeks[from]!.period),
      dateOfPeriod(weeks[to]!.period),
      Math.expm1(own),
      Math.expm1(index),
      hedged[place]!,
    ]
      .map((cell) => (typeof cell === "number" ? cell.toFixed(6) : cell))
      .join(","),
  );
  write(path, ["week_from,week_to,own_growth,index_growth,hedged_growth", ...lines, ""].join("\n"));
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new HedgeError(
      "UnwritableFile",
      path,
      "a file that can be written",
      `${path} cannot be written (${(error as { code?: string }).code ?? sentenceOf(error)}): name another file.`,
    );
  }
}
