import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { deployLocal } from "../../scripts/deploy/local.ts";
import { connect } from "../../scripts/replay/connection.ts";
import { startNode } from "../../scripts/replay/node.ts";
import { failuresOf, writeOutput } from "../../scripts/replay/output.ts";
import { replay, type ReplayOptions } from "../../scripts/replay/replay.ts";
import type { ReplayResult } from "../../scripts/replay/result.ts";
import { near } from "../maker/near.ts";

describe("replay in small", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "usance-replay-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function run(options: Pick<ReplayOptions, "days"> & Partial<ReplayOptions>): Promise<ReplayResult> {
    const node = await startNode({ logFolder: folder });
    try {
      const deployment = await deployLocal({ rpc: node.url, save: false });
      const connection = connect(node.url);
      const result = await replay({ connection, deployment, seed: 1, ...options });
      await connection.close();
      return result;
    } finally {
      await node.stop();
    }
  }

  describe("thirty-six days", () => {
    let result: ReplayResult;
    const days: number[] = [];
    before(async () => {
      result = await run({ days: 36, onProgress: ({ day }) => days.push(day) });
    });

    it("shows what a replay must: no drift, every due month settled at the mean of its prints", () => {
      expect(failuresOf(result, ["TUM-2025-01"])).to.deep.equal([]);
      expect(result.conservation).to.deep.equal({ checks: 36, maxDrift: 0 });
      // The mean of January is 1463.6386 points, calculated from the data file by hand.
      expect(result.settlements).to.have.length(1);
      expect(result.settlements[0]).to.include({
        price: 1_463.5,
        expected: 1_463.5,
        settledOn: "2025-02-04",
      });
      expect(result.settlements[0]?.mean).to.satisfy(near(1_463.6386, 1e-4));
    });

    it("posts every print and trades every kind of contract", () => {
      expect(result).to.include({
        days: 36,
        prints: 36,
        complete: true,
        from: "2025-01-02",
        to: "2025-02-06",
      });
      expect(days).to.deep.equal(Array.from({ length: 36 }, (_, index) => index + 1));
      expect(result.fills).to.be.greaterThan(100);
      expect(result.fundingUpdates).to.be.greaterThan(36);
      const last = result.details.days.at(-1)!;
      expect(last.markets.map(({ name }) => name)).to.deep.equal([
        "TUX-PERP",
        "TUM-2025-02",
        "TUM-2025-03",
        "TUM-2025-04",
      ]);
      for (const { name, openInterest } of last.markets) expect(openInterest, name).to.be.greaterThan(0);
    });

    it("liquidates because of the data", () => {
      expect(result.liquidations).to.be.greaterThan(0);
      const names = new Set(result.details.liquidations.map(({ participant }) => participant));
      expect(
        [...names].every((name) => ["bull", "bear", "provider"].includes(name)),
        [...names].join(),
      ).to.be.true;
    });

    it("measures the gas of every kind of call", () => {
      expect(result.gas).to.include.keys(
        "post",
        "place",
        "batch",
        "sync",
        "settle",
        "settleAccounts",
        "deposit",
      );
      for (const { count, min, median, max } of Object.values(result.gas)) {
        expect(count).to.be.greaterThan(0);
        expect(min).to.be.at.most(median);
        expect(median).to.be.at.most(max);
      }
    });

    it("writes both files", () => {
      const files = writeOutput(folder, result);
      expect(JSON.parse(readFileSync(files.json, "utf8"))).to.deep.equal(JSON.parse(JSON.stringify(result)));
      expect(readFileSync(files.report, "utf8")).to.contain("TUM-2025-01");
    });
  });

  it("ends after the day under way when it is interrupted, with what it has", async () => {
    const stop = new AbortController();
    const result = await run({
      days: 30,
      signal: stop.signal,
      onProgress: ({ day }) => day === 2 && stop.abort(),
    });
    expect(result).to.include({ days: 2, prints: 2, complete: false });
    expect(failuresOf(result, [])).to.deep.equal(["the run ended early"]);
  });
});
