import { expect } from "chai";
import { privateKeyToAccount, generatePrivateKey } from "viem/accounts";
import { StatementStore } from "../../../scripts/statements/store.ts";
import { dueDays, publishDay, type Publisher } from "../../../scripts/reporter/contributor/publish.ts";
import { at, DAY, entry, memoryLog, write } from "../log/entries.ts";

const times = { settleSeconds: 1_800, latestSeconds: 11_700, againSeconds: 3_600 };
const none = () => [];

function publisher(): Publisher & { store: StatementStore } {
  const account = privateKeyToAccount(generatePrivateKey());
  const clock = () => at(DAY + 1, 1);
  const store = new StatementStore(":memory:", { contributors: [{ id: "c", address: account.address }] });
  return { log: memoryLog({ clock }), store, account, clock };
}

async function published(own: Publisher) {
  const result = await publishDay(own, DAY);
  if (result === undefined) throw new Error("nothing was published");
  return result;
}

describe("the publication of a day", () => {
  it("is one signed statement, and a further one only where something is new", async () => {
    const own = publisher();
    await write(own.log, "a", [entry("1")]);
    const first = await published(own);
    expect(first.isNew).to.be.true;
    expect(first.signed).to.deep.include({ number: 1 });
    expect(first.signed.statement.rows.map(({ input }) => input)).to.deep.equal([10n]);
    expect(await publishDay(own, DAY)).to.deep.equal({ ...first, isNew: false });
    await write(own.log, "a", [entry("2")]);
    const second = await published(own);
    expect(second.signed.number).to.equal(2);
    expect(second.closing).to.include({ revision: 2, late: 1 });
    // Entries that change no row are a new closing and no new statement.
    await write(own.log, "a", [entry("3", { input: 0n, output: 0n, requests: 0n })]);
    const third = await published(own);
    expect([third.isNew, third.signed.number, third.closing.revision]).to.deep.equal([false, 2, 3]);
    expect(own.store.statementsOf(DAY).map(({ signed }) => signed.number)).to.deep.equal([1, 2]);
  });

  it("never signs two statements under one number, even after the log was lost", async () => {
    const own = publisher();
    await write(own.log, "a", [entry("1")]);
    await publishDay(own, DAY);
    const restored = { ...own, log: memoryLog({ clock: own.clock }) };
    await write(restored.log, "a", [entry("1", { input: 3n })]);
    const { signed, closing } = await published(restored);
    expect([signed.number, closing.revision]).to.deep.equal([2, 1]);
    expect(own.store.conflicts()).to.deep.equal([]);
  });

  it("signs nothing new of a day before a restoration, whose numbers it may have given already", async () => {
    const own = { ...publisher(), restoredAt: (DAY + 1) * 86_400 };
    await write(own.log, "a", [entry("1")]);
    expect(await publishDay(own, DAY)).to.be.undefined;
    expect(own.store.statementsOf(DAY)).to.have.length(0);
    const before = { ...own, restoredAt: (DAY + 1) * 86_400 - 1 };
    expect((await published(before)).signed.number).to.equal(1);
    // What stands is told.
    expect(await publishDay(own, DAY)).to.deep.include({ isNew: false });
  });

  it("takes nothing back of a day that the log does not know", async () => {
    const own = publisher();
    await write(own.log, "a", [entry("1")]);
    await publishDay(own, DAY);
    expect(await publishDay({ ...own, log: memoryLog({ clock: own.clock }) }, DAY)).to.be.undefined;
    expect(own.store.statementsOf(DAY)).to.have.length(1);
    // A source that takes its own usage back is another matter.
    await write(own.log, "a", [entry("1", { input: 0n, output: 0n, requests: 0n })], { replace: true });
    const { signed } = await published(own);
    expect([signed.number, signed.statement.rows]).to.deep.equal([2, []]);
  });
});

describe("the days that are due", () => {
  it("are those that are over, until their final calculation", () => {
    const due = (hours: number) => dueDays(at(DAY, hours), times, new Map(), none);
    expect(due(0)).to.deep.equal([DAY - 2]);
    expect(due(0.5)).to.deep.equal([DAY - 2, DAY - 1]);
    expect(due(23.9)).to.deep.equal([DAY - 2, DAY - 1]);
    expect(due(24)).to.deep.equal([DAY - 1]);
  });

  it("wait for sources that were not read since the day's end, but not past the reporters' hour", () => {
    const asked: number[] = [];
    const away = (time: number) => {
      asked.push(time);
      return time === at(DAY) ? ["a"] : [];
    };
    const due = (hours: number) => dueDays(at(DAY, hours), times, new Map(), away);
    expect(due(3.2)).to.deep.equal([DAY - 2]);
    expect(due(3.25)).to.deep.equal([DAY - 2, DAY - 1]);
    expect(asked).to.include(at(DAY));
  });

  it("come again after a while", () => {
    const tried = new Map([
      [DAY - 1, at(DAY, 1)],
      [DAY - 2, at(DAY, 1.5)],
    ]);
    const due = (hours: number) => dueDays(at(DAY, hours), times, tried, none);
    expect(due(1.99)).to.deep.equal([]);
    expect(due(2)).to.deep.equal([DAY - 1]);
    expect(due(2.5)).to.deep.equal([DAY - 2, DAY - 1]);
  });
});
