// A copy of the project below cache/, with the mutants in it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { root } from "../lib/production.ts";
import { run } from "../tools/run.ts";
import { forgeEnvironment } from "../tools/forge.ts";
import { typeErrors, type CompilerError } from "./ast.ts";
import type { Mutant } from "./mutants.ts";
import { blame, instrument, SWITCH_FILE, SWITCH_SOURCE, type Instrumented, type Numbered } from "./switch.ts";

export const project = join(root, "cache", "mutate", "project");

/**
 * Measures the gas of the largest account there is: most of a run's time, and nothing that other tests would not notice. What no
 * setUp survives would also count as a kill of every mutant.
 */
const LEFT_OUT = ["test/solidity/attacks/Attacks.Worst.t.sol"];

/** Hundreds of mutants are a lot of code: without these passes, which cost little gas, it compiles in a third of the time. */
const COMPILER = `
[profile.default.optimizer_details]
yul = false
cse = false
constantOptimizer = false
peephole = true
deduplicate = true
jumpdestRemover = true
orderLiterals = false
inliner = false
`;

/** Names of the sources that a Solidity source imports, as it writes them. */
export function importsOf(source: string): string[] {
  return [...source.matchAll(/^\s*import\s[^;"']*["']([^"']+)["']/gm)].map(([, path = ""]) => path);
}

/** Those of the tests that import one of the targets, directly or not. `read` gives a source below the repository. */
export function testsOf(
  targets: readonly string[],
  tests: readonly string[],
  read: (path: string) => string,
): string[] {
  const known = new Map<string, boolean>(targets.map((target) => [target, true]));
  const reaches = (path: string): boolean => {
    const answer = known.get(path);
    if (answer !== undefined) return answer;
    known.set(path, false);
    const found = importsOf(read(path))
      .filter((name) => name.startsWith("."))
      .map((name) => normalize(join(dirname(path), name)))
      // No shortcut: each of them is to be known.
      .map(reaches)
      .includes(true);
    known.set(path, found);
    return found;
  };
  return tests.filter(reaches);
}

/** Solidity files below a folder of the repository, in order. */
export function solidityFiles(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sol"))
    .map((path) => join(folder, path))
    .sort();
}

/** Copies the contracts, the tests that reach the targets, and what these tests need. */
export function copyProject(targets: readonly string[]): { tests: string[] } {
  for (const folder of ["contracts", "test"]) rmSync(join(project, folder), { recursive: true, force: true });
  const sources = solidityFiles("test/solidity");
  const isTest = (path: string) => path.endsWith(".t.sol");
  const candidates = sources.filter((path) => isTest(path) && !LEFT_OUT.includes(path));
  const tests = testsOf(targets, candidates, (path) => readFileSync(join(root, path), "utf8"));
  const copied = [...solidityFiles("contracts"), ...sources.filter((path) => !isTest(path)), ...tests];
  for (const path of copied) {
    mkdirSync(join(project, dirname(path)), { recursive: true });
    cpSync(join(root, path), join(project, path));
  }
  writeFileSync(join(project, "foundry.toml"), readFileSync(join(root, "foundry.toml"), "utf8") + COMPILER);
  writeFileSync(join(project, SWITCH_FILE), SWITCH_SOURCE);
  const modules = join(project, "node_modules");
  if (!existsSync(modules)) symlinkSync(join(root, "node_modules"), modules);
  return { tests };
}

export interface Prepared {
  /** Mutants that are in the build, with the number that switches each on. */
  mutants: Numbered[];
  /** How many of those tried are not Solidity. */
  doNotCompile: number;
}

/**
 * Writes and compiles a build with `size` mutants, taken from the front of `candidates`; one that does not compile is replaced
 * by the next.
 */
export async function prepare(
  forge: string,
  targets: readonly string[],
  candidates: readonly Mutant[],
  size: number,
): Promise<Prepared> {
  const originals = new Map(targets.map((file) => [file, readFileSync(join(root, file))]));
  const rejected = new Set<Mutant>();
  for (;;) {
    const chosen = new Set(candidates.filter((mutant) => !rejected.has(mutant)).slice(0, size));
    // Numbered in the order of the sources: the numbers of one function's mutants then follow one another.
    const mutants = [...chosen]
      .sort(
        (a, b) =>
          targets.indexOf(a.callable.file) - targets.indexOf(b.callable.file) ||
          a.callable.start - b.callable.start ||
          a.start - b.start,
      )
      .map((mutant, i) => ({ id: i + 1, mutant }));
    const instrumented = new Map<string, Instrumented>();
    for (const [file, source] of originals) {
      const own = mutants.filter(({ mutant }) => mutant.callable.file === file);
      const result = own.length === 0 ? { source, stretches: [] } : instrument(file, source, own);
      instrumented.set(file, result);
      writeFileSync(join(project, file), result.source);
    }
    let errors = typeErrors(project, targets);
    if (errors.length === 0) {
      const build = await run(forge, ["build"], { cwd: project, env: mutationEnvironment() });
      if (build.code === 0) return { mutants, doNotCompile: rejected.size };
      errors = errorsOfForge(build.output, instrumented);
      if (errors.length === 0) throw new Error(build.output.slice(-4_000));
    }
    for (const error of errors) {
      for (const id of blame(error, instrumented)) {
        const numbered = mutants[id - 1];
        if (numbered !== undefined) rejected.add(numbered.mutant);
      }
    }
  }
}

/** Environment in which forge works on the copy. */
export function mutationEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return forgeEnvironment("mutate", {
    FOUNDRY_SOLC: join(root, "scripts", "solc-shim.cjs"),
    FOUNDRY_INVARIANT_CORPUS_DIR: "",
    ...extra,
  });
}

/**
 * Errors of the code generator as forge prints them: a message, then `--> file:line:column`. The heading above them all is none,
 * whatever warning stands behind it.
 */
export function errorsOfForge(
  output: string,
  instrumented: ReadonlyMap<string, Instrumented>,
): CompilerError[] {
  const errors: CompilerError[] = [];
  for (const [, message = "", file = "", line = "", column = ""] of output.matchAll(
    /^Error(?: \(\d+\))?: (.*(?:\n(?! *-->|Error|Warning).*)*?)\n *--> (.+\.sol):(\d+):(\d+):/gm,
  )) {
    const source = instrumented.get(file)?.source;
    if (source === undefined) continue;
    const text = source.toString("utf8").split("\n");
    const before = [
      ...text.slice(0, Number(line) - 1),
      (text[Number(line) - 1] ?? "").slice(0, Number(column) - 1),
    ];
    const start = Buffer.byteLength(before.join("\n"));
    errors.push({
      severity: "error",
      type: "CompilerError",
      message,
      formattedMessage: `${message}\n--> ${file}:${line}:${column}`,
      sourceLocation: { file, start, end: start },
    });
  }
  return errors;
}
