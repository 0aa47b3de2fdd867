import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CallFailedError } from "@usance/sdk";
import { expect } from "chai";
import { pino } from "pino";
import { HttpRequestError, createClient, http, toHex } from "viem";
import { getBlock } from "viem/actions";
import { parseConfig, readConfig } from "../../scripts/keepers/config.ts";
import { SetupError, type Keeper, type KeeperOutcome } from "../../scripts/keepers/keeper.ts";
import { runKeepers } from "../../scripts/keepers/process.ts";
import { createKeeper } from "../../scripts/keepers/rounds.ts";
import type { Head } from "../../scripts/keepers/supervisor/heads.ts";
import { Turns } from "../../scripts/keepers/supervisor/turns.ts";
import type { JobPlan } from "../../scripts/keepers/supervisor/worker.ts";
import { isTemporary } from "../../scripts/lib/temporary.ts";

const log = pino({ level: "silent" });
const config = {
  http: { host: "127.0.0.1", port: 0 },
  head: { pollSeconds: 0.005 },
  supervision: {
    hangSeconds: 60,
    failuresAllowed: 3,
    firstPauseSeconds: 0.01,
    longestPauseSeconds: 0.1,
    stopSeconds: 60,
  },
};
const sent: KeeperOutcome = {
  action: { kind: "sync", market: 1 },
  result: "sent",
  hash: "0x01",
  gasUsed: 21_000n,
};

/** A keeper whose rounds do what a test says. */
function keeperOf(round: () => Promise<KeeperOutcome[]>, name = "sync"): Keeper {
  return createKeeper({
    name,
    log,
    init: () => Promise.resolve(),
    round: async () => ({ block: 7n, outcomes: await round() }),
  });
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return { status: response.status, body: await response.text() };
}

/** A job around keepers that a test makes; one after the other where it starts anew. */
function planOf(create: () => Keeper, plan: Partial<JobPlan> = {}): JobPlan {
  return { name: "sync", everySeconds: 0.01, everyBlock: false, create, ...plan };
}

/** A chain whose head a test moves. */
class Chain {
  number = 1n;
  readonly read = (): Promise<Head> =>
    Promise.resolve({
      number: this.number,
      hash: toHex(this.number, { size: 32 }),
      timestamp: BigInt(Math.floor(Date.now() / 1_000)),
    });
}

/** Runs jobs until `until` is done with the address at which they answer; gives whether all rounds ended. */
async function running(
  plans: JobPlan[],
  until: (url: string, chain: Chain) => Promise<void>,
  over: { turns?: Turns; supervision?: Partial<typeof config.supervision> } = {},
): Promise<boolean> {
  const stop = new AbortController();
  const chain = new Chain();
  let run = Promise.resolve(false);
  const url = new Promise<string>((onListening) => {
    run = runKeepers(plans, {
      config: { ...config, supervision: { ...config.supervision, ...over.supervision } },
      log,
      readHead: chain.read,
      signal: stop.signal,
      turns: over.turns,
      onListening,
    });
  });
  try {
    await until(await url, chain);
  } finally {
    stop.abort();
    await run;
  }
  return run;
}

interface Health {
  healthy: boolean;
  head: { healthy: boolean; number: number };
  jobs: Record<string, { healthy: boolean; wrong?: string; rounds: number; failures: number; lag?: number }>;
}

/** Asks for the health until it is as wanted. */
async function healthWhen(url: string, wanted: (health: Health) => boolean): Promise<Health> {
  for (;;) {
    const { status, body } = await get(`${url}/health`);
    const health = JSON.parse(body) as Health;
    expect(status).to.equal(health.healthy ? 200 : 503);
    if (wanted(health)) return health;
    await sleep(5);
  }
}

/** A promise that ends when a test says so. */
function gate(): { open: () => void; passed: Promise<void> } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), passed };
}

