import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatIndex, postPrint, signReport, sortReports } from "@usance/sdk";
import { expect } from "chai";
import { privateKeyToAccount } from "viem/accounts";
import { calculateDay, type PrintedDay } from "../../scripts/calculator/calculate.ts";
import { rulesHash, TU1D_RULES } from "../../scripts/calculator/rules.ts";
import type { UsageRow } from "../../scripts/calculator/statement.ts";
import { saveDeployment } from "../../scripts/deploy/deployment.ts";
import { run } from "../../scripts/cli/program.ts";
import { dateOfPeriod, SECONDS_PER_DAY } from "../../scripts/lib/calendar.ts";
import { ArchiveReader, ArchiveWriter, type ArchiveHead } from "../../scripts/publication/archive.ts";
import { PublicationError } from "../../scripts/publication/errors.ts";
import { historyAsCsv, readHistory, readPrint } from "../../scripts/publication/history.ts";
import { verifyDay } from "../../scripts/publication/verify.ts";
import { TU1D } from "../../scripts/reporter/calculation.ts";
import { localPanel } from "../../scripts/reporter/panel.ts";
import { signStatement, type SignedStatement } from "../../scripts/statements/signed.ts";
import { Exchange, FIRST } from "../support/exchange.ts";

const DAYS = 6;
const LAST = FIRST + DAYS - 1;
const CONTRIBUTORS = ["alpha", "beta", "gamma"].map((id, n) => ({
  id,
  account: privateKeyToAccount(`0x${String(n + 1).padStart(64, "0")}`),
}));
const HEAD: ArchiveHead = {
  index: "TU1D",
  licence: "CC BY 4.0",
  source: "three gateways of this test",
  rules: { version: TU1D_RULES.version, hash: rulesHash(TU1D_RULES) },
  contributors: CONTRIBUTORS.map(({ id, account }) => ({ id, address: account.address })),
  notices: [{ date: "2025-01-01", text: "First day." }],
};

const row = (over: Partial<UsageRow>): UsageRow => ({
  model: "m1",
  labelled: true,
  priced: true,
  ownAccount: false,
  input: 0n,
  cached: 0n,
  output: 0n,
  reasoning: 0n,
  requests: 1n,
  ...over,
});

/** What the contributors state of a day: growth of their own, and some usage that does not count. */
function statementsOf(period: number, correction = 0n): Promise<SignedStatement[]> {
  const day = BigInt(period - FIRST);
  return Promise.all(
    CONTRIBUTORS.map(({ id, account }, n) => {
      const size = 1_000_000n * BigInt(n + 2);
      const rows = [
        row({ input: size + day * 10_000n * BigInt(n + 1) + correction, cached: 500n, output: 40_000n }),
        row({ model: "m2", input: 300_000n, output: 20_000n + day, reasoning: 5n }),
        row({ model: "m2", priced: false, input: 77_000n, requests: 3n }),
      ];
      const number = correction === 0n ? 1 : 2;
      return signStatement({ contributor: id, period, rows }, number, account);
    }),
  );
}

