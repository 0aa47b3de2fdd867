import { expect } from "chai";
import { findings, judge } from "../../scripts/slither/findings.ts";

const element = (type: string, name: string, parent?: object) => ({
  type,
  name,
  source_mapping: { filename_relative: "contracts/a/A.sol" },
  type_specific_fields: { parent },
});
const report = {
  results: {
    detectors: [
      {
        check: "timestamp",
        impact: "Low",
        elements: [element("function", "f", element("contract", "A")), element("contract", "Z")],
      },
      {
        check: "timestamp",
        impact: "Low",
        elements: [element("node", "x > 1", element("function", "f", element("contract", "A")))],
      },
      {
        check: "other",
        impact: "High",
        elements: [
          { ...element("contract", "P"), source_mapping: { filename_relative: "node_modules/p/P.sol" } },
        ],
      },
    ],
  },
};

describe("findings", () => {
  it("names each detector and function once, in contracts/ alone", () => {
    expect(findings(report)).to.deep.equal([{ detector: "timestamp", impact: "Low", where: "A.f" }]);
  });

  it("finds nothing in an empty report", () => {
    expect(findings({})).to.deep.equal([]);
  });
});

describe("judge", () => {
  const found = findings(report);

  it("leaves nothing open that has a reason, by name or by the beginning of it", () => {
    for (const where of ["A.f", "A.*"]) {
      expect(judge(found, [{ detector: "timestamp", where, reason: "…" }])).to.deep.equal({
        open: [],
        stale: [],
      });
    }
  });

  it("tells what is not judged and what is gone", () => {
    const verdict = { detector: "reentrancy", where: "A.f", reason: "…" };
    expect(judge(found, [verdict])).to.deep.equal({ open: found, stale: [verdict] });
  });
});
