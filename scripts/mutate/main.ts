// Mutation testing: puts small mistakes into the libraries of the exchange, one at a time, and counts how many of them the
// Solidity tests notice. Options: --sample N mutants, --seed N to draw others, --minutes N to stop early,
// --jobs N at once, --only TEXT for files whose path has it, --write FILE for the survivors without a reason.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../lib/production.ts";
import { findForge, notChecked } from "../tools/forge.ts";
import { parse } from "./ast.ts";
import { Judge, type Verdict } from "./judge.ts";
import { findMutants, shuffled } from "./mutants.ts";
import { copyProject, prepare, project, solidityFiles } from "./project.ts";
import { byFile, describeSurvivors, killedShare, lastLine, type KnownSurvivor } from "./report.ts";

const FOLDERS = [
  "contracts/book/libraries",
  "contracts/clearing/libraries",
  "contracts/instruments/libraries",
];
/** Mutants that must be killed, in percent. */
const LEAST = 85;

const { values } = parseArgs({
  options: {
    sample: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "0" },
    jobs: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    write: { type: "string" },
  },
});
function wholeNumber(name: "sample" | "seed" | "minutes" | "jobs", least: number): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${name} must be a whole number from ${least}`);
  return value;
}
const sample = wholeNumber("sample", 1);
const seed = wholeNumber("seed", 0);
const minutes = wholeNumber("minutes", 0);
const jobs = wholeNumber("jobs", 1);

const forge = await findForge();
if ("missing" in forge) notChecked(forge.missing);

const started = Date.now();
const targets = FOLDERS.flatMap(solidityFiles).filter((path) => path.includes(values.only));
const all = targets.flatMap((file) => findMutants(file, readFileSync(join(root, file)), parse(root, file)));
mkdirSync(project, { recursive: true });
const { tests } = copyProject(targets);
console.log(
  `${all.length} possible mutants of ${targets.length} files, judged by ${tests.length} test files`,
);
const { doNotCompile, mutants } = await prepare(forge.path, targets, shuffled(all, seed), sample);
console.log(
  `${mutants.length} drawn with seed ${seed} and built, ${doNotCompile} did not compile and were replaced: ${elapsed()}`,
);

const judge = new Judge(forge.path);
for (const name of await judge.baseline()) {
  console.log(`left out, since it fails without any mutant once the switch costs it gas: ${name}`);
}
const verdicts: Verdict[] = [];
// In another order than that of the sources, so that a run cut short is still a fair sample.
const queue = shuffled(mutants, seed);
const isOver = () => minutes > 0 && Date.now() - started >= minutes * 60_000;
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let next = queue.pop(); next !== undefined && !isOver(); next = queue.pop()) {
      const verdict = await judge.judge(next);
      verdicts.push(verdict);
      const { callable, line, operator } = next.mutant;
      console.log(
        `${`${verdicts.length}/${mutants.length}`.padStart(8)}  ${verdict.outcome.padEnd(8)}  ${verdict.seconds.toFixed(1)} s  ` +
          `${callable.file}:${line} ${operator}${verdict.by === undefined ? "" : `: ${verdict.by}`}`,
      );
    }
  }),
);
verdicts.sort((a, b) => a.id - b.id);

const list = join(root, "scripts", "mutate", "survivors.json");
const known = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as KnownSurvivor[]) : [];
const { lines, unexplained } = describeSurvivors(verdicts, known);
console.log(["", "survivors:", ...lines, "", "killed of judged:", ...byFile(verdicts), ""].join("\n"));
if (values.write !== undefined) writeFileSync(values.write, `${JSON.stringify(unexplained, null, 2)}\n`);
if (unexplained.length > 0) {
  console.log(`${unexplained.length} survivors without a reason in scripts/mutate/survivors.json`);
}
const unjudged = mutants.length - verdicts.length;
if (unjudged > 0) console.log(`stopped after ${minutes} minutes: ${unjudged} mutants were not judged`);
console.log(elapsed());
if (killedShare(verdicts) < LEAST) {
  console.log(`below the ${LEAST} % that are asked for`);
  process.exitCode = 1;
}
console.log(lastLine(verdicts));

function elapsed(): string {
  return `after ${((Date.now() - started) / 60_000).toFixed(1)} minutes`;
}
