import type { Deployment } from "@usance/sdk";
import { clearinghouseAbi, usageIndexAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { decodeFunctionData, type Address } from "viem";
import { MarketKind, symbolOf } from "../../scripts/deploy/markets.ts";
import { addPriceCalls, listMarketCall, priceListing } from "../../scripts/deploy/price-markets.ts";
import { restrictedFunctions } from "../../scripts/deploy/roles.ts";
import { GPX_FEED, PRICE_CONFIG, TPX_FEED } from "../../scripts/deploy/terms.ts";
import { dateOfPeriod } from "../../scripts/lib/calendar.ts";
import { GPX, TPX } from "../../scripts/prices/indices.ts";

const WAD = 10n ** 18n;
const PRICES = { TPX: WAD * 2n + 1n, GPX: (WAD * 21n) / 10n } as const;
const address = (byte: string): Address => `0x${byte.repeat(20)}`;
const deployment: Deployment = {
  chainId: 1,
  block: 1,
  accessManager: address("01"),
  collateral: address("02"),
  usageIndex: address("03"),
  clearinghouse: address("04"),
  reporterBonds: address("05"),
};

describe("templates of months of a price", () => {
  for (const underlying of ["TPX", "GPX"] as const)
    it(`keep makers and funds of ${underlying} safe in every tier`, () => {
      const listing = priceListing(underlying, "2026-04", { feed: 2, index: PRICES[underlying] });
      for (const { initialMarginBps, maintenanceMarginBps, fillBandBps } of listing.tiers) {
        expect(listing.clampBps).to.be.below(maintenanceMarginBps);
        expect(fillBandBps + listing.makerFee / 10).to.be.below(initialMarginBps - maintenanceMarginBps);
        expect(fillBandBps + TPX_FEED.maxMoveBps).to.be.below(initialMarginBps);
      }
      expect(listing).to.include({ kind: MarketKind.dated, feed: 2, clampBps: 1_000, fundingPeriod: 0 });
      expect(dateOfPeriod(listing.firstPeriod)).to.equal("2026-04-01");
      expect(dateOfPeriod(listing.lastPeriod)).to.equal("2026-04-30");
      expect(dateOfPeriod(listing.nextFromPeriod)).to.equal("2026-03-01");
    });

  it("make a lot a thousandth of 1,000 million tokens, or of 730 GPU-hours", () => {
    // Millionths of a USD that a lot gains by a tick: tick in USD × size of the contract × 0.001.
    for (const [underlying, size] of [
      ["TPX", 1_000n],
      ["GPX", 730n],
    ] as const) {
      const listing = priceListing(underlying, "2026-04", { feed: 2, index: PRICES[underlying] });
      expect(BigInt(listing.tickValue) * 1_000n * WAD).to.equal(listing.indexPerTick * size * 1_000_000n);
    }
  });

  it("round the first mark half-even to a tick, and refuse one that is none", () => {
    const first = (index: bigint) => priceListing("GPX", "2026-04", { feed: 3, index }).firstMarkTick;
    expect(first(PRICES.GPX)).to.equal(210);
    expect(first(PRICES.GPX + WAD / 200n)).to.equal(210);
    expect(first(PRICES.GPX + WAD / 200n + 1n)).to.equal(211);
    for (const index of [0n, WAD / 200n, 2n ** 24n * (WAD / 100n)])
      expect(() => first(index)).to.throw(RangeError, "out of range");
  });

  it("are named after their index", () => {
    const { lastPeriod } = priceListing("TPX", "2026-12", { feed: 2, index: PRICES.TPX });
    expect(symbolOf({ lastPeriod }, TPX)).to.equal("TPX-2026-12");
    expect(symbolOf({ lastPeriod }, GPX)).to.equal("GPX-2026-12");
    expect(symbolOf({ lastPeriod })).to.equal("TUM-2026-12");
  });
});

describe("calls that add a price and list its months", () => {
  it("are each of the role that may make it, the feed before the reader", () => {
    const listing = priceListing("GPX", "2026-04", { feed: 3, index: PRICES.GPX });
    const calls = [...addPriceCalls(deployment, "GPX"), listMarketCall(deployment, listing)];
    const decoded = calls.map(({ role, to, data }) => {
      const onIndex = to === deployment.usageIndex;
      const { functionName, args } = decodeFunctionData({
        abi: onIndex ? usageIndexAbi : clearinghouseAbi,
        data,
      });
      const contract = onIndex ? "usageIndex" : "clearinghouse";
      expect(restrictedFunctions(contract).get(functionName), functionName).to.equal(role);
      return [functionName, args] as const;
    });
    expect(decoded.slice(0, 3)).to.deep.equal([
      ["listIndex", [GPX, PRICE_CONFIG]],
      ["addFeed", [GPX_FEED]],
      ["addReader", [GPX, deployment.clearinghouse]],
    ]);
    expect(decoded[3]?.[0]).to.equal("listMarket");
    expect(decoded[3]?.[1]?.[0]).to.deep.include({ firstMarkTick: 210, tickValue: 7_300 });
  });
});
