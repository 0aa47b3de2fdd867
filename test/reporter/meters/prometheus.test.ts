import { expect } from "chai";
import { Counter, Registry } from "prom-client";
import {
  createPrometheusMeter,
  type PrometheusOptions,
} from "../../../scripts/reporter/meters/prometheus.ts";
import type { Marks, MeterContext } from "../../../scripts/reporter/meters/meter.ts";
import { DAY, refusal } from "../log/entries.ts";
import { amounts, serving, surroundings } from "./servers.ts";

const marks: Marks = { priced: true, ownAccount: false, labelled: true, freeModels: [] };

function meterOf(context: MeterContext, url: URL, other: Partial<PrometheusOptions> = {}) {
  return createPrometheusMeter(context, { url, timeoutSeconds: 5, maxBytes: 100_000, marks, ...other });
}

/** An inference server's counters, written by Prometheus' own client. */
function counters() {
  const registry = new Registry();
  const made = (name: string, labels: string[] = []) =>
    new Counter({ name, help: name, labelNames: ["model_name", "engine", ...labels], registers: [registry] });
  return {
    registry,
    prompt: made("vllm:prompt_tokens_total"),
    generation: made("vllm:generation_tokens_total"),
    success: made("vllm:request_success_total", ["finished_reason"]),
    hits: made("vllm:prefix_cache_hits_total"),
    queries: made("vllm:prefix_cache_queries_total"),
  };
}

const used = (metric: ReturnType<typeof counters>, model_name: string, engine: string, tokens: number) => {
  metric.prompt.inc({ model_name, engine }, tokens * 3);
  metric.generation.inc({ model_name, engine }, tokens);
  metric.success.inc({ model_name, engine, finished_reason: "stop" }, 2);
  metric.success.inc({ model_name, engine, finished_reason: "length" }, 1);
  metric.hits.inc({ model_name, engine }, tokens);
  metric.queries.inc({ model_name, engine }, tokens * 3);
};

/** A server whose text a test sets. */
async function page(work: (show: (text: string) => void, url: URL) => Promise<void>): Promise<void> {
  let text = "";
  await serving(
    (_, response) => void response.end(text),
    (url) => work((next) => (text = next), url),
  );
}

