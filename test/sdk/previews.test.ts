import {
  ContractError,
  decodeOrderId,
  parseCollateral,
  parseLots,
  type AccountAfter,
  type Order,
  type OrderKind,
} from "@usance/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { createTestClient, http } from "viem";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST } from "../support/exchange.ts";
import { accountAtMark } from "./marks.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const WAD = 10n ** 18n;
const usd = parseCollateral;
const markets = { perpetual: 1, january: 2, february: 3, march: 4 };
const maxTick = 2n ** 24n - 2n;

/** An order that somebody tries, and the minutes that pass before. */
type Step = {
  seat: number;
  market: number;
  lots: bigint;
  /** Ticks from mark. */
  offset: bigint;
  /** Whether it is on the side of mark where it meets others. */
  crosses: boolean;
  kind: OrderKind;
  reduceOnly: boolean;
  expires: boolean;
  maxFills: number;
  minutes: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  seat: fc.integer({ min: 1, max: 4 }),
  market: fc.constantFrom(1, 2, 2, 3, 3, 4),
  lots: fc.tuple(fc.constantFrom(1n, -1n), fc.bigInt({ min: 100n, max: 8_000n })).map(([a, b]) => a * b),
  offset: fc.bigInt({ min: 0n, max: 30n }),
  crosses: fc.constantFrom(true, true, false),
  kind: fc.constantFrom<OrderKind[]>(
    "limit",
    "limit",
    "limit",
    "postOnly",
    "immediateOrCancel",
    "fillOrKill",
  ),
  reduceOnly: fc.constantFrom(false, false, false, true),
  expires: fc.constantFrom(false, false, true),
  maxFills: fc.constantFrom(50, 50, 3),
  minutes: fc.constantFrom(1, 1, 2, 12),
});

