import {
  cancelTransaction,
  createSender,
  FeeLimitError,
  isContractError,
  isNodeError,
  parseCollateral,
  parseLots,
  placeOrder,
  speedUpTransaction,
  sync,
  TransactionRevertedError,
  usanceActions,
  waitForTransaction,
  type ContractError,
  type UsanceError,
} from "@usance/sdk";
import { expect } from "chai";
import {
  createClient,
  createPublicClient,
  createTestClient,
  createWalletClient,
  custom,
  http,
  publicActions,
  walletActions,
  webSocket,
  type EIP1193Provider,
  type Hash,
} from "viem";
import { perpetualListing } from "../../scripts/deploy/markets.ts";
import { FIRST, key } from "../support/exchange.ts";
import { failure } from "./expectations.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

describe("SDK transactions", () => {
  let venue: Venue;
  let trader: Trader;
  const order = { accountId: 2048, market: 1, lots: parseLots("0.1") };

  const node = () =>
    createTestClient({
      mode: "hardhat",
      chain: venue.exchange.client.chain,
      transport: http(venue.exchange.rpc),
    })
      .extend(publicActions)
      .extend(walletActions);
  const wait = (hash: Hash, confirmations = 1) =>
    waitForTransaction(trader, { hash, confirmations, pollingInterval: 20, timeout: 8_000 });
  const transaction = (hash: Hash) => node().getTransaction({ hash });

  before(async () => {
    venue = await openVenue([1000, ...Array.from({ length: 8 }, () => 2000)]);
    const { exchange } = venue;
    trader = venue.trader(1);
    await exchange.postDays(FIRST, FIRST + 7);
    await exchange.list(perpetualListing({ feed: 1, index: 2000n * 10n ** 18n }));
    await exchange.mint(1, parseCollateral("100000"));
    await venue.mined(trader.depositWithPermit({ amount: parseCollateral("100000") }));
  });
  afterEach(() => node().setAutomine(true));
  after(() => venue?.exchange.close());

  it("are sent many at once, each with its own nonce, and none is lost to one that is refused", async () => {
    const { deployment } = venue;
    await node().setAutomine(false);
    const sender = createSender(trader);
    const ticks = Array.from({ length: 8 }, (_, i) => 3_980n + BigInt(i));
    const sent = await Promise.allSettled(
      ticks.map((tick, i) =>
        // One of them bids above the fill band.
        sender.send(placeOrder, { deployment, ...order, tick: i === 3 ? 6_000n : tick }),
      ),
    );
    const hashes = sent.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const [refusal] = sent.flatMap((one) => (one.status === "rejected" ? [one.reason as ContractError] : []));
    expect(refusal?.name).to.equal("TickOutsideBand");
    const nonces = await Promise.all(hashes.map(async (hash) => (await transaction(hash)).nonce));
    expect(nonces).to.deep.equal(nonces.map((_, i) => nonces[0]! + i));
    expect(hashes).to.have.length(7);
    expect(sender.nextNonce).to.equal(nonces[0]! + 7);
    await node().mine({ blocks: 1 });
    for (const hash of hashes) {
      const { receipt } = await wait(hash);
      const { gas } = await transaction(hash);
      // What was estimated, and a quarter and 60,000 for what may come in between.
      expect(gas > receipt.gasUsed + 60_000n).to.be.true;
    }
    // Another program of the same account has sent in between.
    await node().setAutomine(true);
    await venue.mined(trader.placeOrder({ ...order, tick: 3_970n }));
    const { receipt } = await wait(await sender.send(placeOrder, { deployment, ...order, tick: 3_971n }));
    expect(placeOrder.extract(receipt).OrderPlaced).to.have.length(1);
    const dear = createSender(trader, { maxFeePerGasLimit: 1n });
    expect(await failure(dear.send(sync, { deployment, market: 1 }))).to.be.instanceOf(FeeLimitError);
  });

  it("are made faster, and replaced, and waited for under whatever hash they get in", async () => {
    await node().setAutomine(false);
    const slow = await trader.placeOrder({ ...order, tick: 3_960n });
    const quick = await speedUpTransaction(trader, { hash: slow });
    const [before, after] = [await transaction(slow).catch(() => undefined), await transaction(quick)];
    expect(before === undefined || before.nonce === after.nonce).to.be.true;
    await node().mine({ blocks: 1 });
    const { receipt, replaced } = await wait(quick);
    expect(replaced).to.equal(undefined);
    expect(placeOrder.extract(receipt).OrderPlaced).to.have.length(1);
    const late = await failure(speedUpTransaction(trader, { hash: quick }));
    expect(isNodeError(late, "NonceTooLow"), late.message).to.be.true;

    const unwanted = await trader.placeOrder({ ...order, tick: 3_961n });
    const first = await transaction(unwanted);
    const waiting = wait(unwanted);
    const stop = await cancelTransaction(trader, { hash: unwanted });
    const second = await transaction(stop);
    expect(second.nonce).to.equal(first.nonce);
    for (const fee of ["maxFeePerGas", "maxPriorityFeePerGas"] as const)
      expect(second[fee]! * 8n >= first[fee]! * 9n, fee).to.be.true;
    await node().mine({ blocks: 1 });
    const outcome = await waiting;
    expect(outcome.receipt.transactionHash).to.equal(stop);
    expect(outcome.replaced).to.equal("cancelled");
    const limit = { hash: stop, maxFeePerGasLimit: 1n };
    expect(await failure(speedUpTransaction(trader, limit))).to.be.instanceOf(FeeLimitError);
  });

  it("are waited for over a reorganisation, until they stand", async () => {
    await node().setAutomine(false);
    const account = key(1);
    const serializedTransaction = await account.signTransaction({
      type: "eip1559",
      chainId: venue.deployment.chainId,
      nonce: await node().getTransactionCount({ address: account.address }),
      ...(await trader.placeOrder.encode({ ...order, tick: 3_950n })),
      gas: 900_000n,
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 10n ** 9n,
    });
    const broadcast = () => node().sendRawTransaction({ serializedTransaction });
    const id = await node().snapshot();
    const hash = await broadcast();
    await node().mine({ blocks: 1 });
    const raw = await node().getTransactionReceipt({ hash });
    const waiting = wait(hash, 3);
    await new Promise((done) => setTimeout(done, 100));
    await node().revert({ id });
    await node().mine({ blocks: 2 });
    // Nodes put what a reorganisation took out back among what waits; this one has to be told.
    await broadcast();
    await node().mine({ blocks: 3 });
    const { receipt } = await waiting;
    expect(receipt.blockNumber > raw.blockNumber).to.be.true;
    expect(receipt.blockHash).not.to.equal(raw.blockHash);
  });

  it("tell why they were reverted, and what a node did not like", async () => {
    await node().setAutomine(false);
    const gas = 900_000n;
    const doomed = await trader.placeOrder({ ...order, tick: 6_000n, gas });
    await node().mine({ blocks: 1 });
    const reverted = (await failure(wait(doomed))) as TransactionRevertedError;
    expect(reverted).to.be.instanceOf(TransactionRevertedError);
    expect(isContractError(reverted.cause, "TickOutsideBand")).to.be.true;
    expect(reverted.message).to.include(doomed).and.include("fill band");
    await node().setAutomine(true);
    const low = await failure(trader.placeOrder({ ...order, tick: 3_940n, gas, nonce: 0 }));
    expect(isNodeError(low, "NonceTooLow"), low.message).to.be.true;
    const poor = key(19);
    await node().setBalance({ address: poor.address, value: 1n });
    const funds = await failure(trader.sync({ market: 1, account: poor, gas }));
    expect(isNodeError(funds, "InsufficientFunds"), funds.message).to.be.true;
    const short = await failure(trader.sync({ market: 1, gas: 21_500n }));
    expect(isNodeError(short, "OutOfGas"), short.message).to.be.true;
  });

  it("go through any client of viem: public, wallet and test, over HTTP, WebSocket and EIP-1193", async () => {
    const { deployment, exchange } = venue;
    const { chain } = exchange.client;
    const account = key(1);
    const provider = {
      request: ({ method, params }: { method: string; params?: unknown }) =>
        exchange.client.request({ method, params } as never),
    } as EIP1193Provider;
    const socket = webSocket(exchange.rpc.replace("http", "ws"));
    const extend = usanceActions(deployment);
    const readers = {
      public: createPublicClient({ chain, transport: http(exchange.rpc) }).extend(extend),
      webSocket: createPublicClient({ chain, transport: socket }).extend(extend),
      injected: createPublicClient({ chain, transport: custom(provider) }).extend(extend),
      plain: createClient({ chain, transport: http(exchange.rpc) }).extend(extend),
      test: createTestClient({ mode: "hardhat", chain, transport: http(exchange.rpc) }).extend(extend),
    };
    const cash = (await trader.getAccount({ accountId: 2048 })).cash;
    for (const [name, client] of Object.entries(readers)) {
      expect((await client.getAccount({ accountId: 2048 })).cash, name).to.equal(cash);
      expect(await client.getPositions({ accountId: 2048 }), name).to.deep.equal([]);
      const preview = await client.previewOrder({ ...order, tick: 3_930n });
      expect(preview.restingLots, name).to.equal(order.lots);
    }
    const senders = {
      wallet: createWalletClient({ account, chain, transport: http(exchange.rpc) }).extend(extend),
      webSocket: createWalletClient({ account, chain, transport: socket }).extend(extend),
      injected: createWalletClient({ account: account.address, chain, transport: custom(provider) }).extend(
        extend,
      ),
      test: createTestClient({ account, mode: "hardhat", chain, transport: http(exchange.rpc) }).extend(
        extend,
      ),
    };
    for (const [name, client] of Object.entries(senders)) {
      const receipt = await venue.mined(client.placeOrder({ ...order, tick: 3_930n }));
      expect(client.placeOrder.extract(receipt).OrderPlaced, name).to.have.length(1);
      const { data, to } = await client.placeOrder.encode({ ...order, tick: 3_930n });
      expect(to).to.equal(deployment.clearinghouse);
      expect((await node().call({ account, to, data })).data?.length).to.be.greaterThan(2);
    }
    (await readers.webSocket.transport.getRpcClient()).close();
    const error: UsanceError = await failure(readers.public.placeOrder({ ...order, tick: 3_930n }));
    expect(error.message).to.match(/account/i);
  });
});
