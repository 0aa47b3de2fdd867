import { createRequire } from "node:module";
import type { UsageEntry } from "../log/entry.ts";
import { overDays, packReading, riseOf, unpackReading, type Reading } from "./counters.ts";
import { MeterError } from "./errors.ts";
import { fetchText } from "./http.ts";
import {
  amountOf,
  isUsage,
  marksOf,
  noAmounts,
  OutcomeSum,
  type Amounts,
  type Marks,
  type Meter,
  type MeterContext,
  type MeterOutcome,
} from "./meter.ts";

/** What the parser makes of a text. Counters, gauges and untyped samples have a value; histograms do not. */
interface Family {
  readonly name: string;
  readonly metrics: readonly { readonly value?: string; readonly labels?: Record<string, string> }[];
}

// The package brings no types.
const parsePrometheus = createRequire(import.meta.url)("parse-prometheus-text-format") as (
  text: string,
) => readonly Family[];

/** How an inference server is scraped. */
export interface PrometheusOptions {
  readonly url: URL;
  readonly token?: string;
  readonly timeoutSeconds: number;
  readonly maxBytes: number;
  /** What the server cannot say. */
  readonly marks: Marks;
}

// What vLLM counts. Prompt tokens include those that came from a cache.
const COUNTERS = {
  "vllm:prompt_tokens_total": "input",
  "vllm:generation_tokens_total": "output",
  "vllm:request_success_total": "requests",
  "vllm:prompt_tokens_cached_total": "cached",
  "vllm:prefix_cache_hits_total": "hits",
  "vllm:prefix_cache_queries_total": "queries",
  // Before vLLM 0.9, in blocks.
  "vllm:gpu_prefix_cache_hits_total": "oldHits",
  "vllm:gpu_prefix_cache_queries_total": "oldQueries",
} as const;

type Counter = (typeof COUNTERS)[keyof typeof COUNTERS];

/** Name of the checkpoint that tells when the server was last scraped. */
const SCRAPED = "scraped";

/**
 * Meter of an inference server that speaks Prometheus' text format, with vLLM's names. A counter's rise between two
 * scrapes is spread over the time between them.
 */
export function createPrometheusMeter(context: MeterContext, options: PrometheusOptions): Meter {
  const { source, log, clock } = context;
  return {
    source,
    async read(): Promise<MeterOutcome> {
      const after = await log.position(source);
      const known = await log.checkpoints(source);
      const text = await fetchText({
        source,
        accept: "text/plain;version=0.0.4",
        ...options,
      });
      const scraped = known.get(SCRAPED);
      // A clock that was set back must not make a scrape look like an old one.
      const at = Math.max(clock(), Number(scraped ?? 0));
      const checkpoints = new Map([[SCRAPED, String(at)]]);
      const groups = new Map<string, Group>();
      for (const sample of samplesOf(source, text)) {
        const name = seriesName(sample);
        const reading: Reading = {
          value: sample.value,
          at,
          ...(sample.start !== undefined && { start: sample.start }),
        };
        checkpoints.set(name, packReading(reading));
        const rise = riseOf(
          unpackReading(known.get(name)),
          reading,
          scraped === undefined ? undefined : Number(scraped),
        );
        const { model_name: model = "", engine = "" } = sample.labels;
        // By the batch and not by time, which may stand still where the clock was set back.
        const key = JSON.stringify([after, model, engine]);
        let group = groups.get(key);
        if (group === undefined) groups.set(key, (group = { model, counters: new Set(), days: new Map() }));
        group.counters.add(sample.counter);
        if (rise === undefined) continue;
        for (const [period, amount] of overDays(rise)) {
          let day = group.days.get(period);
          if (day === undefined) group.days.set(period, (day = new Map<Counter, bigint>()));
          day.set(sample.counter, (day.get(sample.counter) ?? 0n) + amount);
        }
      }
      if (groups.size === 0)
        throw new MeterError("WrongFormat", source, "none of its counters", Object.keys(COUNTERS)[0] ?? "");
      const entries: UsageEntry[] = [...groups].flatMap(([key, { model, counters, days }]) =>
        [...days]
          .map(([period, day]) => ({
            key: `${key}@${period}`,
            period,
            ...marksOf(model, options.marks),
            ...amountsOf(day, counters),
          }))
          .filter(isUsage),
      );
      return new OutcomeSum().add(await log.append(source, { after, entries, checkpoints })).outcome;
    },
  };
}

/** Counters of one model on one engine. */
interface Group {
  readonly model: string;
  /** Those that the server has. */
  readonly counters: Set<Counter>;
  readonly days: Map<number, Map<Counter, bigint>>;
}

/** Which counter says best how much input came from a cache depends on the version of the server. */
function amountsOf(day: ReadonlyMap<Counter, bigint>, counters: ReadonlySet<Counter>): Amounts {
  const of = (counter: Counter) => day.get(counter) ?? 0n;
  const input = of("input");
  const queries = of("oldQueries");
  const cached = counters.has("cached")
    ? of("cached")
    : counters.has("hits")
      ? of("hits")
      : // The old ones count blocks: only their ratio is of use.
        queries === 0n
        ? 0n
        : (input * of("oldHits")) / queries;
  return { ...noAmounts(), input, cached, output: of("output"), requests: of("requests") };
}

interface Sample {
  readonly name: string;
  readonly counter: Counter;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: bigint;
  /** When it, or else its process, began to count. */
  readonly start?: number;
}

function samplesOf(source: string, text: string): Sample[] {
  // A text that was cut off would show a counter that is too low, which looks like a reset.
  if (!text.endsWith("\n"))
    throw new MeterError("WrongFormat", source, text.slice(-40), "a text whose last line has an end");
  let families: readonly Family[];
  try {
    families = parsePrometheus(text);
  } catch {
    throw new MeterError("WrongFormat", source, text.slice(0, 40), "Prometheus text format");
  }
  const starts = new Map<string, number>();
  for (const { name, metrics } of families)
    if (name.endsWith("_created") || name === "process_start_time_seconds")
      for (const { value, labels = {} } of metrics) {
        const seconds = Number(value);
        if (seconds > 0) starts.set(seriesName({ name, labels }), Math.round(seconds * 1_000));
      }
  const process = starts.get(seriesName({ name: "process_start_time_seconds", labels: {} }));
  return families.flatMap(({ name, metrics }) =>
    isCounter(name)
      ? metrics.map(({ value = "", labels = {} }) => {
          const created = seriesName({ name: name.replace(/_total$/, "_created"), labels });
          const start = starts.get(created) ?? process;
          return {
            name,
            counter: COUNTERS[name],
            labels,
            value: amountOf(`${source}, ${name}`, value),
            ...(start !== undefined && { start }),
          };
        })
      : [],
  );
}

function isCounter(name: string): name is keyof typeof COUNTERS {
  return Object.hasOwn(COUNTERS, name);
}

/** The same whatever the order of labels. */
function seriesName({ name, labels }: Pick<Sample, "name" | "labels">): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
