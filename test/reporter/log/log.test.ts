import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { zeroHash } from "viem";
import { merkleProof, verifyProof } from "../../../scripts/calculator/merkle.ts";
import { checkStatement } from "../../../scripts/calculator/statement.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { SqliteMissingError } from "../../../scripts/lib/sqlite.ts";
import { entryLeaf, MAX_ENTRY_AMOUNT, rowsOf } from "../../../scripts/reporter/log/entry.ts";
import { closeDay, statementOf } from "../../../scripts/reporter/log/log.ts";
import { openLog } from "../../../scripts/reporter/log/sqlite.ts";
import { at, DAY, entry, inFolder, memoryLog, refusal, write } from "./entries.ts";

describe("the log of usage", () => {
  it("counts a key once, whatever is written under it later", async () => {
    const log = memoryLog();
    expect(await write(log, "a", [entry("1"), entry("2"), entry("1")])).to.deep.equal({
      added: 2,
      duplicates: 1,
      replaced: 0,
      late: 0,
    });
    expect(await write(log, "a", [entry("2", { input: 99n })])).to.include({ added: 0, duplicates: 1 });
    // Another source may use the same key for something else.
    expect(await write(log, "b", [entry("1")])).to.include({ added: 1 });
    expect(await log.rows(DAY)).to.deep.equal([
      {
        model: "m",
        labelled: true,
        priced: true,
        ownAccount: false,
        input: 30n,
        cached: 0n,
        output: 15n,
        reasoning: 0n,
        requests: 3n,
      },
    ]);
  });

  it("lets a source correct what it said, and keeps what it said before", async () => {
    const log = memoryLog();
    await write(log, "a", [entry("1"), entry("2")]);
    await log.close(DAY);
    const result = await write(log, "a", [entry("1", { input: 7n }), entry("2")], { replace: true });
    expect(result).to.deep.equal({ added: 0, duplicates: 1, replaced: 1, late: 1 });
    expect((await log.rows(DAY))[0]).to.include({ input: 17n });
    expect((await statementOf(log, DAY, 1)).statement.rows[0]).to.include({ input: 20n });
    expect(await write(log, "a", [entry("1")], { replace: true })).to.include({ replaced: 1 });
    expect((await log.rows(DAY))[0]).to.include({ input: 20n });
  });

  it("refuses a writer that does not know what another has written", async () => {
    const log = memoryLog();
    const after = await log.position("a");
    await log.append("a", { after, entries: [entry("1")] });
    const call = () => log.append("a", { after, entries: [entry("2")] });
    expect(await refusal(call)).to.deep.equal(["LogError", "PositionMoved", 1, 0]);
    expect((await log.rows(DAY))[0]).to.include({ requests: 1n });
  });

  it("refuses what it cannot keep, and then writes nothing of the batch", async () => {
    const log = memoryLog();
    const refused = (other: object, key = "2") =>
      refusal(() => write(log, "a", [entry("1"), entry(key, other)], { checkpoints: new Map([["x", "y"]]) }));
    expect(await refused({ input: -1n })).to.deep.equal([
      "LogError",
      "AmountOutOfRange",
      -1n,
      MAX_ENTRY_AMOUNT,
    ]);
    expect(await refused({ reasoning: MAX_ENTRY_AMOUNT + 1n })).to.include.members([MAX_ENTRY_AMOUNT + 1n]);
    expect(await refused({ period: 1.5 })).to.deep.equal([
      "LogError",
      "WrongPeriod",
      1.5,
      "a UTC day number",
    ]);
    expect(await refused({}, "")).to.deep.equal(["LogError", "EmptyKey", "", "a text"]);
    expect(await log.rows(DAY)).to.deep.equal([]);
    expect(await log.checkpoints("a")).to.deep.equal(new Map());
    await write(log, "a", [entry("1")]);
    const moved = () => write(log, "a", [entry("2"), entry("1", { period: DAY + 1 })], { replace: true });
    expect(await refusal(moved)).to.deep.equal(["LogError", "PeriodChanged", DAY + 1, DAY]);
    expect(await log.entries(DAY)).to.have.length(1);
  });

  it("keeps what a meter leaves for itself, by source and name", async () => {
    const log = memoryLog();
    await write(log, "a", [], {
      checkpoints: new Map([
        ["x", "1"],
        ["y", "2"],
      ]),
    });
    await write(log, "a", [], { checkpoints: new Map([["x", "3"]]) });
    await write(log, "b", [], { checkpoints: new Map([["x", "4"]]) });
    expect([...(await log.checkpoints("a"))].sort()).to.deep.equal([
      ["x", "3"],
      ["y", "2"],
    ]);
    await write(log, "a", [], { checkpoints: new Map([["x", undefined]]) });
    expect([...(await log.checkpoints("a"))]).to.deep.equal([["y", "2"]]);
    expect([...(await log.checkpoints("b"))]).to.deep.equal([["x", "4"]]);
  });

  it("is the same when it is opened again, and belongs to one contributor", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.sqlite");
      const clock = () => at(DAY + 1);
      const log = openLog(path, { contributor: "c", clock });
      await write(log, "a", [entry("1", { model: "modèle 1\n", input: 2n ** 90n })]);
      const before = [await log.entries(DAY), await log.close(DAY)];
      log.end();
      const again = openLog(path, { contributor: "c", clock });
      expect([await again.entries(DAY), (await again.closings(DAY))[0]]).to.deep.equal(before);
      again.end();
      const other = await refusal(() => openLog(path, { contributor: "d" }));
      expect(other).to.deep.equal(["LogError", "WrongContributor", "d", "c"]);
      const unnamed = await refusal(() => openLog(path, { contributor: "D" }));
      expect(unnamed).to.include.members(["CalculationError", "InvalidName", "D"]);
    });
  });

  it("cannot be changed in the file without taking its guards away", async () => {
    await inFolder(async (folder) => {
      const path = join(folder, "log.sqlite");
      const log = openLog(path, { contributor: "c", clock: () => at(DAY + 1) });
      await write(log, "a", [entry("1")]);
      await log.close(DAY);
      log.end();
      const { DatabaseSync } = await import("node:sqlite");
      const db = new DatabaseSync(path);
      for (const table of ["entries", "closings"]) {
        expect(() => db.exec(`DELETE FROM ${table}`)).to.throw(`${table} is append-only`);
        expect(() => db.exec(`UPDATE ${table} SET period = 0`)).to.throw(`${table} is append-only`);
      }
      db.exec("UPDATE log SET format = 2");
      db.close();
      expect(await refusal(() => openLog(path, { contributor: "c" }))).to.deep.equal([
        "LogError",
        "UnknownFormat",
        "2",
        1,
      ]);
    });
  });

  it("says which Node it needs where there is no SQLite", () => {
    const builtin = Object.getOwnPropertyDescriptor(process, "getBuiltinModule");
    Object.defineProperty(process, "getBuiltinModule", { value: () => undefined, configurable: true });
    try {
      expect(() => memoryLog()).to.throw(SqliteMissingError, /Node 22\.13 or newer/);
    } finally {
      if (builtin) Object.defineProperty(process, "getBuiltinModule", builtin);
    }
  });
});

