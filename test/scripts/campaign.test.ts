import { expect } from "chai";
import { counterexample, shards, verdict } from "../../scripts/campaign/shards.ts";
import { addCounts, countsIn, difference, modelShards } from "../../scripts/campaign/models.ts";
import { shardLine } from "../model/figures.ts";

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

describe("modelShards", () => {
  it("share the operations out, with seeds that are apart", () => {
    expect(modelShards(5_001, 2_500, 1, 1_000)).to.deep.equal([
      { seed: 1, operations: 1_667 },
      { seed: 1_001, operations: 1_667 },
      { seed: 2_001, operations: 1_667 },
    ]);
  });
});

describe("countsIn", () => {
  it("reads what a shard of the model has written", () => {
    const counts = new Map([
      ["place", 2],
      ["effect: round", 1],
    ]);
    const found = countsIn(`noise\n${shardLine(counts)}\n    ✔ agrees\n`)!;
    expect(found).to.deep.equal({ operations: 2, counts: Object.fromEntries(counts) });
    const sums = new Map([["place", 3]]);
    addCounts(sums, found.counts);
    expect([...sums]).to.deep.equal([
      ["place", 5],
      ["effect: round", 1],
    ]);
  });

  it("finds nothing where the run did not come to its end", () => {
    expect(countsIn("figures {")).to.equal(undefined);
  });
});

describe("difference", () => {
  it("is the failure without the whole sequence", () => {
    const output = "  1 passing\n  1 failing\n\nCounterexample: [[{}]]\n step 7: cash differs";
    expect(difference(output)).to.equal("1 failing\n\n\n step 7: cash differs");
  });
});
