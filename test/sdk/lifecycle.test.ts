import {
  dateOf,
  getMarket,
  parseCollateral,
  parseLots,
  parsePrice,
  type LiquidationEvent,
} from "@usance/sdk";
import { expect } from "chai";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { refused, until } from "./expectations.ts";
import { openExchange, type Exchange, type Trader } from "./exchange.ts";

const WAD = 10n ** 18n;
const usd = parseCollateral;
const perpetual = 1;
const january = 2;
const firstPeriod = 20089;
const lastPeriod = firstPeriod + 30;

// A rich maker, a rich buyer, and two who bought with all that they had. Then usage halves.
describe("SDK actions when usage falls", function () {
  this.timeout(120_000);
  let exchange: Exchange;
  let maker: Trader;
  let buyer: Trader;
  const ids = { maker: 2048, buyer: 2049, greedy: 2050, greedier: 2051 };
  const prints: bigint[] = [];

  async function day(points: bigint) {
    await exchange.post(firstPeriod + prints.length, points);
    prints.push(points);
    for (const market of [perpetual, january]) await exchange.mined(maker.sync({ market }));
  }

  before(async () => {
    exchange = await openExchange("2025-01-01T12:00:00Z");
    const traders = [1, 2, 3, 4].map((seat) => exchange.trader(seat));
    maker = traders[0]!;
    buyer = traders[1]!;
    for (let i = 0; i < 7; i++) {
      await exchange.post(firstPeriod + i, 2000n);
      prints.push(2000n);
    }
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * WAD }));
    await exchange.list(monthlyListing("2025-01", { feed: 1, index: 2000n * WAD }));
    for (const [seat, trader] of traders.entries()) {
      const amount = usd(seat < 2 ? "100000" : "5800");
      await exchange.mint(trader, usd("100000"));
      await exchange.mined(trader.depositWithPermit({ amount }));
    }

    // Everybody buys from the maker.
    const price = parsePrice("2000");
    const sell = { lots: parseLots("-20"), tick: price };
    const orders = [perpetual, january].map((market) => ({ market, ...sell }));
    await exchange.mined(maker.batchOrders({ accountId: ids.maker, orders }));
    const buy = { lots: parseLots("10"), tick: price };
    await exchange.mined(buyer.placeOrder({ accountId: ids.buyer, market: january, ...buy }));
    for (const [seat, accountId] of [ids.greedy, ids.greedier].entries()) {
      const trader = traders[seat + 2]!;
      await exchange.mined(trader.placeOrder({ accountId, market: perpetual, ...buy }));
      const bid = { market: perpetual, lots: parseLots("0.5"), tick: parsePrice("1200") };
      await exchange.mined(trader.placeOrder({ accountId, ...bid }));
    }
  });
  after(() => exchange.close());

  afterEach("nothing is lost", async () => {
    expect((await maker.getConservation()).drift).to.equal(0n);
  });

  it("leaves the healthy alone", async () => {
    const accountId = ids.greedy;
    await refused(maker.cancelRiskRaising({ accountId, ids: [] }), "AccountHealthy");
    await refused(maker.liquidate({ accountId, market: perpetual, keeper: ids.maker }), "AccountHealthy");
    await refused(maker.absorb({ accountId }), "AccountNotBankrupt");
  });

  it("cancels risk-raising orders of an account below its initial margin", async () => {
    const accountId = ids.greedy;
    await day(1000n);
    await day(1000n);
    const { equity, initialMargin, maintenanceMargin } = await maker.getAccount({ accountId });
    expect(equity < initialMargin && equity >= maintenanceMargin, `${equity}/${initialMargin}`).to.be.true;
    await refused(maker.liquidate({ accountId, market: perpetual, keeper: ids.maker }), "AccountHealthy");

    const orders = (await maker.getOpenOrders({ accountId })).map(({ id }) => id);
    const other = (await maker.getOpenOrders({ accountId: ids.greedier })).map(({ id }) => id);
    await refused(maker.cancelRiskRaising({ accountId, ids: other }), "WrongAccount");
    const call = { accountId, ids: orders };
    expect(await maker.cancelRiskRaising.simulate(call)).to.equal(parseLots("0.5"));
    const { OrderDropped } = maker.cancelRiskRaising.extract(
      await exchange.mined(maker.cancelRiskRaising(call)),
    );
    expect(OrderDropped).to.deep.equal([
      { account: accountId, id: orders[0], lots: parseLots("0.5"), reason: 6 },
    ]);
    expect(await maker.getOpenOrders({ accountId })).to.deep.equal([]);
  });

  it("liquidates into the book and absorbs what is bankrupt, watched", async () => {
    const seen: LiquidationEvent[] = [];
    const unwatch = maker.watchLiquidations({ onLiquidations: (events) => seen.push(...events) });
    try {
      const accountId = ids.greedy;
      await day(1000n);
      await exchange.mined(maker.sync({ market: perpetual }));
      const { markX16 } = await maker.getMarket({ market: perpetual });
      const bid = { market: perpetual, lots: parseLots("20"), tick: markX16 >> 16n };
      await exchange.mined(buyer.placeOrder({ accountId: ids.buyer, ...bid }));

      const call = { accountId, market: perpetual, keeper: ids.maker };
      const account = await maker.getAccount({ accountId });
      expect(account.equity < account.maintenanceMargin, `${account.equity}`).to.be.true;
      await refused(maker.liquidate({ ...call, keeper: accountId }), "SelfLiquidation");
      await refused(maker.liquidate({ ...call, market: january }), "NoPosition");
      const { closedLots } = await maker.liquidate.simulate(call);
      const receipt = await exchange.mined(maker.liquidate(call));
      const { Liquidated, OrderFilled } = maker.liquidate.extract(receipt);
      expect(Liquidated[0]).to.include({ account: accountId, market: perpetual, closed: -closedLots });
      expect(OrderFilled[0]).to.include({ maker: ids.buyer, lots: closedLots });
      const [fill] = await maker.getFills({ fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber });
      expect(fill).to.include({ taker: accountId, maker: ids.buyer, lots: -closedLots, liquidation: true });

      await day(1000n);
      await day(1000n);
      await day(1000n);
      const bankrupt = ids.greedier;
      expect((await maker.getAccount({ accountId: bankrupt })).equity <= 0n).to.be.true;
      const absorbed = maker.absorb.extract(await exchange.mined(maker.absorb({ accountId: bankrupt })));
      expect(absorbed.Absorbed[0]).to.include({ account: bankrupt, market: perpetual, size: 10_000n });
      expect(absorbed.AccountRetired).to.deep.equal([{ account: bankrupt }]);
      await refused(maker.absorb({ accountId: bankrupt }), "AccountIsRetired");
      await refused(maker.depositFor({ accountId: bankrupt, amount: 1n }), "AccountIsRetired");
      const fund = (await maker.getAccounts({ accountIds: [perpetual] }))[0];
      expect(fund?.positions[0]?.size).to.equal(10_000n);

      await until(() => (seen.length >= 3 ? seen : undefined));
      expect(seen.map(({ eventName }) => eventName)).to.deep.equal([
        "Liquidated",
        "Absorbed",
        "AccountRetired",
      ]);
    } finally {
      unwatch();
    }
  });

  it("lets a feed catch up", async () => {
    await day(1000n);
    await exchange.warp(new Date(Number((await exchange.now()) + 86_460n) * 1000));
    const before = await maker.getFeed({ feed: 1 });
    const { FeedFollowed } = maker.follow.extract(await exchange.mined(maker.follow({ feed: 1 })));
    const { followed, target } = await maker.getFeed({ feed: 1 });
    // Usage fell faster than a feed may: it goes on towards its target a day later.
    expect(target <= followed && followed < before.followed).to.be.true;
    expect(FeedFollowed[0]).to.include({ feed: 1, target, followed });
  });

  it("settles a month on the mean of its prints", async () => {
    const settle = { market: january };
    await refused(maker.settle({ market: perpetual }), "NotDated");
    await refused(maker.settle(settle), "NotExpired");
    await refused(maker.settleAccounts({ ...settle, accountIds: [ids.buyer] }), "NotSettled");
    while (firstPeriod + prints.length <= lastPeriod) await day(1000n);
    expect((await getMarket(maker, { ...exchange, market: january })).phase).to.equal("expired");
    await refused(maker.settle(settle), "WindowNotFinal");
    await exchange.warp(new Date(dateOf(lastPeriod + 4).getTime() + 12 * 3_600_000));

    const simulated = await maker.settle.simulate(settle);
    const { MarketSettled, PhaseChanged } = maker.settle.extract(await exchange.mined(maker.settle(settle)));
    const sum = prints.reduce((total, points) => total + points * WAD, 0n);
    expect(MarketSettled[0]).to.include({ market: january, sum: sum + 62n, periods: 31n });
    // A tick is half a point, and no mean of these prints lies half-way between two.
    const tick = (4n * (sum + 62n)) / (31n * WAD);
    expect(simulated).to.equal((tick + 1n) / 2n);
    expect(BigInt(MarketSettled[0]!.settlementTick)).to.equal(simulated);
    expect(PhaseChanged[0]?.market).to.equal(january);
    await refused(maker.settle(settle), "AlreadySettled", { settlementTick: simulated });

    const cash = (await maker.getAccount({ accountId: ids.buyer })).cash;
    const convert = { ...settle, accountIds: [ids.maker, ids.buyer, ids.greedy] };
    expect(await maker.settleAccounts.simulate(convert)).to.equal(2n);
    const { Realised } = maker.settleAccounts.extract(await exchange.mined(maker.settleAccounts(convert)));
    const mine = Realised.find(({ account }) => account === ids.buyer);
    expect(mine?.amount).to.equal((simulated - 4000n) * 10_000n * 500n);
    expect((await maker.getAccount({ accountId: ids.buyer })).cash).to.equal(cash + mine!.amount);
    expect(await maker.settleAccounts.simulate(convert)).to.equal(0n);
  });
});
