import { readFileSync } from "node:fs";
import { expect } from "chai";
import { calculatePrints } from "../../scripts/reporter/calculation.ts";
import { DATA_FILE } from "../../scripts/reporter/reporter.ts";
import { drawCharts } from "../../scripts/replay/charts.ts";
import { failuresOf, summaryTable } from "../../scripts/replay/output.ts";
import { renderReport } from "../../scripts/replay/report.ts";
import { syntheticResult } from "./synthetic.ts";

describe("report of a replay", () => {
  const values = new Map(
    calculatePrints(readFileSync(DATA_FILE)).map(({ period, value }) => [period, Number(value) / 1e18]),
  );
  const result = syntheticResult(values, 120);
  const html = renderReport(result);

  it("needs nothing but itself", () => {
    expect(html).to.match(/^<!doctype html>/);
    expect(html).to.not.match(/<script|<link|<img|@import|url\((?!#)/);
    // Namespaces of SVG name addresses that nobody asks.
    const addresses = [...html.matchAll(/https?:\/\/[^"'\s<]+/g)].map(([address]) => address);
    expect(new Set(addresses)).to.deep.equal(
      new Set(["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"]),
    );
  });

  it("draws every chart with a title, a unit and a line or bar", () => {
    const charts = drawCharts(result);
    expect(charts.map(({ title }) => title)).to.deep.equal([
      "Index and mark of TUX-PERP",
      "Basis of each monthly future",
      "Funding of TUX-PERP",
      "Open interest",
      "Insurance funds and liquidations",
      "Gas per kind of call",
    ]);
    for (const { caption, svg } of charts) {
      expect(caption).to.not.equal("");
      expect(svg).to.match(/^<svg[\s\S]*<path[\s\S]*<\/svg>$/);
      expect(svg).to.not.contain("NaN");
    }
  });

  it("shows settlements and lets no name become markup", () => {
    expect(html).to.contain("TUM-2025-01").and.to.contain("1,463.9999");
    expect(html).to.contain("bear &lt;b&gt;").and.to.not.contain("bear <b>");
  });

  it("can be drawn before the first market", () => {
    expect(renderReport(syntheticResult(values, 3))).to.contain("</html>");
  });
});

describe("verdict on a replay", () => {
  const good = syntheticResult(new Map([[20_089, 1_000]]), 1);

  it("finds nothing wrong where all is well", () => {
    expect(failuresOf(good, ["TUM-2025-01"])).to.deep.equal([]);
  });

  it("names what is wrong", () => {
    const [settlement] = good.settlements;
    const bad = {
      ...good,
      complete: false,
      conservation: { checks: 9, maxDrift: 1 },
      settlements: [{ ...settlement!, price: 1_464.5, matches: false }],
    };
    expect(failuresOf(bad, ["TUM-2025-02"])).to.deep.equal([
      "the run ended early",
      "money drifted by up to 1 units",
      "TUM-2025-01 settled at 1464.5 instead of 1464",
      "TUM-2025-02 is due and has not settled",
    ]);
  });

  it("sums the run up in a table", () => {
    const table = summaryTable(good);
    expect(table).to.match(/^conservation +0 {2}largest drift in 1 checks$/m);
    expect(table).to.match(/^TUM-2025-01 +1464\.0 +1463\.9999$/m);
    expect(table).to.match(/^place +2,000 +61,000 +98,123 +612,000$/m);
  });
});
