import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { checkTypes } from "../../scripts/lib/doc-types.ts";
import { root } from "../../scripts/lib/production.ts";
import { extractSnippets, type Snippet } from "../../scripts/lib/snippets.ts";

const sources = join(root, "sdk", "src");

/** The `@example` blocks of a source file. */
function examplesOf(page: string): Snippet[] {
  const text = readFileSync(join(sources, page), "utf8");
  return [...text.matchAll(/^ *\* @example\n((?: *\*(?!\/).*\n)+)/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length,
    language: "ts",
    flags: [],
    code: (match[1] ?? "").replaceAll(/^ *\* ?/gm, ""),
  }));
}

const pages = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".ts"),
);
const examples = pages.flatMap(examplesOf);
const readme = extractSnippets("README.md", readFileSync(join(root, "sdk", "README.md"), "utf8")).filter(
  ({ language }) => language === "ts",
);

describe("SDK examples", function () {
  this.timeout(60_000);

  it("has one at every action", () => {
    const without = readdirSync(join(sources, "actions"))
      .filter((file) => file !== "index.ts")
      .filter((file) => !examples.some(({ page }) => page === join("actions", file)));
    expect(without).to.deep.equal([]);
  });

  it("compiles all of them, and the README's, as a user's own code", () => {
    expect(readme.length).to.be.greaterThan(1);
    const problems = checkTypes([...examples, ...readme], join(root, "out", "test-sdk-examples"));
    expect(problems.map(({ page, line, message }) => `${page}:${line} ${message}`)).to.deep.equal([]);
  });

  // `const x = …; // value`
  const results = /^const (\w+) = .*; \/\/ (.+)$/gm;
  const stated = examples.filter(({ code }) => code.search(results) >= 0);

  it("gives the results that they state", async () => {
    const folder = join(root, "out", "test-sdk-results");
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
      for (const [number, { page, line, code }] of stated.entries()) {
        const file = join(folder, `example-${number}.ts`);
        const pairs = [...code.matchAll(results)].map(([, name, value]) => `[${name}, ${value}]`);
        writeFileSync(file, `${code}\nexport const pairs = [${pairs.join(", ")}];\n`);
        const { pairs: found } = (await import(pathToFileURL(file).href)) as { pairs: [unknown, unknown][] };
        for (const [actual, expected] of found) expect(actual, `${page}:${line}`).to.equal(expected);
      }
      expect(stated.length).to.be.greaterThan(8);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
