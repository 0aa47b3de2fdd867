import { getLatestPrint, getPrint, getPushed, isContractError } from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { zeroHash } from "viem";
import { getContractEvents } from "viem/actions";
import { startOf } from "../../scripts/calculator/vintage.ts";
import { TU1D } from "../../scripts/reporter/calculation.ts";
import { trailingMean } from "../../scripts/reporter/mean.ts";
import { Exchange, FIRST } from "../support/exchange.ts";

describe("Reporter", () => {
  let exchange: Exchange;
  before(async () => {
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + 7);
  });
  after(() => exchange?.close());

  it("posts prints that the chain keeps to the last digit", async () => {
    const { client, deployment, reporter } = exchange;
    for (let period = FIRST; period <= FIRST + 7; period++) {
      const print = await getPrint(client, { deployment, index: TU1D, period });
      const { value, vintage = zeroHash } = reporter.prints.get(period) ?? {};
      expect(print).to.include({ value, vintage: startOf(vintage), revision: 1, filled: false });
    }
    const latest = await getLatestPrint(client, { deployment, index: TU1D });
    expect(latest.period).to.equal(FIRST + 7);
  });

  it("has the trailing mean pushed that an independent sum gives", async () => {
    const { client, deployment, reporter } = exchange;
    const values = new Map([...reporter.prints].map(([period, { value }]) => [period, value]));
    const pushed = await getPushed(client, { deployment, index: TU1D });
    expect(pushed.newestPeriod).to.equal(FIRST + 7);
    expect(pushed.value).to.equal(trailingMean(values, FIRST + 7));
  });

  it("uses every key of the panel, five at a time", async () => {
    const { client, deployment } = exchange;
    const events = await getContractEvents(client, {
      address: deployment.usageIndex,
      abi: usageIndexAbi,
      eventName: "PrintPosted",
      fromBlock: BigInt(deployment.block),
      strict: true,
    });
    let all = 0;
    for (const { args } of events) {
      expect(args.reporters.toString(2).replaceAll("0", "")).to.have.length(5);
      all |= args.reporters;
    }
    expect(all).to.equal(0b111_1111);
  });

  it("corrects a print by a higher revision, and is refused at the same one", async () => {
    const { client, deployment, reporter } = exchange;
    const period = FIRST + 7;
    await exchange.mined(await reporter.post(period, { revision: 3 }));
    expect((await getPrint(client, { deployment, index: TU1D, period })).revision).to.equal(3);
    const refused = await reporter.post(period, { revision: 3 }).catch((error: unknown) => error);
    expect(isContractError(refused, "StaleRevision")).to.be.true;
  });

  it("signs nothing for a day that the data lacks", async () => {
    const refused = await exchange.reporter.signPrint(FIRST - 1).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(RangeError).with.property("message", "The data has no 2024-12-31.");
  });
});
