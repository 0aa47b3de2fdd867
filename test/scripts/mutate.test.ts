import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, typeErrors } from "../../scripts/mutate/ast.ts";
import { failedTests, type Verdict } from "../../scripts/mutate/judge.ts";
import { findMutants, shuffled, type Mutant } from "../../scripts/mutate/mutants.ts";
import { errorsOfForge, importsOf, testsOf } from "../../scripts/mutate/project.ts";
import { byFile, describeSurvivors, killedShare, lastLine } from "../../scripts/mutate/report.ts";
import { blame, instrument, SWITCH_FILE, SWITCH_SOURCE } from "../../scripts/mutate/switch.ts";

const FILE = "contracts/a/Sums.sol";
// The signs in the comment take more bytes than characters: places are counted in bytes.
const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @dev Σ, ⌊x⌋ and −1.
library Sums {
    uint256 private constant MOST = 9;
    error TooMuch(uint256 sum);

    function add(uint256 a, uint256 b) internal pure returns (uint256 sum) {
        sum = a + b;
        if (sum >= MOST) revert TooMuch(sum);
    }

    function store(mapping(uint256 => bool) storage set, uint256 key) internal {
        set[key] = true;
    }

    function ignores(uint256) internal pure returns (uint256) {
        return 1 + 1;
    }
}

function least(uint256 a, uint256 b) pure returns (uint256) {
    return a < b && true ? a : b;
}
`;

describe("mutation", () => {
  let folder: string;
  let mutants: Mutant[];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "mutate-"));
    for (const [path, text] of [
      [FILE, SOURCE],
      [SWITCH_FILE, SWITCH_SOURCE],
    ] as const) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    mutants = findMutants(FILE, Buffer.from(SOURCE), parse(folder, FILE));
  });
  after(() => rmSync(folder, { recursive: true }));

  const changes = (name: string) =>
    mutants.filter(({ callable }) => callable.name === name).map(({ after, operator }) => [operator, after]);

  it("changes one place at a time, and drops refusals and statements", () => {
    expect(changes("add")).to.have.deep.members([
      ["statement left out", "{}"],
      ["plus and minus", "sum = a - b;"],
      ["refusal left out", "{}"],
      ["comparison", "if (sum > MOST) revert TooMuch(sum);"],
      ["comparison", "if (sum < MOST) revert TooMuch(sum);"],
      ["constant", "if (sum >= (MOST + 1)) revert TooMuch(sum);"],
    ]);
    expect(changes("store")).to.have.deep.members([
      ["statement left out", "{}"],
      ["true and false", "set[key] = false;"],
    ]);
    expect(changes("least")).to.have.deep.members([
      ["comparison", "return a <= b && true ? a : b;"],
      ["comparison", "return a >= b && true ? a : b;"],
      ["and and or", "return a < b || true ? a : b;"],
      ["true and false", "return a < b && false ? a : b;"],
    ]);
  });

  it("leaves alone what cannot be switched: a parameter without a name cannot be handed on", () => {
    expect(changes("ignores")).to.deep.equal([]);
  });

  it("tells the line of each change", () => {
    const refusal = mutants.find(({ operator }) => operator === "refusal left out");
    expect(refusal).to.include({ line: 11, before: "if (sum >= MOST) revert TooMuch(sum);" });
  });

  it("builds all mutants into one source that compiles", () => {
    const numbered = mutants.map((mutant, i) => ({ id: i + 1, mutant }));
    const { source, stretches } = instrument(FILE, Buffer.from(SOURCE), numbered);
    writeFileSync(join(folder, FILE), source);
    expect(typeErrors(folder, [FILE])).to.deep.equal([]);
    // Without its stretches, and the import at its end, it is what it was.
    let rest = source.toString("utf8").replace(/\nimport [^\n]*\n$/, "");
    for (const { start, end } of stretches) {
      rest = rest.replace(source.subarray(start, end).toString("utf8"), "");
    }
    expect(rest).to.equal(SOURCE);
    const copy = stretches.find(({ ids }) => ids.length === 1 && ids[0] === 1);
    expect(source.subarray(copy?.start, copy?.end).toString("utf8")).to.match(
      /^\nfunction add_mutant1\(uint256 a, uint256 b\) private pure returns \(uint256 sum\) \{/,
    );
  });

  it("blames the mutant in whose copy an error stands, and nobody for an error of the sources", () => {
    const [first] = mutants;
    if (first === undefined) throw new Error("no mutants");
    const wrong = { ...first, replacement: "sum = unknown;" };
    const instrumented = new Map([[FILE, instrument(FILE, Buffer.from(SOURCE), [{ id: 7, mutant: wrong }])]]);
    writeFileSync(join(folder, FILE), instrumented.get(FILE)?.source ?? "");
    const [error] = typeErrors(folder, [FILE]);
    if (error === undefined) throw new Error("it compiled");
    expect(blame(error, instrumented)).to.deep.equal([7]);
    const elsewhere = { ...error, sourceLocation: { file: FILE, start: 0, end: 1 } };
    expect(() => blame(elsewhere, instrumented)).to.throw("unknown");

    // The same place as forge prints it.
    const text =
      instrumented.get(FILE)?.source.subarray(0, error.sourceLocation?.start).toString("utf8") ?? "";
    const [line, column] = [text.split("\n").length, text.length - text.lastIndexOf("\n")];
    const heading = "Error: Compiler run failed:\n";
    const warning = `Warning (6335): "leave" will be a keyword.\n  --> ${FILE}:1:1:\n   |\n\n`;
    const printed = `Error: Stack too deep. Try more.\n   --> ${FILE}:${line}:${column}:\n    |\n`;
    for (const output of [heading + printed, heading + warning + printed]) {
      const starts = errorsOfForge(output, instrumented).map(({ sourceLocation }) => sourceLocation?.start);
      expect(starts).to.deep.equal([error.sourceLocation?.start]);
    }
    expect(errorsOfForge(heading + warning, instrumented)).to.deep.equal([]);
  });
});

describe("shuffled", () => {
  it("keeps every item, in an order that the seed alone decides", () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    expect(shuffled(items, 1)).to.deep.equal(shuffled(items, 1));
    expect(shuffled(items, 1)).to.not.deep.equal(shuffled(items, 2));
    expect(shuffled(items, 1).sort((a, b) => a - b)).to.deep.equal(items);
  });
});

describe("testsOf", () => {
  const sources: Record<string, string> = {
    "contracts/A.sol": "",
    "contracts/B.sol": 'import {A} from "./A.sol";\nimport {X} from "package/X.sol";',
    "contracts/C.sol": "",
    "test/Fixture.sol": 'import {\n    B,\n    Two\n} from "../contracts/B.sol";',
    "test/A.t.sol": 'import {Fixture} from "./Fixture.sol";',
    "test/C.t.sol": 'import "../contracts/C.sol";',
  };
  const read = (path: string) => sources[path] ?? expect.fail(path);

  it("takes the tests that reach a target through whatever they import", () => {
    expect(importsOf(read("contracts/B.sol"))).to.deep.equal(["./A.sol", "package/X.sol"]);
    expect(testsOf(["contracts/A.sol"], ["test/A.t.sol", "test/C.t.sol"], read)).to.deep.equal([
      "test/A.t.sol",
    ]);
    expect(testsOf(["contracts/C.sol"], ["test/A.t.sol", "test/C.t.sol"], read)).to.deep.equal([
      "test/C.t.sol",
    ]);
  });
});

describe("failedTests", () => {
  it("names the tests and not the errors that they ran into", () => {
    const output = `
