import { gzipSync } from "node:zlib";
import type { Attributes } from "@opentelemetry/api";
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter,
} from "@opentelemetry/exporter-metrics-otlp-http";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { expect } from "chai";
import type { UsageRow } from "../../../scripts/calculator/statement.ts";
import { rowsOf } from "../../../scripts/reporter/log/entry.ts";
import { openLog } from "../../../scripts/reporter/log/sqlite.ts";
import type { Marks, MeterContext } from "../../../scripts/reporter/meters/meter.ts";
import { createOtlpMeter, type OtlpOptions } from "../../../scripts/reporter/meters/otlp.ts";
import {
  startOtlpReceiver,
  type OtlpReceiverOptions,
} from "../../../scripts/reporter/meters/otlp-receiver.ts";
import { at, DAY, refusal } from "../log/entries.ts";
import { amounts, surroundings } from "./servers.ts";

const marks: Marks = { priced: true, ownAccount: false, labelled: true, freeModels: [] };
const plain: OtlpOptions = { marks, accountAttributes: [], ownAccounts: [] };

/** Now, since the exporter's clock cannot be set. */
function today(): MeterContext {
  return { source: "s", log: openLog(":memory:", { contributor: "c" }), clock: Date.now };
}

/** Rows of today, and of yesterday where midnight passes during the test. */
async function rowsOfToday({ log, clock }: MeterContext): Promise<UsageRow[]> {
  const period = Math.floor(clock() / 86_400_000);
  return rowsOf([...(await log.entries(period - 1)), ...(await log.entries(period))]);
}

async function receiving(
  context: MeterContext,
  work: (url: string) => Promise<void>,
  options: OtlpOptions = plain,
  other: Partial<OtlpReceiverOptions> = {},
): Promise<void> {
  const meter = createOtlpMeter(context, options);
  const receiver = await startOtlpReceiver(meter, {
    host: "127.0.0.1",
    port: 0,
    maxBytes: 1_000_000,
    ...other,
  });
  try {
    await work(receiver.url);
  } finally {
    await receiver.close();
  }
}

/** A program with OpenTelemetry's own SDK and exporter. */
function program(url: string, temporality: AggregationTemporalityPreference, headers = {}) {
  const exporter = new OTLPMetricExporter({
    url,
    headers,
    temporalityPreference: temporality,
    compression: CompressionAlgorithm.GZIP,
  });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": "chat", "service.instance.id": crypto.randomUUID() }),
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
  const meter = provider.getMeter("instrumentation", "1.0.0");
  const usage = (name: string) =>
    meter.createCounter(`gen_ai.client.inference.usage.${name}`, { unit: "{token}" });
  const counters = {
    input: usage("input_tokens"),
    output: usage("output_tokens"),
    cached: usage("cache_read.input_tokens"),
    written: usage("cache_write.input_tokens"),
    reasoning: usage("reasoning.output_tokens"),
  };
  const older = meter.createHistogram("gen_ai.client.token.usage", { unit: "{token}" });
  const duration = meter.createHistogram("gen_ai.client.inference.duration", { unit: "s" });
  return {
    provider,
    /** An inference in the newer conventions: 100 + 20 tokens, 40 of the input from a cache, 8 of the output reasoning. */
    infer: (attributes: Attributes = { "gen_ai.request.model": "gpt-4o" }) => {
      counters.input.add(70, { ...attributes, "gen_ai.token.modality": "text" });
      counters.input.add(30, { ...attributes, "gen_ai.token.modality": "image" });
      counters.output.add(20, { ...attributes, "gen_ai.token.modality": "text" });
      counters.cached.add(40, { ...attributes, "gen_ai.token.modality": "unknown" });
      counters.written.add(10, { ...attributes, "gen_ai.token.modality": "unknown" });
      counters.reasoning.add(8, { ...attributes, "gen_ai.token.modality": "text" });
      duration.record(1.5, attributes);
    },
    /** The same in the older ones, which know no parts. */
    inferOlder: (attributes: Attributes = { "gen_ai.request.model": "gpt-4o" }) => {
      older.record(100, { ...attributes, "gen_ai.token.type": "input" });
      older.record(20, { ...attributes, "gen_ai.token.type": "output" });
    },
    /** Some libraries add types of their own. */
    inferPart: () => older.record(40, { "gen_ai.request.model": "gpt-4o", "gen_ai.token.type": "cached" }),
    fail: () => duration.record(1, { "gen_ai.request.model": "gpt-4o", "error.type": "timeout" }),
  };
}

