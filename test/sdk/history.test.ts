import { parseCollateral, parseLots, parsePrice, type GetOrderHistoryReturnType } from "@usance/sdk";
import { expect } from "chai";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST } from "../support/exchange.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const usd = parseCollateral;
const tickValue = 500n;

describe("SDK actions on the past of an account", () => {
  let venue: Venue;
  let maker: Trader;
  let taker: Trader;
  const ids = { maker: 2048, taker: 2049, second: 2050 };

  /** The maker rests lots at a price and the taker takes them. */
  async function trade(lots: bigint, price: string) {
    const order = { market: 1, tick: parsePrice(price) };
    await venue.mined(maker.placeOrder({ accountId: ids.maker, lots: -lots, ...order, kind: "postOnly" }));
    await venue.mined(taker.placeOrder({ accountId: ids.taker, lots, ...order, kind: "fillOrKill" }));
  }

  before(async () => {
    venue = await openVenue([1000, 2000, 2000, 2000, 2000, 2000, 2000, 2000]);
    const { exchange, trader } = venue;
    [maker, taker] = [trader(1), trader(2)];
    await exchange.postDays(FIRST, FIRST + 7);
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * 10n ** 18n }));
    for (const seat of [1, 2]) await exchange.mint(seat, usd("1000000"));
    await venue.mined(maker.depositWithPermit({ amount: usd("100000") }));
    await venue.mined(taker.depositWithPermit({ amount: usd("50000") }));
  });
  after(() => venue?.exchange.close());

  it("tells money in and out, with its time and the other side", async () => {
    await venue.mined(taker.depositWithPermit({ amount: usd("10"), subaccount: 1 }));
    await venue.mined(taker.transfer({ fromId: ids.taker, toId: ids.second, amount: usd("7") }));
    const to = maker.account.address;
    const last = await venue.mined(taker.withdraw({ accountId: ids.second, amount: usd("5"), to }));

    const transfers = await taker.getTransfers({ accountId: ids.second });
    const address = taker.account.address;
    expect(
      transfers.map(({ kind, amount, address, otherAccountId }) => ({
        ...{ kind, amount, address, otherAccountId },
      })),
    ).to.deep.equal([
      { kind: "deposit", amount: usd("10"), address, otherAccountId: null },
      { kind: "transfer", amount: usd("7"), address: null, otherAccountId: ids.taker },
      { kind: "withdrawal", amount: -usd("5"), address: to, otherAccountId: null },
    ]);
    expect(transfers[2]).to.include({ transactionHash: last.transactionHash, timestamp: await venue.now() });
    const { cash } = await taker.getAccount({ accountId: ids.second });
    expect(transfers.reduce((sum, { amount }) => sum + amount, 0n)).to.equal(cash);
    const [, sent] = await taker.getTransfers({ accountId: ids.taker });
    expect(sent).to.include({ kind: "transfer", amount: -usd("7"), otherAccountId: ids.second });
  });

  it("says at what a position was bought, through additions, partial closes and flips", async () => {
    const entry = async () => (await taker.getPositions({ accountId: ids.taker }))[0]!;
    await trade(parseLots("10"), "2000");
    expect((await entry()).entryPrice).to.include({ numerator: 4000n, denominator: 1n, text: "4000" });
    await trade(parseLots("5"), "2010");
    // (10 × 4000 + 5 × 4020) ÷ 15
    expect((await entry()).entryPrice).to.include({
      numerator: 12_020n,
      denominator: 3n,
      text: "4006.666667",
    });
    await trade(parseLots("-9"), "1990");
    const position = await entry();
    expect(position).to.include({ market: 1, size: parseLots("6") });
    expect(position.entryPrice?.text).to.equal("4006.666667");
    // Nine contracts were closed 26 ⅔ ticks lower.
    const { markX16 } = position;
    const unrealised = (6_000n * tickValue * (3n * markX16 - (12_020n << 16n))) / (3n << 16n);
    expect(position.unrealised! - unrealised >= -1n && position.unrealised! - unrealised <= 0n).to.be.true;
    expect(position.realised! <= (-9_000n * 80n * tickValue) / 3n).to.be.true;

    // All there is to make is in the two, but for taker fees.
    const { equity } = await taker.getAccount({ accountId: ids.taker });
    const moved = (await taker.getTransfers({ accountId: ids.taker })).reduce((sum, t) => sum + t.amount, 0n);
    const rest = moved + position.unrealised! + position.realised! - position.takerFees! - equity;
    expect(rest >= -1n && rest <= 1n, `${rest}`).to.be.true;

    await trade(parseLots("-8"), "1995");
    const flipped = await entry();
    expect(flipped).to.include({ size: parseLots("-2") });
    expect(flipped.entryPrice?.text).to.equal("3990");
    expect(flipped.breakEvenPrice.text).to.equal("3990");
    const [other] = await maker.getPositions({ accountId: ids.maker });
    expect(other).to.include({ size: parseLots("2"), takerFees: 0n });
    expect(other!.entryPrice?.text).to.equal("3990");
    // A position that flips leaves fees and results behind: the new side starts with its own lots.
    expect(other!.breakEvenPrice.text).to.equal("3990");
  });

  it("spares the search where it is not wanted, and says nothing where it began too late", async () => {
    const call = { accountId: ids.taker, market: 1 };
    const [quick] = await taker.getPositions({ ...call, history: false });
    expect(quick).to.include({ entryPrice: null, unrealised: null, realised: null, takerFees: null });
    expect(await taker.getPositions({ ...call, market: 2 })).to.deep.equal([]);
    const [whole] = await taker.getPositions({ ...call, blockRange: 1n });
    expect(whole).to.deep.equal((await taker.getPositions(call))[0]);
    expect(quick).to.deep.include({ size: whole!.size, liquidation: whole!.liquidation });
  });

  it("follows each order to its end", async () => {
    const expiry = ((await venue.now()) / 300n + 2n) * 300n;
    const rest = { accountId: ids.maker, market: 1, kind: "postOnly" as const, lots: parseLots("2") };
    const tick = parsePrice("1990");
    const receipts = await venue.mined(
      maker.batchOrders({
        accountId: ids.maker,
        orders: [
          { ...rest, tick, clientOrderId: 1n },
          { ...rest, tick: tick - 1n, clientOrderId: 2n },
          { ...rest, tick: tick - 2n, clientOrderId: 3n, expiry },
        ],
      }),
    );
    const [filled, cancelled, open] = maker.batchOrders.extract(receipts).OrderPlaced;
    await venue.mined(
      maker.amendOrder({ ...rest, id: filled!.id, tick, lots: parseLots("1.5"), clientOrderId: 1n }),
    );
    await venue.mined(maker.cancelOrder({ id: cancelled!.id }));
    const sale = { accountId: ids.taker, market: 1, lots: parseLots("-1.5"), tick, clientOrderId: 9n };
    await venue.mined(taker.placeOrder({ ...sale, kind: "fillOrKill" }));

    const history = (await maker.getOrderHistory({ accountId: ids.maker, market: 1 })).slice(-3);
    const summary = (orders: GetOrderHistoryReturnType) =>
      orders.map((order) =>
        order.type === "rested"
          ? [order.clientOrderId, order.status, order.filledLots, order.amendedLots]
          : [order.clientOrderId, order.lots, order.averagePrice.text, order.fee],
      );
    expect(summary(history)).to.deep.equal([
      [1n, "filled", 1_500n, 500n],
      [2n, "cancelled", 0n, 0n],
      [3n, "open", 0n, 0n],
    ]);
    expect(history[2]).to.include({ id: open!.id, tick: tick - 2n, expiry, market: 1 });
    const taken = await taker.getOrderHistory({ accountId: ids.taker });
    // 1.5 × 1,990 USD at five basis points.
    expect(summary(taken.slice(-1))).to.deep.equal([[9n, -1_500n, "3980", usd("1.4925")]]);
    await venue.exchange.warp(Number(expiry) + 60);
    await venue.mined(taker.sweepOrders({ ids: [open!.id] }));
    const [last] = (await maker.getOrderHistory({ accountId: ids.maker })).slice(-1);
    expect(last).to.include({ status: "expired" });
  });

  it("adds up the funding of a market and what it cost an account", async () => {
    const before = await taker.getAccount({ accountId: ids.taker });
    const [{ size, pendingFunding, quote } = before.positions[0]!] = before.positions;
    expect(size < 0n).to.be.true;
    const fromBlock = (await venue.mined(maker.sync({ market: 1 }))).blockNumber + 1n;
    // The mean is away from the index: two-sided depth far above it.
    const wide = ["2050", "2060"].map((price, side) => ({
      market: 1,
      lots: side === 0 ? parseLots("3") : parseLots("-3"),
      tick: parsePrice(price),
    }));
    await venue.mined(maker.batchOrders({ accountId: ids.maker, orders: wide }));
    for (let hour = 0; hour < 6; hour++) {
      await venue.exchange.warp(Number(await venue.now()) + 600);
      await venue.mined(maker.sync({ market: 1 }));
    }
    const all = await taker.getFundingHistory({ market: 1, accountId: ids.taker });
    const history = await taker.getFundingHistory({ market: 1, accountId: ids.taker, fromBlock });
    expect(all.slice(-history.length)).to.deep.equal(history);
    expect(history.length).to.be.greaterThan(5);
    const { cumulativeFunding } = await taker.getMarket({ market: 1 });
    expect(all.reduce((sum, { change }) => sum + change, 0n)).to.equal(cumulativeFunding);
    expect(history.at(-1)).to.include({ cumulativeFunding, size });
    expect(history.at(-1)!.change > 0n, "longs pay").to.be.true;

    const position = (await taker.getAccount({ accountId: ids.taker })).positions[0]!;
    const paid = (position.quote + position.pendingFunding - quote - pendingFunding) * tickValue;
    const told = history.reduce((sum, { amount }) => sum + amount, 0n);
    expect(told > 0n, "shorts receive").to.be.true;
    const off = paid - told;
    expect(off >= -tickValue && off <= BigInt(history.length) * tickValue, `${off}`).to.be.true;
  });

  it("reads health at moments of the past", async () => {
    const fromBlock = (await taker.getFills({ market: 1 }))[0]!.blockNumber - 1n;
    const history = await taker.getMarginHistory({ accountId: ids.taker, fromBlock, points: 5 });
    expect(history).to.have.length(5);
    expect(history[0]).to.include({ blockNumber: fromBlock, equity: usd("49993"), initialMargin: 0n });
    const { cash, equity, initialMargin, maintenanceMargin } = await taker.getAccount({
      accountId: ids.taker,
    });
    expect(history[4]).to.include({ cash, equity, initialMargin, maintenanceMargin });
    expect(history[4]!.timestamp).to.equal(await venue.now());
  });
});