describe("the keeper process", () => {
  it("tells health and metrics of every job over HTTP", async () => {
    const lost: KeeperOutcome = { action: sent.action, result: "lost", error: "AccountHealthy" };
    await running([planOf(() => keeperOf(() => Promise.resolve([sent, lost])))], async (url) => {
      const { healthy, head, jobs } = await healthWhen(url, ({ jobs }) => (jobs["sync"]?.rounds ?? 0) >= 2);
      expect(healthy).to.be.true;
      expect(head).to.include({ healthy: true, number: 1 });
      expect(jobs["sync"]).to.include({ healthy: true, lastBlock: 7, lag: 0, failures: 0 });
      const { body } = await get(`${url}/metrics`);
      expect(body).to.match(/usance_keeper_actions_total\{keeper="sync",action="sync",result="sent"\} [1-9]/);
      expect(body).to.match(/usance_keeper_actions_total\{keeper="sync",action="sync",result="lost"\} [1-9]/);
      expect(body).to.match(/usance_keeper_gas_used_total\{keeper="sync",action="sync"\} \d+/);
      expect(body).to.match(/usance_keeper_rounds_total\{keeper="sync",result="done"\} [1-9]/);
      expect(body).to.include('usance_keeper_block_number{keeper="sync"} 7');
      expect(body).to.include("usance_keeper_head_block_number 1");
      expect((await get(`${url}/health/sync`)).status).to.equal(200);
      expect((await get(`${url}/health/head`)).status).to.equal(200);
      expect((await get(`${url}/health/constructor`)).status).to.equal(404);
      expect((await get(`${url}/live`)).status).to.equal(200);
      expect((await get(`${url}/other`)).status).to.equal(404);
      expect((await fetch(`${url}/health`, { method: "POST" })).status).to.equal(405);
    });
  });

  it("starts a job that fails anew, later each time, and leaves the others alone", async () => {
    const rounds: number[] = [];
    let made = 0;
    const failing = () => {
      made += 1;
      return keeperOf(() => {
        rounds.push(Date.now());
        return Promise.reject(new Error("storage is not what it should be"));
      }, "purge");
    };
    const plans = [planOf(() => keeperOf(() => Promise.resolve([]))), planOf(failing, { name: "purge" })];
    await running(plans, async (url) => {
      const { healthy, jobs } = await healthWhen(url, ({ jobs }) => (jobs["purge"]?.failures ?? 0) >= 4);
      expect(healthy).to.be.false;
      expect(jobs["purge"]?.wrong).to.match(
        /^\d rounds in a row have failed: storage is not what it should be$/,
      );
      expect(jobs["sync"]).to.include({ healthy: true });
      expect((await get(`${url}/health/purge`)).status).to.equal(503);
      expect((await get(`${url}/health/sync`)).status).to.equal(200);
    });
    // A timer may end a millisecond early by the clock.
    expect((rounds[1] ?? 0) - (rounds[0] ?? 0)).to.be.at.least(9);
    expect((rounds[2] ?? 0) - (rounds[1] ?? 0)).to.be.at.least(19);
    // It is made anew where its errors do not end.
    expect(made).to.be.at.least(2);
  });

  it("says that a job hangs, starts it anew, and passes on its turn to send", async () => {
    const turns = new Turns(100);
    let made = 0;
    const first = gate();
    const create = () => {
      made += 1;
      const hangs = made === 1;
      return keeperOf(() => turns.of(0)(() => (hangs ? first.passed.then(() => []) : Promise.resolve([]))));
    };
    const other = planOf(() => keeperOf(() => turns.of(1)(() => Promise.resolve([])), "purge"), {
      name: "purge",
    });
    await running(
      [planOf(create), other],
      async (url) => {
        const { jobs } = await healthWhen(url, ({ jobs }) => (jobs["sync"]?.failures ?? 0) > 0);
        expect(jobs["sync"]?.wrong).to.match(/did not end within 0\.1 s/);
        const later = await healthWhen(url, ({ healthy }) => healthy);
        expect(later.jobs["sync"]?.rounds).to.be.greaterThan(0);
        expect(later.jobs["purge"]?.rounds).to.be.greaterThan(0);
        const { body } = await get(`${url}/metrics`);
        expect(body).to.include('usance_keeper_rounds_total{keeper="sync",result="hung"} 1');
      },
      { turns, supervision: { hangSeconds: 0.1 } },
    );
    expect(made).to.equal(2);
    first.open();
  });

  it("starts a round at a new block, and else at its own pace", async () => {
    const rounds = { sync: 0, liquidation: 0 };
    const plan = (name: "sync" | "liquidation", everyBlock: boolean) =>
      planOf(() => keeperOf(() => ((rounds[name] += 1), Promise.resolve([])), name), {
        name,
        everyBlock,
        everySeconds: 600,
      });
    await running([plan("sync", false), plan("liquidation", true)], async (url, chain) => {
      await healthWhen(url, ({ healthy }) => healthy);
      // A first block may still have come in while the first round ran.
      const before = rounds.liquidation;
      for (let i = 1; i <= 3; i++) {
        chain.number += 1n;
        const wanted = before + i;
        while (rounds.liquidation < wanted) await sleep(2);
      }
      expect(rounds.sync).to.equal(1);
    });
  });

  it("finishes what it sends when it is told to end, and sends nothing after it", async () => {
    const turns = new Turns(60_000);
    const sending = gate();
    const finish = gate();
    let done = 0;
    let after = 0;
    const keeper = () =>
      keeperOf(async () => {
        await turns.of(0)(async () => {
          sending.open();
          await finish.passed;
          done += 1;
        });
        await turns.of(0)(() => Promise.resolve((after += 1)));
        return [];
      });
    const clean = await running(
      [planOf(keeper)],
      async () => {
        await sending.passed;
        setTimeout(finish.open, 20);
      },
      { turns },
    );
    expect({ clean, done, after }).to.deep.equal({ clean: true, done: 1, after: 0 });
  });

  it("does not wait for ever for a round when it is told to end", async () => {
    const started = gate();
    const never = keeperOf(() => {
      started.open();
      return new Promise(() => undefined);
    });
    const clean = await running([planOf(() => never)], () => started.passed, {
      supervision: { stopSeconds: 0.05 },
    });
    expect(clean).to.be.false;
  });

  it("ends with a sentence where nothing can ever work", async () => {
    const wrong = createKeeper({
      name: "sync",
      log,
      init: () => Promise.reject(new SetupError("The node serves chain 1, the deployment is on chain 2.")),
      round: () => Promise.resolve({ block: 7n, outcomes: [] }),
    });
    const healthy = planOf(() => keeperOf(() => Promise.resolve([])));
    const error: unknown = await runKeepers([healthy, planOf(() => wrong)], {
      config,
      log,
      readHead: new Chain().read,
      signal: new AbortController().signal,
    }).catch((reason: unknown) => reason);
    expect(error)
      .to.be.instanceOf(SetupError)
      .with.property("message")
      .that.matches(/serves chain 1/);
  });

  it("bears a node that is away, says so, and goes on when it is back", async () => {
    // It hangs up on everybody. A port that is free now might be somebody else's in a moment.
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = createClient({ transport: http(`http://127.0.0.1:${port}`, { retryCount: 0 }) });

    let away = true;
    let made = 0;
    const create = () => {
      made += 1;
      return keeperOf(async () => {
        if (away) await getBlock(client);
        return [];
      });
    };
    await running([planOf(create)], async (url) => {
      const { jobs } = await healthWhen(url, ({ jobs }) => (jobs["sync"]?.failures ?? 0) >= 3);
      expect(jobs["sync"]).to.include({ healthy: false, rounds: 0 });
      expect(jobs["sync"]?.wrong).not.to.include(String(port));
      away = false;
      const later = await healthWhen(url, ({ healthy }) => healthy);
      expect(later.jobs["sync"]).to.include({ failures: 0 });
    }).finally(() => server.close());
    // What it knew of the chain is still right.
    expect(made).to.equal(1);
  });

  it("tells a node that is away or lags from an exchange that refuses", () => {
    const away = new HttpRequestError({ url: "http://127.0.0.1:1" });
    expect(isTemporary(new CallFailedError(new Error("outer", { cause: away })))).to.be.true;
    expect(isTemporary(new CallFailedError(new Error("execution reverted")))).to.be.false;
    expect(isTemporary(new Error("outer", { cause: new Error("header not found") }))).to.be.true;
    expect(isTemporary("text")).to.be.false;
  });
});

