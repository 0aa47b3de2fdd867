import {
  cancelAllAfter,
  getAccount,
  getOpenOrders,
  parseCollateral,
  placeOrder,
  type Order,
} from "@usance/sdk";
import { expect } from "chai";
import { pino } from "pino";
import { getBlock } from "viem/actions";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import type { Keeper, KeeperReport } from "../../scripts/keepers/keeper.ts";
import { createPurgeKeeper, decidePurge, type PurgeState } from "../../scripts/keepers/purge.ts";
import { periodOfDate } from "../../scripts/lib/calendar.ts";
import { Exchange, FIRST } from "../support/exchange.ts";

const log = pino({ level: "silent" });
const MAKER = 1;
const AWAY = 2;
const KEEPER = 3;
const WAD = 10n ** 18n;

const did = ({ outcomes }: KeeperReport) => outcomes.map(({ action, result }) => `${action.kind} ${result}`);

describe("the purge keeper's decision", () => {
  const order = (account: number, expiry = 0n) => ({ account, lots: 1n, expiry });
  const state = (over: Partial<PurgeState>): PurgeState => ({
    now: 10_000,
    orders: new Map(),
    deadlines: new Map(),
    retired: new Set(),
    waitSeconds: 100,
    maxOrders: 10,
    batch: 2,
    ...over,
  });

  it("leaves alone what is good, and what has been dead for a short while", () => {
    const orders = new Map([
      [1n, order(2_048)],
      [2n, order(2_048, 10_000n)],
      [3n, order(2_048, 9_900n)],
      [4n, order(2_049)],
    ]);
    expect(decidePurge(state({ orders, deadlines: new Map([[2_049, 9_900n]]) }))).to.deep.equal([]);
  });

  it("takes out what expired, what a retired account left, and first what a fired switch killed", () => {
    const orders = new Map([
      [1n, order(2_048, 9_899n)],
      [2n, order(2_049)],
      [3n, order(2_050)],
      [4n, order(2_050, 9_600n)],
    ]);
    const actions = decidePurge(
      state({ orders, retired: new Set([2_049]), deadlines: new Map([[2_050, 9_899n]]) }),
    );
    expect(actions).to.deep.equal([
      { kind: "cancelFired", account: 2_050, ids: [3n, 4n] },
      { kind: "sweepOrders", ids: [1n, 2n] },
    ]);
  });

  it("does so much in a round and no more", () => {
    const orders = new Map(Array.from({ length: 9 }, (_, i) => [BigInt(i), order(2_048, 1n)] as const));
    const actions = decidePurge(state({ orders, maxOrders: 5 }));
    expect(actions).to.deep.equal([
      { kind: "sweepOrders", ids: [0n, 1n] },
      { kind: "sweepOrders", ids: [2n, 3n] },
      { kind: "sweepOrders", ids: [4n] },
    ]);
  });
});

describe("the purge keeper", () => {
  let exchange: Exchange;
  let maker: number;
  let away: number;
  let perpetual: number;
  let month: number;
  let keeper: Keeper;

  const now = async () => Number((await getBlock(exchange.client)).timestamp);
  const place = async (wallet: number, accountId: number, order: Order) =>
    exchange.mined(
      await placeOrder(exchange.wallet(wallet), { deployment: exchange.deployment, accountId, ...order }),
    );
  const open = (accountId: number) =>
    getOpenOrders(exchange.client, { deployment: exchange.deployment, accountId });
  const create = (over: Partial<Parameters<typeof createPurgeKeeper>[0]> = {}) =>
    createPurgeKeeper({
      client: exchange.wallet(KEEPER),
      deployment: exchange.deployment,
      log,
      confirmations: 0,
      ...over,
    });

  before(async () => {
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + 6);
    perpetual = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * WAD }));
    month = await exchange.list(monthlyListing("2025-01", { feed: 1, index: 1_000n * WAD }));
    maker = await exchange.fund(MAKER, parseCollateral("100000"));
    away = await exchange.fund(AWAY, parseCollateral("100000"));
    const { deployment } = exchange;
    const expiry = BigInt(Math.ceil((await now()) / 300) * 300 + 300);
    await place(MAKER, maker, { market: perpetual, lots: 100n, tick: 1_950n, expiry });
    await place(MAKER, maker, { market: perpetual, lots: 200n, tick: 1_950n });
    await place(MAKER, maker, { market: month, lots: 300n, tick: 1_960n, expiry });
    for (const tick of [1_940n, 1_945n]) await place(AWAY, away, { market: perpetual, lots: 100n, tick });
    await exchange.mined(
      await cancelAllAfter(exchange.wallet(AWAY), { deployment, accountId: away, seconds: 60 }),
    );
    keeper = create();
    await keeper.init();
  });
  after(() => exchange?.close());

  it("does nothing while all orders are good, nor soon after they died", async () => {
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    await exchange.warp((await now()) + 630);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
  });

  it("takes dead orders out, in one call for each reason, and leaves the good one", async () => {
    await exchange.warp((await now()) + 660);
    const shard = { index: (maker + 1) % 2, of: 2 };
    expect(did(await create({ dryRun: true }).runOnce())).to.deep.equal([
      "cancelFired dryRun",
      "sweepOrders dryRun",
    ]);
    expect(did(await create({ dryRun: true, shard }).runOnce())).to.deep.equal(["cancelFired dryRun"]);
    expect(did(await keeper.runOnce())).to.deep.equal(["cancelFired sent", "sweepOrders sent"]);
    expect((await open(maker)).map(({ lots }) => lots)).to.deep.equal([200n]);
    expect(await open(away)).to.deep.equal([]);
    const { deployment } = exchange;
    const { positions } = await getAccount(exchange.client, { deployment, accountId: away });
    expect(positions.every(({ openOrders }) => openOrders === 0n)).to.be.true;
    expect(did(await keeper.runOnce())).to.deep.equal([]);
  });

  it("needs no call where somebody else was first, and none for what is void with its market", async () => {
    const expiry = BigInt(Math.ceil((await now()) / 300) * 300 + 300);
    await place(MAKER, maker, { market: perpetual, lots: 100n, tick: 1_950n, expiry });
    await place(MAKER, maker, { market: month, lots: 100n, tick: 1_950n, expiry });
    const rival = create();
    await rival.runOnce();
    await keeper.runOnce();
    await exchange.warp(periodOfDate("2025-02-01") * 86_400 + 1);
    // The index has been silent meanwhile, and orders may be dropped all the same.
    expect(did(await rival.runOnce())).to.deep.equal(["sweepOrders sent"]);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    expect((await open(maker)).map(({ lots }) => lots)).to.deep.equal([200n, 100n]);
  });
});
