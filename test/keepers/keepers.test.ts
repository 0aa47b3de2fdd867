import {
  applyRounds,
  approveCollateral,
  getAccount,
  getAccountId,
  getConservation,
  getFeed,
  getFund,
  getMarket,
  getOpenOrders,
  parseCollateral,
  placeOrder,
  topUpFund,
  type Order,
} from "@usance/sdk";
import { expect } from "chai";
import { pino } from "pino";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { AccountBook } from "../../scripts/keepers/accounts/book.ts";
import { contextOf } from "../../scripts/keepers/context.ts";
import { execute } from "../../scripts/keepers/execute.ts";
import type { Keeper, KeeperAction, KeeperReport } from "../../scripts/keepers/keeper.ts";
import { createLiquidationKeeper } from "../../scripts/keepers/liquidation.ts";
import { createSettlementKeeper } from "../../scripts/keepers/settlement.ts";
import { createSyncKeeper } from "../../scripts/keepers/sync.ts";
import { createWaterfallKeeper } from "../../scripts/keepers/waterfall.ts";
import { SECONDS_PER_DAY, periodOfDate } from "../../scripts/lib/calendar.ts";
import { TU1D } from "../../scripts/reporter/calculation.ts";
import { settlementTick, trailingMean, windowMean } from "../../scripts/reporter/mean.ts";
import { Exchange, FIRST } from "../support/exchange.ts";

const log = pino({ level: "silent" });
const usd = (amount: string) => parseCollateral(amount);

// The node's accounts: who does what in these tests.
const MAKER = 1;
const TRADER = 2;
const KEEPER = 3;
const RIVAL = 4;

const did = ({ outcomes }: KeeperReport) => outcomes.map(({ action, result }) => `${action.kind} ${result}`);

async function trade(exchange: Exchange, wallet: number, accountId: number, order: Order): Promise<void> {
  const { deployment } = exchange;
  await exchange.mined(await placeOrder(exchange.wallet(wallet), { deployment, accountId, ...order }));
}

