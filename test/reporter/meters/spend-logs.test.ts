import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createLiteLlmCsvMeter } from "../../../scripts/reporter/meters/litellm-csv.ts";
import { spendEntry, utcTime } from "../../../scripts/reporter/meters/spend-logs.ts";
import { at, DAY, inFolder, refusal } from "../log/entries.ts";
import { amounts, surroundings } from "./servers.ts";
import { spendRow, type SpendRow } from "./spend-rows.ts";

const own = { keys: ["own-key"], teams: ["own-team"], users: ["own-user"] };
const noon = "2026-09-01 12:00:00.123";
const read = (other: object = {}) => spendEntry("s", spendRow("r", noon, other), own);

describe("a row of a gateway's spend log", () => {
  it("gives tokens with their parts, the day on which the request began, and what was paid", () => {
    expect(read()).to.deep.equal({
      key: "r",
      period: DAY,
      model: "openai/gpt-4o",
      labelled: true,
      priced: true,
      ownAccount: false,
      input: 100n,
      cached: 40n,
      output: 20n,
      reasoning: 8n,
      requests: 1n,
    });
  });

  it("takes cached tokens as each provider names them, and does without where it cannot", () => {
    const cached = (metadata: unknown) => read({ metadata }).cached;
    expect(cached({ usage_object: { cache_read_input_tokens: 7 } })).to.equal(7n);
    const both = { cache_read_input_tokens: 7, prompt_tokens_details: { cached_tokens: 9 } };
    expect(cached({ usage_object: both })).to.equal(7n);
    expect(cached({ usage_object: { ...both, cache_read_input_tokens: 0 } })).to.equal(9n);
    expect(cached(JSON.stringify({ usage_object: both }))).to.equal(7n);
    const strange = [null, undefined, "", "{", 5, [], { usage_object: null }, { usage_object: "x" }];
    const wrong = [
      { cache_read_input_tokens: -1 },
      { cache_read_input_tokens: "7" },
      { prompt_tokens_details: null },
    ];
    for (const metadata of [...strange, ...wrong.map((usage_object) => ({ usage_object }))])
      expect(cached(metadata), JSON.stringify(metadata)).to.equal(0n);
  });

  it("marks what was free, answered from the gateway's own cache, its own, or of nobody", () => {
    const marks = (other: object) => {
      const { priced, ownAccount, labelled } = read(other);
      return [priced, ownAccount, labelled];
    };
    expect(marks({ spend: 0 })).to.deep.equal([false, false, true]);
    expect(marks({ spend: "1e-9" })).to.deep.equal([true, false, true]);
    expect(marks({ spend: -1 })).to.deep.equal([false, false, true]);
    expect(marks({ cache_hit: "True" })).to.deep.equal([false, false, true]);
    expect(marks({ api_key: "own-key" })).to.deep.equal([true, true, true]);
    expect(marks({ team_id: "own-team" })).to.deep.equal([true, true, true]);
    expect(marks({ user: "own-user" })).to.deep.equal([true, true, true]);
    expect(marks({ api_key: "" })).to.deep.equal([true, false, false]);
    expect(marks({ api_key: "", end_user: "e" })).to.deep.equal([true, false, true]);
    expect(marks({ model: "" })).to.deep.equal([true, false, false]);
    expect(read({ model: "", model_group: "gpt-4o" })).to.include({ model: "gpt-4o", labelled: true });
  });

  it("counts no request where it failed", () => {
    expect(read({ status: "failure", prompt_tokens: 3 })).to.include({ requests: 0n, input: 3n });
    expect(read({ status: null })).to.include({ requests: 1n });
  });

  it("is refused where it cannot be", async () => {
    const refused = async (other: object) => (await refusal(() => read(other)))?.slice(0, 3);
    expect(await refused({ prompt_tokens: -5 })).to.deep.equal(["MeterError", "WrongAmount", "-5"]);
    expect(await refused({ request_id: "" })).to.include.members(["MeterError", "WrongFormat"]);
    expect(await refused({ startTime: "yesterday" })).to.deep.equal(["MeterError", "WrongDate", "yesterday"]);
  });
});

