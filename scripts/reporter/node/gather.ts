import { CalculationError } from "../../calculator/errors.ts";
import { sentenceOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { StatementError } from "../../statements/errors.ts";
import { fetchStatements } from "../../statements/exchange.ts";
import type { StatementStore, StoredStatement } from "../../statements/store.ts";
import type { ReporterMetrics } from "./metrics.ts";
import type { PeerClient } from "./peers.ts";
import { EXCHANGE_SECONDS } from "./protocol.ts";

/** Most that is read of a contributor's answer. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Where a contributor publishes its statements. */
export interface ContributorSource {
  readonly id: string;
  /** Without a slash at its end. */
  readonly url: string;
}

/** What statements are gathered with. */
export interface GatherOptions {
  readonly store: StatementStore;
  readonly contributors: readonly ContributorSource[];
  readonly peers: readonly PeerClient[];
  /** Days to ask for. */
  readonly periods: readonly number[];
  readonly timeoutSeconds: number;
  /** Unix seconds. */
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: ReporterMetrics;
}

/**
 * Asks contributors and peers, all at once, for the statements of days, and keeps those that are sound. Whoever is away or talks nonsense is left out.
 * @returns How many contributors and peers answered for every day.
 */
export async function gatherStatements(
  options: GatherOptions,
): Promise<{ contributors: number; peers: number }> {
  const { contributors, peers, periods, timeoutSeconds, clock, metrics } = options;
  const fromContributors = contributors.map(async ({ id, url }) => {
    const limits = { timeoutSeconds, maxBytes: MAX_BYTES };
    const answered = await askAll(options, `contributor ${id}`, periods, async (period) => {
      // A contributor's own statements alone, as of now: others' are for their own addresses.
      const stored = await fetchStatements(url, period, limits);
      const now = clock();
      return stored
        .filter(({ signed }) => signed.statement.contributor === id)
        .map(({ signed }) => ({ signed, receivedAt: now }));
    });
    metrics.contributorUp.set({ contributor: id }, answered ? 1 : 0);
    return answered;
  });
  const fromPeers = peers.map(async (peer) => {
    const answered = await askAll(options, `peer ${peer.address}`, periods, async (period) => {
      const stored = await peer.statements(period);
      const now = clock();
      return stored.map(({ signed, receivedAt }) => ({
        signed,
        receivedAt: Math.min(now, Math.max(receivedAt, now - EXCHANGE_SECONDS)),
      }));
    });
    metrics.peerUp.set({ peer: peer.address }, answered ? 1 : 0);
    return answered;
  });
  const count = async (answers: Promise<boolean>[]) =>
    (await Promise.all(answers)).filter((answered) => answered).length;
  const [fromEach, fromOthers] = await Promise.all([count(fromContributors), count(fromPeers)]);
  return { contributors: fromEach, peers: fromOthers };
}

async function askAll(
  { store, clock, log, metrics }: GatherOptions,
  source: string,
  periods: readonly number[],
  ask: (period: number) => Promise<StoredStatement[]>,
): Promise<boolean> {
  const answers = await Promise.all(
    periods.map(async (period) => {
      let stored: StoredStatement[];
      try {
        stored = await ask(period);
      } catch (error) {
        log.debug({ source, error: sentenceOf(error) }, "no statements");
        return false;
      }
      for (const { signed, receivedAt } of stored) {
        if (signed.statement.period !== period) continue;
        try {
          const result = await store.add(signed, { now: clock(), receivedAt, source });
          if (result === "added") metrics.statements.inc({ result });
        } catch (error) {
          if (!(error instanceof StatementError) && !(error instanceof CalculationError)) throw error;
          metrics.statements.inc({ result: error.code });
          log.warn({ source, error: error.message }, "a statement is refused");
        }
      }
      return true;
    }),
  );
  return answers.every((answered) => answered);
}