[PASS] test_fine() (gas: 1)
[FAIL: NothingToFill(2048, 1)] test_liquidate() (gas: 531415)
[FAIL: assertion failed: 0 != 5; counterexample: calldata=0x12 args=[1, 2]] test_fuzz_sum(uint256,uint256) (runs: 3, μ: 1, ~: 1)
[FAIL: MarketNotOpen(3)] setUp() (gas: 0)
[FAIL: M-01 sizes do not sum to zero]
	[Sequence] (original: 2, shrunk: 1)
		sender=0x00 addr=[test/T.t.sol:Handler]0xff calldata=place(uint256) args=[4]
 invariant_all() (runs: 1, calls: 7, reverts: 0)

Failing tests:
[FAIL: NothingToFill(2048, 1)] test_liquidate() (gas: 531415)
`;
    expect(failedTests(output)).to.deep.equal(["test_liquidate", "test_fuzz_sum", "setUp", "invariant_all"]);
    expect(failedTests("[PASS] test_fine() (gas: 1)")).to.deep.equal([]);
  });
});

describe("report of mutants", () => {
  const verdict = (id: number, outcome: Verdict["outcome"], name = "f"): Verdict => ({
    id,
    outcome,
    by: "test_x",
    seconds: 1,
    mutant: {
      operator: "comparison",
      start: 0,
      end: 1,
      replacement: "",
      line: id,
      before: "a < b",
      after: "a <= b",
      callable: { file: `contracts/${name}.sol`, name, scope: "L" } as Mutant["callable"],
    },
  });

  it("rounds the share down", () => {
    const verdicts = [verdict(1, "killed"), verdict(2, "killed"), verdict(3, "survived")];
    expect(lastLine(verdicts)).to.equal("mutants: killed 2 of 3 (66.6 %)");
    expect(killedShare([])).to.equal(0);
    expect(byFile(verdicts)).to.deep.equal(["     2/3  contracts/f.sol"]);
  });

  it("gives survivors their reason, and tells those without one and those listed without need", () => {
    const known = ["f", "g"].map((name) => ({
      file: `contracts/${name}.sol`,
      function: name,
      before: "a < b",
      after: "a <= b",
      reason: `because of ${name}`,
    }));
    const { lines, unexplained } = describeSurvivors(
      [verdict(1, "survived"), verdict(2, "killed", "g"), verdict(3, "survived", "h")],
      known,
    );
    expect(lines.join("\n")).to.equal(
      [
        "contracts/f.sol:1 L.f (comparison)\n  - a < b\n  + a <= b\n  because of f",
        "contracts/h.sol:3 L.h (comparison)\n  - a < b\n  + a <= b\n  no reason known",
        "known as a survivor, but killed by test_x: contracts/g.sol:2 L.g (comparison)\n  - a < b\n  + a <= b",
      ].join("\n"),
    );
    expect(unexplained.map(({ file }) => file)).to.deep.equal(["contracts/h.sol"]);
  });
});
