import type { Order } from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import { encodeFunctionData } from "viem";
import { BenchExchange, type Trader } from "./exchange.ts";
import { PANEL_SIZE, TU1D_FEED } from "../deploy/terms.ts";

/** Keys of snapshots/gas.json, in its order. */
export type Measurements = Record<string, number>;

type BenchOrder = Omit<Order, "market"> & { market?: number };

const LOTS = 2_000n;
const MAKERS = 52;
const perpetual = 1;
const front = 2;
const next = 3;

/**
 * Measures whole transactions in the steady state: one market unless the key says otherwise, existing accounts that hold
 * a position and orders, rewritten slots, calls by the owner, inside one minute of the grid.
 * @param resting Orders that rest in the perpetual's book all the while.
 * @param accounts Accounts that they belong to.
 */
export async function measure(resting: number, accounts: number): Promise<Measurements> {
  const bench = new Bench(await BenchExchange.open());
  return bench.run(resting, accounts);
}

class Bench {
  readonly #gas: Measurements = {};
  readonly #makers: Trader[] = [];
  readonly #ids = new Map<Trader, bigint[]>();
  #taker!: Trader;
  #mark = 0n;

  constructor(readonly exchange: BenchExchange) {}

  async run(resting: number, accounts: number): Promise<Measurements> {
    const { exchange } = this;
    this.#taker = await exchange.trader();
    for (let i = 0; i < MAKERS; i++) this.#makers.push(await exchange.trader());
    this.#mark = (await exchange.operator.getMarket({ market: perpetual })).markX16 >> 16n;
    await this.background(resting, Math.ceil(resting / accounts));
    await this.positions();
    await exchange.freshMinute();
    await this.collateral();
    await this.resting();
    await this.taking();
    await this.clock();
    await this.furtherMarket();
    await this.shortfalls();
    await this.settlement();
    await exchange.connection.close();
    return this.#gas;
  }

  /** Orders far from the touch, ten a level, one leaf of the bitmap away from where the measurements trade. */
  async background(resting: number, perAccount: number): Promise<void> {
    const base = this.#leaf();
    const owners: Trader[] = [];
    for (let i = 0; i < resting; i++) {
      if (i % perAccount === 0) owners.push(await this.exchange.trader());
      const owner = owners.at(-1);
      const level = BigInt(Math.floor(i / 20));
      const order =
        i % 2 === 0 ? { lots: LOTS, tick: base - 2n - level } : { lots: -LOTS, tick: base + 300n + level };
      if (owner !== undefined) await this.place(owner, order);
    }
  }

