import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { deployLocal } from "../../scripts/deploy/local.ts";
import { periodOfDate } from "../../scripts/lib/calendar.ts";
import { connect } from "../../scripts/replay/connection.ts";
import { startNode } from "../../scripts/replay/node.ts";
import { failuresOf, summaryTable } from "../../scripts/replay/output.ts";
import { replay } from "../../scripts/replay/replay.ts";
import { renderReport } from "../../scripts/replay/report.ts";
import type { ReplayResult } from "../../scripts/replay/result.ts";
import { dueMonths, duePriceMonths } from "../../scripts/replay/run.ts";
import { compileFeed } from "../../scripts/replay/synthetic-feed.ts";

const FROM = periodOfDate("2026-03-01");
/** To the fourth of April: March settles. */
const DAYS = 35;

describe("prices in a replay", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "usance-replay-prices-"));
  let result: ReplayResult;
  before(async () => {
    const node = await startNode({ logFolder: folder, initialDate: "2026-03-01T00:00:00Z" });
    try {
      const deployment = await deployLocal({ rpc: node.url, save: false });
      const connection = connect(node.url);
      result = await replay({ connection, deployment, seed: 1, days: DAYS, from: FROM });
      await connection.close();
    } finally {
      await node.stop();
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("post both prints a day and settle their months at the mean of them, without drift", () => {
    const due = [...dueMonths(FROM, FROM + DAYS), ...duePriceMonths(FROM, FROM + DAYS)];
    expect(due).to.deep.equal(["TUM-2026-03", "TPX-2026-03", "GPX-2026-03"]);
    expect(failuresOf(result, due)).to.deep.equal([]);
    expect(result.conservation).to.deep.equal({ checks: DAYS, maxDrift: 0 });
    expect(result.prices?.prints).to.equal(2 * DAYS);
    const [tokens, hours] = result.prices!.settlements;
    // No list price of the sample's models moves in March: every print is 2.353526647388177703 USD.
    expect(tokens).to.include({
      market: "TPX-2026-03",
      price: 2.3535,
      indexMean: "2.353526647388177703",
      divisor: 1,
      settledOn: "2026-04-04",
    });
    expect(hours).to.include({ market: "GPX-2026-03", divisor: 1 });
    expect(hours!.price).to.equal(Number(hours!.mean.toFixed(2)));
  });

  it("have their spread traded once a week, both legs whole", () => {
    const { spreads } = result.prices!;
    expect(spreads.length).to.be.within(3, 5);
    const weeks = spreads.map(({ date }) => Math.floor((periodOfDate(date) + 3) / 7));
    expect(new Set(weeks).size).to.equal(spreads.length);
    for (const { kind, tokens, hours } of spreads)
      expect(Math.sign(tokens.lots) * Math.sign(hours.lots), kind).to.equal(-1);
    const names = result.details.participants.map(({ name }) => name);
    expect(names).to.include.members(["price maker", "token-to-GPU spread"]);
  });

  it("are reported with what is synthetic", () => {
    for (const text of [summaryTable(result), renderReport(result)]) {
      expect(text).to.contain("real list prices, synthetic weights").and.to.contain("TPX-2026-03");
      expect(text).to.contain("2.3535").and.to.contain("GPX-2026-03");
    }
    expect(summaryTable(result)).to.match(/^GPX +the whole series is synthetic$/m);
  });

  it("count where something is wrong with them", () => {
    const [tokens] = result.prices!.settlements;
    const prices = {
      ...result.prices!,
      settlements: [{ ...tokens!, price: 2.354, expected: 2.3535, matches: false }],
    };
    expect(failuresOf({ ...result, prices }, ["GPX-2026-03"])).to.deep.equal([
      "TPX-2026-03 settled at 2.354 instead of 2.3535",
      "GPX-2026-03 is due and has not settled",
    ]);
  });

  it("are due from their first month on alone", () => {
    const first = periodOfDate("2025-01-01");
    expect(duePriceMonths(first, periodOfDate("2026-01-01"))).to.deep.equal([]);
    expect(duePriceMonths(first, periodOfDate("2026-05-04"))).to.deep.equal([
      "TPX-2026-03",
      "TPX-2026-04",
      "GPX-2026-03",
      "GPX-2026-04",
    ]);
  });

  it("come from a feed that compiles without the build", () => {
    const { abi, bytecode } = compileFeed();
    expect(abi.map((item) => ("name" in item ? item.name : item.type))).to.include("append");
    expect(bytecode).to.match(/^0x60/);
  });
});
