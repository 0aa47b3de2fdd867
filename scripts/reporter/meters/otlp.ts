import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import type { UsageEntry } from "../log/entry.ts";
import { LogError } from "../log/errors.ts";
import { overDays, packReading, riseOf, unpackReading, type Rise } from "./counters.ts";
import { MeterError } from "./errors.ts";
import {
  isUsage,
  marksOf,
  noAmounts,
  OutcomeSum,
  type Amounts,
  type Marks,
  type MeterContext,
  type MeterOutcome,
} from "./meter.ts";
import { readPoints, type Point } from "./otlp-points.ts";

/** What telemetry cannot say, or says in attributes of the sender's choice. */
export interface OtlpOptions {
  readonly marks: Marks;
  /** Attributes of a point or its resource that say by whom usage was; the first that is there is the account. */
  readonly accountAttributes: readonly string[];
  /** Accounts of the contributor itself. */
  readonly ownAccounts: readonly string[];
}

/** Takes telemetry that is sent to it. */
export interface OtlpMeter {
  readonly source: string;
  /** From this moment on a counter that begins is noticed. Called once before the first request; harmless after that. */
  begin(): Promise<void>;
  /**
   * Logs the token usage of an export request. The same request again counts nothing.
   * @throws MeterError WrongFormat where it is no request.
   */
  accept(request: unknown): Promise<MeterOutcome>;
}

const DAY_MS = SECONDS_PER_DAY * 1_000;
/** Oldest value that is taken, and longest silence of a counter that is still known. */
const MEMORY = 30 * DAY_MS;
/** How far a sender's clock may be ahead. */
const AHEAD = 300_000;

/** How often another writer may be ahead of one request. */
const MAX_TRIES = 20;

const WATCHED_SINCE = "watched since";
const STREAM = "stream ";
const NEWER = "newer ";

/**
 * Meter of telemetry with the GenAI conventions: the counters `gen_ai.client.inference.usage.*`, and the older histogram
 * `gen_ai.client.token.usage` of whoever does not send those.
 */
