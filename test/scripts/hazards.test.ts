import { expect } from "chai";
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { hazards, missing } from "../../scripts/lib/hazards.ts";
import { root } from "../../scripts/lib/production.ts";

const page = readFileSync(join(root, "docs/security.md"), "utf8");
const sources = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" });
const read = (path: string) => readFileSync(join(root, "test", path), "utf8");
const all = (ending: string, pattern: RegExp, name: (found: string, path: string) => string) =>
  new Set(
    sources
      .filter((path) => path.endsWith(ending))
      .flatMap((path) =>
        [...read(path).matchAll(pattern)].map(([, found = ""]) => name(found, basename(path))),
      ),
  );
const known = {
  functions: all(".t.sol", /function ((?:test|invariant)_\w+)/g, (found) => found),
  ids: all("Invariants.md", /^\| ([A-Z]-\d\d) \|/gm, (found) => found),
  titles: all(".test.ts", /\bit\(\s*"([^"]+)"/g, (found, path) => `${path} › ${found}`),
};

describe("the table of hazards", () => {
  it("names only tests that exist", () => {
    expect(missing(hazards(page), known)).to.deep.equal([]);
  });

  it("has a test for every hazard, or says that it is open", () => {
    const rows = hazards(page);
    expect(rows.length).to.be.at.least(60);
    for (const { hazard, names, open } of rows) expect(names.length > 0 || open, hazard).to.equal(true);
  });

  it("would notice a test that was renamed", () => {
    const rows = hazards(
      "\n## Hazards\n| hazard | tests |\n|---|---|\n| a | `test_gone`, `C-01` |\n| b | open |\n## Z\n",
    );
    expect(rows.map(({ open }) => open)).to.deep.equal([false, true]);
    expect(missing(rows, known)).to.deep.equal(["test_gone"]);
  });
});
