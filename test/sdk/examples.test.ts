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

describe("SDK examples", () => {
  it("has one at every action", () => {
    const without = readdirSync(join(sources, "actions"))
      .filter((file) => file !== "index.ts")
      .filter((file) => !examples.some(({ page }) => page === join("actions", file)));
    expect(without).to.deep.equal([]);
  });

  it("says at every action what it does and each error that it may end with", () => {
    const actions = new Map(
      pages
        .filter((page) => page.startsWith("actions/") && page !== "actions/index.ts")
        .map((page) => [
          page.slice("actions/".length, -".ts".length),
          readFileSync(join(sources, page), "utf8"),
        ]),
    );
    const shared = readFileSync(join(sources, "internal", "order.ts"), "utf8");
    const [, orderErrors = ""] = /export type OrderErrorName =([^;]+);/.exec(shared) ?? [];

    /** Names of the contracts' errors in an action's type of errors. */
    function errorsOf(text: string): string[] {
      const [, type = ""] = /export type \w+ErrorType =([^;]+);/.exec(text) ?? [];
      const whole = type.replace(/\bOrderErrorName\b/, orderErrors);
      return [...whole.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
    }

    /** Parameters without a comment. */
    function undocumented(text: string): string[] {
      const [, fields = ""] = /export type \w+Parameters =[^{;]*\{\n([^}]*)\}/.exec(text) ?? [];
      return [...fields.matchAll(/^ +(\w+)\??: /gm)]
        .filter(({ index }) => !fields.slice(0, index).endsWith("*/\n"))
        .map(([, field]) => field!);
    }

    const problems = [...actions].flatMap(([name, text]) => {
      const declaration = new RegExp(
        `/\\*\\*\\n((?: \\*(?!/).*\\n)+) \\*/\\nexport (?:async )?(?:function|const) ${name}\\b`,
      );
      const [, comment = ""] = declaration.exec(text) ?? [];
      const [description = "", ...tags] = comment.replaceAll(/^ \* ?/gm, "").split(/^@/m);
      const throws = tags.filter((tag) => tag.startsWith("throws")).join(" ");
      const missing = errorsOf(text).filter((error) => !throws.includes(`\`${error}\``));
      return [
        ...(/^[A-Z].{20,}[.]\s*$/s.test(description) ? [] : [`${name}: no description`]),
        // What another action throws is listed there.
        ...(missing.length > 0 && !actions.has(/error that `(\w+)` would throw/.exec(throws)?.[1] ?? "")
          ? [`${name}: @throws does not name ${missing.join(", ")}`]
          : []),
        ...(text.includes("ErrorType =") && throws === "" ? [`${name}: no @throws`] : []),
        // An ABI knows no units.
        ...(/^(?<!\*\/\n)export type \w+ReturnType =[^;]*\bOutcome</m.test(text)
          ? [`${name}: no word on the units of what it gives`]
          : []),
        ...undocumented(text).map((field) => `${name}: no word on the parameter ${field}`),
      ];
    });
    expect(actions.size).to.be.greaterThan(60);
    expect(problems).to.deep.equal([]);
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
