import { expect } from "chai";
import fc from "fast-check";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { CalculationError } from "../../scripts/calculator/errors.ts";
import { rulesHash } from "../../scripts/calculator/rules.ts";
import { StatementError } from "../../scripts/statements/errors.ts";
import { statementFromJson, statementToJson } from "../../scripts/statements/json.ts";
import { MAX_NUMBER, signStatement, verifyStatement } from "../../scripts/statements/signed.ts";
import { BASE, row, RULES, statement } from "../calculator/statements.ts";

const account = privateKeyToAccount(keccak256(toHex("contributor a")));
const other = privateKeyToAccount(keccak256(toHex("contributor b")));
const admitted = { contributors: [{ id: "a", address: account.address }], rules: RULES };
const END = (BASE + 1) * 86_400;
const one = statement("a", BASE, { m1: 10n, m2: 2n ** 127n });
const signed = await signStatement(one, 1, account, RULES);

async function codeOf(run: () => Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await run().catch((reason: unknown) => reason);
  return error instanceof StatementError || error instanceof CalculationError ? error.code : undefined;
}

describe("a signed statement", () => {
  it("is accepted once its day has ended, in whatever order its rows come", async () => {
    await verifyStatement(signed, admitted, END);
    const reversed = { ...signed, statement: { ...one, rows: [...one.rows].reverse() } };
    await verifyStatement(reversed, admitted, END);
    expect(await codeOf(() => verifyStatement(signed, admitted, END - 1))).to.equal("PeriodNotOver");
  });

  it("is refused with a typed error wherever it is not what the contributor signed", async () => {
    const cases: [string, object][] = [
      ["WrongSigner", { number: 2 }],
      ["WrongSigner", { statement: { ...one, period: BASE - 1 } }],
      ["WrongSigner", { statement: { ...one, rows: one.rows.slice(1) } }],
      ["WrongSigner", { statement: { ...one, rows: [row("m1", 11n), ...one.rows.slice(1)] } }],
      ["WrongSigner", { signature: (await signStatement(one, 1, other, RULES)).signature }],
      ["WrongSigner", { signature: `0x${"00".repeat(65)}` }],
      ["WrongRules", { rules: rulesHash({ ...RULES, version: "test/2" }) }],
      ["UnknownContributor", { statement: { ...one, contributor: "b" } }],
      ["NumberOutOfRange", { number: 0 }],
      ["NumberOutOfRange", { number: MAX_NUMBER + 1 }],
      ["DuplicateRow", { statement: { ...one, rows: [...one.rows, ...one.rows] } }],
      ["CachedAboveInput", { statement: { ...one, rows: [row("m1", 4n, { cached: 4n })] } }],
    ];
    for (const [code, change] of cases)
      expect(await codeOf(() => verifyStatement({ ...signed, ...change }, admitted, END)), code).to.equal(
        code,
      );
  });

  it("counts under the key that was admitted for its day", async () => {
    const contributors = [
      { id: "a", address: other.address, until: BASE - 1 },
      { id: "a", address: account.address, from: BASE, until: BASE },
    ];
    await verifyStatement(signed, { contributors, rules: RULES }, END);
    const earlier = await signStatement(statement("a", BASE - 1, { m1: 1n }), 1, account, RULES);
    const later = await signStatement(statement("a", BASE + 1, { m1: 1n }), 1, account, RULES);
    const check = (each: typeof signed) => () =>
      verifyStatement(each, { contributors, rules: RULES }, END * 2);
    expect(await codeOf(check(earlier))).to.equal("WrongSigner");
    expect(await codeOf(check(later))).to.equal("UnknownContributor");
  });

  it("is not signed where it is void", async () => {
    const twice = { ...one, rows: [...one.rows, ...one.rows] };
    expect(await codeOf(() => signStatement(twice, 1, account, RULES))).to.equal("DuplicateRow");
    expect(await codeOf(() => signStatement(one, 0, account, RULES))).to.equal("NumberOutOfRange");
  });
});

describe("the JSON form of a signed statement", () => {
  it("comes back as it was, through text", () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
    const marks = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount, marks)), (rows) => {
        const full = {
          ...signed,
          statement: {
            ...one,
            rows: rows.map(([input, output, [labelled, priced, ownAccount]]) =>
              row("m", 0n, { input, output, labelled, priced, ownAccount }),
            ),
          },
        };
        expect(statementFromJson(JSON.parse(JSON.stringify(statementToJson(full))))).to.deep.equal(full);
      }),
      { numRuns: 100 },
    );
  });

  it("is refused with the field that is wrong", () => {
    const json = statementToJson(signed);
    const [first, ...rest] = json.rows;
    const cases: [string, unknown][] = [
      ["statement", null],
      ["period", { ...json, period: 1.5 }],
      ["number", { ...json, number: -1 }],
      ["rules", { ...json, rules: "0x12" }],
      ["signature", { ...json, signature: `${json.signature}00` }],
      ["rows.0.input", { ...json, rows: [{ ...first, input: 5 }, ...rest] }],
      ["rows.0.output", { ...json, rows: [{ ...first, output: "05" }, ...rest] }],
      ["rows.0.requests", { ...json, rows: [{ ...first, requests: "-1" }, ...rest] }],
      ["statement", { ...json, extra: 1 }],
    ];
    for (const [place, wrong] of cases)
      expect(() => statementFromJson(wrong), place)
        .to.throw(StatementError, new RegExp(`^${place}: Malformed`))
        .with.property("code", "Malformed");
  });
});
