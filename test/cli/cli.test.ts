import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getAccount, parseCollateral } from "@usance/sdk";
import { expect } from "chai";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { KEY_VARIABLE } from "../../scripts/lib/keys.ts";
import { CommandLine, ended, sentence } from "../support/command-line.ts";
import { Exchange, FIRST, key } from "../support/exchange.ts";

const WAD = 10n ** 18n;

describe("usance", () => {
  let exchange: Exchange;
  let line: CommandLine;

  before(async () => {
    // The node, the deployment and seven days of prints.
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + 6);
    await exchange.list(perpetualListing({ feed: 1, index: 1_200n * WAD }));
    await exchange.list(monthlyListing("2025-02", { feed: 1, index: 1_200n * WAD }));
    line = new CommandLine(exchange);
    await exchange.mint(5, parseCollateral("5000"));
    await exchange.mint(6, parseCollateral("5000"));
  });
  after(() => exchange?.close());

  it("shows the index", async () => {
    const shown = await line.json<{
      index: string;
      trailingMean: { newestDate: string };
      prints: { date: string; value: string | null; status: string }[];
    }>(["index", "show", "--days", "9"]);
    expect(shown.index).to.equal("TU1D");
    expect(shown.trailingMean.newestDate).to.equal("2025-01-07");
    expect(shown.prints).to.have.length(9);
    expect(shown.prints.at(-1)).to.include({ date: "2024-12-30", value: null, status: "missing" });
    expect(shown.prints.at(-3)).to.include({ date: "2025-01-01", value: "1000", status: "final" });
    expect(shown.prints[0]).to.include({ date: "2025-01-07", status: "provisional" });
  });

  it("lists the markets, for programs and for people", async () => {
    const markets = await line.json<{ symbol: string; kind: string; expiry: string | null }[]>(["markets"]);
    expect(markets.map(({ symbol }) => symbol)).to.deep.equal(["TUX-PERP", "TUM-2025-02"]);
    expect(markets[1]).to.include({ kind: "dated", expiry: "2025-03-01T00:00:00.000Z" });
    const { code, out } = await line.usance(["markets"]);
    expect(code).to.equal(0);
    const [header = "", ...rows] = out.trimEnd().split("\n");
    expect(rows).to.have.length(2);
    expect(header.indexOf("market")).to.equal(rows[0]?.indexOf("TUX-PERP"));
    expect(rows[0]).to.match(/^ *1 {2}TUX-PERP .* 20 \/ 12$/);
  });

  it("opens an account, deposits, and shows it", async () => {
    const opened = await line.json<{ account: number; opened: boolean }>(["account", "open", "1500.5"], 5);
    expect(opened.opened).to.be.true;
    const more = await line.json<{ account: number; opened: boolean }>(["deposit", "499.5"], 5);
    expect(more).to.include({ account: opened.account, opened: false });
    const shown = await line.json<Record<string, unknown>>(["account", "show"], 5);
    expect(shown).to.include({ account: opened.account, cash: "2000", equity: "2000", collateral: "USD" });
    const named = await line.json<Record<string, unknown>>([
      "account",
      "show",
      "--account",
      `${opened.account}`,
    ]);
    expect(named).to.deep.equal(shown);
    expect(sentence(await line.usance(["account", "open", "1"], 5))).to.match(/is open as account \d+/);
  });

  it("places, previews, lists, shows in the book, and cancels", async () => {
    const order = ["TUX-PERP", "buy", "1.5", "1210.5", "--kind", "post-only"];
    const preview = await line.json<Record<string, string>>(["order", "preview", ...order], 5);
    expect(preview).to.include({ filledSize: "0", restingSize: "1.5", fee: "0" });
    const placed = await line.json<{ resting: { id: string; size: string; price: string } }>(
      ["order", "place", ...order],
      5,
    );
    expect(placed.resting).to.include({ size: "1.5", price: "1210.5" });

    const { orders } = await line.json<{ orders: Record<string, unknown>[] }>(["order", "list"], 5);
    expect(orders).to.have.length(1);
    expect(orders[0]).to.include({ id: placed.resting.id, side: "buy", symbol: "TUX-PERP" });
    const book = await line.json<{ bids: object[]; asks: object[] }>(["book", "tux-perp"]);
    expect(book).to.deep.include({ bids: [{ price: "1210.5", size: "1.5", total: "1.5" }], asks: [] });

    const smaller = await line.usance(["order", "amend", placed.resting.id, "1"], 5);
    expect(smaller.out).to.equal(`resting 1 at 1210.5 as order ${placed.resting.id}, in its place\n`);
    const moved = await line.json<{ filledSize: string; resting: { id: string; keptItsPlace: boolean } }>(
      ["order", "amend", placed.resting.id, "1.2", "1209"],
      5,
    );
    expect(moved).to.include({ filledSize: "0" });
    expect(moved.resting).to.include({ size: "1.2", price: "1209", keptItsPlace: false });
    expect(sentence(await line.usance(["order", "amend", moved.resting.id, "0"], 5))).to.include(
      "above zero",
    );

    const { code, out } = await line.usance(["order", "cancel", moved.resting.id], 5);
    expect(code).to.equal(0);
    expect(out).to.equal(`cancelled order ${moved.resting.id}: 1.2 were open\n`);
    expect((await line.json<{ orders: object[] }>(["order", "list"], 5)).orders).to.deep.equal([]);
  });

  it("trades at market and reports what it cost", async () => {
    await line.json(["account", "open", "2000"], 6);
    await line.json(["order", "place", "1", "sell", "2", "1200"], 6);
    const { filled, resting } = await line.json<{ filled: Record<string, string>; resting: unknown }>(
      ["order", "place", "TUX-PERP", "buy", "0.5", "market"],
      5,
    );
    // 600 of notional at 5 basis points.
    expect(filled).to.deep.equal({ size: "0.5", averagePrice: "1200", fee: "0.3" });
    expect(resting).to.equal(null);
    const { positions } = await line.json<{ positions: object[] }>(["account", "show"], 5);
    expect(positions[0]).to.include({ symbol: "TUX-PERP", size: "0.5", breakEvenPrice: "1200" });
    const { out } = await line.usance(["account", "show"], 5);
    expect(out).to.match(/TUX-PERP {2} +0\.5 {2}/);
  });

  it("withdraws an amount, and all that may go", async () => {
    await line.json(["withdraw", "100"], 5);
    const shown = await line.json<{ account: number; withdrawable: string }>(["account", "show"], 5);
    const all = await line.json<{ withdrawn: string; to: string }>(["withdraw", "all"], 5);
    expect(all).to.include({ withdrawn: shown.withdrawable, to: key(5).address });
    const { client, deployment } = exchange;
    expect((await getAccount(client, { deployment, accountId: shown.account })).withdrawable).to.equal(0n);
  });

  it("runs keepers for one round, or only rehearses it", async () => {
    const rehearsed = await line.json<{ keeper: string; outcomes: { result: string }[] }[]>(
      ["keeper", "run", "--once", "--dry-run", "--only", "sync"],
      6,
    );
    expect(rehearsed.map(({ keeper }) => keeper)).to.deep.equal(["sync"]);
    for (const { result } of rehearsed[0]?.outcomes ?? []) expect(result).to.equal("dryRun");
    const { code, out } = await line.usance(["keeper", "run", "--once"], 6);
    expect(code).to.equal(0);
    expect(out).to.match(/^keeper +action +result\nsync +(follow|sync) +sent/);
  });

  it("runs as a process of its own: answers on standard output, ends with 0 or 1", async () => {
    const [good, bad] = await Promise.all([
      ended(line.launch(["markets", "--json"])),
      ended(line.launch(["order", "cancel", "1"])),
    ]);
    expect(good).to.include({ code: 0, err: "" });
    expect(JSON.parse(good.out)).to.have.length(2);
    expect(sentence(bad)).to.include(KEY_VARIABLE);
  });

  it("runs keepers until it is interrupted, and keeps the key out of its logs", async () => {
    const config = join(mkdtempSync(join(tmpdir(), "usance-")), "keeper.jsonc");
    writeFileSync(config, '{ "http": { "port": 0 } } // any free port');
    const child = line.launch(["keeper", "run", "--only", "sync,settlement", "--config", config], 6);
    const end = ended(child);
    const url = await new Promise<string>((resolve, reject) => {
      child.on("exit", (code) => reject(new Error(`it ended with ${code}`)));
      let said = "";
      child.stderr.on("data", (text: string) => {
        const match = /"url":"(http:[^"]+)"/.exec((said += text));
        if (match?.[1]) resolve(match[1]);
      });
    });
    // 503 until every job has done a round.
    while ((await fetch(`${url}/health`, { headers: { connection: "close" } })).status !== 200)
      await sleep(20);
    child.kill("SIGINT");
    const { code, out, err } = await end;
    expect(code, err).to.equal(0);
    expect(out).to.equal("");
    for (const entry of err.trimEnd().split("\n"))
      expect(JSON.parse(entry)).to.include({ name: "usance-keeper" });
    expect(err).not.to.include(line.environment(6)[KEY_VARIABLE]?.slice(2));
  });

  describe("fails with one sentence and code 1", () => {
    it("without a key", async () => {
      expect(sentence(await line.usance(["deposit", "1"]))).to.include("USANCE_PRIVATE_KEY");
    });

    it("with a key that is none, which it does not repeat", async () => {
      const said = sentence(
        await line.usance(["account", "show"], undefined, { [KEY_VARIABLE]: "0xsecret" }),
      );
      expect(said).to.include("USANCE_PRIVATE_KEY").and.not.include("secret");
    });

    it("without a deployment, and without a node", async () => {
      expect(sentence(await line.usance(["markets", "--deployment", "/nowhere.json"]))).to.match(
        /^There is no deployment/,
      );
      expect(sentence(await line.usance(["markets", "--rpc", "http://127.0.0.1:1"]))).to.match(/\.$/);
    });

    it("at a market, a size or a price that there is not", async () => {
      expect(sentence(await line.usance(["book", "GOLD"]))).to.equal(
        "There is no market GOLD; there are TUX-PERP, TUM-2025-02.",
      );
      const order = (size: string, price: string) =>
        line.usance(["order", "place", "1", "buy", size, price], 5);
      expect(sentence(await order("1.0005", "1200"))).to.include("not a multiple of 0.001");
      expect(sentence(await order("1", "1200.3"))).to.include("not a multiple of 0.5");
      expect(sentence(await order("1", "9000"))).to.match(/band/);
      expect(sentence(await order("1000", "1200"))).to.match(/margin/i);
    });

    it("as JSON where JSON was asked for", async () => {
      const { code, err } = await line.usance(["book", "GOLD", "--json"]);
      expect(code).to.equal(1);
      expect(JSON.parse(err)).to.deep.equal({
        error: { name: "Error", message: "There is no market GOLD; there are TUX-PERP, TUM-2025-02." },
      });
    });

    it("at an unknown command or option", async () => {
      for (const args of [
        ["fly"],
        ["markets", "--fly"],
        ["index", "show", "--days", "0"],
        ["keeper", "run", "--only", "x"],
      ]) {
        const { code, out, err } = await line.usance(args);
        expect(code, args.join(" ")).to.equal(1);
        expect(out).to.equal("");
        expect(err).to.match(/^error: /);
      }
    });
  });
});
