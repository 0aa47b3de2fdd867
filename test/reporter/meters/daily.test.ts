import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { calculateSeries, type DayOfStatements } from "../../../scripts/calculator/series.ts";
import { periodOfDate } from "../../../scripts/lib/calendar.ts";
import { closeDay, statementOf } from "../../../scripts/reporter/log/log.ts";
import { openLog } from "../../../scripts/reporter/log/sqlite.ts";
import { DATA_FILE } from "../../../scripts/reporter/reporter.ts";
import { calculatePrints, parseUsage } from "../../../scripts/reporter/calculation.ts";
import { createCsvFolderMeter } from "../../../scripts/reporter/meters/csv-folder.ts";
import { parseDailyCsv } from "../../../scripts/reporter/meters/daily.ts";
import type { Marks, MeterContext } from "../../../scripts/reporter/meters/meter.ts";
import { createPublishedMeter, type PublishedOptions } from "../../../scripts/reporter/meters/published.ts";
import { at, DAY, inFolder, refusal } from "../log/entries.ts";
import { serving, surroundings } from "./servers.ts";

const marks: Marks = { priced: true, ownAccount: false, labelled: true, freeModels: [] };
const parse = (text: string, model = "all") => parseDailyCsv("s", text, { marks, model });

async function tokensOf({ log }: MeterContext, period: number): Promise<[string, bigint][]> {
  return (await log.rows(period)).map(({ model, input, output }) => [model, input + output]);
}

describe("a series of days in CSV", () => {
  it("may be totals, in millions or not, with models or without", () => {
    const [row] = parse("date_utc,tokens_millions\n2026-09-01,49150\n");
    expect(row).to.include({ period: DAY, model: "all", input: 49_150_000_000n, output: 0n, labelled: true });
    expect(parse("date_utc,tokens_millions\n2026-09-01,1.5\n")[0]?.input).to.equal(1_500_000n);
    const named = parse(
      "\uFEFFdate,model_permaslug,total_tokens,rank\r\n2026-09-01,m,12345678901234567890,1\r\n",
    );
    expect(named[0]).to.include({ model: "m", input: 12_345_678_901_234_567_890n });
    expect(parse("date_utc,tokens_millions\n2026-09-01,1", "")[0]).to.include({ model: "", labelled: false });
  });

  it("may be divided into parts, and say what it is of", () => {
    const header = "date,model,input,cached,output,reasoning,requests,labelled,priced,own_account";
    const rows = parse(`${header}\n2026-09-01,m,10,4,5,2,1,true,false,1\n2026-09-01,m,1,0,0,0,0,,,\n`);
    expect(rows).to.deep.equal([
      {
        period: DAY,
        model: "m",
        labelled: true,
        priced: false,
        ownAccount: true,
        input: 10n,
        cached: 4n,
        output: 5n,
        reasoning: 2n,
        requests: 1n,
      },
      {
        period: DAY,
        model: "m",
        labelled: true,
        priced: true,
        ownAccount: false,
        input: 1n,
        cached: 0n,
        output: 0n,
        reasoning: 0n,
        requests: 0n,
      },
    ]);
  });

  it("is refused where a column is missing or a value cannot be", async () => {
    const refused = async (text: string) => (await refusal(() => parse(text)))?.slice(1);
    expect(await refused("day,total_tokens\n")).to.deep.equal([
      "MissingColumn",
      "day,total_tokens",
      "date_utc or date",
    ]);
    expect((await refused("date,input\n2026-09-01,1"))?.[0]).to.equal("MissingColumn");
    const line = (date: string, total: string) => refused(`date_utc,tokens_millions\n${date},${total}`);
    expect(await line("2026-02-30", "1")).to.deep.equal([
      "WrongDate",
      "2026-02-30",
      "a date such as 2025-01-31",
    ]);
    for (const total of ["", "-1", "1e6", "0x10", "1.1234567", "1,000", "NaN"])
      expect((await line("2026-09-01", `"${total}"`))?.[0], total).to.equal("WrongAmount");
    expect(await refused("date,total_tokens\n2026-09-01,1.5")).to.deep.equal([
      "WrongAmount",
      "1.5",
      "a whole number",
    ]);
    expect(await refused("date,total_tokens\n2026-09-01")).to.include("CSV with a header");
    expect(await refused("date,total_tokens,priced\n2026-09-01,1,maybe")).to.include("true or false");
  });
});

