// Proofs of the pure arithmetic with solc's SMTChecker: npm run prove. The harnesses in test/proofs say what is proven; their
// asserts, and every overflow on the way, must be proven for all operands. z3 comes from PATH, Z3=path, or Debian.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/production.ts";
import { notChecked } from "../tools/forge.ts";
import { run } from "../tools/run.ts";
import { counts } from "./proofs.ts";
import { PROOFS } from "./list.ts";

async function findZ3(): Promise<string> {
  const named = process.env.Z3;
  if (named !== undefined) return existsSync(named) ? named : notChecked(`Z3=${named} does not exist`);
  const where = async () =>
    (await run("sh", ["-c", "command -v z3"], { cwd: root })).output.trim().split("\n")[0] ?? "";
  const found = await where();
  if (found !== "") return found;
  if (process.getuid?.() !== 0) notChecked("z3 is not on PATH (apt-get install z3)");
  const { code } = await run("apt-get", ["install", "--yes", "--quiet", "z3"], {
    cwd: root,
    timeout: 300_000,
  });
  return code === 0 ? where() : notChecked("z3 is not on PATH and apt-get could not install it");
}

const z3 = await findZ3();
let proven = 0;
let not = 0;
for (const { engine, file, contract } of PROOFS) {
  const { output, timedOut } = await run(
    process.execPath,
    ["scripts/prove/smt.cjs", engine, file, contract],
    {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`,
        Z3: z3,
      },
      timeout: 1_200_000,
    },
  );
  const result = counts(output) ?? { proven: 0, not: 1 };
  proven += result.proven;
  not += result.not;
  console.log(`${contract}: ${result.proven} proven, ${result.not} not${timedOut ? " (took too long)" : ""}`);
  if (result.not > 0) console.log(output.trim());
}
console.log(`proofs: ${proven} proven, ${not} not`);
if (not > 0 || proven === 0) process.exitCode = 1;
