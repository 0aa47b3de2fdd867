import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { closeDay } from "../../../scripts/reporter/log/log.ts";
import { parseMeters } from "../../../scripts/reporter/meters/config.ts";
import type { MeterOutcome } from "../../../scripts/reporter/meters/meter.ts";
import { runMeters } from "../../../scripts/reporter/meters/run.ts";
import { at, DAY, inFolder, memoryLog, refusal } from "../log/entries.ts";
import { amounts, serving } from "./servers.ts";
import { spendRow } from "./spend-rows.ts";

const clock = () => at(DAY + 1, 1);

describe("meters that run", () => {
  it("read every source at its interval, receive telemetry, and make one statement of a day", async () => {
    let prompt = 100;
    await serving(
      ({ url }, response) =>
        void response.end(
          url === "/metrics"
            ? `vllm:prompt_tokens_total{model_name="a"} ${prompt}\n`
            : "date_utc,tokens_millions\n2026-09-01,1\n",
        ),
      async (url) =>
        inFolder(async (folder) => {
          const path = join(folder, "exports");
          mkdirSync(path);
          const row = spendRow("r", "2026-09-01 10:00:00", { model: "d", metadata: "{}" });
          const names = [
            "request_id",
            "api_key",
            "spend",
            "prompt_tokens",
            "completion_tokens",
            "startTime",
            "model",
          ];
          writeFileSync(
            join(path, "1.csv"),
            `${names.join(",")}\n${names.map((name) => String(row[name] as string)).join(",")}\n`,
          );
          const log = memoryLog({ clock });
          let now = at(DAY, 20);
          const configs = parseMeters([
            {
              kind: "prometheus",
              source: "server",
              url: new URL("/metrics", url).href,
              priced: true,
              everySeconds: 0.02,
            },
            {
              kind: "published",
              source: "series",
              url: new URL("/series", url).href,
              format: "csv",
              from: "2026-09-01",
              priced: true,
              model: "b",
            },
            { kind: "litellm-csv", source: "exports", path },
            { kind: "otlp", source: "telemetry", port: 0, priced: true, tokenEnv: "TOKEN" },
          ]);
          const outcomes: string[] = [];
          const running = await runMeters(
            configs,
            { log, clock: () => now, environment: { TOKEN: "t" } },
            (source) => outcomes.push(source),
          );
          const readings = () => outcomes.filter((source) => source === "server").length;
          while (readings() === 0) await sleep(5);
          prompt = 142;
          now = at(DAY, 21);
          const before = readings();
          while (readings() < before + 2) await sleep(5);
          const point = { asInt: "9", timeUnixNano: `${at(DAY, 21)}000000`, attributes: [] as object[] };
          point.attributes = [{ key: "gen_ai.request.model", value: { stringValue: "c" } }];
          const name = "gen_ai.client.inference.usage.output_tokens";
          const metrics = [
            { name, sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point] } },
          ];
          const sent = await fetch(running.receivers.get("telemetry") ?? "", {
            method: "POST",
            headers: { "content-type": "application/json", authorization: "Bearer t" },
            body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
          });
          expect(sent.status).to.equal(200);
          now = at(DAY + 1, 1);
          await running.readAll();
          await running.stop();
          await running.ended;
          const { statement } = await closeDay(log, DAY);
          expect(statement.rows.map((each) => [each.model, ...amounts(each)])).to.deep.equal([
            ["a", 42n, 0n, 0n, 0n, 0n],
            ["b", 1_000_000n, 0n, 0n, 0n, 0n],
            ["c", 0n, 0n, 9n, 0n, 0n],
            ["d", 100n, 0n, 20n, 0n, 1n],
          ]);
          const health = running.health();
          expect(health.map(({ source, failures }) => [source, failures])).to.deep.equal([
            ["server", 0],
            ["series", 0],
            ["exports", 0],
            ["telemetry", 0],
          ]);
          expect(health.map(({ added }) => added)).to.deep.equal([1, 1, 1, 1]);
          const stopped = readings();
          await sleep(50);
          expect(readings()).to.equal(stopped);
        }),
    );
  });

  it("go on when a source is away, and tell how it fares", async () => {
    let status = 500;
    await serving(
      (_, response) => void response.writeHead(status).end("vllm:prompt_tokens_total 1\n"),
      async (url) => {
        const log = memoryLog({ clock });
        const configs = parseMeters([
          { kind: "prometheus", source: "server", url: url.href, priced: true, everySeconds: 0.01 },
        ]);
        const outcomes: (MeterOutcome | Error)[] = [];
        const running = await runMeters(configs, { log, clock }, (_, outcome) => outcomes.push(outcome));
        while (outcomes.length < 3) await sleep(5);
        const [health] = running.health();
        expect(health?.failures).to.be.at.least(3);
        expect(health)
          .to.include({ error: "server: WrongStatus(500, 200 to 299)" })
          .and.not.have.property("lastRead");
        status = 200;
        while (outcomes.at(-1) instanceof Error) await sleep(5);
        await running.stop();
        expect(running.health()[0])
          .to.include({ failures: 0, lastRead: clock() })
          .and.not.have.property("error");
      },
    );
  });

  it("end with an error that nobody foresaw", async () => {
    const log = memoryLog({ clock });
    const configs = parseMeters([
      { kind: "csv-folder", source: "files", path: import.meta.dirname, priced: true },
    ]);
    log.end();
    const running = await runMeters(configs, { log, clock });
    const error: unknown = await running.ended.catch((reason: unknown) => reason);
    expect(error).to.be.an("error").with.property("message", "database is not open");
  });

  it("do not start without a secret that they need, and leave no port open", async () => {
    const configs = parseMeters([
      { kind: "otlp", source: "one", port: 0, priced: true },
      { kind: "otlp", source: "two", port: 0, priced: true, tokenEnv: "TOKEN" },
    ]);
    const call = () => runMeters(configs, { log: memoryLog(), environment: { TOKEN: "" } });
    expect(await refusal(call)).to.deep.equal(["MeterError", "MissingSecret", "not set", "a value of TOKEN"]);
  });
});
