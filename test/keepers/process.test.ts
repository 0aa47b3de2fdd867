import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CallFailedError } from "@usance/sdk";
import { expect } from "chai";
import { pino } from "pino";
import { HttpRequestError, createClient, http } from "viem";
import { getBlock } from "viem/actions";
import { parseConfig, readConfig } from "../../scripts/keepers/config.ts";
import type { Keeper, KeeperOutcome } from "../../scripts/keepers/keeper.ts";
import { runKeepers } from "../../scripts/keepers/process.ts";
import { createKeeper } from "../../scripts/keepers/rounds.ts";
import { isTemporary } from "../../scripts/lib/temporary.ts";

const log = pino({ level: "silent" });
const config = { everySeconds: 0.01, maxFailures: 3, http: { host: "127.0.0.1", port: 0 } };
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

/** Runs keepers until `until` is done with the address at which they answer. */
async function running(keepers: Keeper[], until: (url: string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  let run = Promise.resolve();
  const url = new Promise<string>((onListening) => {
    run = runKeepers(keepers, { config, log, signal: stop.signal, onListening });
  });
  try {
    await until(await url);
  } finally {
    stop.abort();
    await run;
  }
}

describe("the keeper process", () => {
  it("tells health and metrics of every job over HTTP", async () => {
    const lost: KeeperOutcome = { action: sent.action, result: "lost", error: "AccountHealthy" };
    const keeper = keeperOf(() => Promise.resolve([sent, lost]));
    await running([keeper], async (url) => {
      while (keeper.health().rounds < 2) await sleep(5);
      const health = await get(`${url}/health`);
      expect(health.status).to.equal(200);
      const { healthy, jobs } = JSON.parse(health.body) as { healthy: boolean; jobs: Record<string, object> };
      expect(healthy).to.be.true;
      expect(jobs["sync"]).to.include({ healthy: true });
      const { body } = await get(`${url}/metrics`);
      expect(body).to.match(/usance_keeper_actions_total\{keeper="sync",action="sync",result="sent"\} [1-9]/);
      expect(body).to.match(/usance_keeper_actions_total\{keeper="sync",action="sync",result="lost"\} [1-9]/);
      expect(body).to.match(/usance_keeper_gas_total\{keeper="sync",action="sync"\} \d+/);
      expect(body).to.include('usance_keeper_block{keeper="sync"} 7');
      expect((await get(`${url}/other`)).status).to.equal(404);
    });
  });

  it("ends with an error that nobody foresaw", async () => {
    const keeper = keeperOf(() => Promise.reject(new Error("storage is not what it should be")));
    const end = runKeepers([keeper], { config, log, signal: new AbortController().signal });
    const error: unknown = await end.catch((reason: unknown) => reason);
    expect(error).to.be.an("error").with.property("message", "storage is not what it should be");
  });

  it("says that it is unwell while the node is away, goes on, and ends when it stays away", async () => {
    // A port that nothing listens on: it was free a moment ago.
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const client = createClient({ transport: http(`http://127.0.0.1:${port}`, { retryCount: 0 }) });

    let rounds = 0;
    const keeper = keeperOf(async () => {
      rounds += 1;
      if (rounds !== 2) await getBlock(client);
      return [];
    });
    const stop = new AbortController();
    const error: unknown = await runKeepers([keeper], { config, log, signal: stop.signal }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.an("error");
    // One failure, one round that went well, then three failures in a row.
    expect(rounds).to.equal(5);
    expect(keeper.health()).to.include({ healthy: false, rounds: 1 });
  });

  it("tells a node that is away or lags from an exchange that refuses", () => {
    const away = new HttpRequestError({ url: "http://127.0.0.1:1" });
    expect(isTemporary(new CallFailedError(new Error("outer", { cause: away })))).to.be.true;
    expect(isTemporary(new CallFailedError(new Error("execution reverted")))).to.be.false;
    expect(isTemporary(new Error("outer", { cause: new Error("header not found") }))).to.be.true;
    expect(isTemporary("text")).to.be.false;
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
      keepers: ["sync", "liquidation", "waterfall", "settlement"],
      dryRun: false,
      http: { host: "127.0.0.1", port: 9_464 },
    });
  });

  it("has an example whose values are the defaults, except where it says otherwise", () => {
    const path = new URL("../../config/keeper.example.jsonc", import.meta.url).pathname;
    const example = readConfig(path);
    const marked = readFileSync(path, "utf8").matchAll(/"(\w+)".*no default/g);
    const { maxFeePerGasGwei: _gas, shard: _shard, ...rest } = example;
    const { keeperAccount: _account, ...liquidation } = rest.liquidation;
    expect([...marked].map(([, name]) => name)).to.deep.equal(["maxFeePerGasGwei", "shard", "keeperAccount"]);
    expect({ ...rest, liquidation }).to.deep.equal(parseConfig({}));
  });

  it("refuses what it does not know, naming the field", () => {
    expect(() => parseConfig({ privateKey: "0x01" })).to.throw(/privateKey/);
    expect(() => parseConfig({ sync: { intervalSeconds: 0 } })).to.throw(/sync\.intervalSeconds/);
    expect(() => parseConfig({ shard: { index: 2, of: 2 } })).to.throw(/index must be below of/);
  });

  it("keeps what looks like a comment inside a text", () => {
    const path = join(mkdtempSync(join(tmpdir(), "usance-")), "keeper.jsonc");
    writeFileSync(path, '{ /* host */ "http": { "host": "//localhost/*" } } // end');
    expect(readConfig(path).http.host).to.equal("//localhost/*");
  });
});
