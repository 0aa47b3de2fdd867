import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatCollateral, getAccount, getAccountId, parseCollateral } from "@usance/sdk";
import { expect } from "chai";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { CommandLine, ended, sentence } from "../support/command-line.ts";
import { Exchange, FIRST, key } from "../support/exchange.ts";

const WAD = 10n ** 18n;
const TRADER = 5;
const MAKER = 6;
const OPERATOR = 7;

interface Resting {
  id: string;
  symbol: string;
  side: string;
  size: string;
  price: string;
}

describe("usance, for somebody who trades", () => {
  let exchange: Exchange;
  let line: CommandLine;
  let trader: number;
  let maker: number;
  const folder = mkdtempSync(join(tmpdir(), "usance-"));

  before(async () => {
    // The node, the deployment and seven days of prints.
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + 6);
    await exchange.list(perpetualListing({ feed: 1, index: 1_200n * WAD }));
    await exchange.list(monthlyListing("2025-02", { feed: 1, index: 1_200n * WAD }));
    await exchange.list(monthlyListing("2025-03", { feed: 1, index: 1_200n * WAD }));
    line = new CommandLine(exchange);
    await exchange.mint(TRADER, parseCollateral("5000"));
    maker = await exchange.fund(MAKER, parseCollateral("50000"));
  });
  after(() => exchange?.close());

  /** No table of a command is wider than a terminal. */
  const narrow = (text: string) => {
    for (const row of text.split("\n")) expect(row.length, row).to.be.at.most(80);
    return text;
  };

  const equityOf = async (accountId: number) => {
    const { deployment, client } = exchange;
    return (await getAccount(client, { deployment, accountId })).equity;
  };

  it("deposits by a permit in one transaction, moves money between subaccounts, and says what it does first", async () => {
    const { deployment, client } = exchange;
    expect(await line.text(["account", "list"], TRADER)).to.include("none is open yet");
    const rehearsed = await line.text(["account", "open", "2000.5", "--dry-run"], TRADER);
    expect(rehearsed).to.equal("deposits 2000.5 USD of 5000 USD into a new account\nnothing was sent\n");
    const opened = await line.json<{ account: number; permit: boolean; cash: string }>(
      ["account", "open", "2000.5"],
      TRADER,
    );
    expect(opened).to.include({ permit: true, cash: "2000.5" });
    trader = opened.account;
    expect(await getAccountId(client, { deployment, owner: key(TRADER).address })).to.equal(trader);
    await line.json(["account", "open", "100", "--subaccount", "1"], TRADER);
    const second = await getAccountId(client, { deployment, owner: key(TRADER).address, subaccount: 1 });

    expect(await line.text(["transfer", "50", `${second}`, "--dry-run"], TRADER)).to.equal(
      `moves 50 USD from account ${trader} to account ${second}; leaves equity of 1950.5 USD\nnothing was sent\n`,
    );
    expect(await line.text(["transfer", "50", `${second}`], TRADER)).to.match(/\nmoved 50 USD from account/);
    expect(formatCollateral(await equityOf(second))).to.equal("150");
    expect(await line.json(["transfer", "all", `${trader}`, "--subaccount", "1"], TRADER)).to.include({
      moved: "150",
    });

    const forMaker = await line.json<object>(["deposit", "1", "--account", `${maker}`], TRADER);
    expect(forMaker).to.include({ account: maker, permit: false, opened: false, cash: "50001" });
    const own = await line.json<object>(["deposit", "1", "--account", `${trader}`], TRADER);
    expect(own).to.include({ account: trader, permit: true, cash: "2101.5" });

    const { accounts } = await line.json<{ accounts: object[] }>([
      "account",
      "list",
      "--owner",
      key(TRADER).address,
    ]);
    expect(accounts).to.have.length(2);
    expect(accounts[0]).to.include({ account: trader, subaccount: 0, equity: "2101.5" });
    expect(narrow(await line.text(["account", "list"], TRADER))).to.match(/\n +2\d{3} +0 +2101\.5 +0/);
  });

  it("says in tokens what cannot go out", async () => {
    expect(sentence(await line.usance(["withdraw", "100000"], TRADER))).to.equal(
      "Cash is 2101.5 USD and 100000 USD was asked for: results that are not realised cannot go, so ask for less or close positions.",
    );
    expect(sentence(await line.usance(["withdraw", "1", "--account", `${maker}`], TRADER))).to.include(
      "only its owner may do this",
    );
    expect(sentence(await line.usance(["deposit", "0"], TRADER))).to.equal("The amount must be above zero.");
    expect(sentence(await line.usance(["deposit", "9000"], TRADER))).to.match(
      /^The sender holds .* USD, less/,
    );
    const out = await line.text(["withdraw", "1.5", "--dry-run"], TRADER);
    expect(out).to.equal(
      `withdraws 1.5 USD from account ${trader} to ${key(TRADER).address};\nequity is 2100 then, the initial margin 0 USD\nnothing was sent\n`,
    );
    await line.text(["withdraw", "1.5"], TRADER);
    expect(formatCollateral(await equityOf(trader))).to.equal("2100");
  });

  it("places a batch from a file, all or nothing, and names the line that is wrong", async () => {
    const markets = await line.json<{ symbol: string; mark: string }[]>(["markets"]);
    const steps = markets.flatMap(({ symbol, mark }) =>
      [1, 2, 3].flatMap((distance) => {
        const middle = Math.round(Number(mark));
        const price = (away: number) => String(middle + away);
        return [
          { market: symbol, side: "buy", size: `${distance}.5`, price: price(-distance), clientId: distance },
          { market: symbol, side: "sell", size: `${distance}.25`, price: price(distance), kind: "post-only" },
        ];
      }),
    );
    const file = join(folder, "quotes.jsonl");
    const write = (lines: readonly object[]) =>
      writeFileSync(file, lines.map((step) => JSON.stringify(step)).join("\n\n"));

    write([...steps, { market: "TUX-PERP", side: "buy", size: "0.0005", price: "1200" }]);
    expect(sentence(await line.usance(["order", "batch", file], MAKER))).to.match(
      /^Line 37 of the batch: .*not a multiple of 0\.001/,
    );
    write([{ ...steps[0], colour: "red" }]);
    expect(sentence(await line.usance(["order", "batch", file], MAKER))).to.match(/^Line 1 .*colour/);
    write([...steps, { market: "TUX-PERP", side: "sell", size: "1", price: "1" }]);
    expect(sentence(await line.usance(["order", "batch", file], MAKER))).to.match(
      /^0\.5|1 is outside the fill band from 1\d{3}/,
    );
    expect((await line.json<{ orders: object[] }>(["order", "list"], MAKER)).orders).to.deep.equal([]);

    write(steps);
    expect(await line.text(["order", "batch", file, "--dry-run"], MAKER)).to.include("nothing was sent");
    const { resting } = await line.json<{ resting: Resting[] }>(["order", "batch", file], MAKER);
    expect(resting).to.have.length(18);
    expect(resting[1]).to.include({ symbol: "TUX-PERP", side: "sell", size: "1.25" });

    write([
      { cancel: resting[0]?.id },
      { market: "TUX-PERP", side: "buy", size: "1.5", price: resting[0]?.price, kind: "post-only" },
    ]);
    const text = narrow(await line.text(["order", "batch", file], MAKER));
    expect(text).to.match(/cancels 1 and places 1 orders[\s\S]*\nresting[\s\S]*\ncancelled/);
    expect(sentence(await line.usance(["order", "batch", join(folder, "no")], MAKER))).to.match(
      /cannot be read/,
    );
  });

  it("shows the book with what is one's own, and an order with its place in the queue", async () => {
    const book = await line.json<{ bids: { own: string; size: string }[]; spread: string }>(
      ["book", "TUX-PERP", "--own"],
      MAKER,
    );
    expect(book.bids).to.have.length(3);
    for (const { own, size } of book.bids) expect(own).to.equal(size);
    const text = narrow(await line.text(["book", "tux-perp", "--account", `${maker}`]));
    expect(text).to.match(/^TUX-PERP: mark .*, spread 2, fills from \d+(\.5)? to \d+/);
    expect(text).to.match(/\nbid +\d+ +1\.5 +1\.5 +1\.5 of yours\n/);
    expect(await line.text(["book", "TUX-PERP"])).not.to.include("yours");

    const { orders } = await line.json<{ orders: Resting[] }>(["order", "list"], MAKER);
    const asked = orders.find(({ symbol, side }) => symbol === "TUM-2025-03" && side === "buy");
    const behind = await line.json<{ resting: Resting }>(
      ["order", "place", "TUM-2025-03", "buy", "0.5", asked?.price ?? "", "--until", "2025-01-09T00:00:00Z"],
      TRADER,
    );
    const shown = await line.json<object>(["order", "show", behind.resting.id]);
    expect(shown).to.include({
      side: "buy",
      size: "0.5",
      account: trader,
      until: "2025-01-09T00:00:00.000Z",
    });
    expect(shown).to.include({ ordersBefore: 1, sizeBefore: asked?.size });
    expect(await line.text(["order", "show", behind.resting.id])).to.match(/before it .* in 1 orders/);
    await line.text(["order", "cancel", behind.resting.id], TRADER);
    expect(sentence(await line.usance(["order", "show", behind.resting.id]))).to.match(
      /is not in the book: it was/,
    );
  });

  it("follows a book line by line until it is interrupted", async () => {
    const child = line.launch(["book", "TUX-PERP", "--watch"]);
    const end = ended(child);
    let seen = 0;
    child.stdout.on("data", (text: string) => {
      seen += text.split("\n").length - 1;
      child.emit("line");
    });
    const lines = async (count: number) => {
      while (seen < count) await once(child, "line");
    };
    await lines(1);
    const { resting } = await line.json<{ resting: Resting }>(
      ["order", "place", "TUX-PERP", "sell", "1", "1249.5"],
      MAKER,
    );
    await lines(2);
    await line.text(["order", "cancel", resting.id], MAKER);
    await lines(3);
    child.kill("SIGINT");
    const { code, out, err } = await end;
    expect(code, err).to.equal(0);
    const [first, second, third] = out.trimEnd().split("\n");
    expect(first).to.match(/^TUX-PERP {2}mark [\d.]+ {2}bid 1\.5 at 1248 {2}ask 1\.25 at 1250$/);
    expect(second).to.match(/ask 1 at 1249\.5$/);
    expect(third).to.equal(first);
  });

  it("shows positions with result, liquidation price and margin, as the chain has them", async () => {
    expect(await line.text(["positions"], TRADER)).to.include("no positions");
    expect(await line.text(["order", "place", "TUX-PERP", "buy", "2", "market"], TRADER)).to.match(
      /^bought 2 at 1250\.38 on average, fee [\d.]+ USD\n$/,
    );
    expect(await line.text(["order", "place", "TUM-2025-02", "sell", "1.5", "market"], TRADER)).to.match(
      /^sold 1\.5 at 1199 on average/,
    );
    const found = await line.json<{
      equity: string;
      maintenanceMargin: string;
      positions: Record<string, string>[] & { liquidation: { below: string | null } }[];
    }>(["positions"], TRADER);
    const [long, short] = found.positions;
    expect(long).to.include({ symbol: "TUX-PERP", size: "2", entryPrice: "1250.38", marginShare: "52.6 %" });
    expect(short).to.include({ symbol: "TUM-2025-02", size: "-1.5", entryPrice: "1199", unrealised: "-1.5" });
    // The chain says the same: what is held has not made its money yet, and the fees of both are gone.
    const units = (text: string | undefined) => parseCollateral(text ?? "");
    const sumOf = (name: string) => found.positions.reduce((sum, one) => sum + units(one[name]), 0n);
    const opened = 2100n * 10n ** 6n;
    expect(opened + sumOf("unrealised") + sumOf("realised") - sumOf("takerFees")).to.equal(
      await equityOf(trader),
    );

    // The first tick at which equity is below the margin: both move with the mark, by 2 × (1 and 12 %).
    const room = Number(found.equity) - Number(found.maintenanceMargin);
    const lostAt = (price: number) => 2 * (1248.52 - price) * (1 - 0.12);
    const price = Number(long?.liquidation.below);
    expect(lostAt(price)).to.be.greaterThan(room - 0.01);
    expect(lostAt(price + 0.5)).to.be.lessThan(room + 0.01);
    const quick = await line.text(["positions", "--quick"], TRADER);
    expect(narrow(quick)).to.match(/^account .*\n\nmarket +size +break-even +mark +liquidated at +margin\n/);
    expect(narrow(await line.text(["positions"], TRADER))).to.match(/\nTUM-2025-02 +-1\.5 +1199 /);
    expect(narrow(await line.text(["account", "show"], TRADER))).to.match(
      /\nTUX-PERP +2 +1250\.38 +1248\.52 /,
    );
  });

  it("shows what funding accrues, and every table within 80 columns", async () => {
    const [perpetual] = await line.json<object[]>(["funding"]);
    expect(perpetual).to.deep.include({
      symbol: "TUX-PERP",
      periodHours: "8",
      ratePercent: "0.0000",
      capPercent: "2.0000",
      frozen: false,
    });
    for (const args of [["funding"], ["markets"], ["index", "show"], ["book", "1"]])
      narrow(await line.text(args));
  });

  it("rolls both legs or neither, and at no worse spread than it said", async () => {
    const roll = (...args: string[]) => ["roll", "TUM-2025-02", "TUM-2025-03", ...args];
    const rehearsed = narrow(
      await line.text(roll("--dry-run"), TRADER).then((text) => text.replace(/spread.*/, "")),
    );
    expect(rehearsed).to.match(/TUM-2025-02 +buy +1\.5 +1201\.17 +1202 /);
    expect(sentence(await line.usance(roll("--spread", "100", "--lots", "500"), TRADER))).to.equal(
      "The books show a spread of -2 for 0.5 contracts, worse than 100: wait, or accept it by --spread -2.",
    );
    expect(sentence(await line.usance(roll("--lots", "1501"), TRADER))).to.include("1500 lots");
    expect(sentence(await line.usance(roll("--lots", "0.5"), TRADER))).to.include("whole number of lots");
    expect(sentence(await line.usance(["roll", "TUM-2025-03", "TUM-2025-02"], TRADER))).to.include(
      "no position",
    );
    expect(sentence(await line.usance(["roll", "TUX-PERP", "TUX-PERP"], TRADER))).to.include("named twice");
    expect(sentence(await line.usance(roll(), MAKER))).to.match(/^The bids of TUM-2025-02|^The asks/);

    interface Rolled {
      spread: string;
      fees: string;
      costAgainstMarks: string;
      legs: { symbol: string; averagePrice: string; limitPrice: string; fee: string }[];
      filled: { symbol: string; averagePrice: string; side: string; fee: string }[];
    }
    const part = await line.json<Rolled>(roll("--lots", "500", "--spread", "-30"), TRADER);
    expect(part).to.include({ spread: "-2", fees: "0.6", costAgainstMarks: "1" });
    // 28 points of room, shared by the legs.
    expect(part.legs.map(({ limitPrice }) => limitPrice)).to.deep.equal(["1215", "1185"]);
    expect(part.filled.map(({ fee }) => fee)).to.deep.equal(part.legs.map(({ fee }) => fee));

    const whole = await line.text(roll("--lots", "all"), TRADER);
    expect(whole).to.match(/^would trade[\s\S]*spread -3, at worst -3; costs 2\.25 USD[\s\S]*\nfilled +side/);
    const { positions } = await line.json<{ positions: object[] }>(["positions"], TRADER);
    expect(positions[1]).to.include({ symbol: "TUM-2025-03", size: "-1.5" });
    expect(positions).to.have.length(2);
  });

  it("tells the past: fills with their fees, orders, transfers and results, for a spreadsheet too", async () => {
    const table = narrow(await line.text(["history", "fills"], TRADER));
    expect(table).to.match(/^time +market +side +size +price +role +fee, USD\n/);
    const csv = (await line.text(["history", "fills", "--csv"], TRADER)).trimEnd().split("\n");
    expect(csv[0]).to.equal("time,market,side,size,price,role,fee,order,clientId,counterparty,transaction");
    expect(csv[1]).to.match(
      new RegExp(
        `^2025-01-08T06:\\d\\d:\\d\\d\\.000Z,TUX-PERP,buy,1\\.25,1250,taker,0\\.78125,,0,${maker},0x`,
      ),
    );
    const fills = await line.json<{ rows: Record<string, string>[] }>(["history", "fills"], TRADER);
    expect(fills.rows).to.have.length(csv.length - 1);
    const fees = fills.rows.reduce((sum, { fee }) => sum + parseCollateral(fee ?? ""), 0n);

    // Both sides of every trade: the maker's rows are the trader's, turned round.
    const other = await line.json<{ rows: Record<string, string>[] }>(["history", "fills"], MAKER);
    const turned = other.rows.map(({ side, size, price, counterparty }) => ({
      side: side === "buy" ? "sell" : "buy",
      size,
      price,
      counterparty,
    }));
    expect(turned).to.deep.equal(
      fills.rows.map(({ side, size, price }) => ({ side, size, price, counterparty: `${trader}` })),
    );
    for (const { role } of other.rows) expect(role).to.equal("maker");

    // Cash is what came in, less fees, with the results: nothing is missing in the three histories.
    const transfers = await line.json<{ rows: { kind: string; amount: string }[] }>(
      ["history", "transfers"],
      TRADER,
    );
    const results = await line.json<{ rows: { result: string }[] }>(["history", "realised"], TRADER);
    const sum = (texts: readonly string[]) => texts.reduce((all, text) => all + parseCollateral(text), 0n);
    const { deployment, client } = exchange;
    const { cash } = await getAccount(client, { deployment, accountId: trader });
    const came = sum(transfers.rows.map(({ amount }) => amount));
    expect(came - fees + sum(results.rows.map(({ result }) => result))).to.equal(cash);
    expect(transfers.rows.map(({ kind }) => kind)).to.include.members([
      "deposit",
      "withdrawal",
      "transfer out",
      "transfer in",
    ]);

    const orders = narrow(await line.text(["history", "orders"], MAKER));
    expect(orders).to.match(/ rests +TUX-PERP +buy +1\.5 +1248 +1\n/);
    expect(orders).to.match(/ cancelled +TUX-PERP +buy/);
    const took = await line.json<{ rows: { event: string; market: string }[] }>(
      ["history", "orders", "--market", "TUX-PERP"],
      TRADER,
    );
    expect(took.rows.map(({ event, market }) => [event, market])).to.deep.equal([["took", "TUX-PERP"]]);
    expect(await line.text(["history", "liquidations"], TRADER)).to.include("has no liquidations");
    const later = await line.json<{ rows: object[] }>(["history", "fills", "--since", "2025-01-09"], TRADER);
    expect(later.rows).to.deep.equal([]);
    const sooner = await line.json<{ rows: object[] }>(["history", "fills", "--until", "2025-01-09"], TRADER);
    expect(sooner.rows).to.deep.equal(fills.rows);
  });

  it("lets an operator trade and never withdraw, until it is removed", async () => {
    const operator = key(OPERATOR).address;
    const trade = () =>
      line.usance(
        ["order", "place", "TUX-PERP", "sell", "0.1", "market", "--account", `${trader}`],
        OPERATOR,
      );
    expect(sentence(await trade())).to.match(/may not trade for account \d+: its owner allows it by/);
    const add = (until: string) => ["account", "operator", "add", operator, "--until", until];
    expect(sentence(await line.usance(add("2025-01-01T00:00:00Z"), TRADER))).to.include("is over");
    expect(await line.text(add("2025-02-01T00:00:00Z"), TRADER)).to.include("until 2025-02-01 00:00:00 UTC");
    expect(narrow(await line.text(["account", "operator", "show"], TRADER))).to.include(operator);
    expect((await trade()).code).to.equal(0);
    expect(sentence(await line.usance(["withdraw", "1", "--account", `${trader}`], OPERATOR))).to.include(
      "only its owner",
    );
    await line.text(["account", "operator", "remove", operator], TRADER);
    expect(await line.json(["account", "operator", "show"], TRADER)).to.deep.include({ operators: [] });
    expect(sentence(await trade())).to.include("may not trade");
  });

  it("caps builders, and sets, shows and takes off the dead-man switch", async () => {
    await line.text(["account", "builder", "set", `${maker}`, "1.5"], TRADER);
    expect(await line.json(["account", "builder", "show"], TRADER)).to.deep.include({
      builders: [{ builder: maker, capBps: "1.5" }],
    });
    expect(sentence(await line.usance(["account", "builder", "set", `${maker}`, "11"], TRADER))).to.equal(
      "A builder may be allowed at most 10.0 basis points, and 11.0 was asked for.",
    );
    await line.text(["account", "builder", "set", `${maker}`, "0"], TRADER);
    expect(await line.text(["account", "builder", "show"], TRADER)).to.include("no builder earns");

    expect(await line.text(["account", "switch", "show"], MAKER)).to.include("no dead-man switch");
    expect(sentence(await line.usance(["account", "switch", "set", "2s"], MAKER))).to.include("5s to 30d");
    const set = await line.json<{ until: string }>(["account", "switch", "set", "5m"], MAKER);
    await exchange.warp(Date.parse(set.until) / 1_000 + 1);
    expect(await line.text(["account", "switch", "show"], MAKER)).to.include("its orders are dead");
    expect(sentence(await line.usance(["order", "place", "TUX-PERP", "buy", "1", "1240"], MAKER))).to.include(
      "`usance order cancel-all`",
    );
  });

  it("cancels all that rests, in one market or everywhere", async () => {
    const some = ["order", "cancel-all", "--market", "TUX-PERP", "--side", "buy"];
    const rehearsed = await line.json<{ orders: Resting[] }>([...some, "--dry-run"], MAKER);
    expect(rehearsed.orders.map(({ symbol, side }) => `${symbol} ${side}`)).to.deep.equal(
      Array(3).fill("TUX-PERP buy"),
    );
    expect(narrow(await line.text(some, MAKER))).to.match(/^cancelled +side +size +price +order\n/);
    await line.text(["order", "cancel-all"], MAKER);
    expect(await line.text(["order", "cancel-all"], MAKER)).to.equal("no resting orders\n");
    // The fired switch may go now.
    expect(await line.text(["account", "switch", "off"], MAKER)).to.include("no dead-man switch set");
  });

  it("signs orders that somebody else executes, and cancels them for good", async () => {
    const { signedOrders } = exchange.deployment;
    await line.text(
      ["account", "operator", "add", signedOrders ?? "", "--until", "2025-02-01T00:00:00Z"],
      TRADER,
    );
    const [stop, profit] = [join(folder, "stop.json"), join(folder, "profit.json")];
    const sell = (...more: string[]) => [
      "order",
      "sign",
      "TUX-PERP",
      "sell",
      "1",
      "1240",
      "--reduce-only",
      ...more,
    ];
    expect(await line.text(sell("--stop", "1300", "--out", stop), TRADER)).to.match(
      /^wrote .*: sell 1 TUX-PERP at 1240, once mark is at or below 1300, until 2025-01-09 /,
    );
    const printed = await line.text(sell("--take-profit", "1300", "--nonce", "7"), TRADER);
    writeFileSync(profit, printed);
    const both = await line.usance(sell("--stop", "1300", "--take-profit", "1300"), TRADER);
    expect(both.err).to.match(/cannot be used with/);

    expect(await line.json(["order", "signed", stop])).to.include({ status: "open", executedSize: "0" });
    expect(narrow(await line.text(["order", "signed", profit]))).to.match(/once mark is at least +1300/);
    expect(await line.json(["order", "signed", profit])).to.include({ status: "waiting" });
    expect((await line.usance(["order", "execute", profit], OPERATOR)).code).to.equal(1);

    await line.text(["order", "place", "TUX-PERP", "buy", "2", "1241"], MAKER);
    expect(await line.text(["order", "execute", stop, "--dry-run"], OPERATOR)).to.include("nothing was sent");
    const done = await line.json(["order", "execute", stop], OPERATOR);
    expect(done).to.include({ filledSize: "1", executedSize: "1", status: "consumed" });
    const { positions } = await line.json<{ positions: object[] }>(["positions", "--quick"], TRADER);
    expect(positions[0]).to.include({ symbol: "TUX-PERP", size: "0.9" });

    expect(await line.text(["order", "cancel-signed", profit], TRADER)).to.include("never executed again");
    expect(await line.json(["order", "signed", profit])).to.include({ status: "cancelled" });
    writeFileSync(profit, "{}");
    expect(sentence(await line.usance(["order", "execute", profit], OPERATOR))).to.include(
      "holds no signed order",
    );
  });

  it("tells what funding was paid: the mid stood above the index for minutes", async () => {
    const { rows } = await line.json<{ rows: Record<string, string>[] }>(["history", "funding"], TRADER);
    const last = rows.at(-1);
    expect(last?.["market"]).to.equal("TUX-PERP");
    expect(last?.["rate"]).to.match(/^0\.\d{6}$/);
    // A long pays where the mean is above the index: size × rate of the index, floored to a unit.
    expect(last?.["amount"]).to.match(/^-0\.0\d+$/);
    const got = await line.json<{ rows: Record<string, string>[] }>(["history", "funding"], MAKER);
    expect(got.rows.at(-1)?.["amount"]).to.match(/^0\.0\d+$/);
    expect(narrow(await line.text(["history", "funding"], TRADER))).to.match(
      /^time +market +size +rate % +amount, USD\n/,
    );
    const csv = await line.text(["history", "funding", "--csv"], TRADER);
    expect(csv.split("\n")[0]).to.equal("time,market,size,rate,amount,transaction");
  });
});
