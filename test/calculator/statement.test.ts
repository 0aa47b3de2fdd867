import { expect } from "chai";
import { AbiCoder, keccak256 as ethersKeccak } from "ethers";
import fc from "fast-check";
import { keccak256, stringToHex } from "viem";
import { merkleProof, merkleRoot, verifyProof } from "../../scripts/calculator/merkle.ts";
import { checkRules, rulesHash, TU1D_RULES } from "../../scripts/calculator/rules.ts";
import {
  checkStatement,
  countStatement,
  encodeStatement,
  statementLeaf,
  type UsageRow,
} from "../../scripts/calculator/statement.ts";
import { refusalOf, row, RULES } from "./statements.ts";

const MAX = 2n ** 128n - 1n;
const FULL = { numerator: 1n, denominator: 1n };
const withRow = (other: Partial<UsageRow>) => ({
  contributor: "alpha",
  period: 5,
  rows: [row("model-a", 100n, other)],
});

describe("a statement", () => {
  it("counts input and output once: cached input and reasoning are parts of them", () => {
    const counted = countStatement(withRow({ input: 70n, cached: 70n, output: 30n, reasoning: 30n }));
    expect(counted.tokens).to.equal(100n);
    expect([...counted.models]).to.deep.equal([["model-a", 100n]]);
    expect(counted.excluded).to.deep.equal([]);
  });

  it("is refused where a part is larger than its whole", () => {
    const cached = withRow({ input: 70n, cached: 71n });
    expect(refusalOf(() => checkStatement(cached))).to.deep.equal(["CachedAboveInput", 71n, 70n]);
    const reasoning = withRow({ output: 30n, reasoning: 31n });
    expect(refusalOf(() => checkStatement(reasoning))).to.deep.equal(["ReasoningAboveOutput", 31n, 30n]);
    expect(refusalOf(() => checkStatement(withRow({ input: 70n, cached: 70n })))).to.equal(undefined);
  });

  it("is refused with an amount below zero or beyond 128 bits", () => {
    for (const field of ["input", "cached", "output", "reasoning", "requests"] as const) {
      expect(refusalOf(() => checkStatement(withRow({ [field]: -1n })))).to.deep.equal([
        "AmountOutOfRange",
        -1n,
        MAX,
      ]);
      const above = withRow({ [field]: MAX + 1n });
      expect(refusalOf(() => checkStatement(above))).to.deep.equal(["AmountOutOfRange", MAX + 1n, MAX]);
    }
  });

  it("is refused with a name that has more than one spelling, and with two rows of the same marks", () => {
    for (const model of ["", " a", "a ", "modèle", "a\nb", "x".repeat(129)])
      expect(refusalOf(() => checkStatement(withRow({ model })))?.[0], model).to.equal("InvalidName");
    for (const contributor of ["", "Alpha", "a b", "-a", "a".repeat(65)])
      expect(refusalOf(() => checkStatement({ ...withRow({}), contributor }))?.[0]).to.equal("InvalidName");
    expect(refusalOf(() => checkStatement(withRow({ model: "", labelled: false })))).to.equal(undefined);
    expect(refusalOf(() => checkStatement({ ...withRow({}), period: 1.5 }))?.[0]).to.equal("WrongPeriod");
    const twice = { ...withRow({}), rows: [row("a", 1n), row("a", 2n)] };
    expect(refusalOf(() => checkStatement(twice))?.[0]).to.equal("DuplicateRow");
    const marked = { ...withRow({}), rows: [row("a", 1n), row("a", 2n, { priced: false })] };
    expect(refusalOf(() => checkStatement(marked))).to.equal(undefined);
  });

  it("counts nothing of zero-priced, own and unlabelled rows, and lists them with every reason", () => {
    const rows = [
      row("a", 10n),
      row("a", 20n, { priced: false }),
      row("b", 40n, { ownAccount: true, requests: 9n }),
      row("", 80n, { labelled: false, priced: false }),
      row("c", 0n),
    ];
    const counted = countStatement({ contributor: "alpha", period: 5, rows });
    expect(counted.tokens).to.equal(10n);
    expect([...counted.models]).to.deep.equal([["a", 10n]]);
    const contributor = "alpha";
    expect(counted.excluded).to.deep.equal([
      { contributor, model: "", reasons: ["zero price", "no label"], tokens: 80n, requests: 1n },
      { contributor, model: "a", reasons: ["zero price"], tokens: 20n, requests: 1n },
      { contributor, model: "b", reasons: ["own account"], tokens: 40n, requests: 9n },
    ]);
  });
});

