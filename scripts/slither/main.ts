// Slither over contracts/: npm run slither. It comes from PyPI into cache/tools, and compiles with the project's own solc through
// scripts/solc-shim.cjs. Findings of high, medium and low impact must be named in triage.json with the reason why they stand;
// `npm run slither -- --list` prints those that are not, ready to be judged.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  copyFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "../lib/production.ts";
import { notChecked } from "../tools/forge.ts";
import { run } from "../tools/run.ts";
import { findings, judge, type Verdict } from "./findings.ts";
import { standardInput } from "./input.ts";

const VERSION = "0.11.5";

async function findSlither(): Promise<string> {
  const folder = join(root, "cache", "tools", `slither-${VERSION}`);
  const path = join(folder, "bin", "slither");
  if (!existsSync(path)) {
    mkdirSync(join(root, "cache", "tools"), { recursive: true });
    const made = await run("python3", ["-m", "venv", folder], { cwd: root });
    if (made.code !== 0) notChecked("there is no python3 with venv");
    const got = await run(
      join(folder, "bin", "pip"),
      ["install", "--quiet", "--retries", "1", `slither-analyzer==${VERSION}`],
      { cwd: root, timeout: 300_000 },
    );
    if (got.code !== 0 || !existsSync(path)) {
      rmSync(folder, { recursive: true, force: true });
      notChecked(`slither ${VERSION} could not be installed (slither-analyzer from PyPI)`);
    }
  }
  return path;
}

const slither = await findSlither();
// Outside of the project: next to a foundry.toml Slither would ask forge for everything.
const folder = mkdtempSync(join(tmpdir(), "usance-slither-"));
try {
  writeFileSync(join(folder, "input.json"), JSON.stringify(standardInput(root)));
  // Slither looks every source up by the name that the compiler knows it by.
  symlinkSync(join(root, "contracts"), join(folder, "contracts"));
  for (const name of ["@openzeppelin", "solady"]) {
    symlinkSync(join(root, "node_modules", name), join(folder, name));
  }
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(root, "scripts", "solc-shim.cjs"), join(folder, "bin", "solc"));
  const { output } = await run(
    slither,
    [
      "input.json",
      "--compile-force-framework",
      "solc-json",
      "--json",
      "out.json",
      "--exclude-informational",
      "--exclude-optimization",
    ],
    {
      cwd: folder,
      env: {
        ...process.env,
        PATH: [join(folder, "bin"), join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(
          delimiter,
        ),
      },
    },
  );
  const report = join(folder, "out.json");
  if (!existsSync(report)) throw new Error(`slither wrote no report\n${output.slice(-2_000)}`);
  const content = JSON.parse(readFileSync(report, "utf8")) as { success?: boolean; error?: string };
  if (content.success !== true) throw new Error(`slither failed: ${content.error ?? "for no reason"}`);
  const found = findings(content);
  mkdirSync(join(root, "cache", "slither"), { recursive: true });
  copyFileSync(report, join(root, "cache", "slither", "report.json"));
  const verdicts = JSON.parse(readFileSync(join(root, "scripts/slither/triage.json"), "utf8")) as Verdict[];
  const { open, stale } = judge(found, verdicts);
  for (const { detector, impact, where } of open) console.log(`${impact}: ${detector} in ${where}`);
  for (const { detector, where } of stale) console.log(`no longer found: ${detector} in ${where}`);
  console.log(
    `slither: ${found.length} findings, ${open.length} not judged, ${stale.length} judged but gone`,
  );
  if (open.length + stale.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