describe("the liquidation keeper", () => {
  let exchange: Exchange;
  let maker: number;
  let trader: number;
  let market: number;
  let keepers: { first: Keeper; rival: Keeper; rehearsing: Keeper };
  let day = FIRST + 8;

  // A week of even usage, then days on which next to nothing is used: the followed index falls 8 % a day.
  before(async () => {
    exchange = await Exchange.start([...Array<number>(7).fill(1_000_000), ...Array<number>(9).fill(100_000)]);
    await exchange.postDays(FIRST, FIRST + 6);
    market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    maker = await exchange.fund(MAKER, usd("1000000"));
    trader = await exchange.fund(TRADER, usd("2080"));
    for (const wallet of [KEEPER, RIVAL]) await exchange.fund(wallet, usd("10"));
    // 10 contracts at 1,000 points need 2,000 of margin.
    await trade(exchange, MAKER, maker, { market, lots: -10_000n, tick: 2_000n });
    await trade(exchange, TRADER, trader, { market, lots: 10_000n, tick: 2_000n });
    await trade(exchange, TRADER, trader, { market, lots: 200n, tick: 1_990n });

    const { deployment } = exchange;
    const create = (wallet: number, dryRun = false) =>
      createLiquidationKeeper({ client: exchange.wallet(wallet), deployment, log, dryRun });
    keepers = { first: create(KEEPER), rival: create(RIVAL), rehearsing: create(KEEPER, true) };
    for (const keeper of Object.values(keepers)) await keeper.init();
  });
  after(() => exchange?.close());

  const state = () => getAccount(exchange.client, { deployment: exchange.deployment, accountId: trader });

  it("does nothing while everybody is healthy", async () => {
    expect(did(await keepers.first.runOnce())).to.deep.equal([]);
  });

  it("cancels orders that raise risk below IM, and stands by above MM", async () => {
    await exchange.postDay(FIRST + 7);
    const { equity, initialMargin, maintenanceMargin } = await state();
    expect(equity < initialMargin && equity >= maintenanceMargin).to.be.true;
    expect(did(await keepers.rehearsing.runOnce())).to.deep.equal(["cancelRiskRaising dryRun"]);
    expect(did(await keepers.first.runOnce())).to.deep.equal(["cancelRiskRaising sent"]);
    const { client, deployment } = exchange;
    expect(await getOpenOrders(client, { deployment, accountId: trader })).to.deep.equal([]);
  });

  it("bears a book that is empty: it tries again in the next round", async () => {
    for (let account = await state(); account.equity >= account.maintenanceMargin; account = await state())
      await exchange.postDay(day++);
    expect((await state()).equity > 0n).to.be.true;
    // The first call that finds the account below MM starts the ten minutes of a takeover's discount, and so stands.
    expect(did(await keepers.first.runOnce())).to.deep.equal(["liquidate sent"]);
    const { outcomes } = await keepers.first.runOnce();
    expect(outcomes).to.have.length(1);
    expect(outcomes[0]).to.include({ result: "lost", error: "NothingToFill" });
    expect(keepers.first.health()).to.include({ healthy: true });
  });

  it("closes into the book, once, when two keepers race", async () => {
    const { client, deployment } = exchange;
    const { markX16 } = await getMarket(client, { deployment, market });
    await trade(exchange, MAKER, maker, { market, lots: 20_000n, tick: markX16 >> 16n });
    const before = await state();
    const reports = await Promise.all([keepers.first.runOnce(), keepers.rival.runOnce()]);
    const outcomes = reports.flatMap(({ outcomes }) => outcomes);
    expect(outcomes.filter(({ result }) => result === "sent")).to.have.length(1);
    const after = await state();
    expect((after.positions[0]?.size ?? 0n) < (before.positions[0]?.size ?? 0n)).to.be.true;
    expect(after.equity >= after.maintenanceMargin).to.be.true;
    for (const keeper of [keepers.first, keepers.rival])
      expect(keeper.health()).to.include({ healthy: true });
    expect((await getConservation(client, { deployment })).drift).to.equal(0n);
  });

  it("looks after the accounts of its shard only", async () => {
    const { deployment } = exchange;
    const found = [];
    for (const index of [0, 1]) {
      const context = contextOf({
        client: exchange.wallet(KEEPER),
        deployment,
        log,
        shard: { index, of: 2 },
      });
      const holders = await new AccountBook(context).use((view) => Promise.resolve(view.holders(market)));
      found.push(holders);
    }
    expect(found).to.deep.equal([[maker], [trader]]);
  });

  it("takes a decision that came too late for a lost race, not for an error", async () => {
    const { deployment } = exchange;
    const context = contextOf({ client: exchange.wallet(RIVAL), deployment, log });
    const late: KeeperAction[] = [
      { kind: "liquidate", account: maker, market, maxFills: 5, keeper: trader, takeOverLots: 0 },
      { kind: "absorb", account: maker },
      { kind: "cancelRiskRaising", account: maker, ids: [] },
    ];
    const outcomes = await execute(context, late);
    expect(outcomes.map((outcome) => outcome.result === "lost" && outcome.error)).to.deep.equal([
      "AccountHealthy",
      "AccountNotBankrupt",
      "AccountHealthy",
    ]);
  });

  it("fails visibly where the call itself is wrong", async () => {
    const { deployment } = exchange;
    const context = contextOf({ client: exchange.wallet(RIVAL), deployment, log });
    const outcomes = await execute(context, [
      { kind: "absorb", account: 9_999 },
      { kind: "sync", market },
    ]);
    expect(outcomes.map(({ action, result }) => `${action.kind} ${result}`)).to.deep.equal([
      "absorb failed",
      "sync sent",
    ]);
    expect(outcomes[0])
      .to.have.property("error")
      .that.matches(/^UnknownAccount: /);
  });

  it("hands a bankrupt account to the market's fund", async () => {
    const { client, deployment } = exchange;
    while (exchange.reporter.prints.has(day) && (await state()).equity > 0n) await exchange.postDay(day++);
    expect((await state()).equity <= 0n).to.be.true;
    expect(did(await keepers.first.runOnce())).to.include("absorb sent");
    expect((await state()).retired).to.be.true;
    // The fund had nothing: what it took over went on to the winning side in the same call.
    expect(await getFund(client, { deployment, market })).to.include({ size: 0n, rounds: 1n });
    expect(did(await keepers.first.runOnce())).to.deep.equal([]);
    expect((await getConservation(client, { deployment })).drift).to.equal(0n);
  });

  it("needs an account to earn into", async () => {
    const { deployment } = exchange;
    const keeper = createLiquidationKeeper({ client: exchange.wallet(9), deployment, log });
    const refused = await keeper.init().catch((error: unknown) => error);
    expect(refused)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/has no account to earn into/);
  });
});

