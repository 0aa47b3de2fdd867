import { readFileSync } from "node:fs";
import { expect } from "chai";
import { calculateSeries } from "../../../scripts/calculator/series.ts";
import type { Statement } from "../../../scripts/calculator/statement.ts";
import { SECONDS_PER_DAY } from "../../../scripts/lib/calendar.ts";
import { parseUsage } from "../../../scripts/reporter/calculation.ts";
import { DATA_FILE } from "../../../scripts/reporter/reporter.ts";
import { Exchange, FIRST } from "../../support/exchange.ts";
import { Contributor, TestPanel } from "./panel.ts";

const usage = parseUsage(readFileSync(DATA_FILE, "utf8"));
const DAYS = 8;

/** What one contributor with one model says of a day of the real series. */
function stated(period: number, tokens = (usage.get(period) ?? 0n) * 1_000_000n): Statement {
  const row = { model: "all", labelled: true, priced: true, ownAccount: false, cached: 0n, reasoning: 0n };
  return { contributor: "router", period, rows: [{ ...row, input: tokens, output: 0n, requests: 0n }] };
}

describe("seven reporters on loopback, one dead, one lying, one slow", function () {
  this.timeout(120_000);
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
    panel.close();
    contributor.close();
    await exchange.close();
  });

  it("bring part of the real series on chain as the calculator gives it offline, bit for bit, in time", async () => {
    const periods = Array.from({ length: DAYS }, (_, i) => FIRST + i);
    const offline = calculateSeries(
      periods.map((period) => ({ period, stage: "provisional", statements: [stated(period)] })),
    );
    for (const period of periods) {
      await contributor.state(stated(period), (period + 1) * SECONDS_PER_DAY + 600);
      // The poster's turn may fall to the dead and to the lying reporter.
      expect(await panel.sit(period, 1)).to.be.at.most(3);
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
});