export function createOtlpMeter({ source, log, clock }: MeterContext, options: OtlpOptions): OtlpMeter {
  // What the log's checkpoints are; read again where somebody else wrote.
  let state: { after: number; known: Map<string, string> } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const write = async (entries: UsageEntry[], checkpoints: Map<string, string | undefined>) => {
    if (state === undefined) throw new Error("nothing was read");
    const { after, known } = state;
    state = undefined;
    const appended = await log.append(source, { after, entries, checkpoints });
    for (const [name, value] of checkpoints)
      if (value === undefined) known.delete(name);
      else known.set(name, value);
    state = { after: after + 1, known };
    return appended;
  };
  const read = async () => {
    state ??= { after: await log.position(source), known: await log.checkpoints(source) };
    const since = state.known.get(WATCHED_SINCE);
    return { ...state, watchedSince: since === undefined ? undefined : Number(since) };
  };
  const begin = async () => {
    const { watchedSince } = await read();
    if (watchedSince === undefined) await write([], new Map([[WATCHED_SINCE, String(clock())]]));
  };

  const take = async (request: unknown): Promise<MeterOutcome> => {
    await begin();
    const { after, known, watchedSince = clock() } = await read();
    const now = clock();
    const sum = new OutcomeSum();
    const { points, refused } = readPoints(source, request);
    for (const error of refused)
      sum.attempt(() => {
        throw error;
      });
    const checkpoints = new Map<string, string | undefined>();
    for (const { older, kind, scope } of points)
      if (!older && kind !== "requests") checkpoints.set(NEWER + scope, String(now));
    const entries: UsageEntry[] = [];
    const sums = new Map<string, UsageEntry & Amounts>();
    for (const point of points) {
      // Whoever sends both says the same twice.
      const newer = known.has(NEWER + point.scope) || checkpoints.has(NEWER + point.scope);
      if (point.older ? newer : point.kind === "requests" && !newer) continue;
      const time = sum.attempt(() => timeOf(source, point, now));
      if (time === undefined) continue;
      const marks = marksOfPoint(point, options);
      if (!point.cumulative) {
        const rise = {
          amount: point.value,
          from: Math.max(Math.min(point.start ?? time, time), now - MEMORY),
          to: time,
        };
        for (const entry of entriesOf(`${point.stream} ${time}`, point, marks, rise)) entries.push(entry);
        continue;
      }
      const name = STREAM + point.stream;
      const previous = unpackReading(checkpoints.get(name) ?? known.get(name));
      const { value, start } = point;
      const reading = { value, at: time, ...(start !== undefined && { start }) };
      if (previous === undefined || time >= previous.at) checkpoints.set(name, packReading(reading));
      const rise = riseOf(previous, reading, watchedSince);
      if (rise === undefined) continue;
      for (const entry of entriesOf(JSON.stringify([after, ...Object.values(marks)]), point, marks, rise)) {
        const before = sums.get(entry.key);
        if (before === undefined) sums.set(entry.key, entry);
        else before[point.kind] += entry[point.kind];
      }
    }
    forget(known, checkpoints, watchedSince, now);
    entries.push(...sums.values());
    if (entries.length === 0 && checkpoints.size === 0) return sum.outcome;
    return sum.add(await write(entries.filter(isUsage), checkpoints)).outcome;
  };

  /** One after the other, since each is based on what the one before wrote. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(async () => {
      for (let tries = 1; ; tries++)
        try {
          return await work();
        } catch (error) {
          const moved = error instanceof LogError && error.code === "PositionMoved";
          if (!moved || tries === MAX_TRIES) throw error;
        }
    });
    queue = turn.catch(() => undefined);
    return turn;
  };
  return { source, begin: () => inTurn(begin), accept: (request) => inTurn(() => take(request)) };
}

type MarksOfPoint = ReturnType<typeof marksOf>;

function marksOfPoint(point: Point, { marks, accountAttributes, ownAccounts }: OtlpOptions): MarksOfPoint {
  // What answered is more exact than what was asked for.
  const model = point.attribute("gen_ai.response.model") || point.attribute("gen_ai.request.model");
  const account = accountAttributes.map((name) => point.attribute(name)).find((value) => value !== "");
  return marksOf(model, {
    ...marks,
    labelled: marks.labelled && (accountAttributes.length === 0 || account !== undefined),
    ownAccount: marks.ownAccount || (account !== undefined && ownAccounts.includes(account)),
  });
}

function entriesOf(key: string, { kind }: Point, marks: MarksOfPoint, rise: Rise): (UsageEntry & Amounts)[] {
  return [...overDays(rise)].map(([period, amount]) => ({
    key: `${key}@${period}`,
    period,
    ...marks,
    ...noAmounts(),
    [kind]: amount,
  }));
}

function timeOf(source: string, { at }: Point, now: number): number {
  if (at < now - MEMORY || at > now + AHEAD)
    throw new MeterError("WrongDate", source, iso(at), `${iso(now - MEMORY)} to ${iso(now + AHEAD)}`);
  return at;
}

function iso(time: number): string {
  return Number.isNaN(new Date(time).getTime()) ? String(time) : new Date(time).toISOString();
}

/**
 * Takes counters away that have been silent for long. One that began before the moment from which counters are known
 * is a baseline where it appears again, and is never counted in full.
 */
function forget(
  known: ReadonlyMap<string, string>,
  checkpoints: Map<string, string | undefined>,
  watchedSince: number,
  now: number,
): void {
  if (now - watchedSince < MEMORY + DAY_MS) return;
  checkpoints.set(WATCHED_SINCE, String(now - MEMORY));
  for (const [name, value] of known)
    if (!checkpoints.has(name) && lastSeen(name, value) < now - MEMORY) checkpoints.set(name, undefined);
}

function lastSeen(name: string, value: string): number {
  if (name.startsWith(STREAM)) return unpackReading(value)?.at ?? 0;
  return name.startsWith(NEWER) ? Number(value) : Number.POSITIVE_INFINITY;
}
