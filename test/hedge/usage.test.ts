import { mkdtempSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { HedgeError, type HedgeErrorCode } from "../../scripts/hedge/errors.ts";
import { readIndexFile } from "../../scripts/hedge/series.ts";
import { readUsage } from "../../scripts/hedge/usage.ts";
import { periodOfDate } from "../../scripts/lib/calendar.ts";
import { DATA, REAL } from "./made.ts";

const SPEND_HEADER =
  "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,user,cache_hit,status";

describe("own usage", () => {
  let folder: string;
  let count = 0;
  before(() => (folder = mkdtempSync(join(tmpdir(), "usance-hedge-"))));

  const file = (content: string | object, name = "csv") => {
    const path = join(folder, `${count++}.${name}`);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const read = (content: string | object, name?: string) => readUsage(file(content, name));
  const day = (date: string) => periodOfDate(date);

  async function refused(reading: Promise<unknown>): Promise<HedgeError> {
    try {
      await reading;
    } catch (error) {
      expect(error).to.be.instanceOf(HedgeError);
      const { message } = error as HedgeError;
      expect(message).to.match(/\.$/).and.not.include("\n");
      return error as HedgeError;
    }
    throw new Error("it was not refused");
  }

  it("is read from a daily CSV, with costs and without", async () => {
    const priced = await read("date,tokens,cost\n2026-01-02,2000,1.5\n2026-01-01,1000,0.75\n");
    expect(priced.format).to.equal("daily usage, a row a day");
    expect([...priced.days]).to.deep.equal([
      [day("2026-01-01"), { tokens: 1000, cost: 0.75 }],
      [day("2026-01-02"), { tokens: 2000, cost: 1.5 }],
    ]);
    const plain = await read("﻿Day , Total Tokens\r\n2026-01-01,1000\r\n");
    expect([...plain.days.values()]).to.deep.equal([{ tokens: 1000, cost: undefined }]);
    const camel = await read([{ date: "2026-01-01", promptTokens: 600, completionTokens: 400 }], "json");
    expect([...camel.days.values()]).to.deep.equal([{ tokens: 1000, cost: undefined }]);
    const parts = await read("date,input_tokens,output_tokens,spend_usd\n2026-01-01,600,400,2\n");
    expect([...parts.days.values()]).to.deep.equal([{ tokens: 1000, cost: 2 }]);
    const series = await readUsage(DATA.pathname);
    expect(series.days.get(day("2025-01-01"))).to.deep.equal({ tokens: 49_150e6, cost: undefined });
    expect(series.days.size).to.equal(544);
  });

  const spendRow = (id: string, time: string, prompt: number, spend: string, rest = "u,False,success") =>
    `${id},acompletion,hash,${spend},${prompt + 10},${prompt},10,${time},${time},gpt-4o,${rest}`;

  it("is read from LiteLLM's spend log: whole days, each request once, nothing from its own cache", async () => {
    const rows = [
      SPEND_HEADER,
      spendRow("a", "2026-01-01 10:00:00", 90, "0.5"),
      spendRow("b", "2026-01-02 10:00:00.123", 90, "0.5"),
      spendRow("b", "2026-01-02 10:00:00.123", 90, "0.5"),
      spendRow("c", "2026-01-02T23:59:59Z", 190, "1.5"),
      spendRow("d", "2026-01-02 11:00:00", 990, "0", "u,True,success"),
      spendRow("e", "2026-01-05 01:00:00", 90, "0.5"),
    ];
    const usage = await read(rows.join("\n"));
    expect(usage).to.include({
      format: "LiteLLM spend log, a row a request",
      rows: 6,
      repeated: 1,
      refused: 0,
    });
    expect([...usage.days]).to.deep.equal([
      [day("2026-01-02"), { tokens: 300, cost: 2 }],
      // No request, no usage; the first and the last day may be cut off.
      [day("2026-01-03"), { tokens: 0, cost: 0 }],
      [day("2026-01-04"), { tokens: 0, cost: 0 }],
    ]);
  });

  it("is the same from JSON: a list, under data, or an object a line", async () => {
    const row = (id: string, startTime: string, spend: number) => ({
      request_id: id,
      api_key: "hash",
      spend,
      prompt_tokens: 90,
      completion_tokens: 10,
      startTime,
      model: "gpt-4o",
      cache_hit: "False",
    });
    const rows = [
      row("a", "2026-01-01T10:00:00", 1),
      row("b", "2026-01-02T10:00:00+00:00", 2),
      row("c", "2026-01-03T10:00:00", 4),
    ];
    const lines = rows.map((each) => JSON.stringify(each)).join("\n");
    for (const content of [rows, { data: rows }, lines]) {
      const { days, format } = await read(content, "json");
      expect(format).to.equal("LiteLLM spend log, a row a request");
      expect([...days]).to.deep.equal([[day("2026-01-02"), { tokens: 100, cost: 2 }]]);
    }
  });

  it("is read from OpenRouter's activity, a row a request or a row a day and model", async () => {
    const requests = await read(
      [
        "generation_id,created_at,cost_total,byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,model_permaslug",
        "gen-1,2026-01-01 08:00:00.040,1,0,10,5,2,a/b",
        "gen-2,2026-01-02 08:00:00.040,0.25,0.5,10,5,2,a/b",
        "gen-3,2026-01-02 09:00:00.040,0.25,,100,50,,a/b",
        "gen-4,2026-01-03 09:00:00.040,1,0,100,50,0,a/b",
      ].join("\n"),
    );
    expect(requests.columns).to.deep.equal([
      "created_at",
      "tokens_prompt",
      "tokens_completion",
      "cost_total",
      "byok_usage_inference",
    ]);
    expect([...requests.days]).to.deep.equal([[day("2026-01-02"), { tokens: 165, cost: 1 }]]);

    const item = (date: string, model: string, usage: number) => ({
      date,
      model,
      usage,
      byok_usage_inference: 0,
      prompt_tokens: 50,
      completion_tokens: 125,
      reasoning_tokens: 25,
    });
    const daily = await read(
      { data: [item("2026-01-01", "a", 1), item("2026-01-01", "b", 2), item("2026-01-02", "a", 1)] },
      "json",
    );
    expect(daily.format).to.equal("activity export, a row a day and model");
    expect([...daily.days.values()]).to.deep.equal([
      { tokens: 350, cost: 3 },
      { tokens: 175, cost: 1 },
    ]);
  });

  it("is read from a folder of files that overlap", async () => {
    const path = join(folder, "logs");
    mkdirSync(path);
    const log = (ids: string[]) =>
      [SPEND_HEADER, ...ids.map((id, place) => spendRow(id, `2026-01-0${place + 1} 10:00:00`, 90, "1"))].join(
        "\n",
      );
    writeFileSync(join(path, "1.csv"), log(["a", "b", "c"]));
    writeFileSync(join(path, "2.csv"), log(["a", "b", "c", "d"]));
    const usage = await readUsage(path);
    expect(usage).to.include({ rows: 7, repeated: 3 });
    expect([...usage.days.values()]).to.deep.equal([
      { tokens: 100, cost: 1 },
      { tokens: 100, cost: 1 },
    ]);
    writeFileSync(join(path, "3.csv"), "date,tokens\n2026-01-01,1\n");
    expect(await refused(readUsage(path))).to.include({ code: "UnknownFormat" });
  });

  it("leaves out a row in a hundred that cannot be read, and refuses more", async () => {
    const good = Array.from({ length: 150 }, (_, day) => {
      const date = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
      return `${date},1000`;
    });
    const usage = await read(["date,tokens", ...good, "2026-02-30,1"].join("\n"));
    expect(usage).to.include({ refused: 1, rows: 151 });
    expect(usage.problem).to.include(":152: ").and.include("2026-02-30");
    const bad = await refused(read(["date,tokens", ...good, "2026-02-30,1", "x,1"].join("\n")));
    expect(bad).to.include({ code: "UnreadableRows", actual: 2, allowed: 1 });
    expect(bad.message).to.include("2 of 152 rows");
  });

  it("is refused with a sentence that says what to do", async () => {
    const cases: [HedgeErrorCode, string | RegExp, () => Promise<unknown>][] = [
      [
        "UnreadableFile",
        /nowhere\.csv cannot be read \(ENOENT\): name a CSV or JSON file/,
        () => readUsage("/nowhere.csv"),
      ],
      ["UnreadableFile", /cannot be read \(CSV_/, () => read("date,tokens\n2026-01-01,1,2,3\n")],
      ["UnreadableFile", "cannot be read", () => read("[1", "json")],
      [
        "UnknownFormat",
        "The columns are when, words: they must be those of",
        () => read("when,words\n1,2\n"),
      ],
      ["UnknownFormat", "holds no list of rows", () => read({ rows: 3 }, "json")],
      ["DuplicateDay", /:3: 2026-01-01 comes twice/, () => read("date,tokens\n2026-01-01,1\n2026-01-01,2\n")],
      [
        "NegativeUsage",
        /:2: tokens is -5: usage and costs are zero or more/,
        () => read("date,tokens\n2026-01-01,-5\n"),
      ],
      ["NegativeUsage", "cost is -1", () => read("date,tokens,cost\n2026-01-01,5,-1\n")],
      ["NoUsage", "has no rows", () => read("date,tokens\n")],
      ["UnreadableRows", "No row of", () => read("date,tokens\nx,1\n")],
    ];
    for (const [code, sentence, reading] of cases) {
      const error = await refused(reading());
      expect(error.code).to.equal(code);
      if (typeof sentence === "string") expect(error.message).to.include(sentence);
      else expect(error.message).to.match(sentence);
    }
  });
});

describe("the index from a file", () => {
  it("is read from the series of usage and from `index history`", async () => {
    expect([...(await readIndexFile(DATA.pathname))]).to.deep.equal([...REAL]);
    const folder = mkdtempSync(join(tmpdir(), "usance-hedge-"));
    const path = join(folder, "history.csv");
    writeFileSync(path, "date,points,revision,status,posted_at,vintage\n2025-01-01,1000.5,1,final,x,0x\n");
    expect([...(await readIndexFile(path))]).to.deep.equal([[periodOfDate("2025-01-01"), 1000.5]]);
    for (const content of ["date,points\n2025-01-01,0\n", "date,points\n", "a,b\n1,2\n"]) {
      writeFileSync(path, content);
      try {
        await readIndexFile(path);
        expect.fail("it was not refused");
      } catch (error) {
        expect(error).to.include({ code: "NoIndex" });
      }
    }
  });
});