  /** Gives every maker a short position, the taker a long one, and dirties the slots of the levels used later. */
  async positions(): Promise<void> {
    for (const level of [10n, 40n]) {
      for (const maker of this.#makers) await this.place(maker, { lots: -LOTS, tick: this.#mark + level });
      await this.take(this.#taker, LOTS * BigInt(MAKERS), level);
    }
    for (let level = 11n; level <= 21n; level++) {
      for (const maker of this.#makers.slice(0, 6))
        await this.place(maker, { lots: -LOTS, tick: this.#mark + level });
    }
    await this.take(this.#taker, LOTS * 66n, 21n);
  }

  async collateral(): Promise<void> {
    const { client, accountId } = this.#taker;
    const amount = 1_000_000n;
    this.#set("deposit", await this.exchange.send(() => client.deposit({ amount })));
    const to = client.account?.address;
    if (to === undefined) throw new Error("the taker has no address");
    this.#set("withdraw", await this.exchange.send(() => client.withdraw({ accountId, amount, to })));
  }

  /** Placing and cancelling: on an occupied level, on a reused level that becomes best, on one never used. */
  async resting(): Promise<void> {
    const [a, b] = this.#pair();
    const base = this.#leaf();
    const occupied = base + 310n + 300n;
    await this.used(a, { lots: -LOTS, tick: occupied });
    for (let i = 0; i < 4; i++) await this.place(a, { lots: -LOTS, tick: occupied });
    this.#set("placeOccupied", await this.gasOfPlace(b, { lots: -LOTS, tick: occupied }));
    const last = await this.place(b, { lots: -LOTS, tick: occupied });
    await this.place(b, { lots: -LOTS, tick: occupied });
    this.#set("cancel", await this.exchange.send(() => b.client.cancelOrder({ id: last })));

    // The taker is long, so that its bids raise its risk and its margin is checked.
    const buyer = this.#taker;
    const best = base + 20n;
    for (let round = 0; round < 2; round++)
      await this.cancel(buyer, await this.place(buyer, { lots: LOTS, tick: best }));
    this.#set("placeNewBest", await this.gasOfPlace(buyer, { lots: LOTS, tick: best }));
    await this.cancelAll(buyer);
    this.#set("placeFresh", await this.gasOfPlace(b, { lots: -LOTS, tick: base + 300n + 5_000n }));
    await this.cancelAll(b);
    await this.cancelAll(a);
  }

  async taking(): Promise<void> {
    const fill = async (key: string, makers: number, levels: number) => {
      for (let i = 0; i < makers + 1; i++) {
        const level = levels === 1 ? 10n : 11n + BigInt(Math.min(i, levels));
        await this.place(this.#maker(i), { lots: -LOTS, tick: this.#mark + level });
      }
      this.#set(key, await this.take(this.#taker, LOTS * BigInt(makers), levels === 1 ? 10n : 20n));
      await this.take(this.#taker, LOTS, 21n);
    };
    await fill("take1", 1, 1);
    await fill("take10", 10, 1);
    await fill("take50", 50, 1);
    await fill("take10Levels", 10, 10);

    const [maker, other] = this.#pair();
    await this.place(maker, { lots: -4n * LOTS, tick: this.#mark + 10n });
    this.#set("increase", await this.take(this.#taker, LOTS, 10n));
    // Another account opens with the rest and closes against a bid that stays.
    const closer = await this.exchange.trader();
    await this.take(closer, LOTS, 10n);
    await this.take(this.#taker, 2n * LOTS, 10n);
    await this.place(other, { lots: 2n * LOTS, tick: this.#mark - 5n });
    const close = {
      lots: -LOTS,
      tick: this.#mark - 5n,
      reduceOnly: true,
      kind: "immediateOrCancel",
    } as const;
    this.#set("close", await this.gasOfPlace(closer, close));
    await this.cancelAll(other);
  }

  /** What a new minute costs: alone, and on top of an order. */
  async clock(): Promise<void> {
    const { exchange } = this;
    const [a] = this.#pair();
    const b = this.#taker;
    const tick = this.#leaf() + 20n;
    await this.used(a, { lots: LOTS, tick });
    await this.place(a, { lots: LOTS, tick });
    await this.place(a, { lots: -LOTS, tick: tick + 200n });
    await exchange.freshMinute();
    exchange.nextMinute();
    this.#set("sync", await exchange.send(() => exchange.operator.sync({ market: perpetual })));
    await this.place(b, { lots: LOTS, tick: tick - 1n });
    const within = [await this.placeAndCancel(b, tick)];
    await exchange.freshMinute();
    within.push(await this.placeAndCancel(b, tick));
    exchange.nextMinute();
    const first = await this.gasOfPlace(b, { lots: LOTS, tick });
    this.#gas["advance"] = Number(first) - Math.max(...within);
    await this.cancelAll(b);
  }

  /** What one more market of the account adds to an order. */
  async furtherMarket(): Promise<void> {
    const [a] = this.#pair();
    const b = this.#taker;
    const tick = this.#leaf() + 20n;
    await this.used(a, { lots: LOTS, tick });
    await this.place(a, { lots: LOTS, tick });
    await this.exchange.freshMinute();
    const alone = await this.placeAndCancel(b, tick);
    const other = await this.exchange.operator.getMarket({ market: next });
    const price = other.markX16 >> 16n;
    await this.place(a, { market: next, lots: LOTS, tick: price });
    await this.take(b, -LOTS, 0n, next, price);
    const more = await this.placeAndCancel(b, tick);
    this.#gas["extraMarket"] = more - alone;
    await this.cancelAll(a);
    await this.cancelAll(b);
  }

  /**
   * A dated future whose book falls by its daily limit: one account is liquidated into the book, one taken over by a keeper,
   * one absorbed by a fund that can carry it until a further fall, when the winning side is deleveraged.
   */
  async shortfalls(): Promise<void> {
    const { exchange } = this;
    const [maker, keeper] = this.#pair();
    const mark = async () => (await exchange.operator.getMarket({ market: next })).markX16 >> 16n;
    const price = await mark();
    // 20 % of IM and a little for the fee.
    const notional = Number(price) * 500 * 100_000;
    const poor = [];
    await this.place(maker, { market: next, lots: -LOTS, tick: price });
    await this.take(keeper, LOTS, 0n, next, price);
    for (let i = 0; i < 4; i++) {
      const trader = await exchange.trader(BigInt(Math.ceil(notional * 0.205)));
      await this.place(maker, { market: next, lots: -100_000n, tick: price });
      await this.take(trader, 100_000n, 0n, next, price);
      poor.push(trader);
    }
    const [first, second, third, fourth] = poor;
    if (first === undefined || second === undefined || third === undefined || fourth === undefined)
      throw new Error("there are no accounts to fall short");
    const health = async ({ accountId }: Trader) =>
      (await exchange.operator.getAccount({ accountId })).equity;
    const fall = async () => {
      const now = await mark();
      await this.cancelAll(maker);
      await this.place(maker, { market: next, lots: -LOTS, tick: (now * 97n) / 100n });
      await this.place(maker, { market: next, lots: LOTS, tick: (now * 70n) / 100n });
      const { newestPeriod } = await exchange.operator.getFeed({ feed: 1 });
      await exchange.postNext(Number(newestPeriod) + 1);
      await exchange.freshMinute();
    };
    await fall();
    const bid = ((await mark()) * 99n) / 100n;
    await this.cancelAll(maker);
    await this.place(maker, { market: next, lots: 200_000n, tick: bid });
    const liquidation = { accountId: first.accountId, market: next, keeper: keeper.accountId };
    if ((await health(first)) <= 0n) throw new Error("the account to be liquidated is bankrupt already");
    this.#set("liquidate1", await exchange.send(() => exchange.operator.liquidate(liquidation)));
    await this.cancelAll(maker);
    const takeover = { ...liquidation, accountId: third.accountId, takeOverLots: 100_000 };
    this.#set("takeover", await exchange.send(() => keeper.client.liquidate(takeover)));
    while ((await health(second)) > 0n) await fall();
    await this.cancelAll(maker);
    // The first round of a market writes what later ones rewrite: an empty fund has one at once.
    await exchange.send(() => exchange.operator.absorb({ accountId: fourth.accountId }));
    const winners = { market: next, accountIds: [maker.accountId] };
    await exchange.send(() => exchange.operator.applyRounds(winners));
    await exchange.fund(next, 1_000_000n - (await health(second)));
    this.#set("absorb", await exchange.send(() => exchange.operator.absorb({ accountId: second.accountId })));

    // What a winner's order costs before there is a round, and the first one after it.
    await fall();
    await this.cancelAll(maker);
    const order = { market: next, lots: LOTS, tick: ((await mark()) * 90n) / 100n };
    await this.used(maker, order);
    const within = await this.gasOfPlace(maker, order);
    await this.cancelAll(maker);
    this.#set("deleverageRound", await exchange.send(() => exchange.operator.deleverage({ market: next })));
    const touched = await this.gasOfPlace(maker, order);
    this.#gas["deleverageTouch"] = Number(touched - within);
    await this.cancelAll(maker);
  }

  async settlement(): Promise<void> {
    const { exchange } = this;
    const [a, b] = this.#pair();
    const price = (await exchange.operator.getMarket({ market: front })).markX16 >> 16n;
    await this.place(a, { market: front, lots: -LOTS, tick: price });
    await this.take(b, LOTS, 0n, front, price);
    const { lastPeriod } = await exchange.operator.getListing({ market: front });
    const { newestPeriod } = await exchange.operator.getFeed({ feed: 1 });
    const firstSettled = lastPeriod + 5;
    this.#set("post5", await this.#middleOfPosts(Number(newestPeriod) + 1, firstSettled));
    await exchange.send(() => exchange.operator.settle({ market: front }));
    const accountIds = [b.accountId];
    this.#set(
      "settleAccount",
      await exchange.send(() => exchange.operator.settleAccounts({ market: front, accountIds })),
    );
    this.#set("post7", await this.#middleOfPosts(firstSettled, firstSettled + 15, PANEL_SIZE));
    const read = (functionName: "latest" | "windowMean", ...days: number[]) =>
      exchange.gasOfRead(
        encodeFunctionData({ abi: usageIndexAbi, functionName, args: [TU1D_FEED.index, ...days] as never }),
      );
    this.#set("latest", await read("latest"));
    // Any 31 days lie in eleven slots.
    this.#set("monthMean", await read("windowMean", firstSettled - 36, firstSettled - 6));
  }

  /** Three days share a slot of prints, so one post of three opens a new one: the middle of a row is the steady state. */
  async #middleOfPosts(first: number, end: number, signers?: number): Promise<bigint> {
    if (end - first < 9) throw new Error("the row of posts is too short to have a middle");
    const posts: bigint[] = [];
    for (let period = first; period < end; period++)
      posts.push(await this.exchange.postNext(period, signers));
    posts.sort((x, y) => Number(x - y));
    return posts[Math.floor(posts.length / 2)] ?? 0n;
  }

  /** Gas of an order behind another on its level; it is taken out again. */
  async placeAndCancel(trader: Trader, tick: bigint): Promise<number> {
    const gas = await this.gasOfPlace(trader, { lots: LOTS, tick });
    const id = this.#ids.get(trader)?.at(-1);
    if (id === undefined) throw new Error("the order does not rest");
    await this.cancel(trader, id);
    return Number(gas);
  }

  /** Places an order and gives its id, 0 where nothing rests. */
  async place(trader: Trader, order: BenchOrder): Promise<bigint> {
    await this.gasOfPlace(trader, order);
    return this.#ids.get(trader)?.at(-1) ?? 0n;
  }

  async gasOfPlace(trader: Trader, order: BenchOrder): Promise<bigint> {
    const { client, accountId } = trader;
    const { gasUsed, logs } = await this.exchange.receipt(() =>
      client.placeOrder({ market: perpetual, ...order, accountId }),
    );
    const placed = client.placeOrder.extract({ logs }).OrderPlaced[0];
    if (placed !== undefined) this.#ids.set(trader, [...(this.#ids.get(trader) ?? []), placed.id]);
    return gasUsed;
  }

  async take(
    trader: Trader,
    lots: bigint,
    level: bigint,
    market = perpetual,
    price = this.#mark,
  ): Promise<bigint> {
    const kind = "immediateOrCancel";
    return this.gasOfPlace(trader, { market, lots, tick: price + level, kind, maxFills: 1_000 });
  }

  async cancel(trader: Trader, id: bigint): Promise<void> {
    await this.exchange.send(() => trader.client.cancelOrder({ id }));
  }

  /** Fills a level with orders and empties it, so that it stands as after a long life: its next orders rewrite slots. */
  async used(trader: Trader, order: BenchOrder): Promise<void> {
    for (let i = 0; i < 30; i++) await this.place(trader, order);
    await this.cancelAll(trader);
  }

  /** Takes out whatever of an account's orders is still in the book. */
  async cancelAll(trader: Trader): Promise<void> {
    const { client, accountId } = trader;
    const cancels = this.#ids.get(trader) ?? [];
    await this.exchange.send(() => client.batchOrders({ accountId, cancels }));
    this.#ids.delete(trader);
  }

  /** First tick of the leaf of the bitmap in which mark lies: nothing of the background is in it. */
  #leaf(): bigint {
    return (this.#mark >> 8n) << 8n;
  }

  #maker(i: number): Trader {
    const maker = this.#makers[i % MAKERS];
    if (maker === undefined) throw new Error("there are no makers");
    return maker;
  }

  #pair(): [Trader, Trader] {
    return [this.#maker(0), this.#maker(1)];
  }

  #set(key: string, gas: bigint): void {
    this.#gas[key] = Number(gas);
  }
}
