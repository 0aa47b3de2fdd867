import { expect } from "chai";
import { counterexample, shards, verdict } from "../../scripts/campaign/shards.ts";

describe("shards", () => {
  it("share the runs out, each with a seed of its own", () => {
    expect(shards(10, 4, 7)).to.deep.equal([
      { seed: 7, runs: 4 },
      { seed: 8, runs: 3 },
      { seed: 9, runs: 3 },
    ]);
  });

  it("are whole where they come out even", () => {
    expect(shards(400, 200, 1)).to.deep.equal([
      { seed: 1, runs: 200 },
      { seed: 2, runs: 200 },
    ]);
  });
});

describe("verdict", () => {
  it("reads the runs of a campaign that held", () => {
    expect(verdict("    ✔ invariant_all() (runs: 200)\n\n  1 passing")).to.deep.equal({
      runs: 200,
      held: true,
    });
  });

  it("does not take a run that broke, or that says nothing, for one that held", () => {
    expect(verdict("    1) invariant_all()\n")).to.deep.equal({ runs: 0, held: false });
    expect(verdict("")).to.deep.equal({ runs: 0, held: false });
  });
});

describe("counterexample", () => {
  it("is what the runner says of the failure", () => {
    expect(counterexample("noise\n  1) InvariantsTest#invariant_all()\n    Error: C-01\n")).to.equal(
      "1) InvariantsTest#invariant_all()\n    Error: C-01",
    );
  });
});
