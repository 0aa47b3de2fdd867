import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Problem, Snippet } from "./snippets.ts";
import { root } from "./production.ts";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

/**
 * Type-checks `ts` blocks, each as a module of its own, as a reader's project would see the built SDK.
 * @param folder Scratch folder inside the repository (so that imports resolve); it is emptied first and removed.
 */
export function checkTypes(snippets: readonly Snippet[], folder: string): Problem[] {
  if (snippets.length === 0) return [];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const places = new Map<string, Snippet>();
    for (const [index, snippet] of snippets.entries()) {
      const name = `snippet-${index}.ts`;
      places.set(name, snippet);
      // Empty lines in front: the compiler's line numbers are then those of the page.
      writeFileSync(join(folder, name), `${"\n".repeat(snippet.line)}${snippet.code}\nexport {};\n`);
    }
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        // Readers need not know the stricter settings of this repository's own sources.
        compilerOptions: { verbatimModuleSyntax: false, noUncheckedIndexedAccess: false, types: ["node"] },
        include: ["*.ts"],
        exclude: [],
      }),
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "--pretty", "false", "-p", folder], {
      cwd: folder,
      encoding: "utf8",
    });
    const problems = stdout.split("\n").flatMap((text): Problem[] => {
      const [, name = "", line = "", message = ""] =
        /^(snippet-\d+\.ts)\((\d+),\d+\): (.*)$/.exec(text) ?? [];
      const snippet = places.get(name);
      return snippet === undefined ? [] : [{ page: snippet.page, line: Number(line), message }];
    });
    if (status !== 0 && problems.length === 0) throw new Error(`tsc failed:\n${stdout}${stderr}`);
    return problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
