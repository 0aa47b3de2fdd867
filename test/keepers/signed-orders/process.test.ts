import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { CommandLine } from "../../support/command-line.ts";
import { key } from "../../support/exchange.ts";
import { KEEPER, Scene, json, usd } from "./scene.ts";

const main = fileURLToPath(new URL("../../../scripts/cli/main.ts", import.meta.url));

describe("a keeper process that takes signed orders", function () {
  this.timeout(300_000);
  let scene: Scene;
  let commandLine: CommandLine;
  let config: string;
  const started: ReturnType<typeof spawn>[] = [];

  before(async () => {
    scene = await Scene.start();
    commandLine = new CommandLine(scene.exchange);
    const folder = mkdtempSync(join(tmpdir(), "usance-orders-"));
    config = join(folder, "keeper.jsonc");
    const settings = {
      http: { port: 0 },
      head: { pollSeconds: 0.05 },
      signedOrders: {
        everySeconds: 0.1,
        database: join(folder, "orders.sqlite"),
        inbox: { port: 0, perMinute: 100_000 },
        retrySeconds: 0.1,
      },
    };
    writeFileSync(config, JSON.stringify(settings));
  });
  after(async () => {
    for (const child of started)
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await scene.close();
  });

  /** Starts the process without the launcher between: a signal reaches it alone. */
  async function start() {
    const child = spawn(
      process.execPath,
      [
        ...["--import", import.meta.resolve("tsx"), main],
        ...["keeper", "run", "--config", config, "--only", "signedOrders"],
      ],
      { env: { ...process.env, ...commandLine.environment(KEEPER) }, stdio: ["ignore", "ignore", "pipe"] },
    );
    started.push(child);
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      lines.push(line);
      if (!line.includes("taking signed orders")) continue;
      child.stderr.resume();
      return { child, url: (JSON.parse(line) as { url: string }).url };
    }
    throw new Error(`the process ended: ${lines.join("\n")}`);
  }

  async function kill({ child }: Awaited<ReturnType<typeof start>>) {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Asks until the answer is what a test waits for. */
  async function wait(of: () => ReturnType<typeof ask>, isDone: (body: Record<string, unknown>) => boolean) {
    for (;;) {
      const told = await of();
      expect(told.status).to.equal(200);
      if (isDone(told.body)) return told.body;
      await sleep(20);
    }
  }

  async function ask(url: string, path: string, body?: unknown) {
    const response = await fetch(`${url}${path}`, {
      headers: { connection: "close" },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it("loses nothing that it accepted when it is killed before the execution", async () => {
    const first = await start();
    const mark = await scene.mark();
    // 3 % further down the stop fires: what it is sold for then lies in the fill band.
    const order = await scene.sign({
      tick: ((mark >> 16n) * 90n) / 100n,
      trigger: "atOrBelow",
      triggerX16: (mark * 97n) / 100n,
    });
    const executor = key(KEEPER).address;
    const trailing = await scene.sign({ executor });
    const accepted = await ask(first.url, "/signed-orders", json(order));
    const followed = await ask(
      first.url,
      "/signed-orders",
      json(trailing, { trail: { basisPoints: 9_000 } }),
    );
    expect([accepted.status, followed.status]).to.deep.equal([201, 201]);
    const of = (url: string, { body }: typeof accepted) => ask(url, `/signed-orders/${String(body["hash"])}`);
    const seen = await wait(
      () => of(first.url, followed),
      ({ extremeX16 }) => extremeX16 !== null,
    );
    expect(seen).to.include({ extremeX16: String(mark), fired: false });
    await kill(first);

    // The price falls while nobody looks.
    while ((await scene.mark()) > (mark * 97n) / 100n) await scene.nextDay();
    await scene.quote();
    const before = await scene.size();
    const balance = await scene.exchange.balanceOf(executor);
    const second = await start();
    try {
      const told = await wait(
        () => of(second.url, accepted),
        ({ status }) => status !== "kept",
      );
      expect(told).to.include({ status: "consumed", consumedLots: "1000" });
      expect(await scene.size()).to.equal(before - 1_000n);
      expect(await scene.exchange.balanceOf(executor)).to.equal(balance + usd("2"));
      const remembered = await of(second.url, followed);
      expect(BigInt(String(remembered.body["extremeX16"])) >= mark).to.be.true;
      expect(remembered.body).to.include({ status: "kept", fired: false });
    } finally {
      await kill(second);
    }
  });
});