describe("the canonical encoding", () => {
  const example = {
    contributor: "alpha",
    period: 20_454,
    rows: [
      row("model-b", 9_000n, { cached: 12n, reasoning: 7n, requests: 3n }),
      row("model-a", 1_000n, { ownAccount: true }),
      row("model-a", 400n),
    ],
  };

  it("is ABI encoding with sorted rows, as another library writes it", () => {
    const rules = rulesHash(TU1D_RULES);
    const expected = AbiCoder.defaultAbiCoder().encode(
      [
        "bytes32",
        "string",
        "uint32",
        "tuple(string,bool,bool,bool,uint128,uint128,uint128,uint128,uint128)[]",
      ],
      [
        rules,
        "alpha",
        20_454,
        [
          ["model-a", true, true, false, 300n, 0n, 100n, 0n, 1n],
          ["model-a", true, true, true, 750n, 0n, 250n, 0n, 1n],
          ["model-b", true, true, false, 6_750n, 12n, 2_250n, 7n, 3n],
        ],
      ],
    );
    expect(encodeStatement(example, rules)).to.equal(expected);
    expect(statementLeaf(example, rules)).to.equal(ethersKeccak(ethersKeccak(expected)));
  });

  it("does not change from one version of the program to another", () => {
    expect(rulesHash(TU1D_RULES)).to.equal(
      "0xf53ed15f436c737b1e82e26e95dd45990d1cee45ab3a125a5faa00010f58f0fb",
    );
    expect(statementLeaf(example, rulesHash(TU1D_RULES))).to.equal(
      "0xad8b3c6cf5b3a90aeaf4eab40a42e1c1574e0de9340d04c4709643fc37b86008",
    );
  });

  it("differs by any field, by the rules and by nothing else", () => {
    const leaf = (rows: readonly UsageRow[], rules = rulesHash(TU1D_RULES)) =>
      statementLeaf({ ...example, rows }, rules);
    const base = leaf(example.rows);
    expect(leaf([...example.rows].reverse())).to.equal(base);
    const [first, ...rest] = example.rows;
    if (first === undefined) throw new Error("no row");
    const changes: Partial<UsageRow>[] = [
      { model: "model-c" },
      { labelled: false },
      { priced: false },
      { ownAccount: true },
      { input: 1n },
      { cached: 13n },
      { output: 8n },
      { reasoning: 8n },
      { requests: 4n },
    ];
    const leaves = changes.map((change) => leaf([{ ...first, ...change }, ...rest]));
    leaves.push(leaf(rest), leaf(example.rows, rulesHash(RULES)), base);
    expect(new Set(leaves).size).to.equal(changes.length + 3);
  });
});

describe("rules", () => {
  it("have a hash that every parameter changes", () => {
    const half = { numerator: 1n, denominator: 2n };
    const others = [
      { version: "TU1D/3" },
      { basePeriod: 1 },
      { contributorCap: half },
      { modelCap: half },
      { leastKept: FULL },
      { trim: half },
      { gateLimit: 1n },
      { gateContributors: 4 },
      { leastContributors: 2 },
      { leastWeight: FULL },
      { provisionalCutoff: 1 },
      { finalCutoff: 1 },
    ];
    const hashes = others.map((other) => rulesHash({ ...TU1D_RULES, ...other }));
    expect(others.flatMap((other) => Object.keys(other))).to.have.members(Object.keys(TU1D_RULES));
    expect(new Set([...hashes, rulesHash(TU1D_RULES)]).size).to.equal(others.length + 1);
  });

  it("are refused where the method would not keep its promises", () => {
    expect(refusalOf(() => checkRules(TU1D_RULES))).to.equal(undefined);
    const quarter = { numerator: 1n, denominator: 4n };
    const refuse = (other: object) => refusalOf(() => checkRules({ ...TU1D_RULES, ...other }));
    expect(refuse({ contributorCap: quarter })).to.deep.equal(["InvalidRules", "1/4", "above 0, to 1/5"]);
    expect(refuse({ contributorCap: { numerator: 0n, denominator: 1n } })?.[0]).to.equal("InvalidRules");
    expect(refuse({ modelCap: { numerator: 0n, denominator: 1n } })?.[0]).to.equal("InvalidRules");
    expect(refuse({ modelCap: { numerator: 5n, denominator: 4n } })?.[0]).to.equal("InvalidRules");
    expect(refuse({ trim: { numerator: 2n, denominator: 5n } })?.[0]).to.equal("InvalidRules");
    expect(refuse({ leastKept: { numerator: 1n, denominator: 0n } })?.[0]).to.equal("InvalidRules");
    expect(refuse({ leastWeight: { numerator: -1n, denominator: 2n } })?.[0]).to.equal("InvalidRules");
    expect(refuse({ gateLimit: -1n })).to.deep.equal(["InvalidRules", -1n, "0 or more"]);
    expect(refuse({ gateContributors: 2 })).to.deep.equal(["InvalidRules", 2, "3 or more"]);
    expect(refuse({ leastContributors: 0 })).to.deep.equal(["InvalidRules", 0, "1 or more"]);
    expect(refuse({ finalCutoff: 60 })?.[0]).to.equal("InvalidRules");
  });
});

describe("the tree", () => {
  const leavesOf = (count: number) =>
    Array.from({ length: count }, (_, i) => keccak256(stringToHex(`leaf ${i}`)));

  it("proves every leaf and nothing else, whatever the order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 39 }), (count, at) => {
        const leaves = leavesOf(count);
        const root = merkleRoot(leaves);
        expect(merkleRoot([...leaves].reverse())).to.equal(root);
        const leaf = leaves[at % count] ?? "0x";
        const proof = merkleProof(leaves, leaf);
        expect(verifyProof(root, leaf, proof)).to.be.true;
        expect(verifyProof(root, keccak256(leaf), proof)).to.be.false;
        expect(merkleRoot([...leaves, keccak256(leaf)])).not.to.equal(root);
      }),
    );
  });

  it("of three leaves is the hash of a hash and the largest, by hand", () => {
    const [a = "0x", b = "0x", c = "0x"] = leavesOf(3).sort();
    const join = (x: string, y: string) =>
      ethersKeccak(
        `0x${[x, y]
          .sort()
          .map((hash) => hash.slice(2))
          .join("")}`,
      );
    expect(merkleRoot([c, a, b])).to.equal(join(join(a, b), c));
  });

  it("refuses no leaves, a leaf twice and one that is not in it", () => {
    const [leaf = "0x"] = leavesOf(1);
    expect(() => merkleRoot([])).to.throw(RangeError);
    expect(() => merkleRoot([leaf, leaf])).to.throw(RangeError);
    expect(() => merkleProof([leaf], keccak256(leaf))).to.throw(RangeError);
  });
});