describe("the meter of a folder of CSV files", () => {
  const meterOf = (context: MeterContext, path: string) =>
    createCsvFolderMeter(context, { path, marks, model: "all" });

  it("gives every day of the project's own series as it stands in the file", async () => {
    const log = openLog(":memory:", { contributor: "c", clock: () => at(periodOfDate("2026-07-01")) });
    const context = { source: "s", log, clock: () => at(periodOfDate("2026-07-01")) };
    const usage = parseUsage(readFileSync(DATA_FILE, "utf8"));
    expect(await meterOf(context, DATA_FILE.pathname).read()).to.include({ added: usage.size, refused: 0 });
    const days: DayOfStatements[] = [];
    for (const [period, tokens] of usage) {
      const { statement } = await closeDay(log, period);
      days.push({ period, stage: "final", statements: [statement] });
      expect(statement.rows).to.have.length(1);
      expect(statement.rows[0]).to.include({
        model: "all",
        input: tokens * 1_000_000n,
        labelled: true,
        priced: true,
      });
    }
    expect(await meterOf(context, DATA_FILE.pathname).read()).to.include({ added: 0, replaced: 0, late: 0 });
    // The calculator makes the same prints of the statements as of the file, bit for bit.
    const offline = calculatePrints(readFileSync(DATA_FILE)).map(({ period, value }) => [period, value]);
    expect(calculateSeries(days).map(({ period, print }) => [period, print])).to.deep.equal(offline);
  });

  it("takes corrections, takes rows away that are gone, and leaves days that are no longer told", async () => {
    await inFolder(async (folder) => {
      const context = surroundings();
      context.set(DAY + 3);
      const meter = meterOf(context, folder);
      const day = (name: string, lines: string[]) =>
        writeFileSync(join(folder, name), ["date,model,total_tokens", ...lines].join("\n"));
      day("1.csv", ["2026-09-01,a,5", "2026-09-01,b,6"]);
      day("2.csv", ["2026-09-02,a,7", "2026-09-04,a,9"]);
      // The fourth is not over yet.
      expect(await meter.read()).to.include({ added: 3 });
      await context.log.close(DAY);
      day("1.csv", ["2026-09-01,a,8", "2026-09-01,c,1"]);
      expect(await meter.read()).to.include({ added: 1, replaced: 2, duplicates: 1, late: 3 });
      expect(await tokensOf(context, DAY)).to.deep.equal([
        ["a", 8n],
        ["c", 1n],
      ]);
      day("1.csv", ["2026-09-01,a,8", "2026-09-01,b,6"]);
      rmSync(join(folder, "2.csv"));
      await meter.read();
      expect(await tokensOf(context, DAY)).to.deep.equal([
        ["a", 8n],
        ["b", 6n],
      ]);
      expect(await tokensOf(context, DAY + 1)).to.deep.equal([["a", 7n]]);
      expect((await statementOf(context.log, DAY, 1)).statement.rows.map(({ input }) => input)).to.deep.equal(
        [5n, 6n],
      );
      context.set(DAY + 4);
      day("2.csv", ["2026-09-04,a,9"]);
      expect(await meter.read()).to.include({ added: 1 });
    });
  });

  it("refuses what is stated twice, and then logs nothing", async () => {
    await inFolder(async (folder) => {
      const context = surroundings();
      context.set(DAY + 1);
      for (const name of ["1.csv", "2.csv"])
        writeFileSync(join(folder, name), "date,model,total_tokens\n2026-09-01,a,5\n");
      const refused = await refusal(() => meterOf(context, folder).read());
      expect(refused).to.deep.equal(["MeterError", "StatedTwice", "2026-09-01, a", "once"]);
      expect(await tokensOf(context, DAY)).to.deep.equal([]);
    });
  });
});