describe("a time of the spend log", () => {
  it("is UTC unless it says otherwise", () => {
    const expected = at(DAY, 12) + 123;
    const zoned = ["Z", "+00", "+00:00", "+0000"].map((zone) => `2026-09-01T12:00:00.123${zone}`);
    for (const text of [noon, noon.replace(" ", "T"), `${noon}456`, ...zoned, "2026-09-01 14:00:00.123+02"])
      expect(utcTime("s", text), text).to.equal(expected);
    expect(utcTime("s", "2026-09-01 23:59:59.9999")).to.equal(at(DAY + 1) - 1);
    expect(utcTime("s", "2026-09-01 12:00:00")).to.equal(at(DAY, 12));
  });

  it("is refused where the calendar or the clock lacks it", async () => {
    for (const text of ["2026-02-30 00:00:00", "2026-09-01", "2026-09-01 25:00:00", "", "1756728000"])
      expect((await refusal(() => utcTime("s", text)))?.[1], text).to.equal("WrongDate");
  });
});

describe("the meter of exported spend logs", () => {
  const columns = [
    "request_id",
    "api_key",
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "startTime",
    "model",
  ];
  const quote = (value: unknown) =>
    `"${(typeof value === "string" ? value : JSON.stringify(value ?? "")).replaceAll('"', '""')}"`;
  const csv = (rows: SpendRow[], names = [...columns, "metadata", "status", "messages"]) =>
    [names.join(","), ...rows.map((row) => names.map((name) => quote(row[name])).join(","))].join("\n");

  it("reads a folder whose files overlap, again and again, and counts each request once", async () => {
    await inFolder(async (folder) => {
      const context = surroundings();
      const meter = createLiteLlmCsvMeter(context, { path: folder, own, batch: 2 });
      const rows = ["a", "b", "c", "d", "e"].map((id) =>
        spendRow(id, noon, { messages: 'line\nwith, "quotes"' }),
      );
      writeFileSync(join(folder, "1.csv"), csv(rows.slice(0, 3)));
      writeFileSync(join(folder, "2.csv"), `\uFEFF${csv(rows.slice(2))}`);
      writeFileSync(join(folder, ".3.csv"), csv([spendRow("f", noon)]));
      writeFileSync(join(folder, "3.csv.part"), csv([spendRow("g", noon)]));
      expect(await meter.read()).to.include({ added: 5, duplicates: 1, refused: 0 });
      expect(await meter.read()).to.include({ added: 0, duplicates: 6 });
      expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[500n, 200n, 100n, 40n, 5n]]);
    });
  });

  it("leaves out a row that cannot be, and says so", async () => {
    await inFolder(async (folder) => {
      const context = surroundings();
      const path = join(folder, "1.csv");
      writeFileSync(
        path,
        csv([spendRow("a", noon), spendRow("b", "?"), spendRow("c", noon, { prompt_tokens: -1 })]),
      );
      const { problem, ...counts } = await createLiteLlmCsvMeter(context, { path, own, batch: 100 }).read();
      expect(counts).to.include({ added: 1, refused: 2 });
      expect(problem).to.include({ code: "WrongDate", actual: "?" });
      expect(problem?.message).to.match(/^s, 1\.csv:3/);
    });
  });

  it("refuses a file without the columns it needs, and one that is none", async () => {
    await inFolder(async (folder) => {
      const refused = (path: string) =>
        refusal(() => createLiteLlmCsvMeter(surroundings(), { path, own, batch: 100 }).read());
      const path = join(folder, "1.csv");
      writeFileSync(path, csv([], columns.slice(1)));
      const header = columns.slice(1).join(",");
      expect(await refused(path)).to.deep.equal(["MeterError", "MissingColumn", header, "request_id"]);
      writeFileSync(path, `${columns.join(",")}\na,"b`);
      expect((await refused(path))?.slice(0, 2)).to.deep.equal(["MeterError", "WrongFormat"]);
      expect(await refused(join(folder, "2.csv"))).to.deep.equal([
        "MeterError",
        "Unreachable",
        "ENOENT",
        "a file or a folder",
      ]);
    });
  });
});
