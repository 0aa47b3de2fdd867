import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { toHex, type Hex } from "viem";
import { getTransactionCount } from "viem/actions";
import { saveDeployment } from "../../../scripts/deploy/deployment.ts";
import { accountOf, remoteSigner, SignerError } from "../../../scripts/keepers/sending/signer.ts";
import { connect, KEY_VARIABLE, withAccount } from "../../../scripts/lib/client.ts";
import { readJson } from "../../../scripts/lib/http.ts";
import { root } from "../../../scripts/lib/production.ts";
import { endsWithTests } from "../../support/children.ts";
import { key } from "../../support/exchange.ts";
import { FaultProxy, drops, lies } from "./proxy.ts";
import { KEEPER, RIVAL, Scene, did } from "./scene.ts";

const SECRETS = { user: "operator-name", password: "p@ss-of-the-operator", path: "k3y-of-the-provider" };

/** A keeper in a process of its own, and everything that it wrote. */
interface KeeperProcess {
  child: ChildProcess;
  ended: Promise<unknown>;
  output: () => string;
}

describe("keepers as processes", () => {
  let scene: Scene;
  let proxy: FaultProxy;
  let folder: string;
  const started: KeeperProcess[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "usance-"));
    scene = await Scene.start();
    await scene.fall();
    saveDeployment(scene.exchange.deployment, join(folder, "deployment.json"));
    proxy = await FaultProxy.start(scene.exchange.rpc);
  });
  after(async () => {
    await proxy?.close();
    await scene?.exchange.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => scene.restore());
  afterEach(async () => {
    proxy.fault = undefined;
    for (const { child, ended } of started.splice(0)) {
      child.kill("SIGKILL");
      await ended;
    }
  });

  const privateKey = (): Hex => toHex(key(KEEPER).getHdKey().privateKey!);

  function launch(config: object): KeeperProcess {
    const file = join(folder, `keeper-${started.length}.json`);
    const liquidation = { everySeconds: 0.1, keeperAccount: scene.earners.get(KEEPER) };
    const head = { pollSeconds: 0.1 };
    const http = { port: 0 };
    writeFileSync(
      file,
      JSON.stringify({ keepers: ["liquidation"], http, head, liquidation, logLevel: "debug", ...config }),
    );
    const child = endsWithTests(
      spawn(
        process.execPath,
        [
          ...["--import", "tsx", join(root, "scripts/cli/main.ts")],
          ...["--deployment", join(folder, "deployment.json"), "keeper", "run", "--config", file],
        ],
        {
          cwd: root,
          stdio: ["ignore", "pipe", "pipe"],
          env: { ...process.env, [KEY_VARIABLE]: privateKey() },
        },
      ),
    );
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const launched = { child, ended: once(child, "exit"), output: () => text };
    started.push(launched);
    return launched;
  }

  async function until(
    isSo: () => Promise<boolean> | boolean,
    { child, output }: KeeperProcess,
  ): Promise<void> {
    while (!(await isSo())) {
      if (child.exitCode !== null) throw new Error(`the keeper has ended: ${output()}`);
      await sleep(20);
    }
  }

  /** What a keeper tells over HTTP. */
  async function page({ output }: KeeperProcess, name: "health" | "metrics"): Promise<string> {
    const url = /"url":"(http:[^"]+)"/.exec(output())?.[1];
    return (await fetch(`${url}/${name}`, { headers: { connection: "close" } })).text();
  }

  const onItsWay = async () => {
    const address = key(KEEPER).address;
    const [latest, pending] = await Promise.all(
      (["latest", "pending"] as const).map((blockTag) =>
        getTransactionCount(scene.exchange.client, { address, blockTag }),
      ),
    );
    return pending! - latest!;
  };

  it("kill -9 between send and receipt: the keeper that comes after waits for what was sent, and pays once", async () => {
    const before = await scene.nonce(KEEPER);
    await scene.node.setAutomine(false);
    const first = launch({ rpc: [scene.exchange.rpc] });
    await until(async () => (await onItsWay()) === 1, first);
    first.child.kill("SIGKILL");
    await first.ended;

    const second = launch({ rpc: [scene.exchange.rpc] });
    await until(() => second.output().includes("transactions of an earlier run are on their way"), second);
    await until(() => second.output().includes("not sent yet"), second);
    expect(await onItsWay()).to.equal(1);
    expect(await scene.isShort()).to.equal(true);
    await scene.node.mine({ blocks: 1 });
    await scene.expectLiquidatedOnce();
    // It looks at the blocks after it, and finds nothing to do.
    await scene.node.mine({ blocks: 2 });
    const head = await scene.node.getBlockNumber();
    const lastBlock = async () => {
      const { jobs } = JSON.parse(await page(second, "health")) as {
        jobs: { liquidation: { lastBlock?: string } };
      };
      return BigInt(jobs.liquidation.lastBlock ?? 0);
    };
    await until(async () => (await lastBlock()) >= head, second);
    expect(await onItsWay()).to.equal(0);
    expect(await scene.nonce(KEEPER)).to.equal(before + 1);
    await scene.expectLiquidatedOnce();
    second.child.kill("SIGTERM");
    const [code] = (await second.ended) as [number];
    expect(code, second.output()).to.equal(0);
  });

  it("secrets in logs or errors: neither the key nor what an address holds is ever written", async () => {
    const { user, password, path } = SECRETS;
    const url = `http://${user}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}/v3/${path}?token=${path}2`;
    const keeper = launch({ rpc: [url, `${scene.exchange.rpc}/${path}`, scene.exchange.rpc] });
    await until(() => keeper.output().includes('"url":"http'), keeper);
    await until(async () => !(await scene.isShort()), keeper);
    const pages: string[] = [];
    for (const fault of [drops, lies]) {
      proxy.fault = fault;
      await scene.node.mine({ blocks: 1 });
      await until(async () => (await page(keeper, "health")).includes('"aside":'), keeper);
      pages.push(await page(keeper, "health"), await page(keeper, "metrics"));
    }
    expect(keeper.output()).to.include("a node is put aside");
    expect(pages.join()).to.include(
      `usance_keeper_endpoint_used{endpoint="1 http://127.0.0.1:${proxy.port}"} 0`,
    );
    keeper.child.kill("SIGTERM");
    await keeper.ended;
    // And where it cannot even begin.
    proxy.fault = drops;
    const lonely = launch({ rpc: [url] });
    await lonely.ended;
    expect(lonely.output()).to.match(/\S/);
    for (const text of [keeper.output(), lonely.output(), ...pages])
      for (const secret of [
        privateKey().slice(2),
        user,
        password,
        encodeURIComponent(password),
        path,
        btoa(`${user}:${password}`),
      ])
        expect(text).not.to.include(secret);
    await scene.expectLiquidatedOnce();
  });

  describe("with a signer elsewhere", () => {
    /** What the signer does with a transaction: signs it, or not quite. */
    let sign: (transaction: Record<string, Hex>) => Promise<unknown>;
    let server: Server;
    let url: string;

    const signed = (transaction: Record<string, Hex>, wallet = KEEPER) =>
      key(wallet).signTransaction({
        type: "eip1559",
        chainId: Number(transaction["chainId"]),
        nonce: Number(transaction["nonce"]),
        gas: BigInt(transaction["gas"]!),
        maxFeePerGas: BigInt(transaction["maxFeePerGas"]!),
        maxPriorityFeePerGas: BigInt(transaction["maxPriorityFeePerGas"]!),
        to: transaction["to"]!,
        value: BigInt(transaction["value"]!),
        data: transaction["data"]!,
      });

    before(async () => {
      server = createServer((request, response) => {
        void (async () => {
          const { id, method, params } = (await readJson(request, 1e6)) as {
            id: number;
            method: string;
            params: [Record<string, Hex>];
          };
          const isAllowed = request.headers.authorization === `Basic ${btoa("keeper:secret")}`;
          if (!isAllowed || method !== "eth_signTransaction") return response.writeHead(401).end();
          try {
            const result = await sign(params[0]);
            if (result !== undefined) response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
          } catch (error) {
            response.end(
              JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32_000, message: String(error) } }),
            );
          }
        })();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      url = `http://keeper:secret@127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });
    after(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    const keeperOf = async (timeoutSeconds = 5) => {
      const { address } = key(KEEPER);
      const account = accountOf(remoteSigner({ url, address, timeoutSeconds }));
      return scene.keeper(withAccount(await connect(scene.exchange.rpc), account));
    };

    it("liquidates with a signature of either form that signers answer in", async () => {
      const forms = [(raw: Hex): unknown => raw, (raw: Hex): unknown => ({ raw, tx: {} })];
      for (const form of forms) {
        await scene.restore();
        sign = async (transaction) => form(await signed(transaction));
        expect(did(await (await keeperOf()).runOnce())).to.deep.equal(["liquidate sent"]);
        await scene.expectLiquidatedOnce();
      }
    });

    it("sends nothing that is not what it asked for, signed by whom it asked", async () => {
      const before = await scene.nonce(KEEPER);
      const cases: [typeof sign, RegExp][] = [
        [(transaction) => signed({ ...transaction, to: key(RIVAL).address }), /its to is .*, not /],
        [
          (transaction) => signed({ ...transaction, value: toHex(10n ** 18n) }),
          /its value is 1000000000000000000, not 0/,
        ],
        [
          (transaction) => signed({ ...transaction, maxFeePerGas: toHex(10n ** 15n) }),
          /its maxFeePerGas is /,
        ],
        [(transaction) => signed({ ...transaction, nonce: "0x63" }), /its nonce is 99, not /],
        [(transaction) => signed(transaction, RIVAL), /The signer signed as 0x/],
        [() => Promise.reject(new Error("locked")), /The signer refuses: Error: locked/],
        [() => Promise.resolve("0x1234"), /no signed transaction of type 2/],
        [() => Promise.resolve("0x0212"), /cannot be read/],
        [() => Promise.resolve(undefined), /The signer does not answer/],
      ];
      for (const [wrong, message] of cases) {
        sign = wrong;
        const refused: unknown = await (await keeperOf(0.3)).runOnce().catch((error: unknown) => error);
        expect(refused, String(message)).to.be.instanceOf(SignerError);
        expect((refused as Error).message)
          .to.match(message)
          .and.not.include("secret");
      }
      expect(await scene.nonce(KEEPER)).to.equal(before);
      expect(await scene.isShort()).to.equal(true);
      sign = signed;
      expect(did(await (await keeperOf()).runOnce())).to.deep.equal(["liquidate sent"]);
    });
  });
});
