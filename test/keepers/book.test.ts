import { setTimeout as sleep } from "node:timers/promises";
import {
  approveCollateral,
  deposit,
  getAccount,
  getAccountId,
  getOpenOrders,
  liquidate,
  parseCollateral,
  placeOrder,
  type Order,
} from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import fc from "fast-check";
import { pino } from "pino";
import {
  createClient,
  createTestClient,
  custom,
  http,
  type Account,
  type Chain,
  type Client,
  type Transport,
} from "viem";
import { getBlock, getTransactionReceipt } from "viem/actions";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { AccountBook } from "../../scripts/keepers/accounts/book.ts";
import { AccountTable, type AccountRecord } from "../../scripts/keepers/accounts/table.ts";
import { Shard } from "../../scripts/keepers/accounts/shard.ts";
import { contextOf } from "../../scripts/keepers/context.ts";
import type { Keeper } from "../../scripts/keepers/keeper.ts";
import { createLiquidationKeeper } from "../../scripts/keepers/liquidation.ts";
import { OrderFinder } from "../../scripts/keepers/orders.ts";
import { headOf } from "../../scripts/keepers/process.ts";
import { Heads } from "../../scripts/keepers/supervisor/heads.ts";
import { isTemporary } from "../../scripts/lib/temporary.ts";
import { Exchange, FIRST, key } from "../support/exchange.ts";

const usd = (amount: string) => parseCollateral(amount);

const MAKER = 1;
const TRADER = 2;
const KEEPER = 3;
const NEWCOMER = 4;