describe("the meter of a published series", () => {
  type Rows = [date: string, model: string, tokens: string | number][];

  /** OpenRouter's dataset: its window, its order, its limits. */
  async function dataset(work: (publish: (rows: Rows) => void, url: URL, asked: string[]) => Promise<void>) {
    let rows: Rows = [];
    const asked: string[] = [];
    await serving(
      ({ url = "", headers }, response) => {
        if (headers.authorization !== "Bearer key") return void response.writeHead(401).end();
        const { searchParams } = new URL(url, "http://localhost");
        const [start = "", end = ""] = [searchParams.get("start_date"), searchParams.get("end_date")].map(
          String,
        );
        asked.push(`${start} ${end}`);
        const data = rows
          .filter(([date]) => date >= start && date <= end)
          .map(([date, model_permaslug, total_tokens]) => ({ date, model_permaslug, total_tokens }));
        const meta = { as_of: "2026-09-05T02:00:00Z", end_date: end, start_date: start, version: "v1" };
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data, meta }));
      },
      (url) => work((next) => (rows = next), new URL("/api/v1/datasets/rankings-daily", url), asked),
    );
  }

  const meterOf = (context: MeterContext, url: URL, other: Partial<PublishedOptions> = {}) =>
    createPublishedMeter(context, {
      url,
      format: "rankings",
      token: "key",
      from: DAY,
      days: 3,
      countOther: false,
      marks,
      model: "",
      timeoutSeconds: 5,
      maxBytes: 100_000,
      ...other,
    });

  it("reads rankings: totals as input, free variants without price, the rest without label", async () => {
    await dataset(async (publish, url) => {
      publish([
        ["2026-09-01", "openai/gpt-4o-2024-05-13", "9007199254740993"],
        ["2026-09-01", "openai/gpt-4o-2024-05-13:free", "2"],
        ["2026-09-01", "other", 3],
      ]);
      const told = async (countOther: boolean) => {
        const context = surroundings();
        context.set(DAY + 1);
        await meterOf(context, url, { countOther }).read();
        const rows = await context.log.rows(DAY);
        return rows.map(({ model, labelled, priced, input }) => [model, labelled, priced, input]);
      };
      const named = [
        ["openai/gpt-4o-2024-05-13", true, true, 9_007_199_254_740_993n],
        ["openai/gpt-4o-2024-05-13:free", true, false, 2n],
      ];
      expect(await told(false)).to.deep.equal([...named, ["other", false, true, 3n]]);
      expect(await told(true)).to.deep.equal([...named, ["other", true, true, 3n]]);
    });
  });

  it("asks for the days since the last reading and some before, in pieces, and takes corrections", async () => {
    await dataset(async (publish, url, asked) => {
      const context = surroundings();
      context.set(DAY + 1);
      const meter = meterOf(context, url, { from: DAY - 400 });
      publish([["2026-09-01", "m", "5"]]);
      expect(await meter.read()).to.include({ added: 1 });
      expect(asked.splice(0)).to.deep.equal([
        "2025-07-28 2026-02-12",
        "2026-02-13 2026-08-31",
        "2026-09-01 2026-09-01",
      ]);
      context.set(DAY + 2);
      publish([
        ["2026-09-01", "m", "6"],
        ["2026-09-02", "m", "7"],
      ]);
      expect(await meter.read()).to.include({ added: 1, replaced: 1 });
      expect(asked.splice(0)).to.deep.equal(["2026-08-30 2026-09-02"]);
      expect(await tokensOf(context, DAY)).to.deep.equal([["m", 6n]]);
      expect(await meter.read()).to.include({ added: 0, replaced: 0, duplicates: 2 });
    });
  });

  it("reads a series in CSV", async () => {
    await serving(
      (_, response) =>
        void response.end("date_utc,tokens_millions\n2026-08-31,1\n2026-09-01,2\n2026-09-02,3\n"),
      async (url) => {
        const context = surroundings();
        context.set(DAY + 1);
        const meter = meterOf(context, url, { format: "csv", model: "all" });
        expect(await meter.read()).to.include({ added: 1 });
        context.set(DAY + 2);
        expect(await meter.read()).to.include({ added: 1, duplicates: 1 });
        expect(await tokensOf(context, DAY + 1)).to.deep.equal([["all", 3_000_000n]]);
      },
    );
  });

  it("logs nothing of an answer that cannot be", async () => {
    const context = surroundings();
    context.set(DAY + 1);
    const answers: [string, string, unknown][] = [
      ["<html>", "WrongFormat", "<html>"],
      [
        '{"data":[{"date":"2026-09-01"}]}',
        "WrongFormat",
        "Invalid input: expected string, received undefined",
      ],
      ['{"data":[{"date":"1 Sep","model_permaslug":"m","total_tokens":"1"}]}', "WrongDate", "1 Sep"],
      ['{"data":[{"date":"2026-09-01","model_permaslug":"m","total_tokens":1.5}]}', "WrongAmount", "1.5"],
    ];
    for (const [text, code, actual] of answers)
      await serving(
        (_, response) => void response.end(text),
        async (url) => {
          const refused = await refusal(() => meterOf(context, url).read());
          expect(refused?.slice(0, 3), text).to.deep.equal(["MeterError", code, actual]);
        },
      );
    await dataset(async (_, url) => {
      const refused = await refusal(() => meterOf(context, url, { token: "other" }).read());
      expect(refused).to.deep.equal(["MeterError", "WrongStatus", 401, "200 to 299"]);
    });
    expect(await tokensOf(context, DAY)).to.deep.equal([]);
  });
});