/** Serves the files of a folder, as any web server would. */
async function serve(folder: string): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, request.url ?? "")));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("publication of an index", () => {
  let exchange: Exchange;
  let folder: string;
  let deployment: string;

  /** Has the panel sign a print and posts it, as its reporters do. */
  async function post(
    period: number,
    revision: number,
    { value, vintage }: { value: bigint; vintage: `0x${string}` },
  ) {
    const { deployment: to } = exchange;
    const terms = {
      chainId: to.chainId,
      usageIndex: to.usageIndex,
      index: TU1D,
      period,
      revision,
      value,
      vintage,
    };
    const deadline = BigInt((period + 10) * SECONDS_PER_DAY);
    const reports = await Promise.all(
      localPanel()
        .slice(0, 5)
        .map((account) => signReport({ account, ...terms, deadline })),
    );
    await exchange.mined(
      await postPrint(exchange.wallet(0), {
        deployment: to,
        index: TU1D,
        period,
        revision,
        reports: sortReports(reports),
      }),
    );
  }

  before(async () => {
    exchange = await Exchange.start();
    folder = mkdtempSync(join(tmpdir(), "usance-archive-"));
    deployment = join(folder, "deployment.json");
    saveDeployment(exchange.deployment, deployment);
    const writer = new ArchiveWriter(folder, HEAD);
    let previous: PrintedDay | undefined;
    const publish = async (period: number, revision: number, correction = 0n) => {
      const statements = await statementsOf(period, correction);
      const stage = revision === 1 ? "provisional" : "final";
      const inputs = statements.map(({ statement }) => statement);
      const { print, vintage, printed } = calculateDay({ period, stage, statements: inputs, previous });
      if (print === undefined || printed === undefined) throw new Error("the day has no print");
      writer.publish({ period, revision, stage, value: print, vintage, previous, statements });
      await post(period, revision, { value: print, vintage });
      return printed;
    };
    for (let period = FIRST; period <= LAST; period++) {
      await exchange.warp((period + 1) * SECONDS_PER_DAY + 6 * 3_600);
      let printed = await publish(period, 1);
      // One day is corrected before the next is calculated.
      if (period === FIRST + 2) printed = await publish(period, 2, 12_345n);
      previous = printed;
    }
  });
  after(() => exchange?.close());

  const chain = (period: number) =>
    readPrint(exchange.client, { deployment: exchange.deployment, index: TU1D, period });
  const verify = (period: number, place = folder) =>
    verifyDay({
      reader: new ArchiveReader(place),
      period,
      readChain: chain,
      now: (LAST + 2) * SECONDS_PER_DAY,
    });

  /** Copies the archive and changes one file of it. */
  function tampered(name: string, change: (text: string) => string): string {
    const copy = mkdtempSync(join(tmpdir(), "usance-archive-"));
    new ArchiveWriter(copy, HEAD);
    const files = ["archive.json", ...prints().map(({ file }) => file)];
    for (const file of files) {
      const text = readFileSync(join(folder, file), "utf8");
      const changed = file === name ? change(text) : text;
      if (file === name) expect(changed).to.not.equal(text);
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), changed);
    }
    return copy;
  }
  const prints = () =>
    Array.from({ length: DAYS }, (_, n) => FIRST + n).flatMap((period) =>
      (period === FIRST + 2 ? [1, 2] : [1]).map((revision) => ({
        period,
        file: `prints/${dateOfPeriod(period)}.${revision}.json`,
      })),
    );

  it("recomputes each day from the base day on and finds what stands on chain", async () => {
    for (let period = FIRST; period <= LAST; period++) {
      const found = await verify(period);
      expect(found.differences).to.deep.equal([]);
      expect(found.calculation.print).to.equal((await chain(period)).value);
      expect(found.days).to.equal(period - FIRST + 1);
      expect(found.statements).to.equal(3 * found.days);
    }
  });

  it("takes the revision that stands on chain, and lists what was excluded", async () => {
    const { entry, calculation } = await verify(FIRST + 2);
    expect(entry.revision).to.equal(2);
    expect(calculation.excluded.map(({ contributor, reasons }) => [contributor, reasons])).to.deep.equal(
      ["alpha", "beta", "gamma"].map((id) => [id, ["zero price"]]),
    );
  });

  it("reads the same from a web server", async () => {
    const { server, address } = await serve(folder);
    try {
      expect((await verify(LAST, `${address}/`)).differences).to.deep.equal([]);
    } finally {
      server.close();
    }
  });

  it("finds a changed amount of an earlier day, by its signature and by every root after it", async () => {
    const name = `prints/${dateOfPeriod(FIRST + 1)}.1.json`;
    const copy = tampered(name, (text) => text.replace('"input": "2010000"', '"input": "2010001"'));
    const { differences } = await verify(FIRST + 3, copy);
    expect(differences.map(({ what, by }) => `${what} by ${by}`)).to.include.members([
      "statement by the archive",
      "vintage by the archive",
      "vintage by the chain",
    ]);
    const [first] = differences;
    expect(first).to.include({ date: dateOfPeriod(FIRST + 1), what: "statement", stated: "alpha" });
  });

  it("finds a print that was changed in the archive alone", async () => {
    const name = `prints/${dateOfPeriod(LAST)}.1.json`;
    const { value } = await chain(LAST);
    const copy = tampered(name, (text) => text.replace(`"${value}"`, `"${value + 1n}"`));
    const { differences } = await verify(LAST, copy);
    expect(differences).to.deep.equal([
      {
        date: dateOfPeriod(LAST),
        what: "value",
        recomputed: value.toString(),
        stated: (value + 1n).toString(),
        by: "the archive",
      },
    ]);
  });

  it("says where a statement that was left out is missing", async () => {
    const name = `prints/${dateOfPeriod(LAST)}.1.json`;
    const copy = tampered(name, (text) => {
      const print = JSON.parse(text) as { statements: unknown[] };
      return JSON.stringify({ ...print, statements: print.statements.slice(1) });
    });
    const { differences, calculation } = await verify(LAST, copy);
    expect(calculation.unmatched).to.deep.equal([{ contributor: "alpha", reason: "absent" }]);
    expect(differences.map(({ what, by }) => `${what} by ${by}`)).to.include("vintage by the chain");
  });

  it("refuses what is missing, malformed or made under other rules, and never publishes twice", async () => {
    const code = async (work: Promise<unknown>) =>
      work.then(
        () => "nothing",
        (error: unknown) => (error instanceof PublicationError ? error.code : String(error)),
      );
    expect(await code(verify(LAST + 1))).to.equal("NotFound");
    expect(await code(verify(LAST, join(folder, "nowhere")))).to.equal("NotFound");
    expect(
      await code(
        verify(
          LAST,
          tampered("archive.json", () => "{"),
        ),
      ),
    ).to.equal("Malformed");
    expect(
      await code(
        verify(
          LAST,
          tampered("archive.json", (text) => text.replace('"TU1D"', '""')),
        ),
      ),
    ).to.equal("Malformed");
    const other = rulesHash({ ...TU1D_RULES, version: "other" });
    const wrong = tampered("archive.json", (text) => text.replace(HEAD.rules.hash, other));
    expect(await code(verify(LAST, wrong))).to.equal("WrongRules");
    const swapped = tampered(`prints/${dateOfPeriod(LAST)}.1.json`, () =>
      readFileSync(join(folder, `prints/${dateOfPeriod(FIRST)}.1.json`), "utf8"),
    );
    expect(await code(verify(LAST, swapped))).to.equal("Malformed");

    const print = await new ArchiveReader(folder).print({ period: LAST, revision: 1 });
    const writer = new ArchiveWriter(folder, HEAD);
    writer.publish(print);
    expect(() => writer.publish({ ...print, vintage: HEAD.rules.hash }))
      .to.throw(PublicationError)
      .with.property("code", "AlreadyPublished");
    expect((await verify(LAST)).differences).to.deep.equal([]);
  });

  it("writes the history with its correction as JSON and CSV", async () => {
    const history = await readHistory(exchange.client, { deployment: exchange.deployment, index: TU1D });
    expect(history.days).to.have.length(DAYS);
    const corrected = await chain(FIRST + 2);
    expect(history.corrections).to.have.length(1);
    expect(history.corrections[0]?.to).to.deep.equal({
      revision: 2,
      points: formatIndex(corrected.value),
      vintage: corrected.vintage,
    });
    const lines = historyAsCsv(history).split("\n");
    expect(lines).to.have.length(DAYS + 2);
    expect(lines[3]).to.match(
      new RegExp(`^2025-01-03,${formatIndex(corrected.value)},2,\\w+,2025-01-04T06:.*,0x`),
    );
  });

  describe("usance index", () => {
    async function usance(...args: string[]) {
      const result = { code: -1, out: "", err: "" };
      result.code = await run(["--rpc", exchange.rpc, "--deployment", deployment, ...args], {
        writeOut: (text) => (result.out += text),
        writeErr: (text) => (result.err += text),
      });
      return result;
    }

    it("verify prints the contributors and ends with 0", async () => {
      const { code, out } = await usance("index", "verify", dateOfPeriod(LAST), "--archive", folder);
      expect(code).to.equal(0);
      expect(out)
        .to.contain("gamma")
        .and.to.contain("zero price")
        .and.to.contain("none: archive and chain hold");
    });

    it("verify ends with 1 where anything differs, and says what", async () => {
      const name = `prints/${dateOfPeriod(LAST)}.1.json`;
      const copy = tampered(name, (text) => text.replace('"requests": "3"', '"requests": "4"'));
      const { code, out, err } = await usance("index", "verify", dateOfPeriod(LAST), "--archive", copy);
      expect(code).to.equal(1);
      expect(out).to.contain("WrongSigner").and.to.contain("the chain");
      expect(err).to.equal(`${dateOfPeriod(LAST)} does not verify: 3 differences are listed above.\n`);
    });

    it("history names licence, source and notices from the archive", async () => {
      const { code, out } = await usance("--json", "index", "history", "--archive", folder);
      expect(code).to.equal(0);
      expect(JSON.parse(out)).to.deep.include({ licence: HEAD.licence, notices: HEAD.notices });
      const csv = await usance("index", "history", "--format", "csv");
      expect(csv.out.trimEnd().split("\n")).to.have.length(DAYS + 1);
    });
  });
});