describe("turns", () => {
  it("are taken one at a time, by rank and then in order", async () => {
    const turns = new Turns(60_000);
    const order: string[] = [];
    const first = gate();
    let under = 0;
    const take = (rank: number, name: string, until: Promise<void> = Promise.resolve()) =>
      turns.of(rank)(async () => {
        expect(++under).to.equal(1);
        await until;
        order.push(name);
        under -= 1;
      });
    const all = [
      take(3, "purge", first.passed),
      take(2, "sync"),
      take(0, "liquidation 1"),
      take(0, "liquidation 2"),
    ];
    first.open();
    await Promise.all(all);
    expect(order).to.deep.equal(["purge", "liquidation 1", "liquidation 2", "sync"]);
  });

  it("go on after one that failed", async () => {
    const turn = new Turns(60_000).of(0);
    const failed: unknown = await turn(() => Promise.reject(new Error("once"))).catch(
      (error: unknown) => error,
    );
    expect(failed).to.be.an("error").with.property("message", "once");
    expect(await turn(() => Promise.resolve(7))).to.equal(7);
  });
});

describe("rounds", () => {
  it("never overlap", async () => {
    let under = 0;
    let most = 0;
    const keeper = keeperOf(async () => {
      most = Math.max(most, ++under);
      await sleep(5);
      under -= 1;
      return [];
    });
    await Promise.all([keeper.runOnce(), keeper.runOnce(), keeper.runOnce()]);
    expect(most).to.equal(1);
    expect(keeper.health()).to.include({ rounds: 3, healthy: true });
  });

  it("tell their error without the node's address, which may hold a key", async () => {
    const url = "http://127.0.0.1:1/v2/secret";
    const keeper = keeperOf(async () => {
      await getBlock(createClient({ transport: http(url, { retryCount: 0 }) }));
      return [];
    });
    await keeper.runOnce().catch(() => undefined);
    expect(keeper.health().error).to.be.a("string").and.not.include("secret");
  });

  it("start afresh after one that failed", async () => {
    let rounds = 0;
    const keeper = keeperOf(() => (++rounds === 1 ? Promise.reject(new Error("once")) : Promise.resolve([])));
    const first: unknown = await keeper.runOnce().catch((error: unknown) => error);
    expect(first).to.be.an("error").with.property("message", "once");
    expect(keeper.health()).to.include({ healthy: false, error: "once" });
    await keeper.runOnce();
    expect(keeper.health()).to.include({ healthy: true });
    expect(keeper.health()).not.to.have.property("error");
  });
});

