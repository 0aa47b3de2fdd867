import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  getAccount,
  getMarkets,
  parseCollateral,
  parseLots,
  placeOrder,
  previewOrder,
  type Order,
} from "@usance/sdk";
import { expect } from "chai";
import { monthlyListing, perpetualListing } from "../../scripts/deploy/markets.ts";
import { SECONDS_PER_DAY } from "../../scripts/lib/calendar.ts";
import { readIndex } from "../../scripts/hedge/series.ts";
import { CommandLine, sentence } from "../support/command-line.ts";
import { Exchange, FIRST } from "../support/exchange.ts";
import { dailyCsv, DATA, madeUsage, REAL, sampleCsv } from "./made.ts";

/** Prints that are posted: the 20 weeks that a ratio over four weeks needs. */
const DAYS = 140;
const WAD = 10n ** 18n;

interface Planned {
  symbol: string;
  market: number;
  size: string;
  mark: string;
  premium: number;
  notional: string;
  initialMargin: string;
  holdReady: string | null;
  cost: Record<string, string | null>;
}

interface Answer {
  action: string;
  advice: { quality: string; ratio: number; reasons: string[] };
  index: number;
  ratio: number;
  contracts: Planned[];
  notes: string[];
  files: string[];
}

describe("usance hedge", () => {
  let exchange: Exchange;
  let line: CommandLine;
  let folder: string;
  let maker: number;
  let taker: number;
  let usage: string;

  before(async () => {
    exchange = await Exchange.start();
    await exchange.postDays(FIRST, FIRST + DAYS - 1);
    const level = [...Array(7).keys()].reduce((sum, day) => sum + REAL.get(FIRST + DAYS - 1 - day)!, 0) / 7;
    const terms = { feed: 1, index: BigInt(Math.floor(level)) * WAD };
    await exchange.list(perpetualListing(terms));
    for (const month of ["2025-06", "2025-07", "2025-08"]) await exchange.list(monthlyListing(month, terms));
    folder = mkdtempSync(join(tmpdir(), "usance-hedge-"));
    line = new CommandLine(exchange);
    usage = join(folder, "usage.csv");
    const own = [...madeUsage({ seed: 2, ratio: 1, walk: 0.002, noise: 0.05 })].slice(0, DAYS);
    writeFileSync(usage, dailyCsv(new Map(own), 1.25));

    maker = await exchange.fund(5, parseCollateral("10000000"));
    taker = await exchange.fund(6, parseCollateral("10000000"));
    for (const { id, markX16 } of await getMarkets(exchange.client, exchange)) {
      const mark = markX16 >> 16n;
      for (const [lots, tick] of [
        ["3", mark + 4n],
        ["0.7", mark + 5n],
        ["40", mark + 20n],
        ["-2", mark + 60n],
      ] as const)
        await place(5, maker, { market: id, lots: -parseLots(lots.replace("-", "")), tick });
      await place(5, maker, { market: id, lots: parseLots("5"), tick: mark - 6n });
    }
  });
  after(() => exchange?.close());

  async function place(wallet: number, accountId: number, order: Order): Promise<void> {
    const { deployment } = exchange;
    await exchange.mined(await placeOrder(exchange.wallet(wallet), { deployment, accountId, ...order }));
  }

  const usance = (...args: string[]) => line.usance(["hedge", ...args]);

  const plan = (...args: string[]) => line.json<Answer>(["hedge", "--usage", usage, "--no-chart", ...args]);

  it("reads the index from the chain as the data has it", async () => {
    const series = await readIndex(exchange.client, exchange.deployment);
    expect([...series]).to.deep.equal([...REAL].filter(([period]) => period < FIRST + DAYS));
  });

  it("plans months whose fills, fee and margin are those of the orders themselves", async () => {
    const answer = await plan("--spend", "60000");
    expect(answer.action).to.equal("buy");
    expect(answer.advice.ratio).to.be.above(0);
    expect(answer.contracts.map(({ symbol }) => symbol)).to.deep.equal([
      "TUM-2025-06",
      "TUM-2025-07",
      "TUM-2025-08",
    ]);
    const previewed = await plan("--spend", "60000", "--account", String(taker));
    expect(previewed.notes).to.deep.equal(answer.notes);

    let margins = 0n;
    let equity = (await account()).equity;
    for (const [nth, contract] of answer.contracts.entries()) {
      const lots = parseLots(contract.size);
      expect(lots).to.be.above(3_700n);
      const tick = (await getMarkets(exchange.client, exchange)).find(
        ({ id }) => id === contract.market,
      )!.highestFill;
      const order = { market: contract.market, lots, tick, kind: "immediateOrCancel" } as const;
      const { deployment } = exchange;
      const exact = await previewOrder(exchange.client, { deployment, accountId: taker, ...order });
      const { cost } = contract;
      expect(parseLots(cost["fillsNow"]!)).to.equal(exact.filledLots);
      // Fees round up for each maker; here every level has one.
      expect(parseCollateral(cost["takerFee"]!)).to.equal(exact.fee);
      expect(previewed.contracts[nth]!.cost).to.deep.equal(cost);

      await place(6, taker, order);
      const after = await account();
      margins += parseCollateral(contract.initialMargin);
      expect(Number(after.initialMargin - margins)).to.be.within(-2, 2);
      // At an unmoved mark the account is poorer by spread, impact and fee.
      const paid = parseCollateral(cost["spreadAndImpact"]!) + parseCollateral(cost["takerFee"]!);
      expect(Number(equity - after.equity - paid)).to.be.within(-2, 2);
      equity = after.equity;
    }
  });

  it("sells for a seller, and plans the perpetual with its funding", async () => {
    const seller = await plan("--side", "seller", "--perpetual", "--spend", "20000");
    expect(seller.action).to.equal("sell");
    const [contract] = seller.contracts;
    expect(seller.contracts).to.have.length(1);
    expect(contract!.symbol).to.equal("TUX-PERP");
    expect(contract!.cost).to.have.property("funding");
    expect(contract!.cost["fillsNow"]).to.equal(contract!.size);
    expect(contract!.holdReady).not.to.equal(undefined);
  });

  it("says which part of the size the book takes now", async () => {
    const { out } = await usance("--usage", usage, "--no-chart", "--spend", "4000000");
    expect(out).to.match(/TUM-2025-08: the book takes [\d.]+ of [\d.]+ inside the fill band now/);
    const poor = await exchange.fund(7, parseCollateral("1"));
    const refused = await plan("--spend", "400000000", "--months", "2025-08", "--account", String(poor));
    expect(refused.notes.at(-1)).to.match(/account \d+ cannot send the order in TUM-2025-08 now: .*margin/i);
  });

  it("prints at most 80 columns and writes chart and changes", async () => {
    const chart = join(folder, "new", "hedge.svg");
    const csv = join(folder, "changes.csv");
    const { code, out, err } = await usance("--usage", usage, "--chart", chart, "--csv", csv, "--ratio", "1");
    expect(code, err).to.equal(0);
    for (const line of out.split("\n"))
      if (!line.startsWith("written: ")) expect(line.length, line).to.be.at.most(80);
    for (const text of [
      "Verdict:",
      "95 % interval",
      "TUM-2025-07",
      "hold ready",
      "taker fee",
      "at 99.5 %",
      chart,
    ])
      expect(out).to.include(text);
    const svg = readFileSync(chart, "utf8");
    expect(svg).to.match(/^<svg/);
    for (const text of ["own spend", "index", "unhedged", "hedged"]) expect(svg).to.include(`>${text}<`);
    const [header, ...rows] = readFileSync(csv, "utf8").trimEnd().split("\n");
    expect(header).to.equal("week_from,week_to,own_growth,index_growth,hedged_growth");
    expect(rows).to.have.length(DAYS / 7 - 4);
    expect(rows.at(-1)).to.match(/^2025-04-22,2025-05-20(,-?\d\.\d{6}){3}$/).and.to.exist;
    const page = join(folder, "hedge.html");
    await usance("--usage", usage, "--chart", page);
    expect(readFileSync(page, "utf8"))
      .to.match(/^<!doctype html>/)
      .and.include("<svg");
  });

  it("advises no contract for usage that has nothing to do with the index", async () => {
    const wild = join(folder, "wild.csv");
    const own = [...madeUsage({ seed: 9, ratio: 0, walk: 0.05, noise: 1 })].slice(0, DAYS);
    writeFileSync(wild, dailyCsv(new Map(own), 1.25));
    const { out } = await usance("--usage", wild, "--no-chart");
    expect(out).to.include("Verdict: a poor hedge: none is advised.").and.include("No contract is advised.");
    expect(out).not.to.include("hold ready");
  });

  it("plans without a node, from a file of the index", async () => {
    const { code, out } = await usance("--usage", usage, "--offline", "--index", DATA.pathname, "--no-chart");
    expect(code).to.equal(0);
    expect(out).to.include("Without a chain the terms are those of the reference markets");
    expect(out).to.include("TUM-2026-07");
  });

  it("shows the guide's example as the guide does", async () => {
    const sample = fileURLToPath(new URL("../../data/synthetic-usage-daily.csv", import.meta.url));
    expect(readFileSync(sample, "utf8")).to.equal(sampleCsv());
    const { out } = await usance("--usage", sample, "--index", DATA.pathname, "--offline", "--no-chart");
    const guide = readFileSync(new URL("../../docs/hedging.md", import.meta.url), "utf8");
    expect(guide).to.include(`\`\`\`text\n${out}\`\`\``);
  });

  it("fails with one sentence and code 1", async () => {
    const refused = async (...args: string[]) => sentence(await usance("--no-chart", ...args));
    expect(await refused("--usage", "/nowhere.csv")).to.include("cannot be read (ENOENT)");
    expect(await refused("--usage", usage, "--offline")).to.include("give --index");
    expect(await refused("--usage", usage, "--months", "2025-09")).to.include(
      "TUM-2025-09 is not open for trading",
    );
    expect(await refused("--usage", usage, "--horizon", "6")).to.match(
      /140 days .* needs 154: `--horizon 1`/,
    );
    const late = join(folder, "late.csv");
    writeFileSync(late, "date,tokens,cost\n2026-01-01,1,1\n2026-01-02,1,1\n");
    expect(await refused("--usage", late)).to.include("they need days in common");
    const { err } = await usance("--usage", "/nowhere.csv", "--json");
    expect(JSON.parse(err)).to.have.nested.property("error.name", "HedgeError");
    expect((await usance()).err).to.match(/^error: required option '--usage/);
  });

  it("says that a late index lets nobody in", async () => {
    const days = FIRST + DAYS;
    await exchange.warp((days + 3) * SECONDS_PER_DAY);
    const { out, code } = await usance("--usage", usage, "--no-chart", "--perpetual", "--ratio", "1");
    expect(code).to.equal(0);
    expect(out.replace(/\s+/g, " ")).to.include(
      "TUX-PERP: its index is stale, and only orders that reduce a position are taken now.",
    );
  });

  const account = () => getAccount(exchange.client, { deployment: exchange.deployment, accountId: taker });
});
