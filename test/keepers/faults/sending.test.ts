import { setTimeout as sleep } from "node:timers/promises";
import { getMarket, placeOrder } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { expect } from "chai";
import { encodeFunctionData, type Hash } from "viem";
import { getTransaction } from "viem/actions";
import { contextOf, type KeeperOptions } from "../../../scripts/keepers/context.ts";
import { execute } from "../../../scripts/keepers/execute.ts";
import type { KeeperAction, KeeperReport } from "../../../scripts/keepers/keeper.ts";
import { createKeeper } from "../../../scripts/keepers/rounds.ts";
import type { Call, SendOptions, Sent } from "../../../scripts/keepers/sending/sender.ts";
import { createSyncKeeper } from "../../../scripts/keepers/sync.ts";
import { key } from "../../support/exchange.ts";
import { GWEI, KEEPER, MAKER, RIVAL, Scene, TRADER, did, log } from "./scene.ts";

const CAP = 50n * GWEI;

/** Hashes of a round's transactions. */
const hashes = ({ outcomes }: KeeperReport): Hash[] =>
  outcomes.flatMap((outcome) => ("hash" in outcome ? [outcome.hash] : []));

describe("how keepers send", () => {
  let scene: Scene;

  before(async () => {
    scene = await Scene.start();
    await scene.fall();
  });
  after(() => scene?.exchange.close());
  beforeEach(() => scene.restore());

  const baseFee = (fee: bigint) => scene.node.setNextBlockBaseFeePerGas({ baseFeePerGas: fee });

  /** Mines blocks in which gas costs so much. */
  async function mineAt(fee: bigint, blocks = 1): Promise<void> {
    for (let block = 0; block < blocks; block++) {
      await baseFee(fee);
      await scene.node.mine({ blocks: 1 });
    }
  }

  const contextFor = async (options: Partial<KeeperOptions> = {}, wallet = KEEPER) =>
    contextOf({ client: await scene.client(wallet), deployment: scene.exchange.deployment, log, ...options });

  /** A call that touches the market, for tests that look at transactions and not at what they do. */
  const touch = (): Call => ({
    to: scene.exchange.deployment.clearinghouse,
    data: encodeFunctionData({ abi: clearinghouseAbi, functionName: "sync", args: [scene.market] }),
  });
  const liquidation = (wallet = KEEPER): Call => ({
    to: scene.exchange.deployment.clearinghouse,
    data: encodeFunctionData({
      abi: clearinghouseAbi,
      functionName: "liquidate",
      args: [scene.trader, scene.market, 50, scene.earners.get(wallet)!, 0],
    }),
  });
  const urgent = (subject: string): SendOptions => ({ subject, urgent: true, hasHeadroom: () => true });

  async function send(
    context: Awaited<ReturnType<typeof contextFor>>,
    call: Call,
    subject: string,
  ): Promise<Sent> {
    const sent = await context.connection.sender.send(call, urgent(subject));
    return "wait" in sent ? sent.wait() : sent;
  }

  it("reorg undoes a liquidation: it is noticed, and done again once", async () => {
    const client = await scene.client(KEEPER);
    const keeper = await scene.keeper(client);
    const before = await scene.nonce(KEEPER);
    expect(did(await keeper.runOnce())).to.deep.equal(["liquidate sent"]);
    await scene.expectLiquidatedOnce();
    expect(did(await keeper.runOnce())).to.deep.equal([]);

    await scene.revert();
    await scene.node.mine({ blocks: 3 });
    expect(await scene.isShort()).to.equal(true);
    expect(did(await keeper.runOnce())).to.deep.equal(["liquidate sent"]);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    await scene.expectLiquidatedOnce();
    expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    const { connection } = contextOf({ client, deployment: scene.exchange.deployment, log });
    expect(connection.status()).to.include({ undone: 1, pending: 0 });
    expect(connection.status().reorganisations).to.be.at.least(1);
  });

  it("nonce gap: a transaction that nodes dropped is sent again, and those behind it get into blocks", async () => {
    const context = await contextFor({ sending: { waitSeconds: 0 } });
    const before = await scene.nonce(KEEPER);
    await scene.node.setAutomine(false);
    const first = await send(context, liquidation(), "first");
    await send(context, touch(), "second");
    expect(first.status).to.equal("pending");
    await scene.node.dropTransaction({ hash: (first as { hash: Hash }).hash });
    await scene.node.mine({ blocks: 1 });
    expect(await scene.nonce(KEEPER)).to.equal(before);
    await context.connection.sender.tend();
    await scene.node.mine({ blocks: 1 });
    await context.connection.sender.tend();
    expect(await scene.nonce(KEEPER)).to.equal(before + 2);
    expect(context.connection.sender.pending).to.equal(0);
    await scene.expectLiquidatedOnce();
  });

  it("nonce gap: where the dropped transaction is not wanted any more, its nonce is filled with nothing", async () => {
    const context = await contextFor({ sending: { waitSeconds: 0 } });
    const before = await scene.nonce(KEEPER);
    await scene.node.setAutomine(false);
    const first = (await send(context, liquidation(), "first")) as { hash: Hash };
    await send(context, touch(), "second");
    await scene.node.dropTransaction({ hash: first.hash });
    const rival = await scene.keeper(await scene.client(RIVAL), { sending: { waitSeconds: 0 } }, RIVAL);
    await rival.runOnce();
    await scene.node.mine({ blocks: 1 });
    await context.connection.sender.tend();
    await scene.node.mine({ blocks: 1 });
    await context.connection.sender.tend();
    expect(await scene.nonce(KEEPER)).to.equal(before + 2);
    expect(context.connection.sender.pending).to.equal(0);
    const { transactions } = await scene.node.getBlock({ includeTransactions: true });
    const filling = transactions.find(
      ({ nonce, from }) => nonce === before && from === key(KEEPER).address.toLowerCase(),
    );
    expect(filling).to.include({ to: key(KEEPER).address.toLowerCase(), value: 0n, input: "0x" });
    await scene.expectLiquidatedOnce();
  });

  it("replacement underpriced: the place of a stuck transaction is taken for as much more as nodes ask", async () => {
    const before = await scene.nonce(KEEPER);
    await mineAt(60n * GWEI);
    await scene.node.setAutomine(false);
    // Of an earlier run: too cheap for the next block, and its tip is more than the market's.
    const stuck = await key(KEEPER).signTransaction({
      ...{ type: "eip1559", chainId: scene.exchange.deployment.chainId, nonce: before, gas: 30_000n },
      ...{ to: key(MAKER).address, value: 1n, maxFeePerGas: 50n * GWEI, maxPriorityFeePerGas: 3n * GWEI },
    });
    await scene.node.sendRawTransaction({ serializedTransaction: stuck });
    const client = await scene.client(KEEPER);
    const keeper = await scene.keeper(client, { maxFeePerGas: 500n * GWEI, sending: { waitSeconds: 0 } });
    const report = await keeper.runOnce();
    expect(did(report)).to.deep.equal(["liquidate pending"]);
    const { maxFeePerGas, maxPriorityFeePerGas, nonce } = await getTransaction(client, {
      hash: hashes(report)[0]!,
    });
    expect(nonce).to.equal(before);
    expect(maxPriorityFeePerGas! >= (3n * GWEI * 11n) / 10n && maxFeePerGas! <= 500n * GWEI).to.equal(true);
    await mineAt(60n * GWEI);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    await scene.expectLiquidatedOnce();
  });

  it("a transaction that blocks pass by is sent again under its nonce, for an eighth more each time, up to the cap", async () => {
    const before = await scene.nonce(KEEPER);
    await mineAt(GWEI);
    await scene.node.setAutomine(false);
    const client = await scene.client(KEEPER);
    const options = { maxFeePerGas: CAP, sending: { waitSeconds: 0, replaceAfterBlocks: 2 } };
    const keeper = await scene.keeper(client, options);
    let fee = 0n;
    // Each time gas costs more than the transaction bears.
    for (const next of [4n, 8n, 14n, 40n, 100n, 100n]) {
      const report = await keeper.runOnce();
      expect(did(report)).to.deep.equal(["liquidate pending"]);
      const { nonce, maxFeePerGas = 0n } = await getTransaction(client, { hash: hashes(report)[0]! });
      expect(nonce).to.equal(before);
      expect(
        fee === CAP ? maxFeePerGas === CAP : maxFeePerGas >= (fee * 9n) / 8n,
        `${fee} ${maxFeePerGas}`,
      ).to.equal(true);
      fee = maxFeePerGas;
      await mineAt(next * GWEI, 2);
    }
    expect(fee).to.equal(CAP);
    await mineAt(GWEI);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    await scene.expectLiquidatedOnce();
  });

  it("gas ×100: upkeep that can wait does, a liquidation goes up to the cap and stays on its way until gas falls", async () => {
    const before = await scene.nonce(KEEPER);
    await mineAt(GWEI, 5);
    await scene.node.setAutomine(false);
    await mineAt(100n * GWEI);
    const client = await scene.client(KEEPER);
    const { deployment } = scene.exchange;
    // The blocks before cost next to nothing: only the cap is to count.
    const sending = { waitSeconds: 0, upkeepFeeMultiple: 1e12 };
    const options = { client, deployment, log, maxFeePerGas: CAP, sending };
    const keeper = await scene.keeper(client, options);
    const upkeep = createSyncKeeper(options);
    await upkeep.init();
    const report = await keeper.runOnce();
    expect(did(report)).to.deep.equal(["liquidate pending"]);
    const waiting = await upkeep.runOnce();
    expect(new Set(waiting.outcomes.map(({ result }) => result))).to.deep.equal(new Set(["waiting"]));
    for (let round = 0; round < 5; round++) {
      await mineAt(100n * GWEI, 3);
      const again = await keeper.runOnce();
      expect(did(again)).to.deep.equal(["liquidate pending"]);
      const { maxFeePerGas } = await getTransaction(client, { hash: hashes(again)[0]! });
      expect(maxFeePerGas).to.equal(CAP);
    }
    expect(await scene.isShort()).to.equal(true);
    expect(await scene.nonce(KEEPER)).to.equal(before);

    await mineAt(GWEI);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    await scene.expectLiquidatedOnce();
    expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    await scene.node.setAutomine(true);
    expect(did(await upkeep.runOnce())).to.include("sync sent");
  });

  it("gas ×100: a liquidation takes the place of upkeep that is stuck", async () => {
    const before = await scene.nonce(KEEPER);
    await mineAt(GWEI, 5);
    await scene.node.setAutomine(false);
    const client = await scene.client(KEEPER);
    const { deployment } = scene.exchange;
    const sending = { waitSeconds: 0, upkeepFeeMultiple: 1e12 };
    const options = { client, deployment, log, maxFeePerGas: 500n * GWEI, sending };
    const upkeep = createSyncKeeper(options);
    await upkeep.init();
    expect(did(await upkeep.runOnce())[0]).to.equal("follow pending");
    await mineAt(100n * GWEI);
    const keeper = await scene.keeper(client, options);
    expect(did(await keeper.runOnce())).to.deep.equal(["liquidate pending"]);
    await mineAt(100n * GWEI);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    await scene.expectLiquidatedOnce();
  });

  it("sends what is about single accounts without a wait, into one block", async () => {
    const { market, trader } = scene;
    const keeper = scene.earners.get(KEEPER)!;
    const context = await contextFor({ sending: { waitSeconds: 300 } });
    await scene.node.setAutomine(false);
    const actions: KeeperAction[] = [
      { kind: "cancelRiskRaising", account: trader, ids: [] },
      { kind: "liquidate", account: trader, market, maxFills: 50, keeper, takeOverLots: 0 },
    ];
    const outcomes = execute(context, actions);
    while (context.connection.sender.pending < 2) await sleep(5);
    await scene.node.mine({ blocks: 1 });
    const blocks: bigint[] = [];
    for (const outcome of await outcomes) {
      expect(outcome.result).to.equal("sent");
      if ("hash" in outcome) {
        const { blockNumber } = await scene.node.getTransactionReceipt({ hash: outcome.hash });
        blocks.push(blockNumber);
      }
    }
    expect(blocks).to.have.length(2);
    expect(blocks[0]).to.equal(blocks[1]);
    await scene.expectLiquidatedOnce();
  });

  it("one revert poisons no batch: what is refused is isolated, named, and the others go on", async () => {
    const { exchange, market, trader, maker } = scene;
    const { deployment } = exchange;
    // An order of the trader that may be cancelled, in a batch with one that is not the trader's.
    const place = async (wallet: number, accountId: number, lots: bigint, tick: bigint) => {
      const order = { deployment, accountId, market, lots, tick };
      const { id } = await placeOrder.simulate(exchange.wallet(wallet), order);
      await exchange.mined(await placeOrder(exchange.wallet(wallet), order));
      return id;
    };
    const { markX16 } = await getMarket(exchange.client, { deployment, market });
    const mark = markX16 >> 16n;
    const others = await place(MAKER, maker, -200n, mark + 20n);
    const closing = await place(TRADER, trader, -200n, mark + 18n);
    const context = await contextFor();
    const actions: KeeperAction[] = [
      { kind: "cancelRiskRaising", account: trader, ids: [closing, others, closing] },
      { kind: "applyRounds", market, accounts: [maker, 2 ** 28, trader] },
      {
        kind: "liquidate",
        account: 9_999,
        market,
        maxFills: 5,
        keeper: scene.earners.get(KEEPER)!,
        takeOverLots: 0,
      },
      {
        kind: "liquidate",
        account: trader,
        market,
        maxFills: 50,
        keeper: scene.earners.get(KEEPER)!,
        takeOverLots: 0,
      },
    ];
    const keeper = createKeeper({
      name: "liquidation",
      log,
      init: () => Promise.resolve(),
      round: async () => ({ block: 1n, outcomes: await execute(context, actions) }),
    });
    const report = await keeper.runOnce();
    const failed = report.outcomes.filter(({ result }) => result === "failed");
    expect(failed.map(({ action }) => action)).to.deep.equal([
      { kind: "cancelRiskRaising", account: trader, ids: [others] },
      { kind: "applyRounds", market, accounts: [2 ** 28] },
      actions[2],
    ]);
    expect(failed.map((outcome) => "error" in outcome && outcome.error.split(":", 1)[0])).to.deep.equal([
      "WrongAccount",
      "UnknownAccount",
      "UnknownAccount",
    ]);
    expect(did(report).at(-1)).to.equal("liquidate sent");
    await scene.expectLiquidatedOnce();
    expect(keeper.health()).to.include({ healthy: false });
    expect(keeper.health().error).to.match(/^cancelRiskRaising: WrongAccount: /);
  });
});
