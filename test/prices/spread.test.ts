import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  batchOrders,
  decodeOrderId,
  getAccount,
  getLatestPrint,
  getListing,
  getMarket,
  getMarkets,
  getOpenOrders,
  getPrint,
  getPushed,
  isContractError,
  parseCollateral,
  placeOrder,
  type Order,
} from "@usance/sdk";
import { expect } from "chai";
import { artifacts } from "hardhat";
import { parseAbi, publicActions, toHex, walletActions, type Abi, type Address, type Hex } from "viem";
import { run } from "../../scripts/cli/program.ts";
import { saveDeployment } from "../../scripts/deploy/deployment.ts";
import { addPrice, listPriceMarkets } from "../../scripts/deploy/price-markets.ts";
import { Roles } from "../../scripts/deploy/roles.ts";
import { periodOfDate, SECONDS_PER_DAY } from "../../scripts/lib/calendar.ts";
import { KEY_VARIABLE } from "../../scripts/lib/client.ts";
import { readGpuHour, roundAt, type GpuHourPrint } from "../../scripts/prices/gpu-hour.ts";
import { GPX, PRICES_BASE_DATE, TPX } from "../../scripts/prices/indices.ts";
import { packagePrice } from "../../scripts/prices/package-prices.ts";
import { sampleGpuHours, sampleRules } from "../../scripts/prices/synthetic.ts";
import { calculateTokenPrices, type TokenPricePrint } from "../../scripts/prices/token-price.ts";
import { parseUsage, type CalculatedPrint } from "../../scripts/reporter/calculation.ts";
import { trailingMean } from "../../scripts/reporter/mean.ts";
import { DATA_FILE, Reporter } from "../../scripts/reporter/reporter.ts";
import { Exchange, key } from "../support/exchange.ts";

const BASE = periodOfDate(PRICES_BASE_DATE);
const DAYS = 8;
const LAST = BASE + DAYS - 1;
const HOUR = 3_600;
const MONTHS = ["2026-03", "2026-04"];

// The node's accounts.
const GOVERNOR = 0;
const MAKER = 1;
const TRADER = 2;
const LISTER = 3;

const usd = (amount: string) => parseCollateral(amount);

