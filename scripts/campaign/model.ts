// The long run of the model beside the chain: npm run campaign:model -- [--operations N] [--seed N] [--workers N] [--minutes N].
// Every worker is a process, since a chain uses one core; each of its shards has seeds of its own. A difference ends the campaign and
// prints the steps before it, and the seed that brings it about again.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../lib/production.ts";
import { tooSeldom } from "../../test/model/figures.ts";
import { run } from "../tools/run.ts";
import { addCounts, countsIn, difference, modelShards } from "./models.ts";

/** Operations of one process: few enough that a campaign that is ended early has something to say. */
const SHARD = 2_500;
/** Seeds from one shard to the next: more than a shard has sequences. */
const STRIDE = 1_000;
const TEST = "test/model/beside-chain.ts";

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "100000" },
    seed: { type: "string", default: process.env.USANCE_MODEL_SEED ?? "1" },
    workers: { type: "string", default: String(availableParallelism()) },
    minutes: { type: "string", default: "0" },
  },
});
const [operations, seed, workers] = [values.operations, values.seed, values.workers].map((text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`not a whole number from 1: ${text}`);
  return value;
}) as [number, number, number];
const minutes = Number(values.minutes);

const hardhat = join(root, "node_modules/hardhat/dist/src/cli.js");
const started = Date.now();
const seconds = (): number => Math.round((Date.now() - started) / 1_000);
const queue = modelShards(operations, SHARD, seed, STRIDE);
const counts = new Map<string, number>();
let finished = 0;
let shards = 0;
let broken: string | undefined;

async function work(): Promise<void> {
  for (;;) {
    const outOfTime = minutes > 0 && seconds() >= minutes * 60;
    const shard = broken === undefined && !outOfTime ? queue.shift() : undefined;
    if (shard === undefined) return;
    const { output, code } = await run(process.execPath, [hardhat, "test", "mocha", "--no-compile", TEST], {
      cwd: root,
      env: {
        ...process.env,
        NO_COLOR: "1",
        USANCE_MODEL_SEED: String(shard.seed),
        USANCE_MODEL_OPERATIONS: String(shard.operations),
        USANCE_MODEL_SHARD: "1",
      },
    });
    const found = countsIn(output);
    if (code !== 0 || found === undefined) broken ??= `seeds from ${shard.seed}:\n${difference(output)}`;
    if (found !== undefined) {
      addCounts(counts, found.counts);
      finished += found.operations;
      shards++;
    }
    console.log(
      `seeds from ${shard.seed}: ${found?.operations ?? 0} operations; ${finished} of ${operations} after ${seconds()} s`,
    );
  }
}
await Promise.all(Array.from({ length: workers }, work));

if (broken !== undefined) {
  console.log(`model and chain differ, ${broken}`);
  process.exitCode = 1;
}
const missing = broken === undefined ? tooSeldom(counts) : [];
if (missing.length !== 0) {
  console.log("reached too seldom:", missing);
  process.exitCode = 1;
}
console.log(
  [...counts]
    .sort()
    .map(([name, n]) => `${name}: ${n}`)
    .join(", "),
);
console.log(
  `campaign of the model: ${finished} operations, ${broken === undefined ? 0 : 1} differences, ${shards} shards with seeds from ` +
    `${seed} in steps of ${STRIDE}, ${seconds()} s on ${workers} workers`,
);
