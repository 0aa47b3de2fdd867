import { setTimeout as sleep } from "node:timers/promises";
import { sentenceOf } from "../../lib/errors.ts";
import { isTemporary } from "../../lib/temporary.ts";
import { SetupError, type Keeper, type KeeperLog, type KeeperReport } from "../keeper.ts";
import type { Heads } from "./heads.ts";

/** A job under the supervisor. */
export interface JobPlan {
  name: string;
  /** Makes the keeper, from nothing but the chain: it is made anew after a round that hung, and where errors that nobody foresaw do not end. */
  create: () => Keeper;
  /** Seconds from the end of a round to the start of the next. */
  everySeconds: number;
  /** Whether a new block starts a round too. */
  everyBlock: boolean;
}

/** How much a job may fail and hang. */
export interface WorkerLimits {
  /** Seconds after which a round hangs: it is given up, and the job starts anew. */
  hangSeconds: number;
  /** Rounds in a row that fail before the job is reported as unwell. */
  failuresAllowed: number;
  /** Pause after the first failed round; it doubles with each further one. */
  firstPauseSeconds: number;
  longestPauseSeconds: number;
}

/** How a round ended. */
export type RoundResult = "done" | "failed" | "hung";

/** State of a job, for `/health`; times are Unix times in milliseconds. */
export interface JobHealth {
  healthy: boolean;
  /** What is wrong, where something is. */
  wrong?: string;
  rounds: number;
  /** Rounds in a row that failed. */
  failures: number;
  lastSuccess?: number;
  /** Block at which the last round that ended well read the state, and how far the head is beyond it. */
  lastBlock?: bigint;
  lag?: bigint;
  /** Start of the round that is under way. */
  runningSince?: number;
  /** Error of the last round, where it failed. */
  error?: string;
  /** First action of the last round that was refused for a reason that nobody foresaw, and the reason; the others went on. */
  refused?: string;
}

/** What a worker needs besides its plan. */
export interface WorkerOptions {
  limits: WorkerLimits;
  heads: Heads;
  log: KeeperLog;
  /** Told how each round ended. */
  onRound: (name: string, result: RoundResult, seconds: number, report?: KeeperReport) => void;
}

class HangError extends Error {
  override readonly name = "HangError";
}

/** Runs one job round after round. Its errors, and a round that hangs, are its own: it starts again after a pause that grows. */
export class Worker {
  readonly plan: JobPlan;
  readonly #options: WorkerOptions;
  readonly #since = Date.now();
  readonly #state: Omit<JobHealth, "healthy" | "wrong" | "lag"> = { rounds: 0, failures: 0 };
  #hung = false;
  #keeper: Keeper | undefined;

  constructor(plan: JobPlan, options: WorkerOptions) {
    this.plan = plan;
    this.#options = options;
  }

  /**
   * Works until the signal.
   * @throws SetupError where no later round can do better.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const head = this.#options.heads.newest;
      const start = Date.now();
      this.#state.runningSince = start;
      let result: RoundResult = "done";
      let report: KeeperReport | undefined;
      try {
        report = await this.#withinLimit(this.#round());
        this.#succeed(report);
      } catch (error) {
        if (error instanceof SetupError) throw error;
        // The end of the process cuts rounds short.
        if (signal.aborted) return;
        result = error instanceof HangError ? "hung" : "failed";
        this.#fail(error);
      } finally {
        delete this.#state.runningSince;
      }
      this.#options.onRound(this.plan.name, result, (Date.now() - start) / 1_000, report);
      await this.#rest(signal, head?.hash ?? null);
    }
  }

  /** Whether the job does what it should. */
  health(now = Date.now()): JobHealth {
    const { lastBlock, failures, error, refused, lastSuccess, runningSince } = this.#state;
    const { hangSeconds, failuresAllowed } = this.#options.limits;
    const head = this.#options.heads.newest?.number;
    const silent = Math.floor((now - (lastSuccess ?? this.#since)) / 1_000);
    const allowed = this.plan.everySeconds + hangSeconds;
    const wrong =
      runningSince !== undefined && now - runningSince > hangSeconds * 1_000
        ? `a round has been running for ${Math.floor((now - runningSince) / 1_000)} s`
        : this.#hung || failures >= failuresAllowed
          ? `${failures} rounds in a row have failed: ${error}`
          : lastSuccess === undefined
            ? `no round has ended well yet${error === undefined ? "" : `: ${error}`}`
            : silent > allowed
              ? `no round has ended well for ${silent} s, at most ${allowed} s are allowed`
              : refused;
    return {
      healthy: wrong === undefined,
      ...(wrong !== undefined && { wrong }),
      ...this.#state,
      ...(lastBlock !== undefined && head !== undefined && { lag: head > lastBlock ? head - lastBlock : 0n }),
    };
  }

  async #round(): Promise<KeeperReport> {
    if (this.#keeper === undefined) {
      const keeper = this.plan.create();
      await keeper.init();
      this.#keeper = keeper;
    }
    return this.#keeper.runOnce();
  }

  async #withinLimit<result>(work: Promise<result>): Promise<result> {
    const { hangSeconds } = this.#options.limits;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      const hang = () => reject(new HangError(`a round did not end within ${hangSeconds} s`));
      timer = setTimeout(hang, hangSeconds * 1_000).unref();
    });
    try {
      return await Promise.race([work, limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  #succeed({ block, outcomes }: KeeperReport): void {
    const state = this.#state;
    const refused = outcomes.find((outcome) => outcome.result === "failed");
    if (refused === undefined) delete state.refused;
    else state.refused = `${refused.action.kind} was refused: ${refused.error}`;
    if (state.failures > 0) this.#options.log.info({ keeper: this.plan.name }, "works again");
    Object.assign(state, {
      rounds: state.rounds + 1,
      failures: 0,
      lastSuccess: Date.now(),
      lastBlock: block,
    });
    delete state.error;
    this.#hung = false;
  }

  #fail(error: unknown): void {
    const state = this.#state;
    const temporary = isTemporary(error);
    state.failures += 1;
    state.error = sentenceOf(error);
    this.#hung = error instanceof HangError;
    const fields = { keeper: this.plan.name, failures: state.failures, error: state.error };
    if (temporary) this.#options.log.warn(fields, "the node does not answer as it should");
    else this.#options.log.error(fields, "a round failed");
    // What it keeps in memory may be what is wrong.
    const { failuresAllowed } = this.#options.limits;
    if (this.#hung || (!temporary && state.failures % failuresAllowed === 0)) this.#keeper = undefined;
  }

  /** Waits for the time of the next round, or a new block, or the end. */
  async #rest(signal: AbortSignal, seen: string | null): Promise<void> {
    const { heads, limits } = this.#options;
    const { failures } = this.#state;
    const { everySeconds, everyBlock } = this.plan;
    const pause =
      failures === 0
        ? everySeconds
        : Math.min(limits.firstPauseSeconds * 2 ** (failures - 1), limits.longestPauseSeconds);
    const byBlock = everyBlock && failures === 0;
    // A block may have come while the round ran.
    if (byBlock && (heads.newest?.hash ?? null) !== seen) return;
    const wake = new AbortController();
    const end = () => wake.abort();
    const ignore = byBlock ? heads.listen(end) : () => undefined;
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    await sleep(pause * 1_000, undefined, { signal: wake.signal }).catch(() => undefined);
    signal.removeEventListener("abort", end);
    ignore();
  }
}
