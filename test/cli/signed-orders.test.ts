import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashSignedOrder, parseSignedOrder } from "@usance/sdk";
import { expect } from "chai";
import { zeroAddress } from "viem";
import { CommandLine, sentence } from "../support/command-line.ts";
import { key } from "../support/exchange.ts";
import { did, KEEPER, Scene, TRADER, usd, type Executor } from "../keepers/signed-orders/scene.ts";

interface Part {
  status: string;
  size: string;
  executedSize: string;
  from: string;
  executor?: { status: string } | null;
}

interface Handed {
  answers: { status: string; hash?: string; error?: { code: string; message: string } }[];
}

describe("usance, for somebody who hands signed orders over", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "usance-"));
  const file = (name: string) => join(folder, name);
  let scene: Scene;
  let executor: Executor;
  let line: CommandLine;
  let limit: string;

  before(async () => {
    scene = await Scene.start();
    executor = await scene.executor(KEEPER, { minFee: usd("0.01") });
    line = new CommandLine(scene.exchange);
    const [{ mark }] = await line.json<[{ mark: string }]>(["markets"]);
    limit = String(Math.ceil(Number(mark) * 0.975));
  });
  after(async () => {
    await executor?.close();
    await scene?.close();
  });

  const sell = (size: string, ...more: string[]) => [
    ...["order", "sign", "TUX-PERP", "sell", size, limit, "--fee", "1", ...more],
  ];
  const read = (name: string) => JSON.parse(readFileSync(file(name), "utf8")) as unknown;

  it("splits an order, hands its parts over, and tells what became of each at the executor", async () => {
    const out = ["--out", file("parts.json"), "--to", `${executor.url}/`];
    const split = sell("1.001", "--twap", "3", "--every", "10m", "--nonce", "50", ...out);
    const { answers, ...rest } = await line.json<Handed>(split, TRADER);
    expect(rest).to.include({ file: file("parts.json"), parts: 3, nonce: "50" });
    expect(answers.map(({ status }) => status)).to.deep.equal(["kept", "kept", "kept"]);
    expect(statSync(file("parts.json")).mode & 0o777).to.equal(0o600);
    const orders = (read("parts.json") as unknown[]).map(parseSignedOrder);
    expect(orders.map(({ lots, nonce, group }) => [lots, nonce, group])).to.deep.equal([
      [-333n, 50n, 50n],
      [-334n, 51n, 50n],
      [-334n, 52n, 50n],
    ]);
    const [first, ...later] = orders.map(({ start }) => start);
    expect(later.map((start) => start - (first ?? 0n))).to.deep.equal([600n, 1_200n]);
    expect(orders.reduce((sum, { fee }) => sum + fee, 0n)).to.equal(usd("1"));
    const { deployment } = scene;
    expect(answers.map(({ hash }) => hash)).to.deep.equal(
      orders.map((order) => hashSignedOrder({ deployment, ...order })),
    );

    const before = await scene.size();
    expect(did(await executor.keeper.runOnce())).to.deep.equal(["executeSigned sent"]);
    expect(await scene.size()).to.equal(before - 333n);
    const signed = ["order", "signed", file("parts.json"), "--from", executor.url];
    const parts = await line.json<Part[]>(signed);
    expect(parts.map(({ status, size, executedSize }) => [status, size, executedSize])).to.deep.equal([
      ["consumed", "0.333", "0.333"],
      ["waiting", "0.334", "0"],
      ["waiting", "0.334", "0"],
    ]);
    expect(parts.map((part) => part.executor?.status)).to.deep.equal(["consumed", "kept", "kept"]);
    const table = await line.text(signed);
    expect(table).to.match(/^part +side +size +executed +not before +status +executor\n/);
    for (const row of table.split("\n")) expect(row.length, row).to.be.at.most(80);

    // A file of several: one is executed by its number, and all that is left is cancelled at once.
    expect(sentence(await line.usance(["order", "execute", file("parts.json")], KEEPER))).to.match(
      /holds 3 signed orders: say which one by --part\.$/,
    );
    const fourth = ["order", "execute", file("parts.json"), "--part", "4"];
    expect(sentence(await line.usance(fourth, KEEPER))).to.match(/3 signed orders, and number 4/);
    await scene.exchange.warp(Number(first) + 600);
    const second = ["order", "execute", file("parts.json"), "--part", "2"];
    expect(await line.json(second, KEEPER)).to.include({ filledSize: "0.334", status: "consumed" });
    expect(await line.text(["order", "cancel-signed", file("parts.json")], TRADER)).to.match(
      /^cancelled the signed orders, 3 from 50 on, of 0x\w{40}: they are never executed again\n$/,
    );
    const ended = await line.json<Part[]>(["order", "signed", file("parts.json")]);
    expect(ended.map(({ status }) => status)).to.deep.equal(["consumed", "consumed", "cancelled"]);
    expect(ended[0]).not.to.have.property("executor");
  });

  it("signs a trailing stop for one executor, which follows it", async () => {
    const named = ["--executor", executor.address, "--trail", "250bps"];
    const out = ["--out", file("trail.json"), "--to", executor.url];
    const text = await line.text(sell("1", "--reduce-only", ...named, ...out), TRADER);
    expect(text).to.match(/^wrote .*trail\.json: sell 1 TUX-PERP at [\d.]+, trailing by 250bps, until .*\n/);
    expect(text).to.match(/\nanswer +order\nkept +0x[0-9a-f]{64}\n$/);
    expect(read("trail.json")).to.deep.include({
      trail: { basisPoints: 250 },
      executor: executor.address,
    });
    expect(did(await executor.keeper.runOnce())).to.deep.equal([]);
    const [{ mark }] = await line.json<[{ mark: string }]>(["markets"]);
    const told = await line.json<{ executor: { furthestMark: string } }>([
      ...["order", "signed", file("trail.json"), "--from", executor.url],
    ]);
    expect(told.executor).to.include({ status: "kept", fired: false });
    expect(Math.abs(Number(told.executor.furthestMark) - Number(mark))).to.be.lessThan(1);
    expect(await line.text(["order", "signed", file("trail.json"), "--from", executor.url])).to.match(
      /\nat the executor +kept\nfurthest mark +[\d.]+\ntrail has fired +no\n$/,
    );

    // Ticks as well; the trail goes along when the file is handed over later.
    const ticks = ["--executor", executor.address, "--trail", "40ticks", "--out", file("ticks.json")];
    await line.text(sell("1", ...ticks), TRADER);
    const over = ["order", "hand-over", file("ticks.json"), "--to", executor.url];
    const [first] = await line.json<Handed["answers"]>(over);
    const [again] = await line.json<Handed["answers"]>(over);
    expect(again).to.deep.equal(first);
    expect((await executor.get(first?.hash)).body).to.deep.include({ trail: { ticks: "40" } });
  });

  it("ends with 1 where an order is refused, and says what the executor said", async () => {
    const other = ["--executor", key(9).address, "--out", file("other.json"), "--to", executor.url];
    const refused = await line.usance(sell("1", ...other), TRADER);
    expect(refused.code).to.equal(1);
    expect(refused.out).to.match(/^wrote [^]*\nanswer +order\nrefused +OtherExecutor\n$/);
    expect(refused.err).to.match(/^1 of 1 orders was refused: .* hand it to the other\.\n$/);

    // One of several: the others are kept.
    writeFileSync(file("mixed.json"), JSON.stringify([read("other.json"), read("ticks.json")]));
    const mixed = await line.usance([
      ...["order", "hand-over", file("mixed.json"), "--to", executor.url, "--json"],
    ]);
    expect(mixed.code).to.equal(1);
    const answers = JSON.parse(mixed.out) as Handed["answers"];
    expect(answers.map(({ status, error }) => error?.code ?? status)).to.deep.equal([
      "OtherExecutor",
      "kept",
    ]);
    expect(mixed.err).to.match(/1 of 2 orders was refused/);

    // An order that the executor has never seen.
    expect(await line.json(["order", "signed", file("other.json"), "--from", executor.url])).to.deep.include({
      executor: null,
    });
  });

  it("refuses in a sentence what makes no order", async () => {
    const cases: [string[], RegExp][] = [
      [["--trail", "200bps"], /needs its --executor: anyone else may execute it at once/],
      [["--trail", "200bps", "--executor", zeroAddress], /needs its --executor/],
      [["--twap", "3"], /split by both: --twap says .*, --every/],
      [["--every", "10m"], /split by both/],
      [
        ["--twap", "3", "--every", "13h"],
        /starts 93600 seconds after the first, .* good for 86400: .* --for/,
      ],
      [["--to", executor.url], /needs --out, too/],
    ];
    for (const [more, message] of cases)
      expect(sentence(await line.usance(sell("1", ...more), TRADER))).to.match(message);
    expect(sentence(await line.usance(sell("0.002", "--twap", "3", "--every", "1m"), TRADER))).to.equal(
      "The order has 2 lots, too few for 3 parts: split it into fewer.",
    );
    const words: [string[], RegExp][] = [
      [["--trail", "200"], /such as 200bps or 40ticks/],
      [["--trail", "10000bps"], /from 1 to 9999 bps/],
      [["--trail", "0ticks"], /from 1 to 16777215 ticks/],
      [["--to", "keeper.example"], /an address such as https/],
      [["--twap", "2", "--every", "1m", "--group", "4", "--one-cancels-other"], /cannot be used with/],
    ];
    for (const [more, message] of words) {
      const { code, err } = await line.usance(sell("1", ...more), TRADER);
      expect([code, message.test(err)], err).to.deep.equal([1, true]);
    }
  });

  it("keeps the file where nobody answers, or somebody who is no executor", async () => {
    const server = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const to = `http://user:secret@127.0.0.1:${port}`;
    const signs = sell("1", "--out", file("kept.json"), "--to", to);
    const answered =
      /^The executor at 127\.0\.0\.1:\d+ does not answer as one; 0 of 1 orders are handed over: hand .*kept\.json over again by `order hand-over`\.$/;
    expect(sentence(await line.usance(signs, TRADER))).to.match(answered);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const again = ["order", "hand-over", file("kept.json"), "--to", to];
    expect(sentence(await line.usance(again))).to.match(answered);
    const there = ["order", "hand-over", file("kept.json"), "--to", executor.url];
    expect(await line.text(there)).to.match(/^answer +order\nkept +0x/);
  });
});
