import { dateOf, parseCollateral, parseLots, parsePrice, type LiquidationEvent } from "@usance/sdk";
import { expect } from "chai";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST } from "../support/exchange.ts";
import { refused, until } from "./expectations.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const WAD = 10n ** 18n;
const usd = parseCollateral;
const perpetual = 1;
const january = 2;
const lastPeriod = FIRST + 30;

// A rich maker, a rich buyer, and two who bought with all that they had. Then usage halves.
describe("SDK actions when usage falls", () => {
  let venue: Venue;
  let maker: Trader;
  let buyer: Trader;
  const ids = { maker: 2048, buyer: 2049, greedy: 2050, greedier: 2051 };
  // Points of each day of January.
  const prints = [1000, ...Array<number>(7).fill(2000), ...Array<number>(23).fill(1000)];
  let today = FIRST;

  /** Posts the print of the next day and brings the markets to its morning. */
  async function day() {
    await venue.exchange.postDay(today++);
    for (const market of [perpetual, january]) await venue.mined(maker.sync({ market }));
  }

  before(async () => {
    venue = await openVenue(prints);
    const { exchange } = venue;
    const traders = [1, 2, 3, 4].map((seat) => venue.trader(seat));
    maker = traders[0]!;
    buyer = traders[1]!;
    await exchange.postDays(FIRST, FIRST + 7);
    today += 8;
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * WAD }));
    await exchange.list(monthlyListing("2025-01", { feed: 1, index: 2000n * WAD }));
    for (const [seat, trader] of traders.entries()) {
      const amount = usd(seat < 2 ? "100000" : "5800");
      await exchange.mint(seat + 1, usd("100000"));
      await venue.mined(trader.depositWithPermit({ amount }));
    }

    // Everybody buys from the maker.
    const price = parsePrice("2000");
    const sell = { lots: parseLots("-20"), tick: price };
    const orders = [perpetual, january].map((market) => ({ market, ...sell }));
    await venue.mined(maker.batchOrders({ accountId: ids.maker, orders }));
    const buy = { lots: parseLots("10"), tick: price };
    await venue.mined(buyer.placeOrder({ accountId: ids.buyer, market: january, ...buy }));
    for (const [seat, accountId] of [ids.greedy, ids.greedier].entries()) {
      const trader = traders[seat + 2]!;
      await venue.mined(trader.placeOrder({ accountId, market: perpetual, ...buy }));
      const bid = { market: perpetual, lots: parseLots("0.5"), tick: parsePrice("1200") };
      await venue.mined(trader.placeOrder({ accountId, ...bid }));
    }
  });
  after(() => venue?.exchange.close());

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
    await day();
    await day();
    const { equity, initialMargin, maintenanceMargin } = await maker.getAccount({ accountId });
    expect(equity < initialMargin && equity >= maintenanceMargin, `${equity}/${initialMargin}`).to.be.true;
    await refused(maker.liquidate({ accountId, market: perpetual, keeper: ids.maker }), "AccountHealthy");

    const orders = (await maker.getOpenOrders({ accountId })).map(({ id }) => id);
    const other = (await maker.getOpenOrders({ accountId: ids.greedier })).map(({ id }) => id);
    await refused(maker.cancelRiskRaising({ accountId, ids: other }), "WrongAccount");
    const call = { accountId, ids: orders };
    expect(await maker.cancelRiskRaising.simulate(call)).to.equal(parseLots("0.5"));
    const { OrderDropped } = maker.cancelRiskRaising.extract(
      await venue.mined(maker.cancelRiskRaising(call)),
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
      await day();
      await venue.mined(maker.sync({ market: perpetual }));
      const { markX16 } = await maker.getMarket({ market: perpetual });
      const bid = { market: perpetual, lots: parseLots("20"), tick: markX16 >> 16n };
      await venue.mined(buyer.placeOrder({ accountId: ids.buyer, ...bid }));

      const call = { accountId, market: perpetual, keeper: ids.maker };
      const account = await maker.getAccount({ accountId });
      expect(account.equity < account.maintenanceMargin, `${account.equity}`).to.be.true;
      await refused(maker.liquidate({ ...call, keeper: accountId }), "SelfLiquidation");
      await refused(maker.liquidate({ ...call, market: january }), "NoPosition");
      const { closedLots } = await maker.liquidate.simulate(call);
      const receipt = await venue.mined(maker.liquidate(call));
      const { Liquidated, OrderFilled } = maker.liquidate.extract(receipt);
      expect(Liquidated[0]).to.include({ account: accountId, market: perpetual, closed: -closedLots });
      expect(OrderFilled[0]).to.include({ maker: ids.buyer, lots: closedLots });
      const [fill] = await maker.getFills({ fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber });
      expect(fill).to.include({ taker: accountId, maker: ids.buyer, lots: -closedLots, liquidation: true });

      await day();
      await day();
      await day();
      const bankrupt = ids.greedier;
      expect((await maker.getAccount({ accountId: bankrupt })).equity <= 0n).to.be.true;
      const absorbed = maker.absorb.extract(await venue.mined(maker.absorb({ accountId: bankrupt })));
      expect(absorbed.Absorbed[0]).to.include({ account: bankrupt, market: perpetual, size: 10_000n });
      expect(absorbed.AccountRetired).to.deep.equal([{ account: bankrupt }]);
      await refused(maker.absorb({ accountId: bankrupt }), "AccountIsRetired");
      await refused(maker.depositFor({ accountId: bankrupt, amount: 1n }), "AccountIsRetired");
      // The fund has nothing, so in the same call its lots go to the winning side: a round, served at the next touch.
      expect(absorbed.RoundRecorded[0]).to.include({ market: perpetual, number: 1n, lots: 10_000n });
      const [fund] = await maker.getAccounts({ accountIds: [perpetual] });
      expect(fund?.positions).to.deep.equal([]);
      const { Deleveraged } = maker.applyRounds.extract(
        await venue.mined(maker.applyRounds({ market: perpetual, accountIds: [ids.maker] })),
      );
      expect(Deleveraged.reduce((sum, { lots }) => sum + lots, 0n)).to.equal(10_000n);
      await refused(maker.deleverage({ market: perpetual }), "NothingToDeleverage");
      await refused(maker.unwind({ market: perpetual }), "NothingToUnwind");

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

  it("keeps a share of what leaves while something is owed, and gives it back once nothing is", async () => {
    const { deficit } = await maker.getFund({ market: perpetual });
    expect(deficit > 0n, "the round's price did not cover all of it").to.be.true;
    const accountId = ids.maker;
    const to = maker.account.address;
    const { balance } = await maker.getCollateral({ owner: to });
    await venue.mined(maker.withdraw({ accountId, amount: usd("10000"), to }));
    const { cash } = await maker.getAccount({ accountId });
    const share = usd("10000") - ((await maker.getCollateral({ owner: to })).balance - balance);
    expect(share > 0n).to.be.true;
    await refused(buyer.redeemClaim({ accountId }), "DeficitStands", { deficit });

    const treasury = venue.trader(0);
    await venue.exchange.mint(0, deficit);
    await venue.mined(treasury.approveCollateral({ amount: deficit }));
    await venue.mined(treasury.topUpFund({ market: perpetual, amount: deficit }));
    expect((await maker.getFund({ market: perpetual })).deficit).to.equal(0n);
    // Anyone may.
    expect(await buyer.redeemClaim.simulate({ accountId })).to.equal(share);
    const { ClaimRedeemed } = buyer.redeemClaim.extract(await venue.mined(buyer.redeemClaim({ accountId })));
    expect(ClaimRedeemed).to.deep.equal([{ account: accountId, amount: share }]);
    expect((await maker.getAccount({ accountId })).cash).to.equal(cash + share);
    await refused(buyer.redeemClaim({ accountId }), "NoClaim", { account: accountId });
  });

  it("lets a feed catch up", async () => {
    await day();
    // As late as the next print is due: the move of the morning before is a day old.
    const { exchange } = venue;
    await exchange.warp(Number(await venue.now()) + 86_460);
    const before = await maker.getFeed({ feed: 1 });
    const { FeedFollowed } = maker.follow.extract(await venue.mined(maker.follow({ feed: 1 })));
    const { followed, target } = await maker.getFeed({ feed: 1 });
    // Usage fell faster than a feed may: it goes on towards its target a day later.
    expect(target <= followed && followed < before.followed).to.be.true;
    expect(FeedFollowed[0]).to.include({ feed: 1, target, followed });
    await exchange.mined(await exchange.reporter.post(today++));
  });

  it("settles a month on the mean of its prints", async () => {
    const settle = { market: january };
    await refused(maker.settle({ market: perpetual }), "NotDated");
    await refused(maker.settle(settle), "NotExpired");
    await refused(maker.settleAccounts({ ...settle, accountIds: [ids.buyer] }), "NotSettled");
    while (today <= lastPeriod) await day();
    expect((await maker.getMarket({ market: january })).phase).to.equal("expired");
    await refused(maker.settle(settle), "WindowNotFinal");
    await venue.exchange.warp(dateOf(lastPeriod + 4).getTime() / 1000 + 12 * 3_600);

    const simulated = await maker.settle.simulate(settle);
    const { MarketSettled, PhaseChanged } = maker.settle.extract(await venue.mined(maker.settle(settle)));
    const sum = prints.reduce((total, points) => total + BigInt(points) * WAD, 0n);
    expect(MarketSettled[0]).to.include({ market: january, sum: sum, periods: 31n });
    // A tick is half a point, and no mean of these prints lies half-way between two.
    const tick = (4n * sum) / (31n * WAD);
    expect(simulated).to.equal((tick + 1n) / 2n);
    expect(BigInt(MarketSettled[0]!.settlementTick)).to.equal(simulated);
    expect(PhaseChanged[0]?.market).to.equal(january);
    await refused(maker.settle(settle), "AlreadySettled", { settlementTick: simulated });

    const cash = (await maker.getAccount({ accountId: ids.buyer })).cash;
    // One side alone first: what the other is owed meanwhile is part of the identity.
    await venue.mined(maker.settleAccounts({ ...settle, accountIds: [ids.maker] }));
    expect((await maker.getConservation()).drift).to.equal(0n);
    const convert = { ...settle, accountIds: [ids.maker, ids.buyer, ids.greedy] };
    expect(await maker.settleAccounts.simulate(convert)).to.equal(1n);
    const { Realised } = maker.settleAccounts.extract(await venue.mined(maker.settleAccounts(convert)));
    const mine = Realised.find(({ account }) => account === ids.buyer);
    expect(mine?.amount).to.equal((simulated - 4000n) * 10_000n * 500n);
    expect((await maker.getAccount({ accountId: ids.buyer })).cash).to.equal(cash + mine!.amount);
    expect(await maker.settleAccounts.simulate(convert)).to.equal(0n);
  });
});
