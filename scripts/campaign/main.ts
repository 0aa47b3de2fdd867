// The long run of the stateful invariants: npm run campaign -- [--runs N] [--depth N] [--seed N] [--workers N] [--minutes N].
// Every worker is a process with seeds of its own, since the runner uses one core. A property that breaks ends the campaign and
// prints the calls that broke it, for a test in Replayed.t.sol.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../lib/production.ts";
import { run } from "../tools/run.ts";
import { counterexample, shards, verdict } from "./shards.ts";

/** Runs of one process: few enough that a campaign that is ended early has something to say. */
const SHARD = 100;
const TEST = "test/solidity/invariants/Invariants.t.sol";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    depth: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: String(availableParallelism()) },
    minutes: { type: "string", default: "0" },
  },
});
const [runs, depth, seed, workers] = [values.runs, values.depth, values.seed, values.workers].map((text) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`not a whole number from 1: ${text}`);
  return value;
}) as [number, number, number, number];
const minutes = Number(values.minutes);

const hardhat = [join(root, "node_modules/hardhat/dist/src/cli.js")];
const env = { ...process.env, NO_COLOR: "1" };
const build = await run(process.execPath, [...hardhat, "build", "--no-typechain"], { cwd: root, env });
if (build.code !== 0) throw new Error(`hardhat build failed\n${build.output.slice(-4_000)}`);

const started = Date.now();
const seconds = () => Math.round((Date.now() - started) / 1000);
const queue = shards(runs, SHARD, seed);
let finished = 0;
let broken: string | undefined;

async function work(): Promise<void> {
  for (;;) {
    const outOfTime = minutes > 0 && seconds() >= minutes * 60;
    const shard = broken === undefined && !outOfTime ? queue.shift() : undefined;
    if (shard === undefined) return;
    const { output } = await run(
      process.execPath,
      [
        ...hardhat,
        "--config",
        "scripts/campaign/hardhat.config.ts",
        ...["test", "solidity", "--no-compile", TEST],
      ],
      {
        cwd: root,
        env: {
          ...env,
          CAMPAIGN_SEED: String(shard.seed),
          CAMPAIGN_RUNS: String(shard.runs),
          CAMPAIGN_DEPTH: String(depth),
        },
      },
    );
    const { runs: done, held } = verdict(output);
    finished += done;
    if (!held) broken ??= `seed ${shard.seed}:\n${counterexample(output)}`;
    console.log(`seed ${shard.seed}: ${done} runs; ${finished} of ${runs} after ${seconds()} s`);
  }
}
await Promise.all(Array.from({ length: workers }, work));

if (broken !== undefined) {
  console.log(`a property does not hold, ${broken}`);
  process.exitCode = 1;
}
console.log(
  `campaign: ${finished} runs × depth ${depth} = ${finished * depth} actions, ` +
    `${broken === undefined ? 0 : 1} broken, seeds from ${seed}, ${seconds()} s on ${workers} workers`,
);
