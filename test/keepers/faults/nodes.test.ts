import { expect } from "chai";
import { getBlockNumber } from "viem/actions";
import { contextOf } from "../../../scripts/keepers/context.ts";
import { createSyncKeeper } from "../../../scripts/keepers/sync.ts";
import { connect, endpointsOf } from "../../../scripts/lib/client.ts";
import { isTemporary } from "../../../scripts/lib/temporary.ts";
import { FaultProxy, drops, dropsAnswersToSends, duplicates, lagsAt, lies, type Fault } from "./proxy.ts";
import { KEEPER, RIVAL, Scene, did, log } from "./scene.ts";

describe("keepers over nodes that fail", () => {
  let scene: Scene;
  let nodes: FaultProxy[];

  before(async () => {
    scene = await Scene.start();
    nodes = await Promise.all([0, 1, 2].map(() => FaultProxy.start(scene.exchange.rpc)));
  });
  after(async () => {
    for (const node of nodes ?? []) await node.close();
    await scene?.exchange.close();
  });

  const faults = (...list: (Fault | undefined)[]) => {
    for (const [position, node] of nodes.entries()) node.fault = list[position];
  };

  it("missed events: a keeper whose node was away while an account fell acts on what it missed", async () => {
    faults();
    const client = await scene.client(KEEPER, nodes[0]!.url);
    const keeper = await scene.keeper(client);
    expect(did(await keeper.runOnce())).to.deep.equal([]);
    faults(drops);
    await scene.fall();
    const away: unknown = await keeper.runOnce().catch((error: unknown) => error);
    expect(isTemporary(away), String(away)).to.equal(true);
    expect(keeper.health()).to.include({ healthy: false });
    faults();
    expect(did(await keeper.runOnce())).to.deep.equal(["liquidate sent"]);
    await scene.expectLiquidatedOnce();
    expect(keeper.health()).to.include({ healthy: true });
  });

  describe("with three nodes", () => {
    beforeEach(async () => {
      faults();
      await scene.restore();
    });

    const several = async (retrySeconds = 60) =>
      scene.client(
        KEEPER,
        nodes.map(({ url }) => url),
        { retrySeconds, timeoutSeconds: 5 },
      );
    const asides = (client: Awaited<ReturnType<typeof several>>) =>
      endpointsOf(client)!
        .status()
        .map(({ aside }) => aside);

    /** The trader is liquidated once, by one transaction, whatever the nodes do. */
    async function liquidates(client: Awaited<ReturnType<typeof several>>): Promise<void> {
      const before = await scene.nonce(KEEPER);
      const keeper = await scene.keeper(client);
      expect(did(await keeper.runOnce())).to.deep.equal(["liquidate sent"]);
      expect(did(await keeper.runOnce())).to.deep.equal([]);
      await scene.expectLiquidatedOnce();
      expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    }

    it("RPC lags: a node that stands still is put aside, and the others' head is worked at", async () => {
      const head = await getBlockNumber(scene.exchange.client, { cacheTime: 0 });
      faults(undefined, lagsAt(head - 4n));
      const client = await several();
      await liquidates(client);
      const [first, second, third] = asides(client);
      expect([first, third]).to.deep.equal([undefined, undefined]);
      expect(second).to.match(/ behind the others$/);
    });

    it("RPC lags: two of three that are one block back give the head, and the transaction is still sent once", async () => {
      const head = await getBlockNumber(scene.exchange.client, { cacheTime: 0 });
      faults(lagsAt(head), lagsAt(head));
      await scene.node.mine({ blocks: 1 });
      const client = await several();
      expect(await getBlockNumber(client, { cacheTime: 0 })).to.equal(head);
      faults();
      await liquidates(client);
    });

    it("RPC lies: a node that shows another chain is put aside and asked for nothing but blocks", async () => {
      faults(lies);
      const client = await several();
      const reads = () => nodes[0]!.asked.filter((method) => method === "eth_call").length;
      const before = reads();
      await liquidates(client);
      expect(asides(client)[0]).to.match(/^shows another block \d+ than the others$/);
      // What it was asked before its first block gave it away is all.
      expect(reads() - before).to.be.at.most(1);
    });

    it("RPC lies: nothing is decided while too few agree, and the keeper goes on when they do", async () => {
      faults(lies, drops);
      const client = await several(0);
      const before = await scene.nonce(KEEPER);
      const keeper = await scene.keeper(client);
      const refused: unknown = await keeper.runOnce().catch((error: unknown) => error);
      expect(isTemporary(refused), String(refused)).to.equal(true);
      expect(keeper.health().error).to.match(/of the nodes show the same block and 2 must/);
      expect(await scene.nonce(KEEPER)).to.equal(before);
      expect(await scene.isShort()).to.equal(true);
      faults();
      expect(did(await keeper.runOnce())).to.deep.equal(["liquidate sent"]);
      await scene.expectLiquidatedOnce();
    });

    it("RPC drops: one node of three is enough to send to, two to read from", async () => {
      const refusesSends: Fault = ({ method }, pass) =>
        method === "eth_sendRawTransaction" ? Promise.resolve(undefined) : pass();
      faults(drops, refusesSends);
      const client = await several();
      await liquidates(client);
      expect(asides(client)).to.deep.equal(["does not answer", undefined, undefined]);
    });

    it("RPC drops: a node that is back is used again", async () => {
      faults(drops);
      const client = await several(0);
      const { sender } = contextOf({ client, deployment: scene.exchange.deployment, log }).connection;
      await getBlockNumber(client, { cacheTime: 0 });
      expect(asides(client)[0]).to.equal("does not answer");
      faults();
      await getBlockNumber(client, { cacheTime: 0 });
      expect(asides(client)).to.deep.equal([undefined, undefined, undefined]);
      expect(sender.pending).to.equal(0);
    });

    it("RPC drops: a transaction whose answer is lost is not sent a second time", async () => {
      faults(dropsAnswersToSends, dropsAnswersToSends, dropsAnswersToSends);
      await liquidates(await several());
    });

    it("RPC duplicates: a transaction that arrives twice is in the chain once", async () => {
      faults(duplicates, duplicates, duplicates);
      await liquidates(await several());
    });
  });

  describe("with two keepers", () => {
    beforeEach(async () => {
      faults();
      await scene.restore();
    });

    it("two keepers race into one block: one is paid, the other's attempt is lost, and neither tries again", async () => {
      const nonces = [await scene.nonce(KEEPER), await scene.nonce(RIVAL)];
      const sending = { waitSeconds: 0 };
      const first = await scene.keeper(await scene.client(KEEPER), { sending });
      const rival = await scene.keeper(await scene.client(RIVAL), { sending }, RIVAL);
      await scene.node.setAutomine(false);
      for (const keeper of [first, rival])
        expect(did(await keeper.runOnce())).to.deep.equal(["liquidate pending"]);
      // Another round, and nobody sends again what is on its way.
      for (const keeper of [first, rival])
        expect(did(await keeper.runOnce())).to.deep.equal(["liquidate pending"]);
      await scene.node.mine({ blocks: 1 });
      for (const keeper of [first, rival]) expect(did(await keeper.runOnce())).to.deep.equal([]);
      await scene.node.mine({ blocks: 1 });
      for (const keeper of [first, rival]) expect(did(await keeper.runOnce())).to.deep.equal([]);
      await scene.expectLiquidatedOnce();
      expect([await scene.nonce(KEEPER), await scene.nonce(RIVAL)]).to.deep.equal(
        nonces.map((nonce) => nonce + 1),
      );
    });
  });

  it("refuses nodes of different chains", async () => {
    faults(async ({ method }, pass) => {
      const answer = await pass();
      return method === "eth_chainId" ? { ...answer, result: "0x1" } : answer;
    });
    const refused: unknown = await connect(nodes.map(({ url }) => url)).catch((error: unknown) => error);
    expect(refused)
      .to.be.an("error")
      .with.property("message")
      .that.matches(/serve different chains: /);
    faults();
  });

  it("clock skew: what is due is decided by the time of blocks, whatever this machine's clock says", async () => {
    await scene.restore();
    const { deployment } = scene.exchange;
    const client = await scene.client(KEEPER);
    const keeper = createSyncKeeper({ client, deployment, log, interval: 600 });
    await keeper.init();
    const { head } = contextOf({ client, deployment, log }).connection;
    const clock = Date.now;
    try {
      expect(did(await keeper.runOnce())).to.include("sync sent");
      for (const years of [-20, 20]) {
        const now = clock() + years * 31_557_600_000;
        Date.now = () => now;
        expect(did(await keeper.runOnce())).to.deep.equal([]);
        expect(Math.sign(head.skewSeconds!)).to.equal(Math.sign(years));
      }
      const { timestamp } = await scene.node.getBlock();
      await scene.exchange.warp(Number(timestamp) + 601);
      expect(did(await keeper.runOnce())).to.include("sync sent");
    } finally {
      Date.now = clock;
    }
  });
});