describe("the sync keeper", () => {
  let exchange: Exchange;
  before(async () => {
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + 6);
  });
  after(() => exchange?.close());

  it("touches every market, and again only after its interval", async () => {
    const { deployment, reporter } = exchange;
    const values = new Map([...reporter.prints].map(([period, { value }]) => [period, value]));
    const index = trailingMean(values, FIRST + 6) ?? 0n;
    await exchange.list(perpetualListing({ feed: 1, index }));
    await exchange.list(monthlyListing("2025-02", { feed: 1, index }));
    const keeper = createSyncKeeper({ client: exchange.wallet(KEEPER), deployment, log, interval: 600 });
    await keeper.init();
    const syncs = ({ outcomes }: KeeperReport) =>
      outcomes.filter(({ action, result }) => action.kind === "sync" && result === "sent").length;
    expect(syncs(await keeper.runOnce())).to.equal(2);
    expect(syncs(await keeper.runOnce())).to.equal(0);
    await exchange.warp((FIRST + 7) * SECONDS_PER_DAY + 8 * 3_600);
    expect(syncs(await keeper.runOnce())).to.equal(2);
  });

  it("does nothing any more once it is stopped", async () => {
    const { deployment } = exchange;
    const keeper = createSyncKeeper({ client: exchange.wallet(KEEPER), deployment, log });
    await keeper.init();
    await keeper.stop();
    expect((await keeper.runOnce()).outcomes).to.deep.equal([]);
  });

  it("refuses a node of another chain", async () => {
    const deployment = { ...exchange.deployment, chainId: 1 };
    const keeper = createSyncKeeper({ client: exchange.wallet(KEEPER), deployment, log });
    const refused = await keeper.init().catch((error: unknown) => error);
    expect(refused)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/serves chain 31337/);
  });
});

describe("the waterfall keeper", () => {
  let exchange: Exchange;
  let maker: number;
  let trader: number;
  let market: number;
  let keepers: { liquidation: Keeper; waterfall: Keeper };
  let day = FIRST + 7;

  // Usage stops after a week: the followed index falls 8 % a day.
  before(async () => {
    exchange = await Exchange.start([...Array<number>(7).fill(1_000_000), ...Array<number>(9).fill(100_000)]);
    await exchange.postDays(FIRST, FIRST + 6);
    market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    maker = await exchange.fund(MAKER, usd("1000000"));
    trader = await exchange.fund(TRADER, usd("2080"));
    const keeper = await exchange.fund(KEEPER, usd("10"));
    await trade(exchange, MAKER, maker, { market, lots: -10_000n, tick: 2_000n });
    await trade(exchange, TRADER, trader, { market, lots: 10_000n, tick: 2_000n });
    const { deployment } = exchange;
    const insurer = exchange.wallet(0);
    const amount = usd("1500");
    await exchange.mint(0, amount);
    await exchange.mined(await approveCollateral(insurer, { deployment, amount }));
    await exchange.mined(await topUpFund(insurer, { deployment, market, amount }));
    const options = { client: exchange.wallet(KEEPER), deployment, log };
    keepers = {
      liquidation: createLiquidationKeeper({ ...options, keeperAccount: keeper }),
      waterfall: createWaterfallKeeper(options),
    };
    for (const each of Object.values(keepers)) await each.init();
  });
  after(() => exchange?.close());
  afterEach("nothing is lost", async () => {
    expect((await getConservation(exchange.client, { deployment: exchange.deployment })).drift).to.equal(0n);
  });

  const fund = () => getFund(exchange.client, { deployment: exchange.deployment, market });
  const account = (accountId: number) =>
    getAccount(exchange.client, { deployment: exchange.deployment, accountId });

  it("does nothing while funds hold nothing", async () => {
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal([]);
  });

  it("waits for a book, then unwinds what the fund took over", async () => {
    while (exchange.reporter.prints.has(day) && (await account(trader)).equity > 0n)
      await exchange.postDay(day++);
    expect(did(await keepers.liquidation.runOnce())).to.deep.equal(["absorb sent"]);
    const { size, equity } = await fund();
    expect(size).to.equal(10_000n);
    expect(equity > 0n, `${equity}`).to.be.true;
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal([]);

    const { markX16 } = await getMarket(exchange.client, { deployment: exchange.deployment, market });
    await trade(exchange, MAKER, maker, { market, lots: 1_000n, tick: markX16 >> 16n });
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal(["unwind sent"]);
    expect((await fund()).size).to.equal(9_000n);
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal([]);
  });

  it("settles the fund in a round once it is spent, and brings the winning side through it", async () => {
    while (exchange.reporter.prints.has(day) && (await fund()).equity >= 0n) await exchange.postDay(day++);
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal(["deleverage sent"]);
    const spent = await fund();
    expect(spent).to.include({ size: 0n, rounds: 1n, unfinished: 1n, pendingShorts: 9_000n });
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal(["applyRounds sent"]);
    expect(await fund()).to.include({ unfinished: 0n, pendingShorts: 0n });
    expect((await account(maker)).positions).to.deep.equal([]);
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal([]);
  });

  it("takes a decision that came too late for a lost race", async () => {
    const context = contextOf({ client: exchange.wallet(RIVAL), deployment: exchange.deployment, log });
    const outcomes = await execute(context, [
      { kind: "deleverage", market },
      { kind: "unwind", market, maxFills: 5 },
    ]);
    expect(outcomes.map((outcome) => outcome.result === "lost" && outcome.error)).to.deep.equal([
      "NothingToDeleverage",
      "NothingToUnwind",
    ]);
  });
});

