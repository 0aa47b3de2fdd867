import { readFileSync } from "node:fs";
import { expect } from "chai";
import { calculatePrints } from "../../scripts/reporter/calculation.ts";
import { DATA_FILE } from "../../scripts/reporter/reporter.ts";
import { createCrowd } from "../../scripts/takers/crowd.ts";
import { PaperExchange } from "./paper.ts";

describe("takers on the real series, on paper", () => {
  const prints = new Map(
    calculatePrints(readFileSync(DATA_FILE)).map(({ period, value }) => [period, Number(value) / 1e18]),
  );
  const first = Math.min(...prints.keys());

  function run(name: string, days: number): PaperExchange {
    const taker = createCrowd(first).find((candidate) => candidate.name === name)!;
    const exchange = new PaperExchange(taker);
    for (let day = first; day < first + days; day++) exchange.day(day, prints.get(day));
    return exchange;
  }

  for (const name of ["bull", "bear"])
    it(`liquidates the ${name} because of the data and the margins`, () => {
      expect(run(name, 45).liquidations).to.be.greaterThan(0);
      expect(run(name, 365).liquidations).to.be.greaterThan(5);
    });

  for (const name of ["buyer", "trend", "slow trend", "noise 1", "noise 2"])
    it(`lets ${name} trade all year without a liquidation`, () => {
      const exchange = run(name, 365);
      expect(exchange.orders).to.be.greaterThan(20);
      expect(exchange.liquidations).to.equal(0);
    });
});
