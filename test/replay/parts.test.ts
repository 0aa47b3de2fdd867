import { expect } from "chai";
import { parseArguments } from "../../scripts/replay/options.ts";
import { GasMeter, summarise } from "../../scripts/replay/meter.ts";
import { ProgressWriter, progressLine, type Progress } from "../../scripts/replay/progress.ts";
import { dueMonths } from "../../scripts/replay/run.ts";
import { periodOfDate } from "../../scripts/lib/calendar.ts";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { encodeFunctionData, serializeTransaction, type Hash } from "viem";

describe("gas meter", () => {
  const raw = serializeTransaction({
    chainId: 1,
    type: "eip1559",
    data: encodeFunctionData({ abi: clearinghouseAbi, functionName: "sync", args: [1] }),
  });
  const hash = (digit: number): Hash => `0x${String(digit).repeat(64)}`;

  it("counts every successful transaction once, by function", () => {
    const meter = new GasMeter();
    for (const digit of [1, 2, 3, 4]) meter.sent(hash(digit), raw);
    for (const digit of [1, 1, 2, 3])
      meter.received({ transactionHash: hash(digit), gasUsed: `0x${digit}0`, status: "0x1" });
    meter.received({ transactionHash: hash(4), gasUsed: "0xffff", status: "0x0" });
    meter.received({ transactionHash: hash(5), gasUsed: "0xffff", status: "0x1" });
    expect(meter.count).to.equal(3);
    expect(meter.summary()).to.deep.equal({ sync: { count: 3, min: 16, median: 32, max: 48 } });
  });

  it("takes the lower of two middle values", () => {
    expect(summarise([40, 10, 30, 20])).to.deep.equal({ count: 4, min: 10, median: 20, max: 40 });
  });
});

describe("progress", () => {
  const progress: Progress = {
    day: 9,
    days: 365,
    date: "2025-01-10",
    index: 1_345.67,
    mark: 1_350,
    fundingRate: -0.0012,
    openInterest: 331_400,
    fills: 1_234,
    liquidations: 2,
  };

  it("shows day, index, mark, funding, open interest, fills and liquidations", () => {
    expect(progressLine(progress)).to.equal(
      "day   9/365 2025-01-10  index 1,345.7  mark 1,350.0  funding -0.12%  open 331.4K USD  fills 1,234  liquidations 2",
    );
    expect(progressLine(progress, 100)).to.equal(
      "9/365 index 1,346 mark 1,350 funding -0.12% open 331.4K fills 1,234 liq. 2",
    );
    const late = { ...progress, day: 365, index: 16_190, mark: 16_187, fills: 5_494, liquidations: 54 };
    expect(progressLine(late, 79)).to.match(/^365\/365 .* liq\. 54$/);
    expect(progressLine(late, 79).length).to.be.at.most(79);
    const early = { day: 1, days: 5, date: "2025-01-02", openInterest: 0, fills: 0, liquidations: 0 };
    expect(progressLine(early)).to.contain("index –  mark –  funding –");
  });

  function written(isTTY: boolean, days: number[]): string {
    let text = "";
    const stream = { isTTY, columns: 60, write: (part: string) => ((text += part), true) };
    const writer = new ProgressWriter(stream);
    for (const day of days) writer.update({ ...progress, day });
    writer.end();
    return text;
  }

  it("redraws one line on a terminal, never wider than it", () => {
    const text = written(true, [1, 2, 3]);
    expect(text.split("\n")).to.have.length(2);
    for (const line of text.trimEnd().split("\r\u001b[2K").slice(1)) expect(line).to.have.length(59);
  });

  it("writes few lines elsewhere", () => {
    const days = Array.from({ length: 365 }, (_, index) => index + 1);
    expect(written(false, days).trimEnd().split("\n")).to.have.length(14);
  });
});

describe("options of a replay", () => {
  it("have defaults", () => {
    expect(parseArguments([])).to.deep.equal({ days: 365, all: false, keep: false, seed: 1, out: "out" });
    expect(parseArguments(["--days", "20", "--keep", "--port", "0"])).to.include({
      days: 20,
      keep: true,
      port: 0,
    });
    expect(parseArguments(["--from", "2026-03"])).to.include({ from: "2026-03" });
  });

  it("know which settlements are due", () => {
    const first = periodOfDate("2025-01-01");
    expect(dueMonths(first, periodOfDate("2025-02-03"))).to.deep.equal([]);
    expect(dueMonths(first, periodOfDate("2025-02-04"))).to.deep.equal(["TUM-2025-01"]);
    expect(dueMonths(first, periodOfDate("2026-01-01"))).to.have.length(11);
  });
});