describe("SDK previews", () => {
  let venue: Venue;
  let traders: Trader[];
  const accountOf = (seat: number) => 2047 + seat;
  let today = FIRST + 8;

  /** Goes to the beginning of a later minute and brings every market there: what is previewed then happens within it. */
  async function nextMinute(minutes: number) {
    const now = Number(await venue.now());
    await venue.exchange.warp((Math.floor(now / 60) + minutes) * 60);
    for (const market of Object.values(markets)) {
      await nextSecond();
      await venue.mined(traders[0]!.sync({ market }));
    }
    await nextSecond();
  }

  /** The next block comes a second after the last, however slow this machine is. */
  async function nextSecond() {
    const { rpc, client } = venue.exchange;
    const test = createTestClient({ mode: "hardhat", chain: client.chain, transport: http(rpc) });
    await test.setNextBlockTimestamp({ timestamp: (await venue.now()) + 1n });
  }

  /** Expects an account to be as a preview said, to the unit. */
  async function matches(accountId: number, after: AccountAfter) {
    const { cash, equity, initialMargin, maintenanceMargin, withdrawable, positions } =
      await traders[0]!.getAccount({ accountId });
    const actual = { cash, equity, initialMargin, maintenanceMargin, withdrawable, positions };
    const { liquidation: _, ...said } = after;
    for (const field of Object.keys(actual) as (keyof typeof actual)[])
      expect(said[field], field).to.deep.equal(actual[field]);
  }

  /** Asks the chain what it says of an account at, before and around the marks that a preview named. */
  async function liquidatesAt(accountId: number, after: AccountAfter): Promise<number> {
    const isBelow = async (market: number, tick: bigint) => {
      const { equity, maintenanceMargin } = await accountAtMark(venue.exchange, accountId, market, tick);
      return equity < maintenanceMargin;
    };
    let named = 0;
    for (const { market, below, above } of after.liquidation ?? []) {
      const { markX16 } = await traders[0]!.getMarket({ market });
      const [floor, ceiling] = [markX16 >> 16n, (markX16 + 65_535n) >> 16n];
      if (below !== null) {
        expect(await isBelow(market, below), `${market} at ${below}`).to.be.true;
        named++;
      }
      if (above !== null) {
        expect(await isBelow(market, above), `${market} at ${above}`).to.be.true;
        named++;
      }
      // It is the first one: between mark and it, and up to the end where there is none, the account is healthy.
      const [low, high] = [(below ?? 0n) + 1n, (above ?? maxTick + 1n) - 1n];
      const samples = [low, (low + floor) / 2n, floor, ceiling, (ceiling + high) / 2n, high];
      for (const tick of samples) {
        if (tick < low || tick > high) continue;
        expect(await isBelow(market, tick), `${market} at ${tick} before ${below}, ${above}`).to.be.false;
      }
    }
    return named;
  }

  before(async () => {
    venue = await openVenue([1000, ...Array.from({ length: 30 }, () => 2000)]);
    const { exchange, trader } = venue;
    traders = [1, 2, 3, 4].map(trader);
    await exchange.postDays(FIRST, FIRST + 7);
    const terms = { feed: 1, index: 2000n * WAD };
    await exchange.list(perpetualListing(terms));
    for (const month of ["2025-01", "2025-02", "2025-03"]) await exchange.list(monthlyListing(month, terms));
    const amounts = ["400000", "200000", "40000", "9000"];
    for (const [i, trader] of traders.entries()) {
      await exchange.mint(i + 1, usd("1000000"));
      await venue.mined(trader.depositWithPermit({ amount: usd(amounts[i]!) }));
    }
    // A book of many levels in every market.
    for (const [i, trader] of traders.slice(0, 2).entries()) {
      for (const market of Object.values(markets)) {
        const orders = Array.from({ length: 6 }, (_, level): Order[] => {
          const away = BigInt(3 * level + i + 1);
          const lots = parseLots(String(level + 1));
          return [
            { market, lots, tick: 4000n - away },
            { market, lots: -lots, tick: 4000n + away },
          ];
        }).flat();
        await venue.mined(trader.batchOrders({ accountId: accountOf(i + 1), orders }));
      }
    }
  });
  after(() => venue?.exchange.close());

  afterEach("nothing is lost", async () => {
    expect((await traders[0]!.getConservation()).drift).to.equal(0n);
  });

  const counts = { done: 0, refused: 0, filled: 0, levels: 0, liquidations: 0, dead: 0 };

  async function tryOrder({ seat, market, offset, crosses, expires, minutes, ...rest }: Step) {
    const trader = traders[seat - 1]!;
    const accountId = accountOf(seat);
    await nextMinute(minutes);
    const { markX16 } = await trader.getMarket({ market });
    const rests = rest.kind === "limit" || rest.kind === "postOnly";
    const expiry = expires && rests ? ((await venue.now()) / 300n + 1n) * 300n : 0n;
    const order = {
      ...rest,
      accountId,
      market,
      tick: (markX16 >> 16n) + (rest.lots > 0n === crosses ? offset : -offset),
      expiry,
    };
    let preview;
    try {
      preview = await trader.previewOrder(order);
    } catch (error) {
      expect(error).to.be.instanceOf(ContractError);
      const refusal = await trader.placeOrder.simulate(order).then(
        () => undefined,
        (reason: unknown) => reason as ContractError,
      );
      expect(refusal?.name).to.equal((error as ContractError).name);
      expect(refusal?.args).to.deep.equal((error as ContractError).args);
      counts.refused++;
      return;
    }
    const receipt = await venue.mined(trader.placeOrder(order));
    const { OrderTaken, OrderFilled, OrderPlaced, OrderDropped } = trader.placeOrder.extract(receipt);

    const [taken] = OrderTaken;
    expect(preview.filledLots).to.equal(taken?.lots ?? 0n);
    expect(preview.quote).to.equal(taken?.quote ?? 0n);
    expect(preview.fee).to.equal(taken?.fee ?? 0n);
    const levels = new Map<bigint, bigint>();
    for (const { id, lots } of OrderFilled) {
      const { tick } = decodeOrderId(id);
      levels.set(tick, (levels.get(tick) ?? 0n) + (order.lots > 0n ? lots : -lots));
    }
    expect(preview.fills).to.deep.equal([...levels].map(([tick, lots]) => ({ tick, lots })));
    expect(preview.id).to.equal(OrderPlaced[0]?.id ?? 0n);
    expect(preview.restingLots).to.equal(OrderPlaced[0]?.lots ?? 0n);
    if (taken) {
      const { numerator, denominator } = preview.averagePrice!;
      expect(numerator * taken.lots).to.equal(-taken.quote * denominator);
      const { fromMark, fromBest } = preview.priceImpact!;
      const sign = order.lots > 0n ? 1n : -1n;
      // Average = mark × (1 ± impact)
      expect((numerator * 10_000n * fromMark.denominator) << 16n).to.equal(
        denominator * markX16 * (10_000n * fromMark.denominator + sign * fromMark.numerator),
      );
      expect(fromBest.numerator >= 0n).to.be.true;
      if (OrderDropped.length === 0 && preview.fills.length === 1) expect(fromBest.numerator).to.equal(0n);
      counts.filled++;
      counts.levels += preview.fills.length;
      if (OrderDropped.length > 0) counts.dead++;
    } else expect(preview).to.include({ averagePrice: null, priceImpact: null });
    await matches(accountId, preview);
    expect(preview.liquidation?.map(({ market }) => market)).to.deep.equal(
      preview.positions.filter(({ size }) => size !== 0n).map(({ market }) => market),
    );
    counts.liquidations += await liquidatesAt(accountId, preview);
    counts.done++;
  }

  it("say what an order then does, to the unit, for random orders in a populated book", async () => {
    const steps = fc.array(step, { minLength: 13, maxLength: 13 });
    const run = async (orders: Step[]) => {
      for (const order of orders) await tryOrder(order);
    };
    await fc.assert(fc.asyncProperty(steps, run), { numRuns: 3, seed: 20_250_108, endOnFailure: true });
    expect(counts.filled, JSON.stringify(counts)).to.be.greaterThan(8);
    expect(counts.levels).to.be.greaterThan(counts.filled);
    expect(counts.liquidations).to.be.greaterThan(8);
    expect(counts.refused).to.be.greaterThan(3);
  });

  it("find the lots of each price although dead orders stand in the way", async () => {
    const { perpetual: market } = markets;
    await nextMinute(1);
    const { bestAsk } = await traders[0]!.getMarket({ market });
    const expiry = ((await venue.now()) / 300n + 1n) * 300n;
    // One that will have expired, before and behind one that lives, and one of the taker's own.
    const rest = { market, kind: "postOnly" as const, lots: -parseLots("0.3") };
    const at = (tick: bigint, more: object = {}) => ({ ...rest, tick, ...more });
    const [maker, other, taker] = traders as [Trader, Trader, Trader];
    const next = bestAsk + 1n;
    const first = [at(bestAsk, { expiry }), at(bestAsk), at(next), at(next, { expiry })];
    await venue.mined(maker.batchOrders({ accountId: accountOf(1), orders: first }));
    await venue.mined(taker.placeOrder({ accountId: accountOf(3), ...at(bestAsk) }));
    await venue.mined(other.placeOrder({ accountId: accountOf(2), ...at(next + 1n, { expiry }) }));
    const before = counts.dead;
    const buy = { lots: parseLots("25"), kind: "immediateOrCancel" as const, reduceOnly: false };
    const { markX16 } = await maker.getMarket({ market });
    const offset = bestAsk + 8n - (markX16 >> 16n);
    await tryOrder({
      seat: 3,
      market,
      offset,
      crosses: true,
      expires: false,
      maxFills: 50,
      minutes: 12,
      ...buy,
    });
    expect(counts.dead).to.equal(before + 1);
  });

  it("know where a hedge is liquidated, inside its delivery window too", async () => {
    const { january, february, march } = markets;
    const accountId = accountOf(3);
    const take = async (market: number, lots: bigint, kind: OrderKind = "immediateOrCancel") => {
      await nextMinute(1);
      const { markX16, lowestFill, highestFill } = await traders[0]!.getMarket({ market });
      const tick = lots > 0n ? highestFill : lowestFill;
      // Whoever is rich enough stands on the other side.
      const quote = { market, lots: -lots, tick: markX16 >> 16n };
      await venue.mined(traders[0]!.placeOrder({ accountId: accountOf(1), ...quote }));
      await nextSecond();
      const order = { accountId, market, lots, tick, kind };
      const preview = await traders[2]!.previewOrder(order);
      await venue.mined(traders[2]!.placeOrder(order));
      await matches(accountId, preview);
      return preview;
    };
    for (let round = 0; round < 2; round++) {
      await take(january, parseLots("6"));
      await take(february, -parseLots("9"));
      const preview = await take(march, parseLots("4"));
      // The hedges have credit, so that its margin is less than its legs' would be.
      expect(await liquidatesAt(accountId, preview)).to.be.greaterThan(0);
      const [held] = (await traders[2]!.getPositions({ accountId, market: february, history: false })).slice(
        -1,
      );
      const { market: _, ...ticks } = preview.liquidation!.find(({ market }) => market === february)!;
      expect(held?.liquidation).to.deep.equal(ticks);
      // In the second round a part of January is locked.
      if (round === 0) for (; today < FIRST + 16; today++) await venue.exchange.postDay(today);
    }
  });

  it("say what cancelling, amending and a batch then do", async () => {
    const { perpetual, february } = markets;
    const [maker] = traders as [Trader];
    const accountId = accountOf(1);
    await nextMinute(1);
    const { markX16 } = await maker.getMarket({ market: perpetual });
    const tick = (markX16 >> 16n) - 20n;
    const order = { market: perpetual, lots: parseLots("30"), tick, kind: "postOnly" as const };
    const { OrderPlaced } = maker.placeOrder.extract(
      await venue.mined(maker.placeOrder({ accountId, ...order })),
    );
    const id = OrderPlaced[0]!.id;
    await nextMinute(1);

    const smaller = { ...order, id, lots: parseLots("20") };
    const amended = await maker.previewAmend(smaller);
    expect(amended.keepsPlace).to.be.true;
    await venue.mined(maker.amendOrder(smaller));
    await matches(accountId, amended);

    // Into one that trades at once.
    await nextMinute(1);
    const { highestFill } = await maker.getMarket({ market: perpetual });
    await venue.mined(
      traders[1]!.placeOrder({
        accountId: accountOf(2),
        ...order,
        lots: -parseLots("3"),
        tick: tick + 19n,
        kind: "limit",
      }),
    );
    await nextSecond();
    const crossing = { ...order, kind: "limit" as const, id, lots: parseLots("2"), tick: highestFill };
    const moved = await maker.previewAmend(crossing);
    const receipt = await venue.mined(maker.amendOrder(crossing));
    const { OrderTaken, OrderDropped } = maker.amendOrder.extract(receipt);
    if (moved.keepsPlace) return expect.fail("it cannot keep its place at another price");
    expect(OrderTaken[0]).to.include({ lots: moved.filledLots, quote: moved.quote, fee: moved.fee });
    expect(OrderDropped[0]).to.include({ id });
    expect(moved.fills.reduce((sum, { lots }) => sum + lots, 0n)).to.equal(parseLots("2"));
    await matches(accountId, moved);

    await nextMinute(1);
    const { id: open } = maker.placeOrder.extract(
      await venue.mined(maker.placeOrder({ accountId, ...order, tick: tick - 5n })),
    ).OrderPlaced[0]!;
    await nextSecond();
    const before = await maker.getAccount({ accountId });
    const gone = await maker.previewCancel({ id: open });
    expect(gone).to.include({ lots: parseLots("30") });
    expect(gone.releasedMargin).to.equal(before.initialMargin - gone.initialMargin);

    const cancels = [open];
    const orders = [
      {
        market: february,
        lots: parseLots("1"),
        tick: (await maker.getMarket({ market: february })).highestFill,
      },
      { ...order, tick: tick - 9n },
    ];
    const batch = await maker.previewBatch({ accountId, cancels, orders });
    const result = maker.batchOrders.extract(
      await venue.mined(maker.batchOrders({ accountId, cancels, orders })),
    );
    expect(batch.ids.filter((id) => id !== 0n)).to.deep.equal(result.OrderPlaced.map(({ id }) => id));
    const taken = result.OrderTaken.map(({ market, lots }) => ({ market, lots }));
    expect(batch.filled).to.deep.equal(taken);
    await matches(accountId, batch);
    expect(batch.cost).to.equal(before.equity - batch.equity);
    const last = batch.ids.at(-1)!;
    await nextSecond();
    const cancelled = await maker.previewCancel({ id: last });
    await venue.mined(maker.cancelOrder({ id: last }));
    await matches(accountId, cancelled);
  });

  it("say what deposits and withdrawals then do", async () => {
    const accountId = accountOf(3);
    const trader = traders[2]!;
    const owner = trader.account.address;
    await nextMinute(1);
    const amount = usd("1234.567891");
    const before = await trader.previewDeposit({ owner, amount });
    expect(before).to.include({ accountId, opens: false, missingAllowance: amount, missingBalance: 0n });
    await venue.mined(trader.approveCollateral({ amount }));
    await nextSecond();
    const ready = await trader.previewDeposit({ owner, amount });
    expect(ready).to.deep.equal({ ...before, missingAllowance: 0n });
    const most = await trader.getAccount({ accountId });
    await venue.mined(trader.deposit({ amount }));
    await matches(accountId, { ...ready, withdrawable: most.withdrawable + amount });
    const fresh = await trader.previewDeposit({ owner, amount, subaccount: 9 });
    expect(fresh).to.include({ opens: true, missingAllowance: amount, equity: amount });
    await venue.mined(trader.depositWithPermit({ amount, subaccount: 9 }));
    expect(await trader.getAccountId({ owner, subaccount: 9 })).to.equal(fresh.accountId);

    await nextMinute(1);
    const all = await trader.previewWithdraw({ accountId });
    expect(all).to.include({ amount: all.most, paid: all.most });
    const some = await trader.previewWithdraw({ accountId, amount: usd("100") });
    expect(some.most).to.equal(all.most);
    const tooMuch = await trader
      .previewWithdraw({ accountId, amount: all.most + 1n })
      .catch((error: unknown) => error as ContractError);
    expect((tooMuch as ContractError).name).to.equal("InsufficientMargin");
    await venue.mined(trader.withdraw({ accountId, amount: all.most, to: owner }));
    await matches(accountId, all);
    expect(await trader.previewWithdraw({ accountId })).to.include({ most: 0n, paid: 0n });
  });

  it("estimate funding as the market then charges it while nothing moves", async () => {
    const { perpetual: market } = markets;
    const accountId = accountOf(2);
    const trader = traders[1]!;
    const fundingOf = async () => {
      const { positions } = await trader.getAccount({ accountId });
      const { size, quote, pendingFunding } = positions.find((position) => position.market === market)!;
      return { size, funding: (quote + pendingFunding) * 500n };
    };
    await nextMinute(1);
    const { markX16 } = await trader.getMarket({ market });
    const sale = { market, lots: -parseLots("7"), tick: (markX16 >> 16n) - 40n };
    await venue.mined(trader.placeOrder({ accountId, ...sale }));
    // A mid that has stood for long is the mean.
    await nextMinute(30 * 24);
    const { size, funding } = await fundingOf();
    const { meanX16, anchorX16, stale } = await trader.getMarket({ market });
    expect(stale).to.be.false;
    expect(meanX16).not.to.equal(anchorX16);
    expect(size).not.to.equal(0n);
    const rest = { accountId, market, lots: parseLots("1"), tick: 3_500n, kind: "postOnly" as const };
    const hours = await trader.previewOrder({ ...rest, fundingDays: 3 / 24 });
    await nextMinute(180);
    const charged = (await fundingOf()).funding - funding;
    expect(charged).not.to.equal(0n);
    const off = charged - hours.fundingEstimate;
    // Floors: of the sum on the way, and of what was pending before.
    expect(off >= -1_000n && off <= 1_000n, `${charged}, estimated ${hours.fundingEstimate}`).to.be.true;
    const twice = await trader.previewOrder({ ...rest, fundingDays: 2 });
    const once = await trader.previewOrder(rest);
    const doubled = twice.fundingEstimate - 2n * once.fundingEstimate;
    expect(doubled >= -1_000n && doubled <= 1_000n).to.be.true;
  });
});
