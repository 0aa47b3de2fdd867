// Branch coverage of contracts/ by the Solidity tests, with forge (which counts branches; Hardhat counts lines). A branch is
// the body of an `if`, the body of an `else`, and each outcome of a `require`; conditional expressions are not counted.
// Compiled without optimizer, as coverage needs it.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../lib/production.ts";
import { findForge, forgeEnvironment, notChecked } from "../tools/forge.ts";
import { run } from "../tools/run.ts";
import { parseLcov, percent, sum, table } from "./lcov.ts";

/** Branches of contracts/ that must be taken, in percent. */
const LEAST = 95;

const forge = await findForge();
if ("missing" in forge) notChecked(forge.missing);

const report = join(root, "cache", "forge-coverage", "lcov.info");
mkdirSync(dirname(report), { recursive: true });
rmSync(report, { force: true });
const cover = (...more: string[]) =>
  run(
    forge.path,
    ["coverage", "--report", "lcov", "--report-file", report, "--exclude-tests", "--fuzz-seed", "1", ...more],
    {
      cwd: root,
      // The campaigns only in passing: they take branches too, but a rule deserves a test that names it.
      env: forgeEnvironment("coverage", {
        FOUNDRY_FUZZ_RUNS: "64",
        FOUNDRY_INVARIANT_RUNS: "2",
        FOUNDRY_INVARIANT_CORPUS_DIR: "",
      }),
      onOutput: (text) => {
        for (const line of text.split("\n")) {
          if (/^(Compil|Solc|Ran \d+ test suites)/.test(line)) console.log(line);
        }
      },
    },
  );
let { code, output } = await cover();
if (!existsSync(report) && output.includes("Stack too deep")) {
  console.log("stack too deep without optimizer: once more with viaIR");
  ({ code, output } = await cover("--ir-minimum"));
}
if (!existsSync(report)) {
  console.error(output.slice(-4_000));
  throw new Error(`forge coverage wrote no report (exit code ${code})`);
}
// Unoptimized code needs more gas than some tests allow; npm test is what judges them.
for (const line of new Set(output.split("\n").filter((text) => text.startsWith("[FAIL")))) {
  console.log(`failed without optimizer, counted as far as it came: ${line}`);
}

const files = parseLcov(readFileSync(report, "utf8")).filter(({ file }) => file.startsWith("contracts/"));
const total = sum(files);
console.log(["", ...table(files), ""].join("\n"));
if (total.taken * 100 < LEAST * total.all) {
  console.log(`below the ${LEAST} % that are asked for`);
  process.exitCode = 1;
}
console.log(`branches: ${percent(total)} %`);
