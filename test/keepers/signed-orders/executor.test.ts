import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  cancelSignedOrder,
  cancelSignedOrderGroups,
  setOperator,
  splitOrder,
  signOrder,
  type SignedOrder,
} from "@usance/sdk";
import { expect } from "chai";
import { createTestClient, http, zeroAddress } from "viem";
import { key } from "../../support/exchange.ts";
import { KEEPER, RIVAL, Scene, TRADER, did, json, usd, type Executor } from "./scene.ts";

/** Answers every question with what ERC-1271 takes for yes; the other one burns all gas that it gets. */
const APPROVES = "0x631626ba7e60e01b60005260206000f3";
const BURNS = "0x5b600056";
const CONTRACT = "0x00000000000000000000000000000000000c0de1";

describe("the executor of signed orders", function () {
  this.timeout(300_000);
  let scene: Scene;
  let executor: Executor;

  before(async () => {
    scene = await Scene.start();
    executor = await scene.executor(KEEPER);
  });
  after(async () => {
    await executor.close();
    await scene.close();
  });

  const setCode = (bytecode: `0x${string}`) =>
    createTestClient({ mode: "hardhat", transport: http(scene.exchange.rpc) }).setCode({
      address: CONTRACT,
      bytecode,
    });

  it("executes a limit order at once, and its fee arrives in the executor's wallet", async () => {
    const before = await scene.size();
    const balance = await scene.exchange.balanceOf(executor.address);
    const { status, body } = await executor.post(json(await scene.sign()));
    expect(status).to.equal(201);
    expect(body).to.include({ status: "kept", consumedLots: "0" });
    const report = await executor.keeper.runOnce();
    expect(did(report)).to.deep.equal(["executeSigned sent"]);
    expect(report.outcomes[0]).to.have.property("earned", usd("2"));
    expect(await scene.size()).to.equal(before - 1_000n);
    expect(await scene.exchange.balanceOf(executor.address)).to.equal(balance + usd("2"));
    expect((await executor.get(body["hash"])).body).to.include({ status: "consumed", consumedLots: "1000" });
    expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
  });

  it("takes an order twice for one", async () => {
    const order = json(await scene.sign({ trigger: "atOrAbove", triggerX16: 2n ** 40n - 1n }));
    const first = await executor.post(order);
    const second = await executor.post(order);
    expect([first.status, second.status]).to.deep.equal([201, 200]);
    expect(second.body).to.deep.equal(first.body);
  });

  it("refuses with a typed sentence what it cannot execute", async () => {
    const { contract } = scene;
    const now = await scene.now();
    const good = await scene.sign();
    const spent = await scene.sign();
    await executor.post(json(spent));
    await executor.keeper.runOnce();
    executor.service.store.remove([
      ((await executor.post(json(spent))).body["hash"] ?? "0x") as `0x${string}`,
    ]);
    const elsewhere = { ...scene.deployment, chainId: 1 };
    const other = (over: Record<string, unknown>) => ({ ...json(good), ...over });
    const stranger = await scene.sign({ owner: key(9).address, account: key(9) });
    const cases: [unknown, number, string, RegExp][] = [
      ["{", 400, "NotJson", /send what `signOrder` gave/],
      [[json(good)], 400, "FieldWrong", /not a JSON object/],
      [other({ lots: "1e3" }), 400, "FieldWrong", /lots is "1e3"/],
      [other({ tick: "-1" }), 400, "FieldWrong", /tick is -1: it must lie between/],
      [other({ secret: 1 }), 400, "FieldWrong", /secret/],
      [other({ signature: undefined }), 400, "FieldWrong", /signature is missing/],
      [other({ pad: "x".repeat(70_000) }), 413, "BodyTooLong", /longer than 65536 bytes/],
      [other({ chainId: 1 }), 400, "OtherChain", /for chain 1, .* serves chain 31337/],
      [other({ contract: zeroAddress }), 400, "OtherContract", new RegExp(contract)],
      [json(await scene.sign({ deployment: elsewhere })), 400, "SignatureInvalid", /on chain 31337/],
      [
        json(await scene.sign({ deployment: { ...scene.deployment, signedOrders: key(8).address } })),
        ...([400, "SignatureInvalid", /sign it again/] as const),
      ],
      [other({ lots: "-2000" }), 400, "SignatureInvalid", /not one of/],
      [other({ signature: `${good.signature}00` }), 400, "SignatureInvalid", /not one of/],
      [json(await scene.sign({ executor: key(9).address })), 400, "OtherExecutor", /hand it to the other/],
      [other({ trail: { basisPoints: 100 } }), 400, "TrailNeedsExecutor", /anyone may execute it/],
      [other({ trail: { basisPoints: 100, ticks: "3" } }), 400, "FieldWrong", /either basisPoints or ticks/],
      [other({ trail: { basisPoints: 0 } }), 400, "FieldWrong", /basisPoints/],
      [json(await scene.sign({ expiry: now - 1n })), 400, "Expired", /was good until/],
      [
        json(await scene.sign({ start: now + 90n, expiry: now + 80n })),
        400,
        "FieldWrong",
        /after its expiry/,
      ],
      [json(await scene.sign({ lots: 0n })), 400, "FieldWrong", /0 lots/],
      [json(await scene.sign({ oneCancelsOther: true })), 400, "FieldWrong", /group 0/],
      [json(await scene.sign({ market: 9 })), 400, "UnknownMarket", /no market 9/],
      [json(stranger), 400, "SignerNotAuthorised", /deposit into it first/],
      [
        json(await scene.sign({ owner: key(TRADER).address, account: key(9) })),
        ...([400, "SignerNotAuthorised", /names it operator first/] as const),
      ],
      [json(spent), 400, "Spent", /executed wholly/],
    ];
    for (const [body, status, code, message] of cases) {
      const answer = await executor.post(body);
      const { error } = answer.body as { error?: { code: string; message: string } };
      expect([answer.status, error?.code, error?.message], JSON.stringify(answer)).to.satisfy(
        ([s, c, m]: [number, string, string]) => s === status && c === code && message.test(m),
      );
    }
    expect((await executor.get(`0x${"00".repeat(32)}`)).status).to.equal(404);
    expect((await executor.get("x")).status).to.equal(404);
  });

  it("keeps as many orders of a signer as it may, and answers as many requests", async () => {
    const small = await scene.executor(RIVAL, {
      settings: { perSigner: 2, inbox: { port: 0, perMinute: 5 } },
      minFee: usd("1"),
    });
    try {
      const cheap = await small.post(json(await scene.sign({ fee: usd("0.5") })));
      expect(cheap.body).to.have.nested.property("error.code", "FeeTooLow");
      const statuses = [];
      for (let i = 0; i < 5; i++) statuses.push((await small.post(json(await scene.sign()))).status);
      expect(statuses).to.deep.equal([201, 201, 429, 429, 429]);
      const last = await small.post(json(await scene.sign()));
      expect(last.body).to.have.nested.property("error.code", "TooManyRequests");
    } finally {
      await small.close();
    }
  });

  it("tries again later what fails for a reason that passes", async () => {
    await scene.approve(TRADER, 0n);
    const { body } = await executor.post(json(await scene.sign()));
    const before = await scene.size();
    expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
    const waits = (await executor.get(body["hash"])).body;
    expect(waits).to.include({ status: "kept", failures: 1 });
    expect(waits["error"]).to.match(/^ERC20InsufficientAllowance: /);
    await scene.approve(TRADER, usd("1000"));
    await sleep(15);
    expect(did(await executor.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
    expect(await scene.size()).to.equal(before - 1_000n);
  });

  it("leaves alone what does not pay for its gas", async () => {
    // A native coin that is worth a thousand million makes every fee too small.
    const dear = await scene.executor(RIVAL, { job: { nativePrice: 10n ** 15n } });
    const fair = await scene.executor(RIVAL, { job: { nativePrice: 1n } });
    try {
      const order = json(await scene.sign());
      const { body } = await dear.post(order);
      expect(did(await dear.keeper.runOnce())).to.deep.equal([]);
      expect((await dear.get(body["hash"])).body).to.include({
        status: "kept",
        error: "Its fee does not pay for its gas now.",
      });
      await fair.post(order);
      expect(did(await fair.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
    } finally {
      await dear.close();
      await fair.close();
    }
  });

  it("executes the others of a batch where one is poisoned", async () => {
    const { deployment, exchange, accounts } = scene;
    // Vouches for everything when it is asked, and burns all gas when it counts.
    await setCode(APPROVES);
    const client = exchange.wallet(TRADER);
    const operator = { accountId: accounts.trader, operator: CONTRACT, expiry: 2n ** 40n - 1n } as const;
    await exchange.mined(await setOperator(client, { deployment, ...operator }));
    const poison = await scene.sign({ signer: CONTRACT, owner: key(TRADER).address, fee: 0n });
    const hashes: unknown[] = [];
    for (const order of [await scene.sign(), poison, await scene.sign()]) {
      const { status, body } = await executor.post(json(order));
      expect(status, JSON.stringify(body)).to.equal(201);
      hashes.push(body["hash"]);
    }
    await setCode(BURNS);
    const before = await scene.size();
    const report = await executor.keeper.runOnce();
    expect(did(report)).to.deep.equal(["executeSigned sent"]);
    expect(report.signedOrders).to.include({ failing: 1 });
    expect(executor.keeper.health()).to.include({ healthy: true });
    expect(await scene.size()).to.equal(before - 2_000n);
    const told = await Promise.all(hashes.map(async (hash) => (await executor.get(hash)).body));
    expect(told.map(({ status }) => status)).to.deep.equal(["consumed", "kept", "consumed"]);
    expect(told[1]?.["error"]).to.match(/needs more than 1000000 gas|SignatureInvalid/);
    // A transaction that holds it all the same executes the others too.
    await sleep(15);
    await setCode(APPROVES);
    expect(did(await executor.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
    expect(await scene.size()).to.equal(before - 3_000n);
  });

  it("drops what was cancelled on chain, alone or with its group, and what is over", async () => {
    const { deployment, exchange } = scene;
    const start = (await scene.now()) + 3_600n;
    const orders = [
      await scene.sign({ start }),
      await scene.sign({ start, group: 7n }),
      await scene.sign({ start, expiry: start }),
    ];
    const hashes: unknown[] = [];
    for (const order of orders) hashes.push((await executor.post(json(order))).body["hash"]);
    const client = exchange.wallet(TRADER);
    const owner = key(TRADER).address;
    const [first] = orders;
    await exchange.mined(
      await cancelSignedOrder(client, { deployment, owner, orderNonce: first?.nonce ?? 0n }),
    );
    await exchange.mined(await cancelSignedOrderGroups(client, { deployment, owner, groups: [7n] }));
    await exchange.warp(Number(start) + 1);
    expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
    const told = await Promise.all(hashes.map(async (hash) => (await executor.get(hash)).body["status"]));
    expect(told).to.deep.equal(["cancelled", "cancelled", "expired"]);
  });

  it("pays one of two executors that race", async () => {
    const rival = await scene.executor(RIVAL);
    try {
      const order = json(await scene.sign());
      for (const each of [executor, rival]) await each.post(order);
      const before = await scene.size();
      const balances = () =>
        Promise.all([executor, rival].map(({ address }) => scene.exchange.balanceOf(address)));
      const sum = (all: bigint[]) => all.reduce((total, each) => total + each, 0n);
      const start = sum(await balances());
      const reports = await Promise.all([executor.keeper.runOnce(), rival.keeper.runOnce()]);
      const outcomes = reports.flatMap((report) => did(report));
      expect(outcomes.filter((outcome) => outcome === "executeSigned sent")).to.have.length(1);
      expect(outcomes.every((outcome) => /sent|lost/.test(outcome))).to.be.true;
      expect(sum(await balances())).to.equal(start + usd("2"));
      expect(await scene.size()).to.equal(before - 1_000n);
      for (const each of [executor, rival]) {
        expect(each.keeper.health()).to.include({ healthy: true });
        expect(did(await each.keeper.runOnce())).to.deep.equal([]);
      }
    } finally {
      await rival.close();
    }
  });

  it("executes the slices of a split order at their times, to the last lot", async () => {
    const now = await scene.now();
    const { signature: _, ...terms } = await scene.sign({
      lots: -1_001n,
      fee: 7n,
      expiry: now + 86_400n,
      nonce: 1_000n,
    });
    const slices = splitOrder(terms, { slices: 3, everySeconds: 600n, start: now + 600n });
    expect(slices.map(({ lots }) => lots)).to.deep.equal([-333n, -334n, -334n]);
    const account = key(TRADER);
    const { deployment } = scene;
    for (const slice of slices)
      expect((await executor.post(json(await signOrder({ account, deployment, ...slice })))).status).to.equal(
        201,
      );
    const before = await scene.size();
    const sold = [];
    for (const { start = 0n } of slices) {
      await scene.exchange.warp(Number(start) - 1);
      expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
      await scene.exchange.warp(Number(start));
      expect(did(await executor.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
      sold.push(before - (await scene.size()));
    }
    expect(sold).to.deep.equal([333n, 667n, 1_001n]);
  });

  it("takes orders from a folder, and goes on where one is none", async () => {
    const folder = mkdtempSync(join(tmpdir(), "usance-folder-"));
    const reads = await scene.executor(RIVAL, { settings: { folder } });
    try {
      writeFileSync(join(folder, "a.json"), "{");
      writeFileSync(join(folder, "b.json"), JSON.stringify([{}, json(await scene.sign())]));
      const before = await scene.size();
      expect(did(await reads.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
      expect(did(await reads.keeper.runOnce())).to.deep.equal([]);
      expect(await scene.size()).to.equal(before - 1_000n);
    } finally {
      await reads.close();
    }
  });

  it("follows the highest mark for a trailing stop, and sells when it has turned", async () => {
    const trail = { basisPoints: 300 };
    const start = (await scene.mark()) >> 16n;
    // One order of several limits is executed: each is good while the fill band reaches down to it.
    const orders: { order: SignedOrder; hash: unknown }[] = [];
    for (let rung = 0n; rung < 16n; rung++) {
      const tick = (start * (97n + 4n * rung)) / 100n;
      const group = { group: 5n, oneCancelsOther: true, executor: executor.address };
      const order = await scene.sign({ ...group, tick, reduceOnly: true });
      const { status, body } = await executor.post(json(order, { trail }));
      expect(status, JSON.stringify(body)).to.equal(201);
      orders.push({ order, hash: body["hash"] });
    }
    const differs = await executor.post(json(orders[0]!.order, { trail: { basisPoints: 1 } }));
    expect(differs.body).to.have.nested.property("error.code", "TrailDiffers");
    const told = () => Promise.all(orders.map(async ({ hash }) => (await executor.get(hash)).body));
    let highest = 0n;
    let hasTurned = false;
    const before = await scene.size();
    const days: string[][] = [];
    while (!hasTurned && days.length < 10) {
      if (days.length > 0) await scene.nextDay();
      await scene.quote();
      const mark = await scene.mark();
      if (mark > highest) highest = mark;
      hasTurned = mark * 10_000n <= highest * 9_700n;
      days.push(did(await executor.keeper.runOnce()));
      for (const each of await told())
        expect(each, `day ${days.length}`).to.include({ extremeX16: String(highest), fired: hasTurned });
    }
    expect(highest >> 16n > (start * 11n) / 10n, `${highest}`).to.be.true;
    // It was followed for days, and executed on the one on which it had turned.
    expect(days.length).to.be.greaterThan(3);
    expect(days.map((actions) => actions.length)).to.deep.equal([
      ...Array<number>(days.length - 1).fill(0),
      1,
    ]);
    expect(days.at(-1)).to.deep.equal(["executeSigned sent"]);
    expect(await scene.size()).to.equal(before - 1_000n);
    expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
    const statuses = (await told()).map(({ status }) => status);
    expect(statuses.sort()).to.deep.equal(["consumed", ...Array<string>(15).fill("replaced")]);
  });

  it("fires stop and take-profit at the trigger, and not before", async () => {
    const mark = await scene.mark();
    // A stop and a take-profit of the long trader, and those of a short one.
    const terms = [
      { trigger: "atOrBelow", lots: -300n, off: -1n },
      { trigger: "atOrBelow", lots: -400n, off: 0n },
      { trigger: "atOrAbove", lots: -500n, off: 1n },
      { trigger: "atOrAbove", lots: -600n, off: 0n },
    ] as const;
    const hashes: unknown[] = [];
    for (const { trigger, lots, off } of terms) {
      // The first one is signed for the mark of the next day, which is 8 % lower.
      const tick = ((mark >> 16n) * (off < 0n ? 90n : 98n)) / 100n;
      const order = await scene.sign({ trigger, triggerX16: mark + off, lots, tick });
      hashes.push((await executor.post(json(order))).body["hash"]);
    }
    await scene.quote();
    const before = await scene.size();
    expect(did(await executor.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
    expect(await scene.mark()).to.equal(mark);
    expect(await scene.size()).to.equal(before - 1_000n);
    const statuses = () => Promise.all(hashes.map(async (hash) => (await executor.get(hash)).body["status"]));
    expect(await statuses()).to.deep.equal(["kept", "consumed", "kept", "consumed"]);
    expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
    await scene.nextDay();
    await scene.quote();
    expect((await scene.mark()) < mark).to.be.true;
    expect(did(await executor.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
    expect(await statuses()).to.deep.equal(["consumed", "consumed", "kept", "consumed"]);
    expect(await scene.size(scene.accounts.maker)).to.equal(-(await scene.size()));
  });
});