describe("the waterfall keeper beside small positions", () => {
  let exchange: Exchange;
  let market: number;
  let trader: number;
  let small: number[];
  let keepers: { liquidation: Keeper; waterfall: Keeper };

  // 100 of 20,000 lots close: of a position of 100 lots that is half a lot.
  before(async () => {
    exchange = await Exchange.start([...Array<number>(7).fill(1_000_000), ...Array<number>(9).fill(100_000)]);
    await exchange.postDays(FIRST, FIRST + 6);
    market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    const short = async (wallet: number, amount: string, lots: bigint) => {
      const account = await exchange.fund(wallet, usd(amount));
      await trade(exchange, wallet, account, { market, lots: -lots, tick: 2_000n });
      return account;
    };
    await short(MAKER, "1000000", 19_800n);
    small = [await short(5, "1000", 100n), await short(6, "1000", 100n)];
    trader = await exchange.fund(TRADER, usd("21"));
    await trade(exchange, TRADER, trader, { market, lots: 100n, tick: 2_000n });
    const other = await exchange.fund(RIVAL, usd("1000000"));
    await trade(exchange, RIVAL, other, { market, lots: 19_900n, tick: 2_000n });
    const keeper = await exchange.fund(KEEPER, usd("10"));
    const options = { client: exchange.wallet(KEEPER), deployment: exchange.deployment, log };
    keepers = {
      liquidation: createLiquidationKeeper({ ...options, keeperAccount: keeper }),
      waterfall: createWaterfallKeeper(options),
    };
    for (const each of Object.values(keepers)) await each.init();
  });
  after(() => exchange?.close());

  const fund = () => getFund(exchange.client, { deployment: exchange.deployment, market });
  const account = (accountId: number) =>
    getAccount(exchange.client, { deployment: exchange.deployment, accountId });
  const sizes = () =>
    Promise.all(small.map(async (id) => (await account(id)).positions.map(({ size }) => size)));

  it("ends a round although it takes no lot of what is left, position by position", async () => {
    for (let day = FIRST + 7; exchange.reporter.prints.has(day) && (await account(trader)).equity > 0n; day++)
      await exchange.postDay(day);
    // The fund has nothing: what it takes over goes on to the winning side at once.
    expect(did(await keepers.liquidation.runOnce())).to.deep.equal(["absorb sent"]);
    expect(await fund()).to.include({ size: 0n, unfinished: 1n, pendingShorts: 100n });
    const { deployment } = exchange;
    const largest = await getAccountId(exchange.client, {
      deployment,
      owner: exchange.wallet(MAKER).account.address,
    });
    await exchange.mined(
      await applyRounds(exchange.wallet(KEEPER), { deployment, market, accountIds: [largest] }),
    );
    // Either would close nothing if it came next, and yet one lot is left to close.
    expect(await fund()).to.include({ unfinished: 1n, pendingShorts: 1n });
    expect(await sizes()).to.deep.equal([[-100n], [-100n]]);

    expect(did(await keepers.waterfall.runOnce())).to.deep.equal(["applyRounds sent"]);
    expect(await fund()).to.include({ unfinished: 0n, pendingShorts: 0n });
    expect(await sizes()).to.deep.equal([[-100n], [-99n]]);
    expect(did(await keepers.waterfall.runOnce())).to.deep.equal([]);
    expect((await getConservation(exchange.client, { deployment })).drift).to.equal(0n);
  });
});