const { CUMULATIVE, DELTA } = AggregationTemporalityPreference;
const temporalities = { cumulative: CUMULATIVE, delta: DELTA };

describe("telemetry from OpenTelemetry's own exporter", () => {
  for (const [name, temporality] of Object.entries(temporalities)) {
    it(`counts input and output once, with parts as parts (${name})`, async () => {
      const context = today();
      await receiving(context, async (url) => {
        const { provider, infer, fail } = program(url, temporality);
        infer();
        await provider.forceFlush();
        infer();
        infer({ "gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2024-08-06" });
        fail();
        await provider.forceFlush();
        await provider.forceFlush();
        await provider.shutdown();
      });
      expect((await rowsOfToday(context)).map((row) => [row.model, ...amounts(row)])).to.deep.equal([
        ["gpt-4o", 200n, 80n, 40n, 16n, 2n],
        ["gpt-4o-2024-08-06", 100n, 40n, 20n, 8n, 1n],
      ]);
    });

    it(`counts the older histogram by its sum (${name})`, async () => {
      const context = today();
      await receiving(context, async (url) => {
        const { provider, inferOlder, inferPart } = program(url, temporality);
        for (let round = 0; round < 3; round++) {
          inferOlder();
          inferPart();
          await provider.forceFlush();
        }
        await provider.shutdown();
      });
      expect((await rowsOfToday(context)).map(amounts)).to.deep.equal([[300n, 0n, 60n, 0n, 3n]]);
    });

    it(`counts once what is sent in both conventions (${name})`, async () => {
      const context = today();
      await receiving(context, async (url) => {
        const { provider, infer, inferOlder } = program(url, temporality);
        for (let round = 0; round < 2; round++) {
          infer();
          inferOlder();
          await provider.forceFlush();
        }
        await provider.shutdown();
      });
      expect((await rowsOfToday(context)).map(amounts)).to.deep.equal([[200n, 80n, 40n, 16n, 2n]]);
    });

    it(`goes on with a program that was started again (${name})`, async () => {
      const context = today();
      await receiving(context, async (url) => {
        for (let life = 0; life < 2; life++) {
          const { provider, infer } = program(url, temporality);
          infer();
          await provider.forceFlush();
          await provider.shutdown();
        }
      });
      expect((await rowsOfToday(context)).map(amounts)).to.deep.equal([[200n, 80n, 40n, 16n, 2n]]);
    });
  }

  it("counts an exponential histogram like one with buckets", async () => {
    const context = today();
    await receiving(context, async (url) => {
      const exporter = new OTLPMetricExporter({
        url,
        aggregationPreference: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }),
      });
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
      const provider = new MeterProvider({ readers: [reader] });
      const histogram = provider.getMeter("m").createHistogram("gen_ai.client.token.usage");
      histogram.record(100, { "gen_ai.request.model": "m", "gen_ai.token.type": "input" });
      await provider.forceFlush();
      await provider.shutdown();
    });
    expect((await rowsOfToday(context)).map(amounts)).to.deep.equal([[100n, 0n, 0n, 0n, 1n]]);
  });

  it("is marked by its account, or has no label without one", async () => {
    const context = today();
    const options = { marks, accountAttributes: ["user.id", "service.name"], ownAccounts: ["me"] };
    await receiving(
      context,
      async (url) => {
        const { provider, infer } = program(url, DELTA);
        infer({ "gen_ai.request.model": "m", "user.id": "me" });
        infer({ "gen_ai.request.model": "m", "user.id": "you" });
        infer({ "user.id": "you" });
        await provider.forceFlush();
        await provider.shutdown();
      },
      options,
    );
    const of = (row: UsageRow) => [row.model, row.labelled, row.ownAccount, row.requests];
    expect((await rowsOfToday(context)).map(of)).to.deep.equal([
      ["", false, false, 1n],
      ["m", true, false, 1n],
      ["m", true, true, 1n],
    ]);
  });

  it("needs the token where one is set", async () => {
    const context = today();
    await receiving(
      context,
      async (url) => {
        for (const authorization of ["Bearer wrong", "Bearer right"]) {
          const { provider, infer } = program(url, DELTA, { authorization });
          infer();
          await provider.forceFlush().catch(() => undefined);
          await provider.shutdown().catch(() => undefined);
        }
      },
      plain,
      { token: "right" },
    );
    expect((await rowsOfToday(context)).map(({ requests }) => requests)).to.deep.equal([1n]);
  });
});

