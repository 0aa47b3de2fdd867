import { expect } from "chai";
import { SIZE_LIMIT, deployedSizes, oversized } from "../../scripts/lib/size.ts";
import { differences } from "../../scripts/lib/snapshot.ts";

describe("differences", () => {
  it("is empty where every measurement is the same, in any order", () => {
    expect(differences({ a: 1, group: { b: 2, c: 3 } }, { group: { c: 3, b: 2 }, a: 1 })).to.deep.equal([]);
  });

  it("tells changed, new and lost measurements, one unit being enough", () => {
    expect(
      differences({ same: 1, take: { one: 100, two: 7 } }, { same: 1, take: { one: 99 }, place: 5 }),
    ).to.deep.equal([
      "place: 5 is not in the snapshot",
      "take / one: 100 -> 99 (-1)",
      "take / two: 7 is no longer measured",
    ]);
  });
});

describe("deployedSizes", () => {
  const metadata = `a264${"00".repeat(49)}0033`;
  const artifact = (contractName: string, bytes: string, type = "function") => ({
    contractName,
    sourceName: `contracts/${contractName}.sol`,
    abi: [{ type }],
    deployedBytecode: `0x${bytes}`,
    buildInfoId: "",
  });

  it("counts bytes, in order of the names", () => {
    const sizes = deployedSizes([
      artifact("B", "6000".repeat(100)),
      artifact("A", "60".repeat(60) + metadata),
    ]);
    expect(Object.entries(sizes)).to.deep.equal([
      ["A", 113],
      ["B", 200],
    ]);
  });

  it("leaves out what is never deployed", () => {
    const inlined = artifact(
      "Library",
      `73${"00".repeat(20)}30146080604052${"5f".repeat(8)}${metadata}`,
      "error",
    );
    expect(deployedSizes([artifact("Interface", ""), inlined])).to.deep.equal({});
  });

  it("keeps a library that has code of its own but no callable entry in its ABI", () => {
    expect(deployedSizes([artifact("Library", "60".repeat(300) + metadata, "error")])).to.deep.equal({
      Library: 353,
    });
  });

  it("refuses two contracts of one name", () => {
    const twice = artifact("A", "60".repeat(100));
    expect(() => deployedSizes([twice, twice])).to.throw("contracts/A.sol: there is another contract A");
  });

  it("allows exactly the limit of the chain", () => {
    expect(oversized({ A: SIZE_LIMIT, B: SIZE_LIMIT + 1 })).to.deep.equal([
      "B: 24577 bytes, 1 above the limit of 24576",
    ]);
  });
});