describe("the closing of a day", () => {
  it("waits for the day's end", async () => {
    let now = at(DAY + 1) - 1;
    const log = memoryLog({ clock: () => now });
    expect(await refusal(() => log.close(DAY))).to.deep.equal([
      "LogError",
      "DayNotOver",
      "2026-09-01T23:59:59.999Z",
      "2026-09-02T00:00:00.000Z",
    ]);
    now += 1;
    expect(await log.close(DAY)).to.deep.equal({
      period: DAY,
      revision: 1,
      root: zeroHash,
      entries: 0,
      late: 0,
      closedAt: (DAY + 1) * SECONDS_PER_DAY * 1_000,
    });
  });

  it("has a root from which each entry can be proven, and no other", async () => {
    const log = memoryLog();
    await write(log, "a", [entry("1"), entry("2", { input: 2n }), entry("3", { period: DAY + 1 })]);
    await write(log, "b", [entry("1")]);
    const { root, entries } = await log.close(DAY);
    expect(entries).to.equal(3);
    const leaves = (await log.entries(DAY)).map((each) => entryLeaf("c", each));
    for (const leaf of leaves) expect(verifyProof(root, leaf, merkleProof(leaves, leaf))).to.be.true;
    const [first] = await log.entries(DAY);
    if (first === undefined) throw new Error("no entry");
    const changes = [{ source: "z" }, { key: "9" }, { version: 1 }, { model: "n" }, { labelled: false }];
    const amounts = [{ input: 1n }, { cached: 1n }, { output: 1n }, { reasoning: 1n }, { requests: 2n }];
    const marks = [{ priced: false }, { ownAccount: true }, { period: DAY + 1 }];
    for (const change of [...changes, ...amounts, ...marks])
      expect(leaves).not.to.include(entryLeaf("c", { ...first, ...change }));
    expect(leaves).not.to.include(entryLeaf("d", first));
  });

  it("twice is the same as once, and entries that come later make a new revision beside the old one", async () => {
    let now = at(DAY + 1);
    const log = memoryLog({ clock: () => now });
    await write(log, "a", [entry("1")]);
    const first = await closeDay(log, DAY);
    now += 1_000;
    expect(await log.close(DAY)).to.deep.equal(first.closing);
    expect(await write(log, "a", [entry("1"), entry("2"), entry("3")])).to.include({ added: 2, late: 2 });
    const second = await closeDay(log, DAY);
    expect(second.closing).to.include({ revision: 2, entries: 3, late: 2, closedAt: now });
    expect(second.closing.root).not.to.equal(first.closing.root);
    expect(second.statement.rows[0]).to.include({ input: 30n, requests: 3n });
    expect(await statementOf(log, DAY, 1)).to.deep.equal(first);
    expect(await statementOf(log, DAY)).to.deep.equal(second);
    expect(await log.closings(DAY)).to.deep.equal([first.closing, second.closing]);
  });

  it("of a day of many pages lets other work have its turn, and what comes meanwhile is late", async () => {
    const log = memoryLog();
    const many = Array.from({ length: 1_234 }, (_, index) => entry(`${index}`, { model: `m${index % 3}` }));
    await write(log, "a", many);
    const closing = log.close(DAY);
    const twice = log.close(DAY);
    await write(log, "a", [entry("late")]);
    expect(await closing).to.include({ revision: 1, entries: 1_234, late: 0 });
    expect(await twice).to.include({ revision: 2, entries: 1_235, late: 1 });
    const { statement } = await statementOf(log, DAY, 1);
    expect(statement.rows.map(({ requests }) => requests)).to.deep.equal([412n, 411n, 411n]);
    expect(await log.knows(DAY)).to.be.true;
    expect(await log.knows(DAY + 1)).to.be.false;
  });

  it("is needed for a statement", async () => {
    const log = memoryLog();
    const refused = (revision?: number) => refusal(() => statementOf(log, DAY, revision));
    expect(await refused()).to.deep.equal(["LogError", "DayNotClosed", 1, "a closed day"]);
    await log.close(DAY);
    expect(await refused(2)).to.deep.equal(["LogError", "DayNotClosed", 2, "1 to 1"]);
    const call = () => log.entries(DAY, { revision: 3 });
    expect(await refusal(call)).to.deep.equal(["LogError", "DayNotClosed", 3, "1"]);
  });
});