/** A request as the specification writes it. */
function body(points: object[], other: { name?: string; temporality?: unknown; monotonic?: boolean } = {}) {
  const { name = "gen_ai.client.inference.usage.input_tokens", temporality = 2, monotonic = true } = other;
  const sum = { aggregationTemporality: temporality, isMonotonic: monotonic, dataPoints: points };
  return { resourceMetrics: [{ resource: {}, scopeMetrics: [{ scope: {}, metrics: [{ name, sum }] }] }] };
}

const nano = (milliseconds: number) => `${milliseconds}000000`;

function pointOf(value: string | number, time: number, start?: number, other: object = {}) {
  return {
    attributes: [{ key: "gen_ai.request.model", value: { stringValue: "m" } }],
    asInt: value,
    timeUnixNano: nano(time),
    ...(start !== undefined && { startTimeUnixNano: nano(start) }),
    ...other,
  };
}

describe("the meter of telemetry", () => {
  const inputs = async ({ log }: MeterContext, period = DAY) =>
    (await log.rows(period)).map(({ input }) => input);

  it("takes a counter that began before it as a baseline, and one that began after it in full", async () => {
    const context = surroundings(2);
    const meter = createOtlpMeter(context, plain);
    await meter.begin();
    context.set(DAY, 3);
    await meter.accept(body([pointOf("1000", at(DAY, 3), at(DAY, 1))]));
    expect(await inputs(context)).to.deep.equal([]);
    await meter.accept(body([pointOf("1001", at(DAY, 3) + 1, at(DAY, 1))]));
    expect(await inputs(context)).to.deep.equal([1n]);
    await meter.accept(body([pointOf("20", at(DAY, 3) + 2, at(DAY, 3))]));
    expect(await inputs(context)).to.deep.equal([21n]);
    // Both programs go on, under the same name.
    await meter.accept(
      body([pointOf("25", at(DAY, 3) + 3, at(DAY, 3)), pointOf("1003", at(DAY, 3) + 3, at(DAY, 1))]),
    );
    expect(await inputs(context)).to.deep.equal([28n]);
  });

  it("knows after a restart of its own what it knew before", async () => {
    const context = surroundings(2);
    await createOtlpMeter(context, plain).accept(body([pointOf("7", at(DAY, 2), at(DAY, 2))]));
    await createOtlpMeter(context, plain).accept(body([pointOf("9", at(DAY, 2) + 1, at(DAY, 2))]));
    expect(await inputs(context)).to.deep.equal([9n]);
  });

  it("counts a request that is sent again, or an older value that comes late, no second time", async () => {
    const context = surroundings(2);
    const meter = createOtlpMeter(context, plain);
    await meter.begin();
    const first = body([pointOf("7", at(DAY, 2) + 5, at(DAY, 2))]);
    const second = body([pointOf("9", at(DAY, 2) + 6, at(DAY, 2))]);
    for (const each of [first, second, first, second]) await meter.accept(each);
    expect(await inputs(context)).to.deep.equal([9n]);
    const delta = body([pointOf("3", at(DAY, 2) + 6, at(DAY, 2) + 5)], { temporality: 1 });
    expect(await meter.accept(delta)).to.include({ added: 1 });
    expect(await meter.accept(delta)).to.include({ added: 0, duplicates: 1 });
    // The next one has the same value.
    await meter.accept(body([pointOf("3", at(DAY, 2) + 7, at(DAY, 2) + 6)], { temporality: 1 }));
    expect(await inputs(context)).to.deep.equal([15n]);
  });

  it("counts what a counter shows after it fell, though its start says nothing of it", async () => {
    const context = surroundings(2);
    const meter = createOtlpMeter(context, plain);
    await meter.begin();
    for (const [value, time] of [
      ["50", 1],
      ["60", 2],
      ["4", 3],
    ] as const)
      await meter.accept(body([pointOf(value, at(DAY, 2) + time, 0)]));
    expect(await inputs(context)).to.deep.equal([14n]);
  });

  it("divides over midnight in proportion to time", async () => {
    const context = surroundings(22);
    const meter = createOtlpMeter(context, plain);
    await meter.begin();
    context.set(DAY + 1, 2);
    await meter.accept(body([pointOf("100", at(DAY + 1, 1), at(DAY, 23))], { temporality: 1 }));
    await meter.accept(body([pointOf("31", at(DAY + 1, 2), at(DAY, 23))]));
    expect(await inputs(context)).to.deep.equal([60n]);
    expect(await inputs(context, DAY + 1)).to.deep.equal([71n]);
  });

  it("reads 64-bit numbers as texts and as numbers, and values that are no integers", async () => {
    const context = surroundings(2);
    const meter = createOtlpMeter(context, plain);
    const values = [{ asInt: "9007199254740993" }, { asInt: 5 }, { asInt: undefined, asDouble: 2.0 }];
    const points = values.map((value, index) => pointOf(0, at(DAY, 1) + index, undefined, value));
    await meter.accept(body(points, { temporality: "AGGREGATION_TEMPORALITY_DELTA" }));
    expect(await inputs(context)).to.deep.equal([9_007_199_254_741_000n]);
  });

  it("leaves out agents, which say again what their inferences said, and streams that have ended", async () => {
    const context = surroundings(2);
    const meter = createOtlpMeter(context, plain);
    const attributes = [{ key: "gen_ai.operation.name", value: { stringValue: "invoke_agent" } }];
    const points = [
      pointOf(5, at(DAY, 1), undefined, { attributes }),
      pointOf(6, at(DAY, 1), undefined, { flags: 1 }),
    ];
    expect(await meter.accept(body(points, { temporality: 1 }))).to.include({ added: 0, refused: 0 });
  });

  it("refuses points that cannot be, one by one", async () => {
    const context = surroundings(2);
    const meter = createOtlpMeter(context, plain);
    const refused = async (point: unknown, other: Parameters<typeof body>[1] = { temporality: 1 }) => {
      const {
        refused: count,
        added,
        problem,
      } = await meter.accept(body([point as object, pointOf(1, context.now++, undefined)], other));
      return [count, added, problem?.code, problem?.actual];
    };
    expect(await refused(pointOf(-1, at(DAY, 1)))).to.deep.equal([1, 1, "WrongAmount", "-1"]);
    expect(await refused(pointOf("x", at(DAY, 1)))).to.deep.equal([1, 1, "WrongAmount", "x"]);
    expect(await refused(pointOf(1, at(DAY, 3)))).to.deep.equal([
      1,
      1,
      "WrongDate",
      "2026-09-01T03:00:00.000Z",
    ]);
    expect(await refused(pointOf(1, at(DAY - 31)))).to.deep.equal([
      1,
      1,
      "WrongDate",
      "2026-08-01T00:00:00.000Z",
    ]);
    expect(await refused({ asInt: 1 })).to.include.members([1, "WrongFormat"]);
    expect(await refused(pointOf(1, at(DAY, 1), undefined, { asInt: undefined }))).to.include("no value");
    expect(await refused({}, { temporality: 0 })).to.deep.equal([2, 0, "WrongFormat", "0"]);
    expect(await refused({}, { monotonic: false })).to.deep.equal([
      2,
      0,
      "WrongFormat",
      "a sum that can fall",
    ]);
    const error = await refusal(() => meter.accept({ resourceMetrics: 5 }));
    expect(error?.slice(0, 2)).to.deep.equal(["MeterError", "WrongFormat"]);
  });

  it("forgets counters that have been silent for a month, and never counts them twice", async () => {
    const context = surroundings(0);
    const meter = createOtlpMeter(context, plain);
    await meter.begin();
    const start = context.now;
    await meter.accept(body([pointOf("7", start + 1, start)]));
    context.set(DAY + 32);
    await meter.accept(body([pointOf("1", context.now, context.now - 1)]));
    const names = [...(await context.log.checkpoints("s")).keys()].filter((name) =>
      name.startsWith("stream "),
    );
    expect(names).to.have.length(1);
    await meter.accept(body([pointOf("8", context.now, start)]));
    await meter.accept(body([pointOf("9", context.now, start)]));
    expect(await inputs(context)).to.deep.equal([7n]);
    expect(await inputs(context, DAY + 31)).to.deep.equal([1n]);
    expect(await inputs(context, DAY + 32)).to.deep.equal([1n]);
  });

  it("takes requests that come at once one after the other, and another writer's as well", async () => {
    const context = surroundings(2);
    const [one, other] = [createOtlpMeter(context, plain), createOtlpMeter(context, plain)];
    await one.begin();
    const requests = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? one : other).accept(body([pointOf(1, at(DAY, 1) + index)], { temporality: 1 })),
    );
    await Promise.all(requests);
    expect(await inputs(context)).to.deep.equal([20n]);
  });
});

