import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recoverReporter } from "@usance/sdk";
import { expect } from "chai";
import { rulesHash, TU1D_RULES } from "../../../scripts/calculator/rules.ts";
import { calculateSeries } from "../../../scripts/calculator/series.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { ArchiveReader, ArchiveWriter } from "../../../scripts/publication/archive.ts";
import { Publisher } from "../../../scripts/publication/publish.ts";
import { verifyDay } from "../../../scripts/publication/verify.ts";
import { TU1D } from "../../../scripts/reporter/calculation.ts";
import { reportFromJson } from "../../../scripts/reporter/node/reports.ts";
import { Exchange, FIRST } from "../../support/exchange.ts";
import { Contributor, DAYS_STATED, metered, stated, TestPanel, type Seat } from "./panel.ts";

/** Days of the series; USANCE_PANEL_DAYS says how many, more than there are for all of them (some 40 minutes). */
const DAYS = Number(process.env["USANCE_PANEL_DAYS"] ?? "5");
const periods = DAYS_STATED.slice(0, DAYS);

describe("seven reporters on loopback, one dead, one lying, one slow", function () {
  this.timeout(240_000 + DAYS * 20_000);
  let exchange: Exchange;
  let contributor: Contributor;
  let panel: TestPanel;
  before(async () => {
    exchange = await Exchange.start();
    contributor = new Contributor("router");
    panel = await TestPanel.start(
      exchange,
      [contributor],
      ["honest", "honest", "lying", "honest", "slow", "dead", "honest"],
    );
  });
  after(async () => {
    panel?.close();
    contributor?.close();
    await exchange?.close();
  });

  it("bring the real series from its file on chain as the calculator gives it offline, bit for bit, in time", async () => {
    const offline = calculateSeries(
      periods.map((period) => ({ period, stage: "provisional", statements: [stated(period)] })),
    );
    const log = await metered(contributor.id);
    for (const period of periods) {
      await contributor.publish(log, period, (period + 1) * SECONDS_PER_DAY + 600);
      // The poster's turn may fall to the dead and to the lying reporter.
      expect(await panel.sit(period, 1)).to.be.at.most(4);
    }
    for (const [i, period] of periods.entries()) {
      const { value, vintage, revision, revisedAt } = await panel.print(period);
      expect({ value, vintage, revision }).to.deep.equal({
        value: offline[i]?.print,
        vintage: offline[i]?.vintage,
        revision: 1,
      });
      // Due at 06:00.
      expect(Number(revisedAt)).to.be.at.most((period + 1) * SECONDS_PER_DAY + 6 * 3_600);
    }
  });

  it("keep both reports of the one that lies as evidence, and tell them to everybody", async () => {
    const liar = panel.seats.find(({ manner }) => manner === "lying");
    for (const { url, manner } of panel.seats.filter(({ node }) => node !== undefined)) {
      const response = await fetch(`${url}/evidence`);
      const { reports } = (await response.json()) as { reports: unknown[][] };
      const ofFirstDay = reports
        .map((pair) => pair.map(reportFromJson))
        .filter(([one]) => one?.period === FIRST && one.revision === 1);
      expect(ofFirstDay, manner).to.have.length(1);
      const [one, two] = ofFirstDay[0] ?? [];
      if (one === undefined || two === undefined) throw new Error("no pair");
      const { chainId, usageIndex } = exchange.deployment;
      for (const report of [one, two])
        expect(await recoverReporter({ ...report, chainId, usageIndex })).to.equal(liar?.account.address);
      expect([one.revision, one.index]).to.deep.equal([two.revision, two.index]);
      expect(one.value).not.to.equal(two.value);
    }
  });

  it("publish what they posted, so that anybody can recompute it", async () => {
    const { client, deployment } = exchange;
    const honest = panel.seats.find(({ manner }) => manner === "honest");
    if (honest?.node === undefined) throw new Error("no honest node");
    const folder = mkdtempSync(join(tmpdir(), "usance-published-"));
    const writer = new ArchiveWriter(folder, {
      index: "TU1D",
      licence: "CC BY 4.0",
      source: "a part of the real series",
      rules: { version: TU1D_RULES.version, hash: rulesHash(TU1D_RULES) },
      contributors: [{ id: contributor.id, address: contributor.account.address }],
      notices: [],
    });
    const publisher = new Publisher({ client, deployment, index: TU1D, days: honest.node.days, writer });
    expect(await publisher.update()).to.deep.equal({ published: periods.length, unknown: [] });
    expect(await publisher.update()).to.deep.equal({ published: 0, unknown: [] });
    const period = periods.at(-1) ?? FIRST;
    const found = await verifyDay({
      reader: new ArchiveReader(folder),
      period,
      readChain: (day) => panel.print(day),
      now: (period + 2) * SECONDS_PER_DAY,
    });
    expect(found.differences).to.deep.equal([]);
    expect(found.days).to.equal(periods.length);
  });

  it("say how they are, and count what they did", async () => {
    const [{ url, account }] = panel.seats as [Seat];
    const health = await fetch(`${url}/health`);
    expect(health.status).to.equal(200);
    expect(await health.json()).to.include({
      healthy: true,
      dryRun: false,
      reporter: account.address,
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).to.match(
      new RegExp(`usance_reporter_signatures_total\\{revision="1"\\} ${periods.length}`),
    );
    expect(metrics).to.match(
      new RegExp(`usance_reporter_calculations_total\\{status="printed"\\} ${periods.length}`),
    );
    expect(metrics).to.match(/usance_reporter_equivocations_total\{reporter="0x\w+"\} [1-9]/);
    expect(metrics).to.include('usance_reporter_contributor_up{contributor="router"} 1');
    const up = [...metrics.matchAll(/usance_reporter_peer_up\{peer="(\w+)"\} 0/g)].map(([, peer]) => peer);
    const away = panel.seats.filter(({ manner }) => manner === "dead" || manner === "slow");
    expect(up).to.have.members(away.map(({ account }) => account.address));
    expect((await fetch(`${url}/reports`, { method: "POST", body: "{" })).status).to.equal(400);
    expect((await fetch(`${url}/nothing`)).status).to.equal(404);
    expect((await fetch(url, { method: "DELETE" })).status).to.equal(405);
  });
});
