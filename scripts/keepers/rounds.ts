import { sentenceOf } from "../lib/errors.ts";
import type { Keeper, KeeperHealth, KeeperLog, KeeperOutcome, KeeperReport } from "./keeper.ts";

/** The parts of a keeper that differ from job to job. */
export interface Job {
  name: string;
  log: KeeperLog;
  /** Reads what every round needs. */
  init: () => Promise<void>;
  /** One round. */
  round: () => Promise<Omit<KeeperReport, "keeper">>;
}

/** Makes a keeper from a job: rounds never overlap, and what they did is logged and kept for `health`. */
export function createKeeper({ name, log, init, round }: Job): Keeper {
  const state: KeeperHealth = { healthy: true, rounds: 0, failures: 0 };
  let underWay: Promise<unknown> = Promise.resolve();
  let stopped = false;

  async function run(): Promise<KeeperReport> {
    try {
      const report = stopped ? { block: 0n, outcomes: [] } : await round();
      const failed = report.outcomes.find((outcome) => outcome.result === "failed");
      state.healthy = failed === undefined;
      state.lastRun = state.lastSuccess = Date.now();
      state.block = report.block;
      state.rounds += 1;
      state.failures = 0;
      if (failed === undefined) delete state.error;
      else state.error = `${failed.action.kind}: ${failed.error}`;
      for (const outcome of report.outcomes) logOutcome(log, name, outcome);
      return { keeper: name, ...report };
    } catch (error) {
      state.healthy = false;
      state.lastRun = Date.now();
      state.failures += 1;
      state.error = sentenceOf(error);
      throw error;
    }
  }

  return {
    name,
    init,
    runOnce() {
      const next = underWay.then(run, run);
      // Whoever called for the round hears of its error; the next round starts afresh.
      underWay = next.catch(() => undefined);
      return next;
    },
    health: () => ({ ...state }),
    async stop() {
      stopped = true;
      await underWay;
    },
  };
}

const LEVELS = {
  sent: "info",
  pending: "info",
  waiting: "info",
  lost: "debug",
  failed: "error",
  dryRun: "info",
} as const satisfies Record<KeeperOutcome["result"], keyof KeeperLog>;

const WORDS: Record<KeeperOutcome["result"], string> = {
  sent: "sent",
  pending: "sent, and in no block yet",
  waiting: "not sent yet",
  lost: "somebody else was first",
  failed: "refused",
  dryRun: "would be sent",
};

function logOutcome(log: KeeperLog, keeper: string, outcome: KeeperOutcome): void {
  const { result, action, ...rest } = outcome;
  // Whoever reads a log need not be able to execute what it tells of.
  const fields = { keeper, action: { ...action, orders: undefined }, ...rest };
  log[LEVELS[result]](fields, WORDS[result]);
}