describe("rows of a day", () => {
  it("add unspellable names up to one row without label, beside those that are spelled well", () => {
    const rows = rowsOf([
      entry("1", { model: "gpt" }),
      entry("2", { model: "modèle" }),
      entry("3", { model: "x".repeat(129) }),
      entry("4", { model: "" }),
      entry("5", { model: " gpt" }),
      entry("6", { model: "gpt", labelled: false }),
      entry("7", { model: "é", priced: false }),
    ]);
    expect(
      rows.map(({ model, labelled, priced, requests }) => [model, labelled, priced, requests]),
    ).to.deep.equal([
      ["", false, false, 1n],
      ["", false, true, 4n],
      ["gpt", false, true, 1n],
      ["gpt", true, true, 1n],
    ]);
  });

  it("cut a part that is above its whole, and leave out what is nothing", () => {
    const rows = rowsOf([
      entry("1", { cached: 11n, reasoning: 6n }),
      entry("2", { model: "n", input: 0n, output: 0n, cached: 3n, requests: 0n }),
    ]);
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({ input: 10n, cached: 10n, output: 5n, reasoning: 5n });
  });

  it("make a statement that the calculator accepts, whatever sources write", async () => {
    const amount = fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, MAX_ENTRY_AMOUNT));
    const anything = fc.record({
      key: fc.string({ minLength: 1, unit: "binary" }),
      model: fc.oneof(fc.constantFrom("a", "b", ""), fc.string({ unit: "binary", maxLength: 140 })),
      labelled: fc.boolean(),
      priced: fc.boolean(),
      ownAccount: fc.boolean(),
      input: amount,
      cached: amount,
      output: amount,
      reasoning: amount,
      requests: amount,
    });
    const property = fc.asyncProperty(fc.array(anything, { maxLength: 12 }), async (all) => {
      const log = memoryLog();
      await write(
        log,
        "a",
        all.map((each) => ({ ...each, period: DAY })),
      );
      const { statement, closing } = await closeDay(log, DAY);
      checkStatement(statement);
      expect(closing.entries).to.equal((await log.entries(DAY)).length);
      const known = new Map(all.toReversed().map((each) => [each.key, each]));
      const sum = (of: Iterable<{ input: bigint; output: bigint }>) =>
        [...of].reduce((total, each) => total + each.input + each.output, 0n);
      expect(sum(statement.rows)).to.equal(sum(known.values()));
      log.end();
    });
    await fc.assert(property, { numRuns: 150 });
  });
});