describe("the receiver of telemetry", () => {
  const json = { "content-type": "application/json" };

  async function statuses(requests: (url: string) => [string, RequestInit][], token?: string) {
    const context = surroundings(2);
    const answers: [number, unknown][] = [];
    await receiving(
      context,
      async (url) => {
        for (const [address, init] of requests(url)) {
          const response = await fetch(address, { method: "POST", headers: json, ...init });
          answers.push([response.status, await response.json()]);
        }
      },
      plain,
      { maxBytes: 10_000, ...(token !== undefined && { token }) },
    );
    return answers;
  }

  it("answers as the protocol says", async () => {
    const good = JSON.stringify(body([pointOf(1, at(DAY, 1))], { temporality: 1 }));
    const partly = JSON.stringify(body([pointOf(-1, at(DAY, 1))], { temporality: 1 }));
    const zip = { ...json, "content-encoding": "gzip" };
    const answers = await statuses((url) => [
      [url, { body: good }],
      [url, { body: gzipSync(good), headers: zip }],
      [url, { body: partly }],
      [url, { body: "{}" }],
      [url, { body: "{" }],
      [url, { body: '{"resourceMetrics":5}' }],
      [url, { body: good, headers: { "content-type": "application/x-protobuf" } }],
      [url, { body: good, headers: { ...json, "content-encoding": "br" } }],
      [url, { body: good, headers: zip }],
      [url, { body: " ".repeat(10_001) }],
      [url, { body: gzipSync(" ".repeat(10_001)), headers: zip }],
      [url, { method: "PUT", body: good }],
      [url.replace("metrics", "traces"), { body: good }],
    ]);
    expect(answers.map(([status]) => status)).to.deep.equal([
      200, 200, 200, 200, 400, 400, 415, 415, 400, 413, 413, 405, 404,
    ]);
    expect(answers[0]?.[1]).to.deep.equal({});
    expect(answers[2]?.[1]).to.have.nested.property("partialSuccess.rejectedDataPoints", "1");
    expect(answers[5]?.[1]).to.include({ code: 3 });
  });

  it("asks for its token before it reads anything", async () => {
    const answers = await statuses((url) => [[url, { body: " ".repeat(20_000) }]], "secret");
    expect(answers).to.deep.equal([[401, { code: 16, message: "a bearer token is needed" }]]);
  });

  it("lets a sender try again where the log could not be written", async () => {
    const context = surroundings(2);
    const outcomes: unknown[] = [];
    await receiving(
      context,
      async (url) => {
        context.log.end();
        const sent = JSON.stringify(body([pointOf(1, at(DAY, 1))], { temporality: 1 }));
        const response = await fetch(url, { method: "POST", headers: json, body: sent });
        expect(response.status).to.equal(503);
      },
      plain,
      { onOutcome: (outcome) => outcomes.push(outcome) },
    );
    expect(outcomes[0]).to.be.an("error");
  });
});
