import { rmSync } from "node:fs";
import { join } from "node:path";
import { getHeldPrint } from "@usance/sdk";
import { expect } from "chai";
import { calculateSeries } from "../../../scripts/calculator/series.ts";
import { TU1D_RULES } from "../../../scripts/calculator/rules.ts";
import type { Stage } from "../../../scripts/calculator/calculate.ts";
import type { Statement } from "../../../scripts/calculator/statement.ts";
import { backUp, restore } from "../../../scripts/lib/backup.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { TU1D } from "../../../scripts/reporter/calculation.ts";
import { EXCHANGE_SECONDS, sittingsOf, TAKEOVER_SECONDS } from "../../../scripts/reporter/node/protocol.ts";
import { signStatement } from "../../../scripts/statements/signed.ts";
import { Exchange, FIRST } from "../../support/exchange.ts";
import { Contributor, stated, TestPanel, type Seat } from "./panel.ts";

describe("a reporter's node, among seven", function () {
  this.timeout(240_000);
  let exchange: Exchange;
  let contributor: Contributor;
  let second: Contributor;
  let panel: TestPanel;
  let seats: Seat[];
  before(async () => {
    exchange = await Exchange.start();
    [contributor, second] = [new Contributor("router"), new Contributor("second")];
    panel = await TestPanel.start(exchange, [contributor, second], []);
    seats = panel.seats;
  });
  after(async () => {
    panel?.close();
    contributor?.close();
    second?.close();
    await exchange?.close();
  });

  const endOf = (period: number) => (period + 1) * SECONDS_PER_DAY;
  const [one, two, three, four] = [FIRST, FIRST + 1, FIRST + 2, FIRST + 3];
  const expected = (...days: [number, Stage, ...Statement[]][]) =>
    calculateSeries(days.map(([period, stage, ...statements]) => ({ period, stage, statements }))).at(-1);
  const ofSecond = (period: number, tokens: bigint) => ({ ...stated(period, tokens), contributor: "second" });
  const expectPrint = async (period: number, revision: number, like: ReturnType<typeof expected>) => {
    const { print: value, vintage } = like ?? {};
    expect(await panel.print(period)).to.include({ revision, value, vintage });
  };
  /** A reporter that loses files. */
  const lose = (seat: Seat, ...names: string[]) => {
    panel.stopNode(seat);
    for (const name of names)
      for (const end of ["", "-wal", "-shm"])
        rmSync(join(seat.folder, `${name}.sqlite${end}`), { force: true });
  };

  it("comes to the same as its peers where a statement reached one of them alone, a second before the cut-off", async () => {
    await contributor.state(stated(one), endOf(one));
    const [{ cutoff, opens }] = sittingsOf(one, TU1D_RULES);
    await panel.at(cutoff - 60);
    const [lucky] = seats as [Seat];
    const signed = await signStatement(ofSecond(one, 5_000n), 1, second.account);
    await lucky.node?.statements.add(signed, { now: cutoff - 1, source: "test" });
    // The correction is late everywhere.
    await contributor.state(stated(one, 1n), cutoff, 2);
    await panel.at(cutoff + EXCHANGE_SECONDS - 60);
    await panel.at(opens);
    await panel.at(opens + 1);
    await expectPrint(one, 1, expected([one, "provisional", stated(one), ofSecond(one, 5_000n)]));
    for (const seat of seats) expect(panel.reportsAt(seat, one, 1).size).to.equal(7);
  });

  it("posts a second revision where the final statements say something else, and none where they do not", async () => {
    const both = (period: number) => [stated(period), ofSecond(period, 5_000n)];
    await second.state(ofSecond(one, 5_000n), endOf(one) + 20_000);
    await contributor.state(stated(two), endOf(two));
    await second.state(ofSecond(two, 5_000n), endOf(two));
    // Whoever's turn it is may need a second round to see the quorum.
    expect(await panel.sit(two, 1)).to.be.at.most(2);
    await expectPrint(
      two,
      1,
      expected([one, "provisional", ...both(one)], [two, "provisional", ...both(two)]),
    );
    // The correction of the first day came after its provisional cut-off.
    const corrected = [stated(one, 1n), ofSecond(one, 5_000n)];
    expect(await panel.sit(one, 2)).to.be.at.most(2);
    await expectPrint(one, 2, expected([one, "final", ...corrected]));
    // The second day's statements are the same, but its link goes from the corrected day.
    await second.state(ofSecond(three, 5_000n), endOf(three));
    await contributor.state(stated(three), endOf(three));
    expect(await panel.sit(three, 1)).to.be.at.most(2);
    expect(await panel.sit(two, 2)).to.be.at.most(2);
    const finals = [
      [one, "final", ...corrected],
      [two, "final", ...both(two)],
    ] as [number, Stage, ...Statement[]][];
    await expectPrint(two, 2, expected(...finals));
    expect((await panel.print(three)).revision).to.equal(1);
  });

  it("repeats its report after a crash, though its source says something else by then", async () => {
    const [seat, other] = seats as [Seat, Seat];
    await contributor.state(stated(four), endOf(four));
    await second.state(ofSecond(four, 5_000n), endOf(four));
    const [{ cutoff, opens }] = sittingsOf(four, TU1D_RULES);
    await panel.at(cutoff - 60);
    await panel.at(cutoff + 60);
    // It alone signs, and goes down with all it knew but for the guard.
    await panel.at(opens, [seat]);
    const before = panel.reportsAt(seat, four, 1).get(seat.account.address);
    expect(before?.value).to.be.a("bigint");
    lose(seat, "statements", "days", "reports");
    await contributor.state(stated(four, 7n), opens, 2);
    panel.startNode(seat);
    await panel.at(opens + 5, [seat]);
    expect(panel.reportsAt(seat, four, 1).get(seat.account.address)).to.deep.equal(before);
    expect(panel.reportsAt(other, four, 1).get(seat.account.address)).to.deep.equal(before);
    expect(other.node?.reports.equivocations()).to.deep.equal([]);
  });

  it("learns from its peers what it signed, where its guard is lost", async () => {
    const [seat, other] = seats as [Seat, Seat];
    const before = panel.reportsAt(other, four, 1).get(seat.account.address);
    lose(seat, "statements", "days", "reports", "guard");
    panel.startNode(seat);
    const [{ opens }] = sittingsOf(four, TU1D_RULES);
    await panel.at(opens + 10, [seat]);
    expect(
      seat.node?.guard.find(seat.account.address, { index: TU1D, period: four, revision: 1 }),
    ).to.include({
      value: before?.value,
      vintage: before?.vintage,
    });
    expect(panel.reportsAt(seat, four, 1).get(seat.account.address)).to.deep.equal(before);
  });

  it("learns it from its own files, where the guard alone is lost and no peer answers", async () => {
    const [seat] = seats as [Seat];
    const before = panel.reportsAt(seat, four, 1).get(seat.account.address);
    lose(seat, "guard");
    panel.startNode(seat, { peers: [] });
    const [{ opens }] = sittingsOf(four, TU1D_RULES);
    await panel.at(opens + 15, [seat]);
    expect(
      seat.node?.guard.find(seat.account.address, { index: TU1D, period: four, revision: 1 }),
    ).to.include({
      value: before?.value,
      vintage: before?.vintage,
    });
    panel.stopNode(seat);
    panel.startNode(seat);
  });

  it("signs nothing where it was not there at the cut-off, and helps others to post", async () => {
    const late = seats[6] as Seat;
    lose(late, "statements", "days", "reports");
    panel.startNode(late);
    const [{ opens }] = sittingsOf(four, TU1D_RULES);
    await panel.at(opens + 20, [late]);
    await panel.at(opens + 30, seats.slice(1, 6));
    await panel.at(opens + 3_600, [late]);
    expect((await panel.print(four)).revision).to.equal(1);
    for (const seat of seats) expect(panel.reportsAt(seat, four, 1).has(late.account.address)).to.be.false;
  });

  it("finds out what the prints on chain were calculated from, where it has lost all it knew", async () => {
    const late = seats[6] as Seat;
    const next = FIRST + 4;
    expect(late.node?.days.newest(four)).to.equal(undefined);
    await contributor.state(stated(next), endOf(next));
    await second.state(ofSecond(next, 5_000n), endOf(next));
    await panel.sit(three, 2, 1);
    await panel.sit(next, 1);
    await panel.at(panel.now + 1);
    const reports = panel.reportsAt(late, next, 1);
    const own = reports.get(late.account.address);
    expect(own?.value).to.equal((await panel.print(next)).value);
    expect(new Set([...reports.values()].map(({ vintage }) => vintage)).size).to.equal(1);
    expect(late.node?.days.find((await panel.print(one)).vintage)?.printed.period).to.equal(one);
  });

  it("signs and posts nothing in a dry run", async () => {
    const dry = seats[0] as Seat;
    panel.stopNode(dry);
    panel.startNode(dry, { dryRun: true });
    const next = FIRST + 5;
    await contributor.state(stated(next), endOf(next));
    await second.state(ofSecond(next, 5_000n), endOf(next));
    expect(await panel.sit(next, 1)).to.be.at.most(2);
    await panel.at(panel.now + 1);
    expect(dry.node?.guard.find(dry.account.address, { index: TU1D, period: next, revision: 1 })).to.equal(
      undefined,
    );
    expect(panel.reportsAt(seats[1] as Seat, next, 1).has(dry.account.address)).to.be.false;
    expect(dry.node?.health()).to.include({ healthy: true, dryRun: true });
  });

  it("waits for a super-quorum where the circuit breaker holds a jump, and posts it again with one", async () => {
    const next = FIRST + 6;
    const [, ...others] = seats;
    const usual = stated(next).rows.reduce((sum, { input }) => sum + input, 0n);
    await contributor.state(stated(next, 20n * usual), endOf(next));
    await second.state(ofSecond(next, 5_000n), endOf(next));
    const [{ cutoff, opens }] = sittingsOf(next, TU1D_RULES);
    await panel.at(cutoff - 60);
    await panel.at(cutoff + 60);
    // Five of the panel come to it first: enough for a print, if it did not move the mean so far.
    const five = others.slice(0, 5);
    for (let turn = 0; turn < 7; turn++) await panel.at(opens + turn * TAKEOVER_SECONDS, five);
    expect(await panel.print(next)).to.include({ value: 0n, revision: 0 });
    const held = await getHeldPrint(exchange.client, {
      deployment: exchange.deployment,
      index: TU1D,
      period: next,
    });
    expect(held.revision).to.equal(1);
    expect(held.value > 0n).to.be.true;
    for (let turn = 7; turn < 14; turn++) await panel.at(opens + turn * TAKEOVER_SECONDS, others);
    expect(await panel.print(next)).to.include({ value: held.value, revision: 1 });
  });

  it("signs nothing for days before its folder was restored from a backup, and goes on with the next", async () => {
    const seat = seats[1] as Seat;
    panel.stopNode(seat);
    const [backup, folder] = [join(seat.folder, "backup"), join(seat.folder, "restored")];
    backUp(seat.folder, backup, panel.now);
    // A day is signed that the backup does not have.
    panel.startNode(seat);
    const next = FIRST + 7;
    const [{ cutoff, opens }] = sittingsOf(next, TU1D_RULES);
    await contributor.state(stated(next), endOf(next));
    await second.state(ofSecond(next, 5_000n), endOf(next));
    await panel.at(cutoff - 60);
    await panel.at(cutoff + 60);
    await panel.at(opens);
    expect(panel.reportsAt(seat, next, 1).has(seat.account.address)).to.be.true;
    panel.stopNode(seat);
    restore(backup, folder, panel.now);
    // No peer tells it what it signed.
    const restored = panel.startNode(seat, { folder, peers: [] });
    const key = { index: TU1D, period: next, revision: 1 };
    await panel.at(opens + 10, [seat]);
    await panel.at(opens + 20, [seat]);
    expect(restored.guard.find(seat.account.address, key)).to.equal(undefined);
    panel.stopNode(seat);
    panel.startNode(seat);
  });
});