describe("the keeper configuration", () => {
  it("is complete without a file", () => {
    expect(parseConfig({})).to.deep.include({
      keepers: ["sync", "liquidation", "waterfall", "settlement", "purge"],
      dryRun: false,
      http: { host: "127.0.0.1", port: 9_464 },
    });
  });

  it("has an example whose values are the defaults, except where it says otherwise", () => {
    const path = new URL("../../config/keeper.example.jsonc", import.meta.url).pathname;
    const example = readConfig(path);
    const marked = readFileSync(path, "utf8").matchAll(/^ *(?:"(\w+)".*|\}), \/\/ no default/gm);
    const {
      maxFeePerGasGwei: _gas,
      nativePriceInCollateral: _price,
      shard: _shard,
      alerts,
      ...rest
    } = example;
    const { keeperAccount: _account, ...liquidation } = rest.liquidation;
    const { maxAgeSeconds: _age, ...head } = rest.head;
    const { folder: _folder, ...signedOrders } = rest.signedOrders;
    expect([...marked].map(([, name]) => name ?? "alerts")).to.deep.equal([
      "maxFeePerGasGwei",
      "nativePriceInCollateral",
      "shard",
      "maxAgeSeconds",
      "keeperAccount",
      "folder",
      "webhooks",
      "alerts",
    ]);
    expect({ ...rest, liquidation, head, signedOrders }).to.deep.equal(parseConfig({}));
    // Within alerts everything is a default but what has to be there.
    const { stateFile, webhooks, watch } = alerts ?? {};
    const own = watch?.map(({ account, label, webhooks }) => ({ account, label, webhooks }));
    const least = { stateFile, webhooks, watch: own };
    expect(parseConfig({ alerts: least }).alerts).to.deep.equal(alerts);
  });

  it("refuses what it does not know, naming the field and what there is", () => {
    expect(() => parseConfig({ privateKey: "0x01" })).to.throw(
      /^The keeper configuration is wrong: there is no field privateKey; there are keepers, dryRun, /,
    );
    expect(() => parseConfig({ sync: { everySecond: 1 } })).to.throw(
      /: sync: there is no field everySecond; there are everySeconds, everyBlock, intervalSeconds/,
    );
  });

  it("refuses a wrong value, naming the field, the value and what is allowed", () => {
    expect(() => parseConfig({ sync: { intervalSeconds: 0 } })).to.throw(
      /: sync\.intervalSeconds is 0: .*>0/,
    );
    expect(() => parseConfig({ keepers: ["sync", "x"] })).to.throw(/: keepers\.1 is "x": .*"liquidation"/);
    expect(() => parseConfig({ keepers: ["sync", "sync"] })).to.throw(/keepers: must name each keeper once/);
    expect(() => parseConfig({ shard: { index: 2, of: 2 } })).to.throw(/index must be below of/);
    const watch = [{ account: 2_048, levelsPercent: [120, 150] }];
    expect(() => parseConfig({ alerts: { stateFile: "a", webhooks: [], watch } })).to.throw(
      /alerts\.watch\.0\.levelsPercent: must fall/,
    );
  });

  it("keeps a secret in the wrong place out of its message", () => {
    const webhooks = [{ name: "a", urlVariable: "https://x/secret", secretVariable: "b3c" }];
    const refused = () => parseConfig({ alerts: { stateFile: "a", webhooks } });
    expect(refused).to.throw(/alerts\.webhooks\.0\.urlVariable: must be the name of an environment variable/);
    expect(refused).not.to.throw(/x\/secret/);
    expect(() => parseConfig({ logLevel: `0x${"5e".repeat(32)}` })).not.to.throw(/5e5e/);
  });

  it("keeps what looks like a comment inside a text", () => {
    const path = join(mkdtempSync(join(tmpdir(), "usance-")), "keeper.jsonc");
    writeFileSync(path, '{ /* host */ "http": { "host": "//localhost/*" } } // end');
    expect(readConfig(path).http.host).to.equal("//localhost/*");
  });
});
