import { createHash } from "node:crypto";
import { z } from "zod";
import { MeterError } from "./errors.ts";
import { amountOf } from "./meter.ts";

// OTLP/HTTP in JSON, as far as metrics of token usage go. 64-bit numbers come as texts, and from some exporters as numbers.
const int64 = z.union([z.string(), z.number()]);
const attributes = z
  .array(
    z.looseObject({
      key: z.string(),
      value: z
        .looseObject({
          stringValue: z.string().optional(),
          intValue: int64.optional(),
          boolValue: z.boolean().optional(),
          doubleValue: z.number().optional(),
        })
        .nullish(),
    }),
  )
  .nullish();
const points = z.looseObject({ dataPoints: z.array(z.unknown()).nullish() });
const request = z.looseObject({
  resourceMetrics: z
    .array(
      z.looseObject({
        resource: z.looseObject({ attributes }).nullish(),
        scopeMetrics: z
          .array(
            z.looseObject({
              scope: z.looseObject({ name: z.string().nullish(), version: z.string().nullish() }).nullish(),
              metrics: z
                .array(
                  z.looseObject({
                    name: z.string(),
                    sum: points
                      .extend({
                        aggregationTemporality: z.unknown().optional(),
                        isMonotonic: z.boolean().nullish(),
                      })
                      .nullish(),
                    histogram: points.extend({ aggregationTemporality: z.unknown().optional() }).nullish(),
                    exponentialHistogram: points
                      .extend({ aggregationTemporality: z.unknown().optional() })
                      .nullish(),
                  }),
                )
                .nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});
const common = {
  attributes,
  startTimeUnixNano: int64.optional(),
  timeUnixNano: int64,
  flags: z.number().optional(),
};
const numberPoint = z.looseObject({ ...common, asInt: int64.optional(), asDouble: z.number().optional() });
const histogramPoint = z.looseObject({ ...common, count: int64, sum: z.number() });

type Attributes = z.output<typeof attributes>;

/** What a metric of the GenAI conventions counts. */
export type Kind = "input" | "output" | "cached" | "reasoning" | "requests";

/** One value of a metric. */
export interface Point {
  /** Name of the stream of values to which it belongs: the same for each value of one counter. */
  readonly stream: string;
  /** Of which program and library it is. */
  readonly scope: string;
  /** Does it belong to the older conventions? */
  readonly older: boolean;
  readonly kind: Kind;
  readonly value: bigint;
  /** Does it say what was counted since its start, or since the value before? */
  readonly cumulative: boolean;
  /** Unix milliseconds. */
  readonly at: number;
  readonly start?: number;
  /** Attributes of the point; those of its resource where it has none of that name. */
  attribute(name: string): string;
}

/** Metrics of a request and the points in them that cannot be read. */
export interface Points {
  readonly points: Point[];
  readonly refused: MeterError[];
}

// Cache reads are part of the input and reasoning is part of the output: neither is added to anything. Cache writes are
// part of the input too, and no statement asks for them.
const COUNTERS: ReadonlyMap<string, Kind> = new Map([
  ["gen_ai.client.inference.usage.input_tokens", "input"],
  ["gen_ai.client.inference.usage.output_tokens", "output"],
  ["gen_ai.client.inference.usage.cache_read.input_tokens", "cached"],
  ["gen_ai.client.inference.usage.reasoning.output_tokens", "reasoning"],
]);
const DURATION = "gen_ai.client.inference.duration";
const OLDER = "gen_ai.client.token.usage";

// An agent or a workflow says again what its inferences said; the others use no model.
const NOT_INFERENCE = new Set([
  "create_agent",
  "invoke_agent",
  "invoke_workflow",
  "plan",
  "execute_tool",
  "fetch_response",
  "retrieval",
]);

/**
 * Reads the metrics of token usage out of an export request; others are passed over.
 * @throws MeterError WrongFormat where it is no request at all.
 */
export function readPoints(source: string, body: unknown): Points {
  const parsed = request.safeParse(body);
  if (!parsed.success) throw wrongFormat(source, parsed.error, "an ExportMetricsServiceRequest");
  const result: Points = { points: [], refused: [] };
  for (const { resource, scopeMetrics } of parsed.data.resourceMetrics ?? []) {
    const resourceAttributes = namesAndValues(resource?.attributes);
    for (const { scope, metrics } of scopeMetrics ?? []) {
      const scopeName = hashOf([...resourceAttributes], scope?.name ?? "", scope?.version ?? "");
      for (const metric of metrics ?? []) readMetric(source, metric, scopeName, resourceAttributes, result);
    }
  }
  return result;
}

type Metric = NonNullable<
  NonNullable<
    NonNullable<
      NonNullable<z.output<typeof request>["resourceMetrics"]>[number]["scopeMetrics"]
    >[number]["metrics"]
  >[number]
>;

function readMetric(
  source: string,
  { name, sum, ...metric }: Metric,
  scope: string,
  resource: ReadonlyMap<string, string>,
  result: Points,
): void {
  const place = `${source}, ${name}`;
  const counter = COUNTERS.get(name);
  const histogram = metric.histogram ?? metric.exponentialHistogram;
  const isHistogram = name === OLDER || name === DURATION;
  if (counter === undefined && !isHistogram) return;
  const data = isHistogram ? histogram : sum;
  for (const each of data?.dataPoints ?? [])
    try {
      if (!isHistogram && sum?.isMonotonic !== true)
        throw new MeterError("WrongFormat", place, "a sum that can fall", "a monotonic sum");
      const cumulative = isCumulative(place, data?.aggregationTemporality);
      const read = isHistogram ? readHistogram(place, each) : readNumber(place, each);
      if (read === undefined) continue;
      const own = namesAndValues(read.attributes);
      if (NOT_INFERENCE.has(own.get("gen_ai.operation.name") ?? "")) continue;
      const start = read.startTimeUnixNano === undefined ? 0 : milliseconds(place, read.startTimeUnixNano);
      const point = (kind: Kind, value: bigint): Point => ({
        stream: hashOf(scope, name, kind, [...own], String(read.startTimeUnixNano ?? "")),
        scope,
        older: name === OLDER,
        kind,
        value,
        cumulative,
        at: milliseconds(place, read.timeUnixNano),
        // Zero says that it is not known.
        ...(start > 0 && { start }),
        attribute: (wanted) => own.get(wanted) ?? resource.get(wanted) ?? "",
      });
      if (counter !== undefined) result.points.push(point(counter, read.value));
      else if (name === DURATION) {
        if (!own.has("error.type")) result.points.push(point("requests", read.count));
      } else {
        const type = own.get("gen_ai.token.type");
        if (type === "input") result.points.push(point("input", read.value), point("requests", read.count));
        // "completion" is the older name of "output"; any other type is part of one of the two.
        if (type === "output" || type === "completion") result.points.push(point("output", read.value));
      }
    } catch (error) {
      if (!(error instanceof MeterError)) throw error;
      result.refused.push(error);
    }
}

interface ReadPoint {
  readonly attributes?: Attributes;
  readonly startTimeUnixNano?: string | number | undefined;
  readonly timeUnixNano: string | number;
  readonly value: bigint;
  readonly count: bigint;
}

function readNumber(place: string, value: unknown): ReadPoint | undefined {
  const { data, error } = numberPoint.safeParse(value);
  if (data === undefined) throw wrongFormat(place, error, "a number data point");
  if (hasNoValue(data.flags)) return undefined;
  const number = data.asInt ?? data.asDouble;
  if (number === undefined) throw new MeterError("WrongFormat", place, "no value", "asInt or asDouble");
  return { ...data, value: amountOf(place, number), count: 0n };
}

function readHistogram(place: string, value: unknown): ReadPoint | undefined {
  const flags = z.looseObject({ flags: z.number().optional() }).safeParse(value).data?.flags;
  if (hasNoValue(flags)) return undefined;
  const { data, error } = histogramPoint.safeParse(value);
  if (data === undefined) throw wrongFormat(place, error, "a histogram data point");
  return { ...data, value: amountOf(place, data.sum), count: amountOf(place, data.count) };
}

/** The flag says that the stream has ended. */
function hasNoValue(flags: number | undefined): boolean {
  return ((flags ?? 0) & 1) === 1;
}

function isCumulative(place: string, temporality: unknown): boolean {
  if (temporality === 2 || temporality === "AGGREGATION_TEMPORALITY_CUMULATIVE") return true;
  if (temporality === 1 || temporality === "AGGREGATION_TEMPORALITY_DELTA") return false;
  throw new MeterError(
    "WrongFormat",
    place,
    JSON.stringify(temporality) ?? "nothing",
    "delta (1) or cumulative (2)",
  );
}

function milliseconds(place: string, nanoseconds: string | number): number {
  return Number(amountOf(place, nanoseconds) / 1_000_000n);
}

/** In the order of names, so that the order in which they were sent does not matter. */
function namesAndValues(list: Attributes): Map<string, string> {
  const pairs = (list ?? []).map(({ key, value }): [string, string] => {
    const { stringValue, intValue, boolValue, doubleValue } = value ?? {};
    return [key, stringValue ?? String(intValue ?? boolValue ?? doubleValue ?? JSON.stringify(value ?? ""))];
  });
  return new Map(pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function hashOf(...parts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function wrongFormat(place: string, error: z.ZodError | undefined, allowed: string): MeterError {
  const [issue] = error?.issues ?? [];
  return new MeterError(
    "WrongFormat",
    [place, ...(issue?.path ?? [])].join(", "),
    issue?.message ?? "",
    allowed,
  );
}
