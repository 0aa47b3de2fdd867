import { expect } from "chai";
import type { TypedDataDomain, Wallet } from "ethers";
import { network } from "hardhat";

const DAY = 86_400;
const FIRST = 20_000;
/** Budgets of the production profile (a call into the cold contract is 2,600 of the mean); without viaIR a little more. */
const BUDGET =
  process.env.HARDHAT_BUILD_PROFILE === "production"
    ? { post: 150_000, latest: 8_000, windowMean: 28_000 + 2_600 }
    : { post: 157_000, latest: 8_700, windowMean: 36_000 };
const TU1D = `0x${Buffer.from("TU1D").toString("hex").padEnd(64, "0")}`;
const TYPES = {
  Report: [
    { name: "index", type: "bytes32" },
    { name: "period", type: "uint32" },
    { name: "revision", type: "uint32" },
    { name: "value", type: "uint128" },
    { name: "vintage", type: "bytes32" },
    { name: "deadline", type: "uint64" },
  ],
};

/** A panel of seven with quorum five, one reader, on a chain that starts at `FIRST`. */
async function deploy() {
  const { ethers, networkHelpers } = await network.create({
    network: "default",
    override: { initialDate: new Date(FIRST * DAY * 1000) },
  });
  const [governor] = await ethers.getSigners();
  const manager = await ethers.deployContract("AccessManagerHarness", [governor!.address]);
  const index = await ethers.deployContract("UsageIndex", [manager]);
  const reader = await ethers.deployContract("TestReader", [index]);
  const probe = await ethers.deployContract("IndexProbe");
  const panel: Wallet[] = Array.from({ length: 7 }, (_, i) => new ethers.Wallet(ethers.id(`reporter ${i}`)));
  panel.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  for (const reporter of panel) await index.setReporter(reporter.address, true);
  await index.listIndex(TU1D, {
    quorum: 5,
    maxDispersionBps: 1000,
    trailingDays: 7,
    minTrailingDays: 5,
    firstPeriod: FIRST,
    maxValue: 5_000_000n * 10n ** 18n,
    superQuorum: 6,
    breakerBps: 800,
    breakerFourBps: 2_000,
  });
  await index.addReader(TU1D, reader);
  const domain: TypedDataDomain = {
    name: "Usance Index",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await index.getAddress(),
  };

  /** Posts a day at 06:00 UTC of the next one; each reporter has its own value, all share the vintage. */
  async function post(period: number, { revision = 0, count = 5, value = 1_000n * 10n ** 18n } = {}) {
    const due = (period + 1) * DAY + 6 * 3600;
    if ((await networkHelpers.time.latest()) < due) await networkHelpers.time.setNextBlockTimestamp(due);
    const vintage = ethers.id(`vintage ${period}`);
    const reports = await Promise.all(
      panel.slice(0, count).map(async (reporter, i) => {
        const report = {
          value: value + BigInt(i * 7919 + 123_456_789) * 10n ** 9n,
          deadline: due + DAY,
          vintage,
        };
        // 65 bytes from any wallet become the 64 that are posted.
        const { r, yParityAndS: vs } = ethers.Signature.from(
          await reporter.signTypedData(domain, TYPES, { index: TU1D, period, revision, ...report }),
        );
        return { ...report, r, vs };
      }),
    );
    const transaction = await index.post(TU1D, period, revision, reports);
    return (await transaction.wait())!.gasUsed;
  }
  return { ethers, index, reader, probe, post };
}

describe("UsageIndex", () => {
  it("takes reports that an independent wallet signed as typed data", async () => {
    const { index, post, ethers } = await deploy();
    await post(FIRST);
    const print = await index.print(TU1D, FIRST);
    expect(print.value).to.equal(1_000n * 10n ** 18n + 123_472_627n * 10n ** 9n);
    // What the contract keeps of 32 bytes.
    expect(print.vintage).to.equal(ethers.dataSlice(ethers.id(`vintage ${FIRST}`), 0, 23));
  });

  it("posts five signatures with one push within its budget, whatever came before", async () => {
    const { index, reader, post } = await deploy();
    const used: number[] = [];
    for (let period = FIRST; period < FIRST + 140; period++) used.push(Number(await post(period)));
    // From then on records are written over those of 66 days ago.
    const steady = used.slice(70);
    expect(Math.max(...steady)).to.be.at.most(BUDGET.post);
    // Flat in the length of the history: but for the zeros in its calldata, a day costs what its like nine words before did.
    const drift = steady.slice(27).map((gas, i) => Math.abs(gas - steady[i]!));
    expect(Math.max(...drift)).to.be.at.most(300);
    const { sequence } = await index.pushed(TU1D);
    expect(sequence).to.equal(136n);
    const [, taken] = (await reader.last!(TU1D)) as bigint[];
    expect(taken).to.equal(sequence);
  });

  it("reads the latest print and a month's mean within their budgets, all cold", async () => {
    const { index, probe, post } = await deploy();
    for (let period = FIRST; period < FIRST + 40; period++) await post(period);
    const gasOf = async (call: string) => Number(await probe.gasOf!(index, call));
    const latest = await gasOf(index.interface.encodeFunctionData("latest", [TU1D]));
    expect(latest).to.be.at.most(BUDGET.latest);
    // Any 31 days lie in eleven words.
    const month = await gasOf(
      index.interface.encodeFunctionData("windowMean", [TU1D, FIRST + 4, FIRST + 34]),
    );
    expect(month).to.be.at.most(BUDGET.windowMean);
  });
});
