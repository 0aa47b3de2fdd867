import {
  CallFailedError,
  decodeOrderId,
  formatIndex,
  OutOfRangeError,
  parseCollateral,
  parseLots,
  parsePrice,
  placeOrder,
  pointsOfMark,
  recoverReporter,
  type ContractErrorName,
  type Fill,
  type GetOrdersReturnType,
} from "@usance/sdk";
import { expect } from "chai";
import { createPublicClient, custom, http, zeroHash } from "viem";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { failure, refused, until } from "./expectations.ts";
import { FIRST } from "../support/exchange.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const usd = parseCollateral;
const first = FIRST + 1;
const last = first + 6;

describe("SDK actions on a node", () => {
  let venue: Venue;
  let alice: Trader;
  let bob: Trader;
  let stranger: Trader;
  let aliceId: number;
  let bobId: number;

  before(async () => {
    // The base day prints 1000 points, and the seven days behind it 2000 to 2006.
    venue = await openVenue([1000, 2000, 2001, 2002, 2003, 2004, 2005, 2006, 2000]);
    const { exchange, trader } = venue;
    [alice, bob, stranger] = [trader(1), trader(2), trader(3)];
    await exchange.postDays(FIRST, last);
    await exchange.list(perpetualListing({ feed: 1, index: 2003n * 10n ** 18n }));
    for (const seat of [1, 2, 3]) await exchange.mint(seat, usd("1000000"));
  });
  after(() => venue?.exchange.close());

  afterEach("nothing is lost", async () => {
    const { tracked, recount, drift } = await alice.getConservation();
    expect(drift).to.equal(0n);
    expect(recount).to.equal(tracked);
  });

  describe("index", () => {
    it("reads prints and means", async () => {
      const { index } = venue;
      const print = await alice.getPrint({ index, period: first });
      expect(formatIndex(print.value, { digits: 3 })).to.equal("2000");
      expect(print).to.include({ revision: 1, isFinal: true, filled: false });
      expect(await alice.getPrint({ index, period: last + 1 })).to.include({ value: 0n, revision: 0 });
      const latest = await alice.getLatestPrint({ index });
      expect(latest).to.include({ period: last, isFinal: false });
      const { mean, allFinal } = await alice.getTrailingMean({ index, endPeriod: last });
      expect(formatIndex(mean, { digits: 3 })).to.equal("2003");
      expect(allFinal).to.be.false;
      const window = await alice.getWindowMean({ index, first, last });
      expect(window.present).to.equal(7n);
      expect(window.sum / 7n).to.equal(mean);
      const pushed = await alice.getPushed({ index });
      expect(pushed).to.include({ value: mean, newestPeriod: last, sequence: latest.sequence });
      const preview = await alice.getSettlementPreview({ index, first, last });
      expect(preview).to.include({ ready: false, days: 7n, sum: window.sum });
      expect(preview.readyAt > (await venue.now())).to.be.true;
    });

    it("posts a revision that reporters signed, and decodes the events", async () => {
      const { index } = venue;
      const period = last;
      const reports = await venue.sign(period, 2013n, 2);
      for (const report of reports) {
        const signer = await recoverReporter({
          ...venue.deployment,
          ...report,
          index,
          period,
          revision: 2,
        });
        expect(signer).to.equal(report.signer);
      }
      const receipt = await venue.mined(alice.postPrint({ index, period, revision: 2, reports }));
      const { PrintPosted, IndexPushed, PushFailed } = alice.postPrint.extract(receipt);
      expect(PrintPosted).to.have.length(1);
      expect(PrintPosted[0]).to.include({ index, period, revision: 2, reporters: 31 });
      expect(IndexPushed[0]?.newestPeriod).to.equal(period);
      expect(PushFailed).to.have.length(0);
      const feed = await alice.getFeed({ feed: 1 });
      expect(feed.target).to.equal(IndexPushed[0]?.value);
    });

    it("holds a revision that moves the mean too far, and says until when", async () => {
      const { index } = venue;
      const period = last;
      const reports = await venue.sign(period, 9_000n, 9);
      expect(await alice.postPrint.simulate({ index, period, revision: 9, reports })).to.equal(true);
      const receipt = await venue.mined(alice.postPrint({ index, period, revision: 9, reports }));
      const { PrintPosted, PrintHeld } = alice.postPrint.extract(receipt);
      expect(PrintPosted).to.have.length(0);
      const held = await alice.getHeldPrint({ index, period });
      expect(PrintHeld[0]).to.include({ index, period, revision: 9, releasableAt: held.releasableAt });
      expect(held).to.include({ value: 9_000n * 10n ** 18n, revision: 9, reporters: 31 });
      expect((await alice.getPrint({ index, period })).revision).to.equal(2);
      await refused(alice.releasePrint({ index, period }), "PrintStillHeld", {
        releasableAt: held.releasableAt,
      });
      await refused(alice.releasePrint({ index, period: period - 1 }), "NoHeldPrint", {
        index,
        period: period - 1,
      });
    });

    it("says what is wrong with reports", async () => {
      const { index } = venue;
      const period = last;
      const reports = await venue.sign(period, 2013n, 10);
      const post = (given: typeof reports) =>
        alice.postPrint({ index, period, revision: 10, reports: given });
      await refused(post(reports.slice(1)), "TooFewReports", { reports: 4n, quorum: 5n });
      await refused(post([...reports].reverse()), "UnsortedReporters");
      await refused(alice.postPrint({ index, period, revision: 11, reports }), "ReporterInactive");
      await refused(alice.postPrint({ index, period, revision: 2, reports }), "StaleRevision", {
        revision: 2,
        stored: 2,
      });
      // The held one was signed over the one that stands.
      await refused(alice.postPrint({ index, period, revision: 9, reports }), "StaleRevision", {
        revision: 9,
        stored: 9,
      });
      await refused(alice.postPrint({ index, period: period + 9, reports }), "FuturePeriod");
      await refused(alice.getLatestPrint({ index: zeroHash }), "NoPrints");
      await refused(alice.repush({ index: zeroHash }), "IndexNotListed");
    });

    it("repeats a push", async () => {
      const { index } = venue;
      const { IndexRepushed } = bob.repush.extract(await venue.mined(bob.repush({ index })));
      expect(IndexRepushed[0]?.reader).to.equal(venue.deployment.clearinghouse);
    });
  });

  describe("accounts", () => {
    it("deposits after an approval", async () => {
      await refused(alice.deposit({ amount: usd("1") }), "ERC20InsufficientAllowance");
      await refused(alice.deposit({ amount: 0n }), "ZeroAmount");
      const approval = await venue.mined(alice.approveCollateral({ amount: usd("500000") }));
      expect(alice.approveCollateral.extract(approval).Approval[0]?.value).to.equal(usd("500000"));
      const simulated = await alice.deposit.simulate({ amount: usd("100000") });
      const receipt = await venue.mined(alice.deposit({ amount: usd("100000") }));
      const { AccountOpened, Deposited } = alice.deposit.extract(receipt);
      aliceId = await alice.getAccountId({ owner: alice.account.address });
      expect(aliceId).to.equal(2048).and.equal(simulated).and.equal(AccountOpened[0]?.account);
      expect(Deposited).to.deep.equal([
        { account: aliceId, sender: alice.account.address, amount: usd("100000") },
      ]);
      expect(await alice.getCollateral({ owner: alice.account.address })).to.deep.equal({
        address: venue.deployment.collateral,
        symbol: "USD",
        decimals: 6,
        balance: usd("900000"),
        allowance: usd("400000"),
      });
    });

    it("deposits with a permit, signed before or on the way", async () => {
      const receipt = await venue.mined(bob.depositWithPermit({ amount: usd("60000") }));
      bobId = bob.depositWithPermit.extract(receipt).AccountOpened[0]?.account ?? 0;
      expect(bobId).to.equal(2049);
      const permit = await bob.signPermit({ amount: usd("40000") });
      await venue.mined(bob.depositWithPermit({ amount: usd("40000"), permit }));
      expect(await bob.getAccount({ accountId: bobId })).to.include({
        owner: bob.account.address,
        subaccount: 0,
        retired: false,
        cash: usd("100000"),
        equity: usd("100000"),
        withdrawable: usd("100000"),
      });
      const { allowance } = await bob.getCollateral({ owner: bob.account.address });
      expect(allowance).to.equal(0n);
      await refused(bob.depositWithPermit({ amount: usd("40000"), permit }), "ERC20InsufficientAllowance");
    });

    it("deposits for others", async () => {
      const { Deposited } = alice.depositFor.extract(
        await venue.mined(alice.depositFor({ accountId: bobId, amount: usd("1") })),
      );
      expect(Deposited[0]).to.include({ account: bobId, sender: alice.account.address });
      await refused(alice.depositFor({ accountId: 9999, amount: 1n }), "UnknownAccount", { account: 9999 });
      await refused(alice.depositFor({ accountId: 1, amount: 1n }), "UnknownAccount", { account: 1 });
    });

    it("tops an insurance fund up, for the treasury alone", async () => {
      const treasury = venue.trader(0);
      const { address } = treasury.account;
      await venue.exchange.mint(0, usd("25000"));
      await venue.mined(treasury.approveCollateral({ amount: usd("25000") }));
      const receipt = await venue.mined(treasury.topUpFund({ market: 1, amount: usd("25000") }));
      expect(treasury.topUpFund.extract(receipt).FundToppedUp).to.deep.equal([
        { market: 1, sender: address, amount: usd("25000") },
      ]);
      expect((await alice.getMarket({ market: 1 })).fundCash).to.equal(usd("25000"));
      await refused(alice.topUpFund({ market: 1, amount: 1n }), "AccessManagedUnauthorized");
    });

    it("withdraws to any address, for the owner alone", async () => {
      const to = stranger.account.address;
      const before = await alice.getCollateral({ owner: to });
      const receipt = await venue.mined(bob.withdraw({ accountId: bobId, amount: usd("1"), to }));
      expect(bob.withdraw.extract(receipt).Withdrawn).to.deep.equal([
        { account: bobId, to, amount: usd("1") },
      ]);
      const after = await alice.getCollateral({ owner: to });
      expect(after.balance - before.balance).to.equal(usd("1"));
      await refused(alice.withdraw({ accountId: bobId, amount: 1n, to }), "NotOwner", {
        sender: alice.account.address,
        owner: bob.account.address,
      });
      await refused(bob.withdraw({ accountId: bobId, amount: usd("100001"), to }), "InsufficientCash", {
        cash: usd("100000"),
        amount: usd("100001"),
      });
    });

    it("lets an operator trade and not withdraw", async () => {
      const order = { accountId: bobId, market: 1, lots: parseLots("1"), tick: parsePrice("2000") };
      await refused(stranger.placeOrder(order), "NotAuthorised", { account: bobId });
      const operator = stranger.account.address;
      const expiry = (await venue.now()) + 3600n;
      const receipt = await venue.mined(bob.setOperator({ accountId: bobId, operator, expiry }));
      expect(bob.setOperator.extract(receipt).OperatorSet[0]).to.include({
        operator,
        expiry: Number(expiry),
      });
      const { id } = await stranger.placeOrder.simulate(order);
      expect(id > 0n).to.be.true;
      await refused(stranger.withdraw({ accountId: bobId, amount: 1n, to: operator }), "NotOwner");
      await venue.mined(bob.setOperator({ accountId: bobId, operator, expiry: 0n }));
      await refused(stranger.placeOrder(order), "NotAuthorised");
    });

    it("reads many accounts in chunks", async () => {
      const all = await alice.getAccounts();
      expect(all.map(({ id }) => id)).to.deep.equal([aliceId, bobId]);
      const many = await alice.getAccounts({ accountIds: Array.from({ length: 120 }, () => bobId) });
      expect(many).to.have.length(120);
      expect(await alice.getAccountId({ owner: stranger.account.address })).to.equal(0);
      await refused(alice.getAccounts({ accountIds: [aliceId, 5000] }), "UnknownAccount", { account: 5000 });
    });
  });

  describe("trading", () => {
    const quotes = ["2001", "2000", "1990"].map((price) => ({
      lots: parseLots("10"),
      tick: parsePrice(price),
    }));
    const offers = ["2004", "2005", "2015"].map((price) => ({
      lots: parseLots("-10"),
      tick: parsePrice(price),
    }));

    it("reads markets and their terms", async () => {
      const [market, ...others] = await alice.getMarkets();
      expect(others).to.deep.equal([]);
      expect(market).to.include({ id: 1, kind: "perpetual", phase: "open", feed: 1, index: venue.index });
      expect(pointsOfMark(market!.markX16, { digits: 0 })).to.equal("2003");
      const listing = await alice.getListing({ market: 1 });
      expect(listing).to.include({ kind: "perpetual", tickValue: 500, fundingPeriod: 28_800 });
      expect(listing.tiers[0]).to.deep.equal({
        initialMarginBps: 2000,
        maintenanceMarginBps: 1200,
        fillBandBps: 600,
      });
      await refused(alice.getMarket({ market: 7 }), "UnknownMarket", { market: 7 });
      await refused(alice.getListing({ market: 7 }), "UnknownMarket");
      await refused(alice.getFeed({ feed: 7 }), "UnknownFeed", { feed: 7 });
      await refused(alice.sync({ market: 7 }), "UnknownMarket");
      await refused(alice.follow({ feed: 7 }), "UnknownFeed");
    });

    it("places a batch of quotes and shows the book", async () => {
      const orders = [...quotes, ...offers].map((order) => ({
        ...order,
        market: 1,
        kind: "postOnly" as const,
      }));
      const receipt = await venue.mined(alice.batchOrders({ accountId: aliceId, orders }));
      const { OrderPlaced, OrderTaken } = alice.batchOrders.extract(receipt);
      expect(OrderPlaced.map(({ lots }) => lots)).to.deep.equal(orders.map(({ lots }) => lots));
      expect(OrderTaken).to.have.length(0);

      const { bids, asks } = await bob.getBook({ market: 1 });
      expect(bids).to.deep.equal(quotes);
      expect(asks).to.deep.equal(offers.map(({ lots, tick }) => ({ lots: -lots, tick })));
      expect((await bob.getBook({ market: 1, depth: 1n })).bids).to.deep.equal(quotes.slice(0, 1));

      const [best] = await bob.getOrdersAt({ market: 1, tick: offers[0]!.tick });
      expect(best).to.include({ account: aliceId, lots: offers[0]!.lots, reduceOnly: false });
      expect(await bob.getOrder({ id: best!.id })).to.deep.equal(best);
      expect(decodeOrderId(best!.id)).to.include({ market: 1, tick: offers[0]!.tick });

      const open = await alice.getOpenOrders({ accountId: aliceId });
      expect(open.map(({ id }) => id)).to.deep.equal(OrderPlaced.map(({ id }) => id));
      expect(await alice.getOpenOrders({ accountId: aliceId, market: 2 })).to.deep.equal([]);
    });

    const buy = { market: 1, lots: parseLots("15"), tick: parsePrice("2005"), clientOrderId: 77n };

    it("previews exactly what the order then does", async () => {
      const fills: Fill[] = [];
      const orders: GetOrdersReturnType = [];
      const unwatch = [
        bob.watchFills({ market: 1, onFills: (news) => fills.push(...news) }),
        bob.watchOrders({ accountId: bobId, onOrders: (news) => orders.push(...news) }),
      ];
      try {
        const preview = await bob.previewOrder({ accountId: bobId, ...buy });
        const simulated = await bob.placeOrder.simulate({ accountId: bobId, ...buy });
        const receipt = await venue.mined(bob.placeOrder({ accountId: bobId, ...buy }));
        const { OrderTaken, OrderFilled, OrderPlaced } = bob.placeOrder.extract(receipt);

        const quote = -(10_000n * 4008n + 5_000n * 4010n);
        expect(OrderTaken).to.deep.equal([
          { account: bobId, market: 1, lots: 15_000n, quote, fee: preview.fee, clientOrderId: 77n },
        ]);
        expect(preview).to.include({ filledLots: 15_000n, quote, id: 0n, restingLots: 0n });
        expect(simulated).to.deep.equal({ id: 0n, filledLots: 15_000n });
        expect(OrderPlaced).to.have.length(0);
        expect(OrderFilled.map(({ lots }) => lots)).to.deep.equal([10_000n, 5_000n]);

        const account = await bob.getAccount({ accountId: bobId });
        expect(account.equity).to.equal(preview.equity);
        expect(account.initialMargin).to.equal(preview.initialMargin);
        expect(account.cash).to.equal(usd("100000") - preview.fee);
        expect(account.positions[0]).to.include({ market: 1, size: 15_000n, quote });

        await until(() => (fills.length >= 2 && orders.length >= 1 ? fills : undefined));
        expect(fills).to.deep.equal(await bob.getFills({ market: 1 }));
        expect(fills.map(({ tick, lots }) => ({ tick, lots }))).to.deep.equal([
          { tick: 4008n, lots: 10_000n },
          { tick: 4010n, lots: 5_000n },
        ]);
        expect(fills[0]).to.include({
          market: 1,
          maker: aliceId,
          taker: bobId,
          liquidation: false,
          clientOrderId: 77n,
          transactionHash: receipt.transactionHash,
        });
        expect(orders.map(({ eventName }) => eventName)).to.deep.equal(["OrderTaken"]);
      } finally {
        unwatch.forEach((end) => end());
      }
    });

    it("finds trades by account and by block", async () => {
      const [fill] = await bob.getFills({ accountId: bobId });
      expect(await bob.getFills({ accountId: aliceId })).to.have.length(2);
      expect(await bob.getFills({ accountId: 2050 })).to.have.length(0);
      expect(await bob.getFills({ market: 2 })).to.have.length(0);
      expect(await bob.getFills({ fromBlock: fill!.blockNumber + 1n })).to.have.length(0);
      const events = await bob.getOrders({ accountId: aliceId });
      expect(events.map(({ eventName }) => eventName)).to.deep.equal([
        ...Array.from({ length: 6 }, () => "OrderPlaced"),
        ...Array.from({ length: 2 }, () => "OrderFilled"),
      ]);
    });

    it("previews resting orders with the id that they get", async () => {
      const order = { accountId: bobId, market: 1, lots: parseLots("1"), tick: parsePrice("1999") };
      const preview = await bob.previewOrder(order);
      const receipt = await venue.mined(bob.placeOrder(order));
      expect(bob.placeOrder.extract(receipt).OrderPlaced[0]).to.include({ id: preview.id, lots: 1000n });
      expect(preview).to.include({ filledLots: 0n, quote: 0n, fee: 0n, restingLots: 1000n });

      await refused(alice.cancelOrder({ id: preview.id }), "NotAuthorised");
      const gone = bob.cancelOrder.extract(await venue.mined(bob.cancelOrder({ id: preview.id })));
      expect(gone.OrderDropped[0]).to.include({ account: bobId, id: preview.id, lots: 1000n, reason: 0 });
      await refused(bob.cancelOrder({ id: preview.id }), "OrderNotFound", { id: preview.id });
      await refused(bob.getOrder({ id: preview.id }), "OrderNotFound");
    });

    it("replaces quotes in one batch", async () => {
      const open = await alice.getOpenOrders({ accountId: aliceId });
      expect(open).to.have.length(5);
      const cancels = open.map(({ id }) => id);
      const orders = [{ market: 1, lots: parseLots("20"), tick: parsePrice("2001") }];
      const { OrderDropped, OrderPlaced } = alice.batchOrders.extract(
        await venue.mined(alice.batchOrders({ accountId: aliceId, cancels, orders })),
      );
      expect(OrderDropped.map(({ id }) => id)).to.deep.equal(cancels);
      const [left, ...others] = await alice.getOpenOrders({ accountId: aliceId });
      expect(others).to.have.length(0);
      expect(left).to.include({ id: OrderPlaced[0]?.id, lots: 20_000n });
      await refused(bob.batchOrders({ accountId: bobId, cancels: [left!.id] }), "WrongAccount");
    });

    it("says why an order is refused, before and when it is placed", async () => {
      const fine = { accountId: bobId, market: 1, lots: parseLots("1"), tick: parsePrice("2000") };
      const cases: [ContractErrorName, object, object?][] = [
        ["UnknownMarket", { market: 9 }, { market: 9 }],
        ["OrderTooSmall", { lots: 99n }, { lots: 99n, minLots: 100n }],
        ["TickOutOfRange", { tick: 0n }],
        ["TickOutsideBand", { tick: parsePrice("2500") }, { tick: 5000n }],
        ["ExpiryNotAligned", { expiry: 301n }, { expiry: 301n, unit: 300n }],
        ["ExpiryInPast", { expiry: 300n }],
        ["ExpiryNotUsed", { expiry: 4_000_000_200n, kind: "immediateOrCancel" }],
        ["ZeroMaxFills", { maxFills: 0 }],
        ["WouldCross", { lots: parseLots("-1"), kind: "postOnly" }, { bestOpposite: parsePrice("2001") }],
        ["NotFilled", { lots: parseLots("-30"), kind: "fillOrKill" }, { filled: 20_000n, lots: 30_000n }],
        ["WouldNotReduce", { reduceOnly: true }],
        ["InsufficientMargin", { lots: parseLots("500") }],
        ["PositionLimit", { lots: parseLots("10000") }],
      ];
      for (const [name, change, args] of cases) {
        await refused(bob.previewOrder({ ...fine, ...change }), name, args);
        await refused(bob.placeOrder({ ...fine, ...change }), name, args);
        await refused(bob.batchOrders({ accountId: bobId, orders: [{ ...fine, ...change }] }), name, args);
      }
      await refused(bob.placeOrder({ ...fine, accountId: aliceId }), "NotAuthorised");
    });

    it("refuses numbers that no order can carry, without a call", async () => {
      const fine = { accountId: bobId, market: 1, lots: 1000n, tick: 4000n };
      for (const change of [{ lots: 2n ** 60n }, { tick: 2n ** 24n }, { tick: -1n }, { expiry: 2n ** 40n }]) {
        expect(await failure(bob.placeOrder({ ...fine, ...change }))).to.be.instanceOf(OutOfRangeError);
      }
    });

    it("brings a market to the present", async () => {
      await venue.exchange.warp(Number(await venue.now()) + 120);
      const { MarketAdvanced } = bob.sync.extract(await venue.mined(bob.sync({ market: 1 })));
      const { markX16, cumulativeFunding } = await bob.getMarket({ market: 1 });
      const minute = Math.floor(Number(await venue.now()) / 60);
      expect(MarketAdvanced[0]).to.include({ market: 1, minute, cumulativeFunding });
      // Within the clamp the mean is mark.
      expect(MarketAdvanced[0]?.meanX16).to.equal(markX16);
    });

    it("watches the index and the markets", async () => {
      const seen = new Set<string>();
      const note = (events: { eventName: string }[]) =>
        events.forEach(({ eventName }) => seen.add(eventName));
      const unwatch = [bob.watchPrints({ onPrints: note }), bob.watchMarkets({ market: 1, onMarkets: note })];
      try {
        await venue.exchange.postDay(last + 1);
        await venue.mined(bob.sync({ market: 1 }));
        await until(() => (seen.has("PrintPosted") && seen.has("MarketAdvanced") ? seen : undefined));
        expect([...seen]).to.include.members(["PrintPosted", "IndexPushed", "MarketAdvanced"]);
      } finally {
        unwatch.forEach((end) => end());
      }
    });

    it("reads the past", async () => {
      const [fill] = await bob.getFills({ market: 1 });
      const blockNumber = fill!.blockNumber - 1n;
      expect((await bob.getMarket({ market: 1, blockNumber })).openInterest).to.equal(0n);
      expect((await bob.getMarkets())[0]?.openInterest).to.equal(15_000n);
      expect((await bob.getConservation({ blockNumber })).blockNumber).to.equal(blockNumber);
      expect((await bob.getConservation({ blockNumber })).drift).to.equal(0n);
    });
  });

  describe("orders that change, are brought, or die", () => {
    const price = parsePrice("1999");
    const resting = async (order: object = {}) => {
      const fine = { accountId: bobId, market: 1, lots: parseLots("2"), tick: price };
      const receipt = await venue.mined(bob.placeOrder({ ...fine, ...order }));
      return bob.placeOrder.extract(receipt).OrderPlaced[0]!.id;
    };

    it("amends an order in its place, and into another", async () => {
      const id = await resting();
      const smaller = { id, market: 1, lots: parseLots("1.5"), tick: price };
      expect(await bob.amendOrder.simulate(smaller)).to.deep.equal({ newId: id, filledLots: 0n });
      const first = bob.amendOrder.extract(await venue.mined(bob.amendOrder(smaller)));
      expect(first.OrderAmended).to.deep.equal([{ account: bobId, id, lots: 1500n }]);
      expect(first.OrderPlaced).to.have.length(0);
      const moved = bob.amendOrder.extract(
        await venue.mined(bob.amendOrder({ ...smaller, tick: price + 1n })),
      );
      expect(moved.OrderDropped[0]).to.include({ id, lots: 1500n });
      const newId = moved.OrderPlaced[0]!.id;
      expect(await bob.getOrder({ id: newId })).to.include({ lots: 1500n });
      await refused(bob.amendOrder(smaller), "OrderNotFound", { id });
      await refused(alice.amendOrder({ ...smaller, id: newId }), "NotAuthorised");
      await refused(bob.amendOrder({ ...smaller, id: newId, kind: "fillOrKill" }), "NeverRests");
      await refused(bob.amendOrder({ ...smaller, id: newId, lots: parseLots("500") }), "InsufficientMargin");
      await venue.mined(bob.cancelOrder({ id: newId }));
    });

    it("pays the builder that brought an order, up to the cap that the owner allows", async () => {
      const order = { accountId: bobId, market: 1, lots: parseLots("-5"), tick: parsePrice("2001") };
      const brought = { ...order, kind: "fillOrKill" as const, builderId: aliceId, builderFee: 20 };
      await refused(bob.placeOrderThrough(brought), "BuilderFeeTooHigh", { fee: 20n, cap: 0n });
      const terms = { accountId: bobId, builderId: aliceId, cap: 20 };
      const set = bob.setBuilder.extract(await venue.mined(bob.setBuilder(terms)));
      expect(set.BuilderSet).to.deep.equal([{ account: bobId, builder: aliceId, cap: 20 }]);
      const receipt = await venue.mined(bob.placeOrderThrough(brought));
      const { BuilderPaid, OrderTaken } = bob.placeOrderThrough.extract(receipt);
      expect(OrderTaken[0]?.lots).to.equal(-5000n);
      // 5 contracts at 2,001 USD: two basis points of 10,005.
      expect(BuilderPaid).to.deep.equal([{ account: bobId, builder: aliceId, amount: usd("2.001") }]);
      await refused(bob.setBuilder({ ...terms, cap: 101 }), "BuilderFeeTooHigh", { fee: 101n, cap: 100n });
      await refused(alice.setBuilder(terms), "NotOwner");
    });

    it("kills the orders of an account that has fallen silent", async () => {
      const id = await resting();
      await refused(stranger.cancelFired({ accountId: bobId, ids: [id] }), "SwitchNotFired");
      const { SwitchSet } = bob.cancelAllAfter.extract(
        await venue.mined(bob.cancelAllAfter({ accountId: bobId, seconds: 60 })),
      );
      expect(SwitchSet[0]?.account).to.equal(bobId);
      await refused(bob.cancelAllAfter({ accountId: bobId, seconds: 4 }), "ParameterOutOfRange");
      await venue.exchange.warp(Number(await venue.now()) + 120);
      const fine = { accountId: bobId, market: 1, lots: parseLots("1"), tick: price };
      await refused(bob.placeOrder(fine), "SwitchFired", { account: bobId });
      await refused(bob.cancelAllAfter({ accountId: bobId, seconds: 0 }), "OrdersOpen", { orders: 1n });
      const gone = stranger.cancelFired.extract(
        await venue.mined(stranger.cancelFired({ accountId: bobId, ids: [id] })),
      );
      expect(gone.OrderDropped[0]).to.include({ account: bobId, id, lots: 2000n });
      await venue.mined(bob.cancelAllAfter({ accountId: bobId, seconds: 0 }));
    });

    it("takes expired orders out by id", async () => {
      const expiry = ((await venue.now()) / 300n + 2n) * 300n;
      const id = await resting({ expiry });
      expect(await stranger.sweepOrders.simulate({ ids: [id] })).to.equal(0n);
      await venue.exchange.warp(Number(expiry) + 60);
      const { OrderDropped } = stranger.sweepOrders.extract(
        await venue.mined(stranger.sweepOrders({ ids: [id] })),
      );
      expect(OrderDropped[0]).to.include({ account: bobId, id, lots: 2000n });
    });

    it("moves cash between accounts of one owner", async () => {
      await venue.mined(alice.deposit({ subaccount: 3, amount: usd("10") }));
      const toId = await alice.getAccountId({ owner: alice.account.address, subaccount: 3 });
      const move = { fromId: aliceId, toId, amount: usd("5") };
      const { Transferred } = alice.transfer.extract(await venue.mined(alice.transfer(move)));
      expect(Transferred).to.deep.equal([{ from: aliceId, to: toId, amount: usd("5") }]);
      expect((await alice.getAccount({ accountId: toId })).cash).to.equal(usd("15"));
      await refused(alice.transfer({ ...move, toId: aliceId }), "SameAccount");
      await refused(alice.transfer({ ...move, toId: bobId }), "NotOwner");
      await refused(alice.redeemClaim({ accountId: aliceId }), "NoClaim", { account: aliceId });
    });
  });

  describe("connections", () => {
    it("keeps the cause of a failure that is not the exchange's", async () => {
      const broken = createPublicClient({
        transport: custom({ request: () => Promise.reject(new Error("down")) }),
      });
      const deployment = venue.deployment;
      const order = { deployment, accountId: bobId, market: 1, lots: 1000n, tick: 4000n };
      for (const call of [placeOrder(broken, order), placeOrder.simulate(broken, order)]) {
        const error = await failure(call);
        expect(error).to.be.instanceOf(CallFailedError);
        expect(error.cause).to.be.instanceOf(Error);
      }
    });

    it("needs an account to sign with", async () => {
      const { signPermit } = await import("@usance/sdk");
      const url = bob.transport.url as string;
      const reader = createPublicClient({ transport: http(url) });
      const error = await failure(signPermit(reader, { deployment: venue.deployment, amount: 1n }));
      expect(error.name).to.equal("AccountMissingError");
    });
  });
});
