// Checks what README.md, SECURITY.md, CHANGELOG.md, docs/ and the READMEs of SDK and examples tell a reader to do: commands in
// `sh` blocks must exist, `ts` blocks must type-check against the SDK. Blocks marked `ts run` are executed as well, by the tests.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { checkShell, type Surroundings, type Tool } from "./lib/doc-commands.ts";
import { checkTypes } from "./lib/doc-types.ts";
import { root } from "./lib/production.ts";
import { extractSnippets, type Problem } from "./lib/snippets.ts";

// Spellings that would slip past the two languages that are checked.
const respell = new Map([
  ["bash", "sh"],
  ["console", "sh"],
  ["shell", "sh"],
  ["zsh", "sh"],
  ["typescript", "ts"],
]);

function pages(): string[] {
  const docs = existsSync(join(root, "docs"))
    ? readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
        // The reference comes from comments, whose examples the tests check.
        .filter((path) => path.endsWith(".md") && !path.startsWith("api"))
        .sort()
    : [];
  const fronts = ["README.md", "SECURITY.md", "CHANGELOG.md", "sdk/README.md", "examples/README.md"];
  return [...fronts, ...docs.map((path) => join("docs", path))];
}

function scriptsOf(folder: string): Set<string> {
  const { scripts = {} } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
    scripts?: Record<string, string>;
  };
  return new Set(Object.keys(scripts));
}

const { workspaces } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  workspaces: string[];
};
const entries: Record<Tool, string> = {
  usance: join(root, "scripts", "cli", "usance.mjs"),
  hardhat: createRequire(import.meta.url)
    .resolve("hardhat/package.json")
    .replace("package.json", "dist/src/cli.js"),
};
const answers = new Map<string, { code: number; output: string }>();
const surroundings: Surroundings = {
  scripts: new Map(["", ...workspaces].map((folder) => [folder, scriptsOf(folder)])),
  exists: (path) => existsSync(join(root, path)),
  help(tool, words) {
    const key = [tool, ...words].join("\0");
    const known = answers.get(key);
    if (known !== undefined) return known;
    const { status, stdout, stderr } = spawnSync(process.execPath, [entries[tool], ...words, "--help"], {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    const answer = { code: status ?? 1, output: stdout + stderr };
    answers.set(key, answer);
    return answer;
  },
};

const snippets = pages().flatMap((page) => extractSnippets(page, readFileSync(join(root, page), "utf8")));
const shell = snippets.filter(({ language }) => language === "sh");
const typed = snippets.filter(({ language }) => language === "ts");
const problems: Problem[] = [
  ...snippets.flatMap(({ language, line, page }) => {
    const better = respell.get(language);
    return better === undefined
      ? []
      : [{ page, line, message: `write ${better}, not ${language}: it is checked` }];
  }),
  ...shell.flatMap((snippet) => checkShell(snippet, surroundings)),
  ...checkTypes(typed, join(root, "cache", "docs")),
];
for (const { page, line, message } of problems) console.error(`${page}:${line}: ${message}`);
console.log(
  `${shell.length} shell and ${typed.length} TypeScript snippets checked, ${problems.length} problems`,
);
if (problems.length > 0) process.exitCode = 1;
