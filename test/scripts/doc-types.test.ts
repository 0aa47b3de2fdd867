import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { checkTypes } from "../../scripts/lib/doc-types.ts";
import { root } from "../../scripts/lib/production.ts";

describe("checkTypes", () => {
  // The compiler reads the libraries anew each time.
  const folder = join(root, "cache", "docs-test");
  const snippet = (line: number, code: string) => ({
    page: "docs/a.md",
    line,
    language: "ts",
    flags: [],
    code,
  });

  it("names the line of the page, keeps snippets apart and leaves nothing behind", () => {
    const good =
      'import * as sdk from "@usance/sdk";\nconst value: object = sdk;\nawait Promise.resolve(value);';
    const bad = "const value = 1;\nconst text: string = value;";
    expect(checkTypes([snippet(3, good), snippet(20, bad)], folder)).to.deep.equal([
      {
        page: "docs/a.md",
        line: 22,
        message: "error TS2322: Type 'number' is not assignable to type 'string'.",
      },
    ]);
    expect(existsSync(folder)).to.be.false;
  });

  it("finds an import that does not exist", () => {
    const [problem] = checkTypes([snippet(1, 'import { nothing } from "@usance/sdk";')], folder);
    expect(problem?.line).to.equal(2);
    expect(problem?.message).to.contain("has no exported member 'nothing'");
  });
});