describe("the settlement keeper", () => {
  let exchange: Exchange;
  let market: number;
  let accounts: { maker: number; trader: number };
  let keepers: Keeper[];

  before(async () => {
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + 6);
    const { deployment, reporter } = exchange;
    const values = new Map([...reporter.prints].map(([period, { value }]) => [period, value]));
    const listing = monthlyListing("2025-01", { feed: 1, index: trailingMean(values, FIRST + 6) ?? 0n });
    market = await exchange.list(listing);
    accounts = {
      maker: await exchange.fund(MAKER, usd("100000")),
      trader: await exchange.fund(TRADER, usd("100000")),
    };
    const tick = BigInt(listing.firstMarkTick);
    await trade(exchange, MAKER, accounts.maker, { market, lots: -5_000n, tick });
    await trade(exchange, TRADER, accounts.trader, { market, lots: 5_000n, tick });
    keepers = [KEEPER, RIVAL].map((wallet) =>
      createSettlementKeeper({ client: exchange.wallet(wallet), deployment, log }),
    );
    for (const keeper of keepers) await keeper.init();
  });
  after(() => exchange?.close());

  it("waits until every print of the month is final", async () => {
    const [keeper] = keepers;
    await exchange.postDays(FIRST + 7, FIRST + 30);
    expect(did((await keeper?.runOnce()) as KeeperReport)).to.deep.equal([]);
    await exchange.postDays(FIRST + 31, FIRST + 32);
    expect(did((await keeper?.runOnce()) as KeeperReport)).to.deep.equal([]);
  });

  it("settles on the mean of the prints and converts every position, also when two race", async () => {
    const { client, deployment, reporter } = exchange;
    await exchange.postDay(FIRST + 33);
    const reports = await Promise.all(keepers.map((keeper) => keeper.runOnce()));
    const sent = reports.flatMap(did).filter((text) => text === "settle sent");
    expect(sent).to.have.length(1);

    const values = new Map([...reporter.prints].map(([period, { value }]) => [period, value]));
    const mean = windowMean(values, periodOfDate("2025-01-01"), periodOfDate("2025-01-31"));
    const state = await getMarket(client, { deployment, market });
    expect(state.phase).to.equal("settled");
    expect(state.index).to.equal(TU1D);
    expect(state.settlementTick).to.equal(settlementTick(mean, 10n ** 18n / 2n));
    for (const accountId of Object.values(accounts)) {
      const { positions, equity, cash } = await getAccount(client, { deployment, accountId });
      expect(positions).to.deep.equal([]);
      expect(equity).to.equal(cash);
    }
    expect((await getConservation(client, { deployment })).drift).to.equal(0n);
  });

  it("has nothing left to do afterwards", async () => {
    for (const keeper of keepers) expect(did(await keeper.runOnce())).to.deep.equal([]);
  });

  it("settles a perpetual whose index falls silent, and converts its positions", async () => {
    const { client, deployment, reporter } = exchange;
    const values = new Map([...reporter.prints].map(([period, { value }]) => [period, value]));
    const index = trailingMean(values, FIRST + 33) ?? 0n;
    const perpetual = await exchange.list(perpetualListing({ feed: 1, index }));
    const { markX16 } = await getMarket(client, { deployment, market: perpetual });
    const order = { market: perpetual, tick: markX16 >> 16n };
    await trade(exchange, MAKER, accounts.maker, { ...order, lots: -5_000n });
    await trade(exchange, TRADER, accounts.trader, { ...order, lots: 5_000n });
    const { settledAt } = await getFeed(client, { deployment, feed: 1 });
    await exchange.warp(Number(settledAt) - 60);
    const [keeper] = keepers;
    expect(did((await keeper?.runOnce()) as KeeperReport)).to.deep.equal([]);
    await exchange.warp(Number(settledAt) + 60);
    expect(did((await keeper?.runOnce()) as KeeperReport)).to.deep.equal([
      "settle sent",
      "settleAccounts sent",
    ]);
    expect(await getMarket(client, { deployment, market: perpetual })).to.include({ phase: "settled" });
    const { positions } = await getAccount(client, { deployment, accountId: accounts.trader });
    expect(positions).to.deep.equal([]);
    expect((await getConservation(client, { deployment })).drift).to.equal(0n);
  });
});