describe("the accounts in memory", () => {
  let exchange: Exchange;
  let test: ReturnType<typeof createTestClient>;
  let maker: number;
  let trader: number;
  let market: number;
  let warnings: { msg: string; account?: number; differences?: string[] }[];

  // Pino writes each line at once.
  const log = pino(
    { level: "warn" },
    { write: (line: string) => void warnings.push(JSON.parse(line) as (typeof warnings)[number]) },
  );

  before(async () => {
    exchange = await Exchange.start([...Array<number>(7).fill(1_000_000), ...Array<number>(9).fill(100_000)]);
    test = createTestClient({ mode: "hardhat", chain: exchange.client.chain, transport: http(exchange.rpc) });
    await exchange.postDays(FIRST, FIRST + 6);
    market = await exchange.list(perpetualListing({ feed: 1, index: 1_000n * 10n ** 18n }));
    maker = await exchange.fund(MAKER, usd("1000000"));
    trader = await exchange.fund(TRADER, usd("2400"));
    await exchange.fund(KEEPER, usd("10"));
    await trade(MAKER, maker, { market, lots: -10_000n, tick: 2_000n });
    await trade(TRADER, trader, { market, lots: 10_000n, tick: 2_000n });
  });
  after(() => exchange?.close());
  beforeEach(() => (warnings = []));

  async function trade(wallet: number, accountId: number, order: Order): Promise<void> {
    const { deployment } = exchange;
    await exchange.mined(await placeOrder(exchange.wallet(wallet), { deployment, accountId, ...order }));
  }

  const ownAccount = (wallet: number) =>
    getAccountId(exchange.client, { deployment: exchange.deployment, owner: key(wallet).address });

  const contextWith = (client: Client<Transport, Chain | undefined, Account>) =>
    contextOf({ client, deployment: exchange.deployment, log });
  const context = () => contextWith(exchange.wallet(KEEPER));
  const holders = (book: AccountBook) => book.use((view) => Promise.resolve(view.holders(market)));

  /** A client whose node is asked through a function. */
  function through(
    request: (
      args: { method: string; params: unknown },
      ask: (args: { method: string; params: unknown }) => Promise<unknown>,
    ) => Promise<unknown>,
  ) {
    const ask = (args: { method: string; params: unknown }) =>
      exchange.client.request<{ Parameters: unknown; ReturnType: unknown }>(args);
    return createClient({
      account: key(KEEPER),
      chain: exchange.client.chain,
      cacheTime: 0,
      transport: custom({ request: (args: { method: string; params: unknown }) => request(args, ask) }),
    });
  }

  it("take in what a transaction changes, and read nothing else again", async () => {
    const book = new AccountBook(context());
    expect(await holders(book)).to.deep.equal([maker, trader]);
    const { reread } = book.figures;
    await trade(MAKER, maker, { market, lots: -500n, tick: 2_010n });
    await holders(book);
    expect(book.figures.reread - reread).to.equal(1);
    await trade(TRADER, trader, { market, lots: 500n, tick: 2_010n });
    await holders(book);
    // The taker, and the maker whom the taker's event names.
    expect(book.figures.reread - reread).to.equal(3);
    expect(await book.recount(10)).to.deep.equal([]);
    await trade(TRADER, trader, { market, lots: -500n, tick: 2_000n });
    await trade(MAKER, maker, { market, lots: 500n, tick: 2_000n });
  });

  it("are read over several rounds where they are many, with what changes meanwhile", async () => {
    const book = new AccountBook(context(), { perBlock: 1, patience: 0 });
    const refused: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      refused.push(await holders(book).catch((error: unknown) => error));
      // The account that was read first changes behind the back of those that come after it.
      if (i === 0) await exchange.fund(MAKER, usd("1"));
    }
    expect(refused.map((error) => (error as Error).message)).to.deep.equal([
      "Of 3 accounts 1 have been read: the next round goes on.",
      "Of 3 accounts 2 have been read: the next round goes on.",
    ]);
    expect(refused.every(isTemporary)).to.be.true;
    expect(await holders(book)).to.deep.equal([maker, trader]);
    expect(await book.recount(10)).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it("follow a chain that undoes blocks, accounts that were opened in them included", async () => {
    const book = new AccountBook(context());
    await holders(book);
    const { accounts } = book.figures;
    const id = await test.snapshot();
    await exchange.fund(NEWCOMER, usd("300"));
    await trade(TRADER, trader, { market, lots: -1_000n, tick: 1_990n });
    await holders(book);
    expect(book.figures.accounts).to.equal(accounts + 1);

    await test.revert({ id });
    await trade(TRADER, trader, { market, lots: 100n, tick: 1_980n });
    await holders(book);
    expect(book.figures.accounts).to.equal(accounts);
    expect(await book.recount(10)).to.deep.equal([]);
    expect(warnings).to.deep.equal([]);
  });

  it("begin again where more was undone than they remember", async () => {
    const id = await test.snapshot();
    await test.mine({ blocks: 3 });
    const book = new AccountBook(context());
    await trade(TRADER, trader, { market, lots: 100n, tick: 1_970n });
    await holders(book);
    await test.revert({ id });
    await exchange.fund(NEWCOMER, usd("20"));
    await holders(book);
    expect(warnings.map(({ msg }) => msg)).to.deep.equal(["more blocks were undone than are remembered"]);
    expect(await book.recount(10)).to.deep.equal([]);
  });

  it("find by recounting what a node kept from them, say so and correct it", async () => {
    let silent = false;
    const client = through((args, ask) =>
      silent && args.method === "eth_getLogs" ? Promise.resolve([]) : ask(args),
    );
    const book = new AccountBook(contextWith(client));
    await holders(book);
    silent = true;
    const { deployment } = exchange;
    await exchange.mint(NEWCOMER, usd("5"));
    const wallet = exchange.wallet(NEWCOMER);
    await exchange.mined(await approveCollateral(wallet, { deployment, amount: usd("5") }));
    await exchange.mined(await deposit(wallet, { deployment, amount: usd("5") }));
    const newcomer = await ownAccount(NEWCOMER);
    await holders(book);
    const found = [...(await book.recount(2)), ...(await book.recount(2)), ...(await book.recount(2))];
    expect(found).to.deep.equal([newcomer]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include({ account: newcomer });
    expect(warnings[0]?.differences).to.deep.equal(["cash 20000000, not 25000000"]);
    expect(await book.recount(10)).to.deep.equal([]);
  });

  it("are each in one shard", async () => {
    const books = [0, 1, 2].map((index) => new AccountBook({ ...context(), shard: { index, of: 3 } }));
    const found = await Promise.all(books.map(holders));
    expect(found.flat().sort()).to.deep.equal([maker, trader]);
    const accounts = books.map(({ figures }) => figures.accounts).reduce((a, b) => a + b);
    const whole = new AccountBook(context());
    await holders(whole);
    expect(accounts).to.equal(whole.figures.accounts);
  });

  it("let old orders be found, and the newest without a search through the past", async () => {
    await test.mine({ blocks: 11_000 });
    await trade(MAKER, maker, { market, lots: -300n, tick: 2_020n });
    let asked = 0;
    const client = through((args, ask) => {
      if (args.method === "eth_getLogs") asked += 1;
      return ask(args);
    });
    const { deployment } = exchange;
    const { number } = await getBlock(client);
    for (const id of [maker, trader]) {
      asked = 0;
      const account = await getAccount(client, { deployment, accountId: id });
      const found = await new OrderFinder(contextWith(client)).find([account], number);
      const orders = await getOpenOrders(exchange.client, { deployment, accountId: id });
      expect(found.get(id)).to.have.members(orders.map((order) => order.id));
      expect(found.get(id)).to.have.length(1);
      if (id === maker) expect(asked).to.equal(1);
      else expect(asked).to.be.greaterThan(2);
    }
  });

  describe("and a price that moves", () => {
    let before: `0x${string}`;
    beforeEach(async () => (before = await test.snapshot()));
    afterEach(() => test.revert({ id: before }));

    const keeperWith = (accounts: AccountBook, maxFills?: number) => {
      const client = exchange.wallet(KEEPER);
      const { deployment } = exchange;
      return createLiquidationKeeper({ client, deployment, log, accounts, ...(maxFills && { maxFills }) });
    };
    const state = () => getAccount(exchange.client, { deployment: exchange.deployment, accountId: trader });

    /** Posts a print, and mines the next block once the keeper has sent so many transactions. */
    async function answerTo(period: number, keeper: Keeper, transactions: number) {
      const { client, reporter } = exchange;
      // As the supervisor does: a new block starts a round.
      const stop = new AbortController();
      const heads = new Heads({ read: headOf(exchange.wallet(KEEPER)), pollSeconds: 0.01, log });
      const watching = heads.run(stop.signal);
      while (heads.newest === undefined) await sleep(5);
      // The next print is not in a block before somebody mines one.
      await test.setAutomine(false);
      try {
        const print = await reporter.post(period);
        const round = new Promise<void>((resolve) => void heads.listen(resolve)).then(() => keeper.runOnce());
        await test.mine({ blocks: 1 });
        const { blockNumber, status } = await getTransactionReceipt(client, { hash: print });
        expect(status).to.equal("success");
        const pending = () =>
          client.request<{
            Method: "eth_pendingTransactions";
            Parameters?: undefined;
            ReturnType: unknown[];
          }>({ method: "eth_pendingTransactions" });
        const ended = round.then(() => true);
        while ((await pending()).length < transactions)
          expect(await Promise.race([ended, sleep(20, false)]), "the round sent too little").to.be.false;
        await test.mine({ blocks: 1 });
        const { outcomes, block } = await round;
        expect(block).to.equal(blockNumber);
        for (const outcome of outcomes) {
          expect(outcome).to.include({ result: "sent" });
          const { hash } = outcome as { hash: `0x${string}` };
          expect((await getTransactionReceipt(client, { hash })).blockNumber).to.equal(blockNumber + 1n);
        }
        return outcomes;
      } finally {
        stop.abort();
        await watching;
        await test.setAutomine(true);
      }
    }

    it("let a liquidation out in the block after the one that moved the price", async () => {
      const book = new AccountBook(context());
      const keeper = keeperWith(book);
      await keeper.init();
      await exchange.postDay(FIRST + 7);
      await exchange.warp((FIRST + 9) * 86_400 + 6 * 3_600);
      // It has no orders any more, but its margin.
      await keeper.runOnce();
      const { equity, maintenanceMargin, positions } = await state();
      expect(equity >= maintenanceMargin).to.be.true;
      expect(positions.every(({ openOrders }) => openOrders === 0n)).to.be.true;
      const outcomes = await answerTo(FIRST + 8, keeper, 1);
      expect(outcomes).to.have.length(1);
      expect(outcomes[0]?.action).to.include({ kind: "liquidate", account: trader });
      expect(book.figures).to.include({ screened: 1, short: 1 });
    });

    it("let it out in that block also where orders are cancelled first", async () => {
      const FILLS = 5;
      const { client, deployment } = exchange;
      // Near the price to come. The account's own bids stand before those of others.
      const near = 1_800n;
      for (let i = 0n; i < FILLS; i++)
        await trade(TRADER, trader, { market, lots: 100n, tick: near + 1n + i });
      for (let i = 0n; i < FILLS; i++) await trade(MAKER, maker, { market, lots: 100n, tick: near - i });
      const keeper = keeperWith(new AccountBook(context()), FILLS);
      await keeper.init();
      await exchange.postDay(FIRST + 7);
      await exchange.warp((FIRST + 9) * 86_400 + 6 * 3_600);
      const { equity, maintenanceMargin, positions } = await state();
      expect(equity >= maintenanceMargin).to.be.true;
      expect(positions[0]?.openOrders).to.equal(BigInt(FILLS) + 1n);
      const outcomes = await answerTo(FIRST + 8, keeper, 2);
      expect(outcomes.map(({ action }) => action.kind)).to.deep.equal(["cancelRiskRaising", "liquidate"]);
      const receipt = await getTransactionReceipt(client, {
        hash: (outcomes[1] as { hash: `0x${string}` }).hash,
      });
      expect(liquidate.extract(receipt).Liquidated.map(({ closed }) => closed)).to.deep.equal([
        -100n * BigInt(FILLS),
      ]);
      expect((await getAccount(client, { deployment, accountId: trader })).positions[0]).to.include({
        size: (positions[0]?.size ?? 0n) - 100n * BigInt(FILLS),
        openOrders: 0n,
      });
    });
  });
});

describe("the table of accounts", () => {
  const within = (bits: number) =>
    fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n });
  const lots = fc.bigInt({ min: 0n, max: 2n ** 36n - 1n });
  const position = fc.record({
    market: fc.integer({ min: 1, max: 1_023 }),
    size: within(36),
    quote: within(68),
    fundingSnapshot: within(56),
    bidLots: lots,
    askLots: lots,
    openOrders: fc.bigInt({ min: 0n, max: 200n }),
  });
  const account: fc.Arbitrary<AccountRecord> = fc.record({
    retired: fc.boolean(),
    cash: within(96),
    positions: fc.array(position, { maxLength: 16 }),
  });

  it("gives back to the unit whatever the contracts can hold, however accounts grow and shrink", () => {
    const writes = fc.array(fc.tuple(fc.nat(40), account), { maxLength: 120 });
    fc.assert(
      fc.property(writes, fc.nat(40), (writes, kept) => {
        const table = new AccountTable();
        const expected = new Map<number, AccountRecord>();
        for (const [row, record] of writes) {
          table.put(row, record);
          expected.set(row, record);
        }
        table.truncate(kept);
        for (let row = 0; row < 41; row++)
          expect(table.get(row)).to.deep.equal(row < kept ? expected.get(row) : undefined);
        for (const [row, record] of writes.slice(0, 5)) table.put(row, record);
        for (const [row, record] of new Map(writes.slice(0, 5))) expect(table.get(row)).to.deep.equal(record);
      }),
      { numRuns: 60 },
    );
  });

  it("has a row for each account of a shard and none for others", () => {
    for (const of of [1, 2, 3, 7])
      for (let index = 0; index < of; index++) {
        const shard = new Shard({ index, of });
        const ids = Array.from({ length: 40 }, (_, i) => 2_048 + i).filter((id) => id % of === index);
        expect(Array.from({ length: shard.rows(40) }, (_, row) => shard.accountOf(row))).to.deep.equal(ids);
        expect(ids.map((id) => shard.rowOf(id))).to.deep.equal(ids.map((_, row) => row));
        for (let id = 2_000; id < 2_088; id++)
          expect(shard.has(id)).to.equal(id >= 2_048 && id % of === index);
      }
  });
});

describe("events of the clearing house", () => {
  it("name every account that they are about where the book looks for it", () => {
    const events = clearinghouseAbi.filter((item) => item.type === "event");
    const inputs = events.flatMap(({ name, inputs }) => inputs.map((input) => ({ event: name, ...input })));
    // A number of 32 bits is an account, an indexed one, and what is called an account is such a number.
    for (const { event, name, type, indexed } of inputs) {
      if (type === "uint32") expect(indexed, `${event}.${name}`).to.be.true;
      if (["account", "from", "keeper", "builder"].includes(name) && !["HaltEnded"].includes(event))
        expect(type, `${event}.${name}`).to.equal("uint32");
    }
    expect(inputs.filter(({ type }) => type === "uint32")).to.have.length.greaterThan(20);
  });
});