describe("the meter of an inference server", () => {
  it("counts what rose since the first scrape, for each model, all engines together", async () => {
    const server = counters();
    used(server, "meta-llama/Llama-3.1-8B-Instruct", "0", 1_000);
    used(server, "meta-llama/Llama-3.1-8B-Instruct", "1", 1_000);
    used(server, "qwen", "0", 1_000);
    const accepted: (string | undefined)[] = [];
    await serving(
      async (request, response) => {
        accepted.push(request.headers.accept);
        response.setHeader("content-type", server.registry.contentType).end(await server.registry.metrics());
      },
      async (url) => {
        const context = surroundings(1);
        const meter = meterOf(context, url);
        expect(await meter.read()).to.include({ added: 0 });
        used(server, "meta-llama/Llama-3.1-8B-Instruct", "0", 5);
        used(server, "meta-llama/Llama-3.1-8B-Instruct", "1", 6);
        used(server, "qwen", "0", 7);
        context.set(DAY, 2);
        expect(await meter.read()).to.include({ added: 3 });
        context.set(DAY, 3);
        expect(await meter.read()).to.include({ added: 0 });
        const rows = await context.log.rows(DAY);
        expect(rows.map((row) => [row.model, ...amounts(row)])).to.deep.equal([
          ["meta-llama/Llama-3.1-8B-Instruct", 33n, 11n, 11n, 0n, 6n],
          ["qwen", 21n, 7n, 7n, 0n, 3n],
        ]);
        expect(new Set(accepted)).to.deep.equal(new Set(["text/plain;version=0.0.4"]));
      },
    );
  });

  it("divides what lies between two scrapes over midnight in proportion to time", async () => {
    await page(async (show, url) => {
      const context = surroundings(23);
      const meter = meterOf(context, url);
      show('vllm:prompt_tokens_total{model_name="m"} 1000\nvllm:generation_tokens_total{model_name="m"} 1\n');
      await meter.read();
      show('vllm:prompt_tokens_total{model_name="m"} 1403\nvllm:generation_tokens_total{model_name="m"} 2\n');
      context.set(DAY + 1, 3);
      await meter.read();
      // An hour of four, rounded down; the rest belongs to the later day.
      expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[100n, 0n, 0n, 0n, 0n]]);
      expect((await context.log.rows(DAY + 1)).map(amounts)).to.deep.equal([[303n, 0n, 1n, 0n, 0n]]);
    });
  });

  it("goes on after the server was restarted: with lower counters, or with ones that began later", async () => {
    await page(async (show, url) => {
      const context = surroundings(1);
      const meter = meterOf(context, url);
      const created = (value: number, seconds: number) =>
        `vllm:prompt_tokens_total{engine="0",model_name="m"} ${value}\n` +
        `vllm:prompt_tokens_created{model_name="m",engine="0"} ${seconds}\n`;
      show(created(1_000, 1_700_000_000.25));
      await meter.read();
      context.set(DAY, 2);
      show(created(30, 1_700_000_000.25));
      await meter.read();
      expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[30n, 0n, 0n, 0n, 0n]]);
      // It has passed its old value: only its start tells that all 50 are new.
      context.set(DAY, 3);
      show(created(50, context.now / 1_000 - 60));
      await meter.read();
      expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[80n, 0n, 0n, 0n, 0n]]);
      // Without a start of its own, the process's is taken.
      context.set(DAY, 4);
      show(
        `vllm:prompt_tokens_total{engine="0",model_name="m"} 90\nprocess_start_time_seconds ${context.now / 1_000}\n`,
      );
      await meter.read();
      expect((await context.log.rows(DAY)).map(amounts)).to.deep.equal([[170n, 0n, 0n, 0n, 0n]]);
    });
  });

  it("counts a model in full that appeared after the last scrape, and takes an old one as a baseline", async () => {
    await page(async (show, url) => {
      const context = surroundings(1);
      const meter = meterOf(context, url);
      show('vllm:prompt_tokens_total{model_name="a"} 5\n');
      await meter.read();
      const last = context.now / 1_000;
      context.set(DAY, 2);
      show(
        'vllm:prompt_tokens_total{model_name="new"} 7\n' +
          `vllm:prompt_tokens_created{model_name="new"} ${last + 60}\n` +
          'vllm:prompt_tokens_total{model_name="old"} 1e9\n' +
          `vllm:prompt_tokens_created{model_name="old"} ${last - 60}\n` +
          'vllm:prompt_tokens_total{model_name="unknown"} 1e9\n',
      );
      await meter.read();
      const rows = await context.log.rows(DAY);
      expect(rows.map(({ model, input }) => [model, input])).to.deep.equal([["new", 7n]]);
    });
  });

  it("takes cached tokens from whichever counter the version has", async () => {
    const versions: Record<string, [string[], bigint]> = {
      newest: [["vllm:prompt_tokens_cached_total 40", "vllm:prefix_cache_hits_total 90"], 40n],
      tokens: [["vllm:prefix_cache_hits_total 41", "vllm:prefix_cache_queries_total 100"], 41n],
      "more than the input": [["vllm:prefix_cache_hits_total 400"], 100n],
      blocks: [["vllm:gpu_prefix_cache_hits_total 3", "vllm:gpu_prefix_cache_queries_total 7"], 42n],
      none: [[], 0n],
    };
    for (const [version, [lines, cached]] of Object.entries(versions))
      await page(async (show, url) => {
        const context = surroundings(1);
        const meter = meterOf(context, url);
        const labelled = ["vllm:prompt_tokens_total 100", ...lines].map((line) =>
          line.replace(" ", '{model_name="m"} '),
        );
        show(labelled.map((line) => line.replace(/\d+$/, "0\n")).join(""));
        await meter.read();
        show(`${labelled.join("\n")}\n`);
        context.set(DAY, 2);
        await meter.read();
        expect((await context.log.rows(DAY)).map(amounts), version).to.deep.equal([
          [100n, cached, 0n, 0n, 0n],
        ]);
      });
  });

  it("marks usage as it was told, since a server does not know prices and accounts", async () => {
    await page(async (show, url) => {
      const context = surroundings(1);
      const free = { ...marks, ownAccount: true, freeModels: ["b"] };
      const meter = meterOf(context, url, { marks: free });
      const text = (value: number) =>
        ["a", "b", "modèle"]
          .map((model) => `vllm:prompt_tokens_total{model_name="${model}"} ${value}`)
          .join("\n") + `\nvllm:prompt_tokens_total ${value}\n`;
      show(text(0));
      await meter.read();
      show(text(1));
      context.set(DAY, 2);
      await meter.read();
      const rows = await context.log.rows(DAY);
      expect(
        rows.map(({ model, labelled, priced, ownAccount, input }) => [
          model,
          labelled,
          priced,
          ownAccount,
          input,
        ]),
      ).to.deep.equal([
        ["", false, true, true, 2n],
        ["a", true, true, true, 1n],
        ["b", true, false, true, 1n],
      ]);
    });
  });

  it("loses nothing when a scrape fails, and says why it did", async () => {
    let answer: [number, string] = [200, 'vllm:prompt_tokens_total{model_name="m"} 1\n'];
    const seen: (string | undefined)[] = [];
    const context = surroundings(1);
    let meter: ReturnType<typeof meterOf> | undefined;
    const refused = () => refusal(() => meter?.read());
    await serving(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(answer[0]).end(answer[1]);
      },
      async (url) => {
        meter = meterOf(context, url, { token: "secret", maxBytes: 1_000 });
        await meter.read();
        answer = [503, "busy"];
        expect(await refused()).to.deep.equal(["MeterError", "WrongStatus", 503, "200 to 299"]);
        answer = [200, "x".repeat(1_001)];
        expect(await refused()).to.deep.equal(["MeterError", "TooLarge", 1_001, 1_000]);
        answer = [200, 'vllm:prompt_tokens_total{model_name="m"} 1'];
        expect(await refused()).to.include.members(["WrongFormat", "a text whose last line has an end"]);
        answer = [200, "other_total 3\n"];
        expect(await refused()).to.include.members(["WrongFormat", "none of its counters"]);
        answer = [200, 'vllm:prompt_tokens_total{model_name="m"} NaN\n'];
        expect(await refused()).to.include.members(["WrongAmount", "NaN"]);
        answer = [200, 'vllm:prompt_tokens_total{model_name="m"} 9\n'];
        context.set(DAY, 2);
        await meter.read();
      },
    );
    const away = await refused();
    expect(away).to.include.members(["MeterError", "Unreachable", "ECONNREFUSED"]);
    expect((await context.log.rows(DAY)).map(({ input }) => input)).to.deep.equal([8n]);
    expect(new Set(seen)).to.deep.equal(new Set(["Bearer secret"]));
  });

  it("never goes back in time with the clock", async () => {
    await page(async (show, url) => {
      const context = surroundings(5);
      const meter = meterOf(context, url);
      for (const [hours, value] of [
        [5, 10],
        [4, 11],
        [4, 12],
        [6, 15],
      ] as const) {
        context.set(DAY, hours);
        show(`vllm:prompt_tokens_total{model_name="m"} ${value}\n`);
        await meter.read();
      }
      expect((await context.log.rows(DAY)).map(({ input }) => input)).to.deep.equal([5n]);
    });
  });
});
