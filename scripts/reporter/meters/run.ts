import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { LogError } from "../log/errors.ts";
import type { UsageLog } from "../log/log.ts";
import { secretOf, type MeterConfig } from "./config.ts";
import { createCsvFolderMeter } from "./csv-folder.ts";
import { MeterError } from "./errors.ts";
import { createLiteLlmCsvMeter } from "./litellm-csv.ts";
import { createLiteLlmPostgresMeter } from "./litellm-postgres.ts";
import type { Marks, Meter, MeterContext, MeterOutcome } from "./meter.ts";
import { createOtlpMeter } from "./otlp.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";
import { createPrometheusMeter } from "./prometheus.ts";
import { createPublishedMeter } from "./published.ts";

/** What meters are made with. */
export interface MeterSurroundings {
  readonly log: UsageLog;
  /** Unix milliseconds; the computer's clock when left out. */
  readonly clock?: () => number;
  /** Where secrets are; those of the process when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** What runs on its own until it is told to stop. */
export interface RunningMeters {
  /** How each source fares. */
  health(): SourceHealth[];
  /** Sources that are read and have not been since a moment (Unix milliseconds). Telemetry comes by itself. */
  readonly unreadSince: (time: number) => string[];
  /** Where telemetry is received, by source. */
  readonly receivers: ReadonlyMap<string, string>;
  /** Reads every source once more, at once. */
  readAll(): Promise<void>;
  /** Lets readings under way come to their end. */
  stop(): Promise<void>;
  /** Ends with `stop`, or with an error that nobody foresaw. */
  readonly ended: Promise<void>;
}

/** How a source fares. */
export interface SourceHealth {
  readonly source: string;
  /** Unix milliseconds at which the last good reading began; undefined before the first. */
  readonly lastRead?: number;
  /** Readings that failed since then. */
  readonly failures: number;
  /** What was wrong with the last one; it holds no address and no secret. */
  readonly error?: string;
  /** What all readings of this process came to. */
  readonly added: number;
  readonly late: number;
  readonly refused: number;
}

/** Makes the meter that a configuration describes. Telemetry has none: it is not read, it is received. */
export function createMeter(
  config: Exclude<MeterConfig, { kind: "otlp" }>,
  surroundings: MeterSurroundings,
): Meter {
  const { environment = process.env } = surroundings;
  const context = contextOf(config, surroundings);
  const secret = (name: string) => secretOf(config.source, name, environment);
  const token = (name: string | undefined) => (name === undefined ? {} : { token: secret(name) });
  switch (config.kind) {
    case "prometheus":
      return createPrometheusMeter(context, { ...config, ...token(config.tokenEnv), marks: marksIn(config) });
    case "litellm-postgres":
      return createLiteLlmPostgresMeter(context, { ...config, url: secret(config.urlEnv) });
    case "litellm-csv":
      return createLiteLlmCsvMeter(context, config);
    case "published":
      return createPublishedMeter(context, { ...config, ...token(config.tokenEnv), marks: marksIn(config) });
    case "csv-folder":
      return createCsvFolderMeter(context, { ...config, marks: marksIn(config) });
  }
}

/**
 * Reads sources at their intervals and receives telemetry, until it is stopped. A source that is away or talks nonsense is
 * tried again; it stands in nobody's way.
 * @param onOutcome Told what each reading came to, or why it failed.
 */
export async function runMeters(
  configs: readonly MeterConfig[],
  surroundings: MeterSurroundings,
  onOutcome: (source: string, outcome: MeterOutcome | Error) => void = () => undefined,
): Promise<RunningMeters> {
  const { clock = Date.now, environment = process.env } = surroundings;
  const stopping = new AbortController();
  const health = new Map<string, SourceHealth>();
  for (const { source } of configs)
    health.set(source, { source, failures: 0, added: 0, late: 0, refused: 0 });
  const note: Note = (source, outcome, began) => {
    const before = health.get(source);
    if (before === undefined) return;
    if (outcome instanceof Error)
      health.set(source, { ...before, failures: before.failures + 1, error: outcome.message });
    else {
      const { error: _, ...rest } = before;
      health.set(source, {
        ...rest,
        lastRead: began,
        failures: 0,
        added: before.added + outcome.added + outcome.replaced,
        late: before.late + outcome.late,
        refused: before.refused + outcome.refused,
      });
    }
    onOutcome(source, outcome);
  };

  const pulled = configs
    .filter((config) => config.kind !== "otlp")
    .map((config) => ({ config, read: readerOf(createMeter(config, surroundings), clock, note) }));
  const receivers = new Map<string, string>();
  const closing: (() => Promise<void>)[] = [];
  try {
    for (const config of configs) {
      if (config.kind !== "otlp") continue;
      const meter = createOtlpMeter(contextOf(config, surroundings), { ...config, marks: marksIn(config) });
      const receiver = await startOtlpReceiver(meter, {
        ...config,
        ...(config.tokenEnv !== undefined && {
          token: secretOf(config.source, config.tokenEnv, environment),
        }),
        onOutcome: (outcome) => note(config.source, outcome, clock()),
      });
      closing.push(() => receiver.close());
      receivers.set(config.source, receiver.url);
    }
  } catch (error) {
    await Promise.all(closing.map((close) => close()));
    throw error;
  }

  const loops = pulled.map(async ({ config, read }) => {
    while (!stopping.signal.aborted) {
      await read();
      await sleep(config.everySeconds * 1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  });
  const ended = Promise.all([...loops, once(stopping.signal, "abort")])
    .then(() => undefined)
    .finally(async () => {
      stopping.abort();
      await Promise.all(closing.map((close) => close()));
      await Promise.allSettled(loops);
    });
  // Whoever waits for it is told of an error; nobody has to wait.
  ended.catch(() => undefined);
  return {
    health: () => [...health.values()],
    unreadSince: (time) =>
      pulled
        .map(({ config }) => config.source)
        .filter((source) => (health.get(source)?.lastRead ?? -1) < time),
    receivers,
    readAll: async () => {
      await Promise.all(pulled.map(({ read }) => read()));
    },
    stop: async () => {
      stopping.abort();
      await ended;
    },
    ended,
  };
}

function contextOf({ source }: MeterConfig, { log, clock = Date.now }: MeterSurroundings): MeterContext {
  return { source, log, clock };
}

function marksIn({ priced, ownAccount, labelled, freeModels }: Marks): Marks {
  return { priced, ownAccount, labelled, freeModels };
}

type Note = (source: string, outcome: MeterOutcome | Error, began: number) => void;

/** Reads; whoever asks while it is being read gets the same reading. What only this program can have done wrong is thrown. */
function readerOf(meter: Meter, clock: () => number, note: Note): () => Promise<void> {
  let reading: Promise<void> | undefined;
  const read = async () => {
    // What is used while it is being read may be missing from it.
    const began = clock();
    try {
      note(meter.source, await meter.read(), began);
    } catch (error) {
      note(meter.source, error instanceof Error ? error : new Error(String(error)), began);
      if (!(error instanceof MeterError || error instanceof LogError)) throw error;
    }
  };
  return () =>
    (reading ??= read().finally(() => {
      reading = undefined;
    }));
}
