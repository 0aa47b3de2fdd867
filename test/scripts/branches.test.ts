import { expect } from "chai";
import { parseLcov, percent, sum, table } from "../../scripts/branches/lcov.ts";
import { forgePackage } from "../../scripts/tools/forge.ts";

const report = `TN:
SF:contracts/b/B.sol
DA:4,7
BRDA:4,0,0,7
BRDA:4,0,1,0
BRDA:9,1,0,-
end_of_record
TN:
SF:contracts/a/A.sol
FN:3,A.f
BRDA:3,0,0,1
end_of_record
SF:contracts/types/None.sol
end_of_record
`;

describe("parseLcov", () => {
  it("reads how often each branch was taken, file by file", () => {
    expect(parseLcov(report)).to.deep.equal([
      { file: "contracts/a/A.sol", branches: [{ line: 3, taken: 1 }] },
      {
        file: "contracts/b/B.sol",
        branches: [
          { line: 4, taken: 7 },
          { line: 4, taken: 0 },
          { line: 9, taken: 0 },
        ],
      },
      { file: "contracts/types/None.sol", branches: [] },
    ]);
  });

  it("sums a branch that stands in two reports, and counts it once", () => {
    const [file] = parseLcov("SF:A.sol\nBRDA:1,0,0,-\nend_of_record\nSF:A.sol\nBRDA:1,0,0,2\nend_of_record");
    expect(file?.branches).to.deep.equal([{ line: 1, taken: 2 }]);
  });

  it("refuses what it cannot read", () => {
    expect(() => parseLcov("SF:A.sol\nBRDA:1,0\n")).to.throw("Not a line of LCOV: BRDA:1,0");
    expect(() => parseLcov("BRDA:1,0,0,1\n")).to.throw("Not a line of LCOV");
  });
});

describe("percent", () => {
  it("never rounds up", () => {
    expect(percent({ taken: 9_999, all: 10_000 })).to.equal("99.9");
    expect(percent({ taken: 949_999, all: 1_000_000 })).to.equal("94.9");
    expect(percent({ taken: 19, all: 20 })).to.equal("95");
    expect(percent({ taken: 0, all: 3 })).to.equal("0");
  });

  it("refuses a report without branches", () => {
    expect(() => percent({ taken: 0, all: 0 })).to.throw("The report has no branches");
  });
});

describe("table", () => {
  it("names the lines of branches never taken, and leaves out files without branches", () => {
    expect(sum(parseLcov(report))).to.deep.equal({ taken: 2, all: 4 });
    expect(table(parseLcov(report))).to.deep.equal([
      "  100 %       1/1  contracts/a/A.sol",
      " 33.3 %       1/3  contracts/b/B.sol  never taken: line 4, 9",
    ]);
  });
});

describe("forgePackage", () => {
  it("knows the platforms that forge is published for", () => {
    expect(forgePackage("linux", "x64")).to.equal("@foundry-rs/forge-linux-amd64");
    expect(forgePackage("darwin", "arm64")).to.equal("@foundry-rs/forge-darwin-arm64");
    expect(forgePackage("linux", "ia32")).to.equal(undefined);
    expect(forgePackage("sunos", "x64")).to.equal(undefined);
  });
});
