import { expect } from "chai";
import { network } from "hardhat";
import { storedVectors } from "./vectors.ts";

/** What the model says of pure rules, asked of the contracts' libraries. */

interface Vectors {
  rounds: { lots: string; side: string; sizes: string[]; closed: string[] }[];
  credits: { lots: string[]; gains: string[]; credit: string }[];
  windows: { front: Tier; unlocked: string; days: string; tier: Tier }[];
}
interface Tier {
  initialMarginBps: string;
  maintenanceMarginBps: string;
  fillBandBps: string;
}

/** The calls of VectorHarness.sol. */
interface Harness {
  shares(lots: string, side: string, sizes: string[]): Promise<bigint[]>;
  credit(lots: string[], gains: string[]): Promise<bigint>;
  scaled(front: Tier, unlocked: string, days: string): Promise<bigint[]>;
}

describe("Model: vectors in the contracts", () => {
  const vectors = JSON.parse(storedVectors()) as Vectors;
  let harness: Harness;
  before(async () => {
    const { ethers } = await network.create();
    harness = (await ethers.deployContract("VectorHarness")) as unknown as Harness;
  });

  it("close the same lots of every position in a round", async () => {
    for (const { lots, side, sizes, closed } of vectors.rounds)
      expect((await harness.shares(lots, side, sizes)).map(String)).to.deep.equal(closed);
  });

  it("find the same largest calendar credit", async () => {
    for (const { lots, gains, credit } of vectors.credits)
      expect(String(await harness.credit(lots, gains))).to.equal(credit);
  });

  it("shrink margins and band alike in the delivery window", async () => {
    for (const { front, unlocked, days, tier } of vectors.windows) {
      const seen = await harness.scaled(front, unlocked, days);
      expect([...seen].map(String)).to.deep.equal([
        tier.initialMarginBps,
        tier.maintenanceMarginBps,
        tier.fillBandBps,
      ]);
    }
  });
});
