import { expect } from "chai";
import pg from "pg";
import type { UsageLog } from "../../../scripts/reporter/log/log.ts";
import {
  createLiteLlmPostgresMeter,
  type LiteLlmPostgresOptions,
} from "../../../scripts/reporter/meters/litellm-postgres.ts";
import { DAY, refusal } from "../log/entries.ts";
import { amounts, surroundings } from "./servers.ts";
import { SPEND_LOGS, spendRow, type SpendRow } from "./spend-rows.ts";

const server = process.env.POSTGRES_TEST_URL;

describe("the meter of a gateway's database", () => {
  let client: pg.Client;
  let url: string;

  const insert = async (rows: SpendRow[]) => {
    for (const row of rows) {
      const columns = Object.keys(row).map((name) => pg.escapeIdentifier(name));
      const places = columns.map((_, index) => `$${index + 1}`);
      await client.query(
        `INSERT INTO "LiteLLM_SpendLogs" (${columns.join(", ")}) VALUES (${places.join(", ")})`,
        Object.values(row),
      );
    }
  };

  const meterOf = (context = surroundings(), other: Partial<LiteLlmPostgresOptions> = {}) => {
    const options: LiteLlmPostgresOptions = {
      url,
      table: ["LiteLLM_SpendLogs"],
      from: DAY,
      overlapSeconds: 3_600,
      batch: 3,
      timeoutSeconds: 10,
      own: { keys: [], teams: ["own"], users: [] },
      ...other,
    };
    return { context, meter: createLiteLlmPostgresMeter(context, options) };
  };

  before(async function () {
    // `npm run test:postgres` names a server.
    if (server === undefined) return this.skip();
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    await admin.query("DROP DATABASE IF EXISTS usance_test");
    await admin.query("CREATE DATABASE usance_test");
    // Far from UTC, so that a time read in the server's or this computer's zone would be another day.
    await admin.query("ALTER DATABASE usance_test SET timezone TO 'Pacific/Kiritimati'");
    await admin.end();
    const address = new URL(server);
    address.pathname = "/usance_test";
    url = address.href;
    client = new pg.Client({ connectionString: url });
    await client.connect();
  });

  after(async () => {
    await client?.end();
  });

  beforeEach(async () => {
    await client.query('DROP TABLE IF EXISTS "LiteLLM_SpendLogs"');
    await client.query(SPEND_LOGS);
  });

  it("reads what is new, page by page, and a late row within the overlap", async () => {
    const times = ["00:00:00", "00:00:00", "00:00:00", "00:00:00", "12:00:00", "12:30:00", "23:59:59.999"];
    await insert(times.map((time, index) => spendRow(`r${index}`, `2026-09-01 ${time}`)));
    await insert([spendRow("before", "2026-08-31 23:59:59.999"), spendRow("next", "2026-09-02 00:00:00")]);
    const { context, meter } = meterOf();
    expect(await meter.read()).to.include({ added: 8, duplicates: 0, refused: 0 });
    expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[700n, 280n, 140n, 56n, 7n]]);
    expect(await context.log.rows(DAY - 1)).to.deep.equal([]);
    expect((await context.log.rows(DAY + 1)).map(amounts)).to.deep.equal([[100n, 40n, 20n, 8n, 1n]]);
    expect(await meter.read()).to.include({ added: 0, duplicates: 2 });
    // It began before what was read last, and was written after it; the other one is too late.
    await insert([spendRow("late", "2026-09-01 23:00:00"), spendRow("too late", "2026-09-01 22:59:59.998")]);
    expect(await meter.read()).to.include({ added: 1, duplicates: 2 });
    expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[800n, 320n, 160n, 64n, 8n]]);
  });

  it("reads marks, and never prompts", async () => {
    const paid = { metadata: { messages: "secret prompt", usage_object: { cache_read_input_tokens: 1 } } };
    await insert([
      spendRow("a", "2026-09-01 01:00:00", { ...paid, messages: { text: "secret prompt" } }),
      spendRow("b", "2026-09-01 01:00:00", { spend: 0 }),
      spendRow("c", "2026-09-01 01:00:00", { team_id: "own" }),
      spendRow("d", "2026-09-01 01:00:00", { api_key: "", model: "modèle" }),
    ]);
    const { context, meter } = meterOf();
    await meter.read();
    const rows = await context.log.rows(DAY);
    expect(
      rows.map(({ model, labelled, priced, ownAccount, cached }) => [
        model,
        labelled,
        priced,
        ownAccount,
        cached,
      ]),
    ).to.deep.equal([
      ["", false, true, false, 40n],
      ["openai/gpt-4o", true, false, false, 40n],
      ["openai/gpt-4o", true, true, false, 1n],
      ["openai/gpt-4o", true, true, true, 40n],
    ]);
  });

  it("reads the first version of the table, and one whose times have a zone", async () => {
    for (const column of ["model_group", "status", "session_id"])
      await client.query(`ALTER TABLE "LiteLLM_SpendLogs" DROP COLUMN ${column}`);
    await client.query(`ALTER TABLE "LiteLLM_SpendLogs"
      ALTER "startTime" TYPE timestamptz USING "startTime" AT TIME ZONE 'UTC', ALTER metadata TYPE json`);
    const { status: _, ...row } = spendRow("a", "2026-09-02 02:00:00+03");
    await insert([row]);
    const { context, meter } = meterOf();
    expect(await meter.read()).to.include({ added: 1 });
    expect(await meter.read()).to.include({ added: 0, duplicates: 1 });
    expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[100n, 40n, 20n, 8n, 1n]]);
  });

  it("goes on from where it was when it is ended between two pages", async () => {
    const hours = ["01", "05", "09", "13", "17", "21"];
    await insert(hours.map((hour) => spendRow(`r${hour}`, `2026-09-01 ${hour}:00:00`)));
    const { context } = meterOf();
    const { log } = context;
    let pages = 0;
    const append: UsageLog["append"] = (...batch) =>
      pages++ === 1 ? Promise.reject(new Error("killed")) : log.append(...batch);
    const dying: UsageLog = {
      contributor: log.contributor,
      position: (source) => log.position(source),
      checkpoints: (source) => log.checkpoints(source),
      append,
      entries: (...of) => log.entries(...of),
      rows: (...of) => log.rows(...of),
      knows: (period) => log.knows(period),
      close: (period) => log.close(period),
      closings: (period) => log.closings(period),
      end: () => log.end(),
    };
    const { meter } = meterOf({ ...context, log: dying }, { batch: 2 });
    expect(await meter.read().catch((error: Error) => error.message)).to.equal("killed");
    expect((await context.log.rows(DAY)).map(({ requests }) => requests)).to.deep.equal([2n]);
    expect(await meter.read()).to.include({ added: 4, duplicates: 1 });
    expect((await context.log.rows(DAY)).map(({ requests }) => requests)).to.deep.equal([6n]);
  });

  it("leaves out a row that cannot be, and says so", async () => {
    await insert([
      spendRow("a", "2026-09-01 01:00:00"),
      spendRow("b", "2026-09-01 02:00:00", { prompt_tokens: -7 }),
    ]);
    const { meter } = meterOf();
    const { problem, ...counts } = await meter.read();
    expect(counts).to.include({ added: 1, refused: 1 });
    expect(problem).to.include({ code: "WrongAmount", actual: "-7" });
  });

  it("says what is missing, and never the password", async () => {
    const table = ["public", "Other"];
    expect(await refusal(() => meterOf(undefined, { table }).meter.read())).to.deep.equal([
      "MeterError",
      "MissingTable",
      "no such table",
      '"public"."Other"',
    ]);
    await client.query('ALTER TABLE "LiteLLM_SpendLogs" DROP COLUMN spend');
    expect((await refusal(() => meterOf().meter.read()))?.[3]).to.equal("spend");
    const address = new URL(url);
    address.password = "wrong-password";
    const error: unknown = await meterOf(undefined, { url: address.href })
      .meter.read()
      .catch((reason: unknown) => reason);
    expect(error).to.include({ code: "Unreachable", actual: "28P01" });
    expect(String(error)).not.to.include("wrong-password");
    address.port = "1";
    const away: unknown = await meterOf(undefined, { url: address.href })
      .meter.read()
      .catch((reason: unknown) => reason);
    expect(away).to.include({ code: "Unreachable", actual: "ECONNREFUSED" });
  });
});
