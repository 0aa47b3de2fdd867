import {
  getFills,
  InvalidCursorError,
  parseCollateral,
  parseLots,
  watchFills,
  watchLiquidations,
  watchMarkets,
  watchOrders,
  watchPrints,
  type Fill,
  type OrderEvent,
  type UsanceError,
} from "@usance/sdk";
import { expect } from "chai";
import { createPublicClient, createTestClient, http, webSocket, type Client, type Hash } from "viem";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST } from "../support/exchange.ts";
import { until } from "./expectations.ts";
import { Proxy } from "./proxy.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const pollingInterval = 20;

describe("SDK watchers", () => {
  let venue: Venue;
  let proxy: Proxy;
  let maker: Trader;
  let taker: Trader;
  const ends: (() => void)[] = [];

  /** One fill, in a block of its own, at a price that tells it from others. */
  async function fill(tick: bigint): Promise<Hash> {
    const order = { market: 1, tick, lots: parseLots("0.1") };
    await venue.mined(maker.placeOrder({ accountId: 2048, ...order, kind: "postOnly" }));
    return (await venue.mined(taker.placeOrder({ accountId: 2049, ...order, lots: -order.lots })))
      .transactionHash;
  }

  const node = () =>
    createTestClient({
      mode: "hardhat",
      chain: venue.exchange.client.chain,
      transport: http(venue.exchange.rpc),
    });
  const overHttp = () =>
    createPublicClient({ transport: http(proxy.http, { retryCount: 0 }), pollingInterval });
  const ticksOf = (fills: readonly Fill[]) => fills.map(({ tick }) => tick);

  /** What a program holds that obeys its watcher. */
  function follow(client: Client, more: Partial<Parameters<typeof watchFills>[1]> = {}) {
    const { deployment } = venue;
    const state = { fills: [] as Fill[], undone: [] as Fill[], errors: [] as UsanceError[], cursor: "" };
    const end = watchFills(client, {
      deployment,
      onFills: (fills) => state.fills.push(...fills),
      onReorg({ standing, removed }) {
        state.undone.push(...removed);
        state.fills = state.fills.filter(({ blockNumber }) => blockNumber <= standing);
      },
      onCursor: (cursor) => (state.cursor = cursor),
      onError: (error) => state.errors.push(error),
      ...more,
    });
    ends.push(end);
    const seen = (count: number) => until(() => (state.fills.length >= count ? state.fills : undefined));
    return { state, end, seen };
  }

  before(async () => {
    venue = await openVenue([1000, ...Array.from({ length: 9 }, () => 2000)]);
    const { exchange, trader } = venue;
    [maker, taker] = [trader(1), trader(2)];
    await exchange.postDays(FIRST, FIRST + 7);
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * 10n ** 18n }));
    for (const [seat, one] of [maker, taker].entries()) {
      await exchange.mint(seat + 1, parseCollateral("100000"));
      await venue.mined(one.depositWithPermit({ amount: parseCollateral("100000") }));
    }
  });
  beforeEach(async () => {
    proxy = await Proxy.to(venue.exchange.rpc);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await proxy?.close();
  });
  after(() => venue?.exchange.close());

  it("pass on each fill once and in order, over dropped connections", async () => {
    const { state, seen } = follow(overHttp());
    await until(() => (state.cursor === "" ? undefined : true));
    await fill(3_990n);
    await seen(1);
    proxy.down();
    await fill(3_991n);
    await until(() => state.errors[1]);
    await fill(3_992n);
    proxy.up();
    await seen(3);
    // Answers that get lost on their way are asked for again.
    let lost = 0;
    proxy.intercept = ({ method }) => (method === "eth_getLogs" && lost++ < 3 ? "drop" : undefined);
    await fill(3_993n);
    await seen(4);
    expect(lost).to.be.greaterThan(3);
    expect(ticksOf(state.fills)).to.deep.equal([3_990n, 3_991n, 3_992n, 3_993n]);
    expect(state.errors[0]?.message).to.match(/reach the node/);
    expect(state.undone).to.deep.equal([]);
  });

  it("go on over WebSockets that close", async () => {
    const transport = webSocket(proxy.ws, { reconnect: { delay: 20 }, retryCount: 0, timeout: 300 });
    const { state, seen } = follow(createPublicClient({ transport, pollingInterval }));
    await until(() => (state.cursor === "" ? undefined : true));
    await fill(3_990n);
    await seen(1);
    proxy.cut();
    await fill(3_991n);
    await seen(2);
    proxy.down();
    await fill(3_992n);
    proxy.up();
    await seen(3);
    expect(ticksOf(state.fills)).to.deep.equal([3_990n, 3_991n, 3_992n]);
    expect(proxy.opened).to.be.greaterThan(1);
    const rpc = await transport({}).value?.getRpcClient();
    rpc?.close();
  });

  it("say what a reorganisation undid, newest first, and then what took its place", async () => {
    const { state, seen } = follow(overHttp());
    const orders = { passed: [] as OrderEvent[], removed: [] as OrderEvent[] };
    const { deployment } = venue;
    ends.push(
      watchOrders(overHttp(), {
        deployment,
        accountId: 2049,
        onOrders: (events) => orders.passed.push(...events),
        onReorg: ({ removed }) => orders.removed.push(...removed),
      }),
    );
    await until(() => (state.cursor === "" ? undefined : true));
    await fill(3_990n);
    await seen(1);
    const id = await node().snapshot();
    await fill(3_991n);
    await fill(3_992n);
    await seen(3);
    await until(() => (orders.passed.length >= 3 ? true : undefined));
    await node().revert({ id });
    await fill(3_993n);
    await fill(3_994n);
    await fill(3_995n);
    await until(() => state.undone[1]);
    await seen(4);
    expect(ticksOf(state.undone)).to.deep.equal([3_992n, 3_991n]);
    expect(ticksOf(state.fills)).to.deep.equal([3_990n, 3_993n, 3_994n, 3_995n]);
    const [first] = state.fills;
    expect(state.fills).to.deep.equal(
      await getFills(overHttp(), { deployment, fromBlock: first!.blockNumber }),
    );
    await until(() => (orders.passed.length >= 6 ? true : undefined));
    expect(orders.removed.map(({ eventName }) => eventName)).to.deep.equal(["OrderTaken", "OrderTaken"]);
  });

  it("notice a reorganisation to a longer chain between two questions", async () => {
    const { state, seen } = follow(overHttp());
    await until(() => (state.cursor === "" ? undefined : true));
    await fill(3_990n);
    await seen(1);
    const id = await node().snapshot();
    await fill(3_991n);
    await seen(2);
    // While nobody can ask, other blocks come, and more of them.
    proxy.down();
    await node().revert({ id });
    await fill(3_994n);
    await node().mine({ blocks: 5 });
    await fill(3_995n);
    proxy.up();
    await until(() => state.undone[0]);
    await seen(3);
    expect(ticksOf(state.undone)).to.deep.equal([3_991n]);
    expect(ticksOf(state.fills)).to.deep.equal([3_990n, 3_994n, 3_995n]);
  });

  it("resume after a restart where they were, and say from where on the chain is another", async () => {
    const first = follow(overHttp());
    await until(() => (first.state.cursor === "" ? undefined : true));
    await fill(3_990n);
    await first.seen(1);
    const id = await node().snapshot();
    await fill(3_991n);
    await first.seen(2);
    first.end();
    const { cursor } = first.state;
    await fill(3_992n);
    const second = follow(overHttp(), { cursor });
    await second.seen(1);
    expect(ticksOf(second.state.fills)).to.deep.equal([3_992n]);
    second.end();

    await node().revert({ id });
    await fill(3_996n);
    await node().mine({ blocks: 9 });
    const standing: bigint[] = [];
    const third = follow(overHttp(), { cursor, onReorg: (reorg) => standing.push(reorg.standing) });
    await third.seen(1);
    expect(ticksOf(third.state.fills)).to.deep.equal([3_996n]);
    expect(standing).to.deep.equal([first.state.fills[0]?.blockNumber]);
    expect(() => follow(overHttp(), { cursor: "12:0x34" })).to.throw(InvalidCursorError, /onCursor/);
  });

  it("ask for the past in parts, and in smaller ones where a node says that it is too much", async () => {
    const { deployment } = venue;
    const head = await maker.getBlockNumber();
    const whole = await getFills(overHttp(), { deployment });
    expect(whole.length).to.be.greaterThan(3);
    const spans: bigint[] = [];
    proxy.intercept = ({ method, params }) => {
      if (method !== "eth_getLogs") return undefined;
      const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string };
      const span = BigInt(toBlock) - BigInt(fromBlock) + 1n;
      spans.push(span);
      return span > 7n ? { code: -32005, message: "query returned more than 10000 results" } : undefined;
    };
    expect(await getFills(overHttp(), { deployment })).to.deep.equal(whole);
    expect(spans.some((span) => span > 7n) && spans.some((span) => span <= 7n)).to.be.true;
    spans.length = 0;
    expect(await getFills(overHttp(), { deployment, blockRange: 5n })).to.deep.equal(whole);
    expect(spans.every((span) => span <= 5n)).to.be.true;
    const { state, seen } = follow(overHttp(), { fromBlock: BigInt(deployment.block) });
    await seen(whole.length);
    expect(state.fills).to.deep.equal(whole);
    // What is no matter of size is not asked again in parts.
    proxy.intercept = ({ method }) =>
      method === "eth_getLogs" ? { code: -32000, message: "header not found" } : undefined;
    const asked = () => proxy.calls.filter(({ method }) => method === "eth_getLogs").length;
    const before = asked();
    const error = await getFills(overHttp(), { deployment, toBlock: head }).catch((e: unknown) => e);
    const says = (cause: unknown) => (cause as { details?: string }).details === "header not found";
    expect((error as UsanceError).walk(says)).to.be.instanceOf(Error);
    expect(asked() - before).to.equal(1);
  });

  it("wait for confirmations where they are asked to", async () => {
    const { state, seen } = follow(overHttp(), { confirmations: 3 });
    await until(() => proxy.calls.find(({ method }) => method === "eth_getBlockByNumber"));
    await fill(3_990n);
    await node().mine({ blocks: 2 });
    const asked = proxy.calls.length;
    await until(() => (proxy.calls.length > asked + 4 ? true : undefined));
    expect(state.fills).to.deep.equal([]);
    await node().mine({ blocks: 1 });
    await seen(1);
    expect(ticksOf(state.fills)).to.deep.equal([3_990n]);
  });

  it("go on when a callback throws, and end when they are told to", async () => {
    let thrown = 0;
    const seen: Fill[] = [];
    const { state, end } = follow(overHttp(), {
      onFills(fills) {
        seen.push(...fills);
        thrown++;
        throw new Error("mine");
      },
    });
    await until(() => (state.cursor === "" ? undefined : true));
    await fill(3_990n);
    await fill(3_991n);
    await until(() => (seen.length >= 2 ? true : undefined));
    expect(ticksOf(seen)).to.deep.equal([3_990n, 3_991n]);
    expect(state.errors.every(({ message }) => message.includes("mine"))).to.be.true;
    expect(state.errors).to.have.length(thrown);
    end();
    const asked = proxy.calls.length;
    await fill(3_992n);
    await new Promise((done) => setTimeout(done, 5 * pollingInterval));
    expect(proxy.calls.length - asked).to.be.lessThan(3);
    expect(seen).to.have.length(2);
  });

  it("watch prints, markets and liquidations by the same rules", async () => {
    const { deployment, exchange } = venue;
    const names = {
      prints: [] as string[],
      markets: [] as string[],
      liquidations: [] as string[],
      undone: 0,
    };
    const client = overHttp();
    const push = (into: string[]) => (events: { eventName: string }[]) =>
      void into.push(...events.map(({ eventName }) => eventName));
    const cursors: string[] = [];
    const common = {
      deployment,
      onReorg: ({ removed }: { removed: unknown[] }) => void (names.undone += removed.length),
    };
    ends.push(
      watchPrints(client, { ...common, onPrints: push(names.prints), onCursor: (c) => cursors.push(c) }),
      watchMarkets(client, { ...common, onMarkets: push(names.markets), onCursor: (c) => cursors.push(c) }),
      watchLiquidations(client, { ...common, onLiquidations: push(names.liquidations) }),
    );
    await exchange.warp(Number(await venue.now()) + 60);
    await until(() => (cursors.length >= 2 ? true : undefined));
    const id = await node().snapshot();
    await exchange.postDay(FIRST + 8);
    await until(() => (names.prints.length >= 2 && names.markets.length > 0 ? true : undefined));
    expect(names.prints).to.deep.equal(["PrintPosted", "IndexPushed"]);
    const count = names.prints.length + names.markets.length;
    await node().revert({ id });
    await node().mine({ blocks: 20 });
    await until(() => (names.undone >= count ? true : undefined));
    expect(names.liquidations).to.deep.equal([]);
  });
});
