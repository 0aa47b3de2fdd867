// Runs the tests against one mutant after another.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/production.ts";
import { run, type Finished } from "../tools/run.ts";
import { mutationEnvironment, project } from "./project.ts";
import type { Numbered } from "./switch.ts";

export interface Verdict extends Numbered {
  outcome: "killed" | "survived";
  /** The test that failed first, or why it counts as killed otherwise. */
  by?: string;
  seconds: number;
}

/** Tries a fuzz test gets, and runs and depth a campaign gets, against each mutant. */
const BUDGET = { FOUNDRY_FUZZ_RUNS: "16", FOUNDRY_INVARIANT_RUNS: "4" };

const CAMPAIGNS = "^invariant_";

/** Names of the tests that failed, in the order in which the output of forge first names them. */
export function failedTests(output: string): string[] {
  // The reason, which may hold brackets and names of errors, stands before the name of the test; for a campaign the calls
  // that led there stand between the two.
  const parts = output.split(/^\s*\[FAIL/m).slice(1);
  const names = parts.map((part) => /\s((?:test|invariant)\w*|setUp)\(/.exec(part)?.[1] ?? "unknown");
  return [...new Set(names)];
}

/** Milliseconds that a run may take before its mutant counts as caught in a loop: generous beside the baseline. */
function limit(baseline: number): number {
  return Math.max(60_000, 10 * baseline);
}

export class Judge {
  readonly #forge: string;
  /** Tests that fail with the switch alone, since it costs gas: they say nothing about a mutant. */
  #leftOut: string[] = [];
  #baseline = 60_000;

  constructor(forge: string) {
    this.#forge = forge;
  }

  /** Runs all tests with no mutant on. Returns the tests that will be left out. */
  async baseline(): Promise<string[]> {
    const started = Date.now();
    for (const campaigns of [false, true]) {
      const finished = await this.#test(0, campaigns, []);
      const failed = failedTests(finished.output);
      if (finished.code !== 0 && failed.length === 0) throw new Error(finished.output.slice(-4_000));
      // A setUp cannot be left out by its name, and would seem to kill whatever comes.
      if (failed.includes("setUp")) throw new Error(`A setUp fails: ${finished.output.slice(-4_000)}`);
      this.#leftOut.push(...failed);
    }
    this.#baseline = Date.now() - started;
    return this.#leftOut;
  }

  async judge(numbered: Numbered): Promise<Verdict> {
    const started = Date.now();
    const verdict = (outcome: "killed" | "survived", by?: string): Verdict => ({
      ...numbered,
      outcome,
      ...(by === undefined ? {} : { by }),
      seconds: (Date.now() - started) / 1_000,
    });
    for (const campaigns of [false, true]) {
      const finished = await this.#test(numbered.id, campaigns, this.#leftOut);
      if (finished.timedOut) return verdict("killed", "time limit");
      if (finished.code === 0) continue;
      const [first] = failedTests(finished.output);
      if (first !== undefined) return verdict("killed", first);
      // Neither passed nor failed: forge itself gave up, and that is no kill.
      throw new Error(`mutant ${numbered.id}: ${finished.output.slice(-4_000)}`);
    }
    return verdict("survived");
  }

  #test(id: number, campaigns: boolean, leftOut: readonly string[]): Promise<Finished> {
    const failures = join(root, "cache", "mutate", `failures-${id}`);
    const skip = [...(campaigns ? [] : [CAMPAIGNS]), ...leftOut.map((name) => `^${name}\\(`)];
    const args = [
      ..."test --fuzz-seed 1 --threads 1".split(" "),
      ...(campaigns ? ["--match-test", CAMPAIGNS] : []),
      ...(skip.length === 0 ? [] : ["--no-match-test", skip.join("|")]),
      ...(id === 0 ? [] : ["--fail-fast"]),
      ...["--block-coinbase", `0x${id.toString(16).padStart(40, "0")}`],
    ];
    // What one mutant failed with is not to be tried first on the next.
    const env = mutationEnvironment({
      ...BUDGET,
      FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: failures,
      FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: failures,
    });
    return run(this.#forge, args, { cwd: project, env, timeout: limit(this.#baseline) }).finally(() =>
      rmSync(failures, { recursive: true, force: true }),
    );
  }
}
