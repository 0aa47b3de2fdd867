// Reads the index of token usage: the newest print, the mean that the perpetual follows, and the last week.
// Run: npx tsx examples/01-read-the-index.ts
import { dateOf, formatIndex } from "@usance/sdk";
import { stringToHex } from "viem";
import { reader } from "./connect.ts";

const usance = await reader();
const index = stringToHex("TU1D", { size: 32 });

const { period, value } = await usance.getLatestPrint({ index });
console.log(`newest print: ${day(period)}, ${points(value)} points`);

const { mean, allFinal } = await usance.getTrailingMean({ index, endPeriod: period });
console.log(`7-day mean: ${points(mean)} points, ${allFinal ? "final" : "not final yet"}`);

// A day without a print has revision 0.
for (let past = period - 6; past <= period; past++) {
  const print = await usance.getPrint({ index, period: past });
  if (print.revision > 0) console.log(day(past), points(print.value), `revision ${print.revision}`);
}

function day(period: number): string {
  return dateOf(period).toISOString().slice(0, 10);
}

function points(value: bigint): string {
  return formatIndex(value, { digits: 2 });
}
