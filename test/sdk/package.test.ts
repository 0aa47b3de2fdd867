import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { formatLots, formatPrice, parseCollateral, parseLots, type Order } from "@usance/sdk";
import { expect } from "chai";
import { toHex } from "viem";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { root } from "../../scripts/lib/production.ts";
import { extractSnippets } from "../../scripts/lib/snippets.ts";
import { FIRST, key } from "../support/exchange.ts";
import { Project, type Package } from "./project.ts";
import { openVenue, type Trader, type Venue } from "./venue.ts";

const [perpetual, january, february] = [1, 2, 3];
const MAKER = 1;
const START = parseCollateral("50000");

/** Lines that a user writes: neither empty nor a comment. */
function linesOf(program: string): number {
  return program.split("\n").filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
}

// The SDK as npm packs it, in folders outside the repository, against an exchange on a node with a maker's orders.
describe("SDK package", () => {
  const packed = mkdtempSync(join(tmpdir(), "usance-packed-"));
  const projects: Project[] = [];
  let sdk: Package;
  let project: Project;
  let venue: Venue;
  let observer: Trader;
  let deploymentFile: string;
  let nextSeat = MAKER + 1;

  before(async () => {
    sdk = Project.pack(packed);
    project = install("viem");
    cpSync(join(root, "examples"), join(project.folder, "examples"), { recursive: true });
    venue = await openVenue(Array.from({ length: 7 }, (_, day) => 1_000 + day));
    const { exchange } = venue;
    deploymentFile = join(packed, "deployment.json");
    writeFileSync(deploymentFile, JSON.stringify(exchange.deployment));
    await exchange.postDays(FIRST, FIRST + 6);
    const terms = { feed: 1, index: 1_003n * 10n ** 18n };
    await exchange.list(perpetualListing(terms));
    await exchange.list(monthlyListing("2025-01", terms));
    await exchange.list(monthlyListing("2025-02", terms));
    observer = venue.trader(MAKER);
    await makeMarkets();
  });
  after(async () => {
    await venue?.exchange.close();
    for (const folder of projects) folder.remove();
    rmSync(packed, { recursive: true, force: true });
  });

  function install(...peers: string[]): Project {
    const installed = Project.install(sdk, peers);
    projects.push(installed);
    return installed;
  }

  /** Fills the books: five levels a side. */
  async function makeMarkets() {
    const accountId = await venue.exchange.fund(MAKER, parseCollateral("10000000"));
    for (const market of [perpetual, january, february]) {
      const mark = (await observer.getMarket({ market })).markX16 >> 16n;
      const orders = [1n, 2n, 3n, 4n, 5n].flatMap((level): Order[] => [
        { market, lots: parseLots("20"), tick: mark - 2n * level },
        { market, lots: parseLots("-20"), tick: mark + 2n * level },
      ]);
      await venue.mined(observer.batchOrders({ accountId, orders }));
    }
  }

  /** A new owner with collateral in the wallet, and what its programs find in the environment. */
  async function newcomer() {
    const seat = nextSeat++;
    await venue.exchange.mint(seat, START);
    const { privateKey } = key(seat).getHdKey();
    return {
      owner: key(seat).address,
      variables: {
        USANCE_RPC: venue.exchange.rpc,
        USANCE_DEPLOYMENT: deploymentFile,
        USANCE_PRIVATE_KEY: toHex(privateKey!),
      },
    };
  }

  it("holds what its exports name, its licence and its readme, and no sources", () => {
    const { contents, size } = sdk;
    expect(contents.filter((path) => !path.startsWith("dist/"))).to.deep.equal([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    for (const entry of ["index", "abis", "ethers"]) {
      expect(contents).to.include.members([`dist/${entry}.js`, `dist/${entry}.d.ts`]);
    }
    expect(size).to.be.lessThan(400_000);
  });

  it("runs the quick start of its readme", async () => {
    const readme = readFileSync(join(root, "sdk", "README.md"), "utf8");
    const snippet = extractSnippets("README.md", readme).find(({ language }) => language === "ts");
    writeFileSync(join(project.folder, "quick-start.ts"), snippet!.code);
    const { owner, variables } = await newcomer();
    const out = await project.run("quick-start.ts", variables);

    const accountId = await observer.getAccountId({ owner });
    const { cash, positions } = await observer.getAccount({ accountId });
    expect(positions[0]).to.include({ market: perpetual, size: parseLots("0.5") });
    const fee = parseCollateral("1000") - cash;
    expect(fee > 0n).to.be.true;
    expect(out).to.include(`fee ${fee}`);
    const { bids } = await observer.getBook({ market: perpetual, depth: 1n });
    expect(out).to.include(`${formatLots(bids[0]!.lots)} at `);
  });

  for (const [program, ...peers] of [
    ["new-user.ts", "viem"],
    // The entry for ethers needs nothing of viem where it runs.
    ["new-user-ethers.ts", "ethers"],
  ] as const) {
    it(`takes a new user through a first day: ${program}`, async () => {
      const code = readFileSync(join(root, "examples", program), "utf8");
      expect(linesOf(code)).to.be.lessThan(20);
      const empty = install(...peers);
      writeFileSync(join(empty.folder, program), code);
      const { owner, variables } = await newcomer();
      await empty.run(program, variables);

      const accountId = await observer.getAccountId({ owner });
      const fills = await observer.getFills({ accountId });
      expect(fills.map(({ market, lots, taker }) => ({ market, lots, taker }))).to.deep.equal(
        [
          [perpetual, 1n],
          [january, 1n],
          [january, -1n],
          [february, 1n],
          [perpetual, -1n],
          [february, -1n],
        ].map(([market, lots]) => ({ market, lots: BigInt(lots!) * 1_000n, taker: accountId })),
      );
      expect(
        new Set(fills.map(({ transactionHash }) => transactionHash)).size,
        "two legs at a time",
      ).to.equal(3);
      const { cash, equity, positions } = await observer.getAccount({ accountId });
      expect({ cash, equity, positions }).to.deep.equal({ cash: 0n, equity: 0n, positions: [] });

      // Everything is back in the wallet but what the fills and their fees cost.
      const paid = START - (await venue.exchange.balanceOf(owner));
      const lost = fills.reduce((sum, { lots, tick }) => sum + lots * tick, 0n) * 500n;
      const fees = await feesOf(fills.map(({ transactionHash }) => transactionHash));
      expect(fees > 0n && lost > 0n).to.be.true;
      expect(paid).to.equal(lost + fees);
    });
  }

  async function feesOf(hashes: readonly `0x${string}`[]): Promise<bigint> {
    const receipts = await Promise.all(
      [...new Set(hashes)].map((hash) => observer.getTransactionReceipt({ hash })),
    );
    return receipts
      .flatMap((receipt) => observer.placeOrder.extract(receipt).OrderTaken)
      .reduce((sum, { fee }) => sum + fee, 0n);
  }

  describe("examples", () => {
    let owner: `0x${string}`;
    let variables: Record<string, string>;

    before(async () => ({ owner, variables } = await newcomer()));

    const run = (program: string, ...args: string[]) =>
      project.run(join("examples", program), variables, args);
    const account = async (subaccount = 0) =>
      observer.getAccount({ accountId: await observer.getAccountId({ owner, subaccount }) });
    const sizes = async (subaccount = 0) =>
      Object.fromEntries((await account(subaccount)).positions.map(({ market, size }) => [market, size]));

    it("are ten, each with a line that says how to run it", () => {
      const programs = readdirSync(join(root, "examples")).filter((file) => /^\d\d-.*\.ts$/.test(file));
      expect(programs.map((file) => Number(file.slice(0, 2)))).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const readme = readFileSync(join(root, "examples", "README.md"), "utf8");
      for (const file of [...programs, "new-user.ts", "new-user-ethers.ts"]) {
        const code = readFileSync(join(root, "examples", file), "utf8");
        expect(code).to.match(new RegExp(`^// .+\\n(// .+\\n)*// Run: npx tsx examples/${file}`));
        expect(readme).to.include(`(${file})`);
      }
    });

    it("01 reads the index", async () => {
      const out = await run("01-read-the-index.ts");
      expect(out).to.include("newest print: 2025-01-07, 1006 points");
      expect(out).to.include("7-day mean: 1003 points");
      expect(out.match(/ revision 1$/gm)).to.have.length(7);
    });

    it("02 shows markets and books", async () => {
      const out = await run("02-markets-and-book.ts");
      expect(out).to.match(/market 1, perpetual, open: mark 1003,/);
      expect(out)
        .to.match(/market 2, 2025-01, open/)
        .and.match(/market 3, 2025-02, open/);
      const { asks, bids } = await observer.getBook({ market: february, depth: 1n });
      expect(out).to.include(`ask ${formatPrice(asks[0]!.tick)}  ${formatLots(asks[0]!.lots)}`);
      expect(out).to.include(`bid ${formatPrice(bids[0]!.tick)}  ${formatLots(bids[0]!.lots)}`);
    });

    it("03 trades for the first time", async () => {
      const out = await run("03-first-trade.ts");
      expect(await sizes()).to.deep.equal({ [perpetual]: 500n });
      expect(out).to.include("it would buy 0.5 for a fee of").and.include("market 1: 0.5, bought at 1004");
    });

    it("04 previews and meets errors", async () => {
      const out = await run("04-preview-and-errors.ts");
      expect(out).to.match(/a bid below the book: 0 lots now, 200 rest/);
      for (const name of ["WouldCross", "TickOutsideBand", "InsufficientMargin", "WouldNotReduce"]) {
        expect(out).to.include(`${name}. `);
      }
      expect(out)
        .to.match(/missing: \d+/)
        .and.include("tick 2468");
      // 95 % of 1,003.
      expect(out).to.include("a stop at 952.85 is signed").and.include("it is waiting: NotTriggered. ");
      expect((await account()).positions[0]).to.include({ openOrders: 0n });
    });

    it("05 lends an account to a session key", async () => {
      const out = await run("05-session-operator.ts");
      expect(out).to.include("the session placed").and.include("only the owner may move cash");
      expect(out).to.include("may not trade for account");
      const { cash, positions } = await account(1);
      expect({ cash, positions }).to.deep.equal({ cash: parseCollateral("2000"), positions: [] });
    });

    it("06 hedges a month", async () => {
      const out = await run("06-hedge-a-month.ts");
      expect(out).to.include("hedging with 2025-02");
      // 3,000 ÷ 1,003 points, in whole lots.
      expect(await sizes()).to.deep.equal({ [perpetual]: 500n, [february]: 2_991n });
      expect(out).to.match(/10 % higher.* pays 299\.9/);
    });

    it("07 rolls a future", async () => {
      const out = await run("07-roll-a-future.ts");
      expect(await sizes()).to.deep.equal({ [perpetual]: 500n, [february]: 3_491n });
      expect(out).to.include("sold -0.5 of 2025-01").and.include("bought 0.5 of 2025-02");
    });

    it("08 trades a calendar spread, whole or not at all", async () => {
      const out = await run("08-calendar-spread.ts");
      expect(out).to.include("refused whole").and.include("long 2025-01, short 2025-02");
      expect((await account(2)).positions).to.deep.equal([]);
      const [, apart, spread] = /apart ([\d.]+), of the spread ([\d.]+)/.exec(out) ?? [];
      expect(Number(spread)).to.be.greaterThan(0);
      expect(Number(spread)).to.be.lessThan(Number(apart));
    });

    it("09 writes past fills as CSV and goes on with those that come", async () => {
      const past = await observer.getFills({ market: perpetual });
      const following = run("09-fills-to-csv.ts", String(perpetual), String(past.length + 5));
      const bid = (await observer.getBook({ market: perpetual, depth: 1n })).bids[0]!;
      const seat = nextSeat++;
      const taker = venue.trader(seat);
      const accountId = await venue.exchange.fund(seat, parseCollateral("1000"));
      // Over a while: wherever its history ends, each must come once.
      for (let times = 0; times < 5; times++) {
        await setTimeout(300);
        const sell = { market: perpetual, lots: parseLots("-0.1"), tick: bid.tick };
        await venue.mined(taker.placeOrder({ accountId, ...sell }));
      }
      const rows = (await following).trim().split("\n").slice(1);
      const all = await observer.getFills({ market: perpetual });
      expect(all).to.have.length(past.length + 5);
      expect(rows.map((row) => row.split(",")[1])).to.deep.equal(
        all.map(({ transactionHash }) => transactionHash),
      );
    });

    it("10 makes a market in 100 lines and leaves nothing behind", async () => {
      const program = "10-market-maker-in-100-lines.ts";
      const lines = readFileSync(join(root, "examples", program), "utf8")
        .trimEnd()
        .split("\n");
      expect(lines.length).to.be.at.most(100);
      const accountId = await observer.getAccountId({ owner });
      const since = await observer.getBlockNumber({ cacheTime: 0 });
      const out = await run(program, String(perpetual), "2");
      expect(out)
        .to.match(/mark [\d.]+, position 0.5: bid [\d.]+, ask [\d.]+/)
        .and.include("quotes cancelled");
      expect(await observer.getOpenOrders({ accountId, market: perpetual })).to.deep.equal([]);
      const range = { fromBlock: since + 1n, toBlock: await observer.getBlockNumber({ cacheTime: 0 }) };
      const { clearinghouse: address } = venue.deployment;
      const logs = await observer.getLogs({ address, ...range });
      const { OrderPlaced } = observer.placeOrder.extract({ logs });
      expect(OrderPlaced.filter(({ account }) => account === accountId)).to.have.length(6);
    });
  });
});
