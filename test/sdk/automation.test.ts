import { checkUpkeep, decodeUsanceError, parseCollateral } from "@usance/sdk";
import { automationAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { decodeAbiParameters, parseAbiParameters, zeroAddress } from "viem";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST } from "../support/exchange.ts";
import { failure, refused } from "./expectations.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

describe("SDK upkeeps on a node", () => {
  let venue: Venue;
  let alice: Trader;

  before(async () => {
    venue = await openVenue([1000, 2000, 2000, 2000, 2000, 2000, 2000, 2000]);
    const { exchange, trader } = venue;
    alice = trader(1);
    await exchange.postDays(FIRST, FIRST + 7);
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * 10n ** 18n }));
    await exchange.fund(1, parseCollateral("10000"));
  });
  after(() => venue?.exchange.close());

  it("checks as a call from the zero address, and performs what it found", async () => {
    const { upkeepNeeded, performData, checkData } = await alice.checkUpkeep({ job: "clock" });
    expect(upkeepNeeded).to.equal(true);
    const assignment = parseAbiParameters("uint8, uint16, uint16, uint32, uint32, uint32");
    expect(decodeAbiParameters(assignment, checkData)).to.deep.equal([0, 1, 1023, 2048, 2 ** 28 - 1, 300]);
    const receipt = await venue.mined(alice.performUpkeep({ performData }));
    expect(alice.performUpkeep.extract(receipt).UpkeepPerformed[0]).to.include({
      sender: alice.account.address,
      done: 1n,
      failed: 0n,
      left: 0n,
    });
    expect(await alice.checkUpkeep({ job: "clock" })).to.include({ upkeepNeeded: false, performData: "0x" });
    expect((await alice.checkUpkeep({ job: "clock", firstMarket: 2 })).upkeepNeeded).to.equal(false);
  });

  it("is simulated only", async () => {
    const { deployment } = venue;
    const { checkData } = await checkUpkeep(alice, { deployment, job: "purge" });
    const call = {
      address: deployment.automation ?? zeroAddress,
      abi: automationAbi,
      functionName: "checkUpkeep",
      args: [checkData],
    } as const;
    const error = await failure(alice.simulateContract({ ...call, account: alice.account }));
    expect(decodeUsanceError(error).name).to.equal("OnlySimulated");
  });

  it("finds orders that have died, and their upkeep is done once", async () => {
    const { exchange } = venue;
    const accountId = await alice.getAccountId({ owner: alice.account.address });
    const { markX16 } = await alice.getMarket({ market: 1 });
    const expiry = ((await venue.now()) / 300n + 1n) * 300n;
    const order = { accountId, market: 1, lots: 500n, tick: (markX16 >> 16n) - 4n, expiry };
    await venue.mined(alice.placeOrder(order));
    expect((await alice.checkUpkeep({ job: "purge" })).upkeepNeeded).to.equal(false);
    await exchange.warp(Number(expiry) + 1);
    const { performData } = await alice.checkUpkeep({ job: "purge" });
    await venue.mined(alice.performUpkeep({ performData }));
    const { positions } = await alice.getAccount({ accountId });
    expect(positions).to.deep.equal([]);
    await refused(alice.performUpkeep.simulate({ performData }), "NothingDone");
    await refused(alice.performUpkeep.simulate({ performData: `${performData}00` }), "StepCutOff");
  });
});
