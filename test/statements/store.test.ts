import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Statement } from "../../scripts/calculator/statement.ts";
import { StatementError } from "../../scripts/statements/errors.ts";
import { signStatement } from "../../scripts/statements/signed.ts";
import { StatementStore } from "../../scripts/statements/store.ts";
import { BASE, RULES, statement } from "../calculator/statements.ts";

const END = (BASE + 1) * 86_400;
const keys = new Map(
  ["a", "b"].map((id) => [id, privateKeyToAccount(keccak256(toHex(`contributor ${id}`)))]),
);
const contributors = [...keys].map(([id, { address }]) => ({ id, address }));
const admitted = { contributors, rules: RULES };

const sign = (each: Statement, number = 1) => signStatement(each, number, keys.get(each.contributor)!, RULES);
const day = (contributor: string, tokens: bigint) => statement(contributor, BASE, { m: tokens });

describe("a store of statements", () => {
  let path: string;
  let store: StatementStore;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), "usance-")), "deep", "statements.sqlite");
    store = new StatementStore(path, admitted);
  });
  afterEach(() => store.close());

  const add = async (each: Statement, number: number, receivedAt: number, now = receivedAt) =>
    store.add(await sign(each, number), { now: Math.max(now, END), receivedAt, source: "test" });
  const tokensAt = (cutoff: number) =>
    Object.fromEntries(
      store
        .knownAt(BASE, cutoff)
        .map(({ statement: { contributor, rows } }) => [
          contributor,
          rows.reduce((sum, { input, output }) => sum + input + output, 0n),
        ]),
    );

  it("knows, at a cut-off, the highest number of each contributor that came before it", async () => {
    await add(day("a", 3n), 3, END + 30);
    await add(day("a", 1n), 1, END + 10);
    await add(day("a", 2n), 2, END + 20);
    await add(day("b", 7n), 1, END + 25);
    expect(tokensAt(END + 10)).to.deep.equal({});
    expect(tokensAt(END + 11)).to.deep.equal({ a: 1n });
    expect(tokensAt(END + 26)).to.deep.equal({ a: 2n, b: 7n });
    expect(tokensAt(END + 31)).to.deep.equal({ a: 3n, b: 7n });
    expect(store.statementsOf(BASE)).to.have.length(4);
    expect(store.statementsOf(BASE + 1)).to.deep.equal([]);
  });

  it("takes the earliest time at which anybody had a statement", async () => {
    expect(await add(day("a", 1n), 1, END + 100)).to.equal("added");
    expect(await add(day("a", 1n), 1, END + 50, END + 101)).to.equal("known");
    expect(await add(day("a", 1n), 1, END + 70, END + 102)).to.equal("known");
    expect(tokensAt(END + 50)).to.deep.equal({});
    expect(tokensAt(END + 51)).to.deep.equal({ a: 1n });
  });

  it("refuses a second statement under one number, keeps the pair, and counts neither", async () => {
    await add(day("a", 1n), 1, END + 10);
    await add(day("a", 2n), 2, END + 20);
    const refused: unknown = await add(day("a", 3n), 2, END + 30).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(StatementError).with.property("code", "ConflictingStatement");
    // Whoever heard of the second at the cut-off falls back to the number before; until then the first counts.
    expect(tokensAt(END + 30)).to.deep.equal({ a: 2n });
    expect(tokensAt(END + 31)).to.deep.equal({ a: 1n });
    const [pair] = store.conflicts();
    expect(pair).to.have.deep.members([await sign(day("a", 2n), 2), await sign(day("a", 3n), 2)]);
    // Peers are told of both; a third proves nothing more, a higher number counts again.
    expect(await add(day("a", 3n), 2, END + 40)).to.equal("known");
    await add(day("a", 4n), 2, END + 40).catch(() => undefined);
    expect(store.statementsOf(BASE)).to.have.length(3);
    await add(day("a", 5n), 3, END + 50);
    expect(tokensAt(END + 51)).to.deep.equal({ a: 5n });
  });

  it("comes to the same in whatever order a conflicting pair arrives", async () => {
    const second = new StatementStore(":memory:", admitted);
    const pair = [await sign(day("a", 1n)), await sign(day("a", 2n))];
    for (const [target, order] of [
      [store, pair],
      [second, [...pair].reverse()],
    ] as const)
      for (const signed of order)
        await target.add(signed, { now: END, source: "test" }).catch(() => undefined);
    expect(store.knownAt(BASE, END + 1))
      .to.deep.equal(second.knownAt(BASE, END + 1))
      .and.deep.equal([]);
    expect(store.conflicts()).to.deep.equal(second.conflicts()).and.have.length(1);
    second.close();
  });

  it("keeps nothing that is refused", async () => {
    const signed = await sign(day("a", 1n));
    const refused = [
      { ...signed, number: 2 },
      { ...signed, statement: day("c", 1n) },
    ];
    for (const each of refused) {
      const error: unknown = await store
        .add(each, { now: END, source: "test" })
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StatementError);
    }
    const early: unknown = await store.add(signed, { now: END - 1, source: "test" }).catch((e: unknown) => e);
    expect(early).to.be.instanceOf(StatementError).with.property("code", "PeriodNotOver");
    expect(store.statementsOf(BASE)).to.deep.equal([]);
  });

  it("leaves out a contributor that is no longer admitted, and keeps what it said", async () => {
    await add(day("a", 1n), 1, END);
    await add(day("b", 2n), 1, END);
    store.close();
    store = new StatementStore(path, { contributors: contributors.slice(1), rules: RULES });
    expect(tokensAt(END + 1)).to.deep.equal({ b: 2n });
    expect(store.statementsOf(BASE)).to.have.length(2);
  });

  it("is append-only, to others too", async () => {
    await add(day("a", 1n), 1, END);
    const database = new DatabaseSync(path);
    for (const table of ["statements", "receipts"]) {
      expect(() => database.exec(`DELETE FROM ${table}`)).to.throw(`${table} is append-only`);
      expect(() => database.exec(`UPDATE ${table} SET number = 2`)).to.throw(`${table} is append-only`);
    }
    database.close();
  });
});