describe("prices of tokens and of GPU-hours on a chain", () => {
  let exchange: Exchange;
  let feed: Address;
  let source: Address;
  let tokenPrices: TokenPricePrint[];
  const gpuHours: GpuHourPrint[] = [];
  const markets = new Map<string, number>();

  const governor = () => exchange.wallet(GOVERNOR).extend(walletActions).extend(publicActions);

  async function deploy(name: string, args: readonly unknown[]): Promise<{ address: Address; abi: Abi }> {
    const artifact = await artifacts.readArtifact(name);
    const abi = artifact.abi as unknown as Abi;
    const hash = await governor().deployContract({ abi, bytecode: artifact.bytecode as Hex, args });
    const { contractAddress } = await governor().waitForTransactionReceipt({ hash });
    if (contractAddress === null || contractAddress === undefined)
      throw new Error(`${name} was not deployed`);
    return { address: contractAddress, abi };
  }

  /** The panel signs and posts a print as it does those of any index. */
  async function post(index: Hex, print: CalculatedPrint): Promise<void> {
    const { deployment } = exchange;
    const reporter = new Reporter({ client: governor(), deployment, series: { index, prints: [print] } });
    await exchange.mined(await reporter.post(print.period));
  }

  before(async () => {
    exchange = await Exchange.start();
    const { client, deployment } = exchange;
    await exchange.warp(BASE * SECONDS_PER_DAY);
    const scripted = await deploy("test/solidity/index/Adapters.t.sol:ScriptedFeed", [8]);
    feed = scripted.address;
    source = (await deploy("FeedSource", [feed, "GPU-hour / USD", 12n * BigInt(HOUR)])).address;
    // An answer more than what the days need: the first one of the day on which the last print is posted.
    for (const [number, { answer, updatedAt }] of sampleGpuHours(DAYS + 1)
      .slice(0, DAYS * 4 + 1)
      .entries())
      await exchange.mined(
        await governor().writeContract({
          ...scripted,
          functionName: "answer",
          args: [BigInt(number + 1), answer, BigInt(updatedAt), BigInt(number + 1)],
        }),
      );

    // One key for each role: the lister holds no other.
    await exchange.mined(
      await governor().writeContract({
        address: deployment.accessManager,
        abi: parseAbi(["function grantRole(uint64 roleId, address account, uint32 executionDelay)"]),
        functionName: "grantRole",
        args: [Roles.listing, key(LISTER).address, 0],
      }),
    );
    const holders = { index: exchange.wallet(GOVERNOR), listing: exchange.wallet(LISTER) };
    const feeds = {
      TPX: await addPrice(holders, deployment, "TPX"),
      GPX: await addPrice(holders, deployment, "GPX"),
    };
    expect(feeds).to.deep.equal({ TPX: 2, GPX: 3 });

    const rules = sampleRules(parseUsage(readFileSync(DATA_FILE, "utf8")), LAST);
    tokenPrices = calculateTokenPrices(BASE, LAST, packagePrice, rules);
    for (const print of tokenPrices) {
      await exchange.warp((print.period + 1) * SECONDS_PER_DAY + 6 * HOUR);
      await post(TPX, print);
      const gpuHour = await readGpuHour(client, source, print.period);
      gpuHours.push(gpuHour);
      await post(GPX, gpuHour);
    }
    for (const underlying of ["TPX", "GPX"] as const) {
      const listed = await listPriceMarkets(
        holders.listing,
        deployment,
        underlying,
        feeds[underlying],
        MONTHS,
      );
      for (const [name, market] of listed) markets.set(name, market);
    }
  });
  after(() => exchange?.close());

  it("keep every print of the panel to the last digit, and push their trailing means", async () => {
    const { client, deployment } = exchange;
    for (const [index, prints] of [
      [TPX, tokenPrices],
      [GPX, gpuHours],
    ] as const) {
      for (const { period, value } of prints)
        expect(await getPrint(client, { deployment, index, period })).to.include({ value, revision: 1 });
      expect((await getLatestPrint(client, { deployment, index })).period).to.equal(LAST);
      const values = new Map(prints.map(({ period, value }) => [period, value]));
      const pushed = await getPushed(client, { deployment, index });
      expect(pushed.value).to.equal(trailingMean(values, LAST));
    }
  });

  it("read the GPU-hour at the end of each day, whenever they ask", async () => {
    const answers = sampleGpuHours(DAYS);
    for (const [day, { value, round, updatedAt }] of gpuHours.entries()) {
      // The fourth answer of the day, at 18:00; 8 decimals become 18.
      const { answer, updatedAt: answeredAt } = answers[day * 4 + 3]!;
      expect({ value, round, updatedAt }).to.deep.equal({
        value: answer * 10n ** 10n,
        round: BigInt(day * 4 + 4),
        updatedAt: BigInt(answeredAt),
      });
      expect(await readGpuHour(exchange.client, source, BASE + day)).to.deep.equal(gpuHours[day]);
    }
    expect(new Set(gpuHours.map(({ vintage }) => vintage)).size).to.equal(DAYS);
  });

  it("have no GPU-hour before the feed's first round, nor from an answer that is too old", async () => {
    const { client } = exchange;
    const early = await readGpuHour(client, source, BASE - 1).catch((error: unknown) => error);
    expect(early).to.include({ name: "PriceError", code: "NoRound" });
    const first = BigInt(BASE * SECONDS_PER_DAY);
    expect(await roundAt(client, feed, first)).to.equal(1n);
    expect(await roundAt(client, feed, first + 6n * 3_600n - 1n)).to.equal(1n);
    expect(await roundAt(client, feed, first + 6n * 3_600n)).to.equal(2n);

    // At the end of the day after the last print, the newest answer is 24 hours old.
    const today = LAST + 1;
    const ahead = await readGpuHour(client, source, today).catch((error: unknown) => error);
    expect(String(ahead)).to.include("FeedMomentAhead");
    await exchange.warp((today + 1) * SECONDS_PER_DAY);
    const stale = await readGpuHour(client, source, today).catch((error: unknown) => error);
    expect(String(stale)).to.include("FeedIsStale");
  });

  it("are what months of both are listed on, with their terms", async () => {
    const { client, deployment } = exchange;
    expect([...markets]).to.deep.equal([
      ["TPX-2026-03", 1],
      ["TPX-2026-04", 2],
      ["GPX-2026-03", 3],
      ["GPX-2026-04", 4],
    ]);
    const terms = {
      "TPX-2026-04": { index: TPX, tick: 5n * 10n ** 14n, tickValue: 500, margins: [3_000, 2_200, 600] },
      "GPX-2026-04": { index: GPX, tick: 10n ** 16n, tickValue: 7_300, margins: [2_500, 2_000, 400] },
    };
    for (const [name, { index, tick, tickValue, margins }] of Object.entries(terms)) {
      const market = markets.get(name)!;
      const listing = await getListing(client, { deployment, market });
      const { initialMarginBps, maintenanceMarginBps, fillBandBps } = listing.tiers[1];
      expect([initialMarginBps, maintenanceMarginBps, fillBandBps]).to.deep.equal(margins);
      expect(listing).to.include({ kind: "dated", clampBps: 1_000, tickValue, indexPerTick: tick });
      expect(listing.firstPeriod).to.equal(periodOfDate("2026-04-01"));
      expect(listing.lastPeriod).to.equal(periodOfDate("2026-04-30"));
      const { value } = await getPushed(client, { deployment, index });
      expect(BigInt(listing.firstMarkTick)).to.equal((2n * value + tick) / (2n * tick));
      expect((await getMarket(client, { deployment, market })).index).to.equal(index);
    }
  });

  it("are added and listed by the holders of the roles alone", async () => {
    const { client, deployment } = exchange;
    const [lister, stranger] = [exchange.wallet(LISTER), exchange.wallet(TRADER)];
    const added = await addPrice({ index: lister, listing: lister }, deployment, "GPX").catch(String);
    expect(added).to.include("AccessManagedUnauthorized");
    const listed = await listPriceMarkets(stranger, deployment, "GPX", 3, ["2026-05"]).catch(String);
    expect(listed).to.include("AccessManagedUnauthorized");
    expect(await getMarkets(client, { deployment })).to.have.length(markets.size);
  });

  describe("a token-to-GPU spread", () => {
    let maker: number;
    let trader: number;
    let legs: { tokens: Order; hours: Order };

    const send = async (wallet: number, accountId: number, orders: readonly Order[]) =>
      exchange.mined(
        await batchOrders(exchange.wallet(wallet), { deployment: exchange.deployment, accountId, orders }),
      );
    const sizes = async (accountId: number) => {
      const { positions } = await getAccount(exchange.client, {
        deployment: exchange.deployment,
        accountId,
      });
      return new Map(positions.map(({ market, size }) => [market, size]));
    };

    before(async () => {
      maker = await exchange.fund(MAKER, usd("1000000"));
      trader = await exchange.fund(TRADER, usd("100000"));
      const [tokens, hours] = [markets.get("TPX-2026-04")!, markets.get("GPX-2026-04")!];
      const tickOf = async (market: number) =>
        (await getMarket(exchange.client, { deployment: exchange.deployment, market })).markX16 >> 16n;
      legs = {
        tokens: { market: tokens, lots: 2_000n, tick: (await tickOf(tokens)) + 10n, kind: "fillOrKill" },
        hours: { market: hours, lots: -3_000n, tick: (await tickOf(hours)) - 1n, kind: "fillOrKill" },
      };
      // The other side: asks of tokens and bids for hours, each for one spread and a half.
      for (const { market, lots, tick } of Object.values(legs))
        await exchange.mined(
          await placeOrder(exchange.wallet(MAKER), {
            deployment: exchange.deployment,
            accountId: maker,
            market,
            lots: (-lots * 3n) / 2n,
            tick,
            kind: "postOnly",
          }),
        );
    });

    it("is traded as one batch of two orders", async () => {
      await send(TRADER, trader, [legs.tokens, legs.hours]);
      const { tokens, hours } = legs;
      expect(await sizes(trader)).to.deep.equal(
        new Map([
          [tokens.market, 2_000n],
          [hours.market, -3_000n],
        ]),
      );
      expect(await sizes(maker)).to.deep.equal(
        new Map([
          [tokens.market, -2_000n],
          [hours.market, 3_000n],
        ]),
      );
      for (const { market, lots } of [tokens, hours]) {
        const { openInterest } = await getMarket(exchange.client, {
          deployment: exchange.deployment,
          market,
        });
        expect(openInterest).to.equal(lots < 0n ? -lots : lots);
      }
    });

    it("is refused whole if either leg cannot fill", async () => {
      const before = [await sizes(trader), await sizes(maker)];
      // Half of each leg is left in the book: one leg asks for that, the other for more.
      const half = { ...legs.tokens, lots: 1_000n };
      const halfHours = { ...legs.hours, lots: -1_500n };
      for (const orders of [
        [half, legs.hours],
        [halfHours, legs.tokens],
        [legs.tokens, halfHours],
      ]) {
        const refused = await send(TRADER, trader, orders).catch((error: unknown) => error);
        expect(isContractError(refused, "NotFilled")).to.be.true;
        expect([await sizes(trader), await sizes(maker)]).to.deep.equal(before);
      }
      // Each of the halves alone would have filled.
      await send(TRADER, trader, [half, halfHours]);
      expect((await sizes(trader)).get(legs.tokens.market)).to.equal(3_000n);
      expect((await sizes(trader)).get(legs.hours.market)).to.equal(-4_500n);
    });

    it("is shown and quoted by the command line in USD, with the market's own ticks", async () => {
      const file = join(mkdtempSync(join(tmpdir(), "usance-prices-")), "deployment.json");
      saveDeployment(exchange.deployment, file);
      const environment = { ...process.env };
      const usance = async (...args: string[]) => {
        let out = "";
        const written = {
          writeOut: (text: string) => (out += text),
          writeErr: (text: string) => (out += text),
        };
        expect(await run([...args, "--json"], written), out).to.equal(0);
        return JSON.parse(out) as unknown;
      };
      const { privateKey } = key(TRADER).getHdKey();
      Object.assign(process.env, {
        USANCE_RPC: exchange.rpc,
        USANCE_DEPLOYMENT: file,
        [KEY_VARIABLE]: toHex(privateKey!),
      });
      try {
        const shown = (await usance("markets")) as { symbol: string; mark: string }[];
        expect(shown.map(({ symbol }) => symbol)).to.deep.equal([...markets.keys()]);
        // First marks: the mean of 2.3535 USD for a million tokens, the mean of the GPU-hours to a cent.
        expect(shown.find(({ symbol }) => symbol === "TPX-2026-03")?.mark).to.equal("2.3535");
        expect(shown.find(({ symbol }) => symbol === "GPX-2026-03")?.mark).to.match(/^[12]\.\d\d$/);
        const placed = await usance("order", "place", "TPX-2026-03", "buy", "0.1", "2.3005");
        expect(placed).to.have.nested.property("resting.price", "2.3005");
        const [resting] = await getOpenOrders(exchange.client, {
          deployment: exchange.deployment,
          accountId: trader,
        });
        expect(decodeOrderId(resting!.id)).to.include({ market: 1, tick: 4_601n });
      } finally {
        process.env = environment;
      }
    });
  });
});
