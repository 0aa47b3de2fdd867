import { join } from "node:path";
import type { Report } from "@usance/sdk";
import { isAddressEqual, type LocalAccount } from "viem";
import { calculateDay, type Calculation } from "../../calculator/calculate.ts";
import { CalculationError } from "../../calculator/errors.ts";
import { TU1D_RULES, type Rules } from "../../calculator/rules.ts";
import { isSameVintage } from "../../calculator/vintage.ts";
import { dateOfPeriod, SECONDS_PER_DAY } from "../../lib/calendar.ts";
import { restoredAt } from "../../lib/backup.ts";
import { sentenceOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Admission } from "../../statements/signed.ts";
import { StatementStore } from "../../statements/store.ts";
import type { IndexChain, Standing } from "./chain.ts";
import { DayStore, type KnownDay } from "./days.ts";
import { gatherStatements, type ContributorSource } from "./gather.ts";
import { SigningGuard, signGuarded } from "./guard.ts";
import { findDay } from "./history.ts";
import { createMetrics, type ReporterMetrics } from "./metrics.ts";
import { PeerClient, type Peer } from "./peers.ts";
import {
  EXCHANGE_SECONDS,
  gatheringSittings,
  openSittings,
  TAKEOVER_SECONDS,
  turnOf,
  type Sitting,
} from "./protocol.ts";
import { ReportStore } from "./report-store.ts";
import { ReportError, verifyReport, type FullReport } from "./reports.ts";
import { selectReports } from "./select.ts";

/** Seconds for which a node that signed nothing helps others to a quorum, and after which peers are asked less often. */
const EAGER_SECONDS = 2 * 3_600;
/** Seconds between two rounds of asking peers after that. */
const PATIENT_SECONDS = 600;
/** Hour of the day (UTC) at which the first print of the day before is due. */
const DUE_HOUR = 6;

/** What a node is created with. */
export interface NodeOptions {
  /** The reporter's key. */
  readonly account: LocalAccount;
  readonly chain: IndexChain;
  readonly contributors: readonly (Admission & ContributorSource)[];
  /** The other reporters of the panel. */
  readonly peers: readonly Peer[];
  /** Folder of the node's files. */
  readonly folder: string;
  readonly log: Log;
  readonly rules?: Rules;
  /** Calculate and exchange, but sign and post nothing. */
  readonly dryRun?: boolean;
  /** Seconds to wait for a contributor or a peer. */
  readonly timeoutSeconds?: number;
  /** Unix seconds; the clock of the machine when left out. */
  readonly clock?: () => number;
}

/** How far a sitting has come in this process. */
interface Progress {
  /** What this node says; undefined until it knows. */
  said?: "signed" | "unchanged" | "missing" | "absent" | "dry run";
  /** When reports for a post were there for the first time. */
  quorumSince?: number;
  pulledAt?: number;
  /** Nothing is left to do for this node. */
  done?: boolean;
  /** The print is on chain. */
  stands?: boolean;
}

/** State of a node, for `/health`. */
export interface NodeHealth {
  readonly healthy: boolean;
  readonly reporter: string;
  readonly dryRun: boolean;
  /** Unix seconds of the last round that went well. */
  readonly lastRound: number | undefined;
  /** Error of the last round, where it failed. */
  readonly error: string | undefined;
  /** Days whose first print is overdue. */
  readonly overdue: readonly string[];
}

/** A reporter: gathers statements, calculates days, signs, exchanges signatures, and posts in its turn. */
export class ReporterNode {
  readonly metrics: ReporterMetrics = createMetrics();
  readonly statements: StatementStore;
  readonly reports: ReportStore;
  readonly days: DayStore;
  readonly guard: SigningGuard;
  /** Unix seconds; what was signed of days that had ended by then may be unknown. 0 where nothing was lost. */
  readonly #restoredAt: number;
  readonly log: Log;
  readonly #options: NodeOptions;
  readonly #rules: Rules;
  readonly #peers: readonly PeerClient[];
  readonly #clock: () => number;
  readonly #timeout: number;
  readonly #progress = new Map<string, Progress>();
  /** Sittings shortly before whose cut-off this node asked the contributors. */
  readonly #ready = new Set<string>();
  #lastRound: number | undefined;
  #error: string | undefined;
  #overdue: string[] = [];

  constructor(options: NodeOptions) {
    const { account, chain, folder, peers, contributors, log, rules = TU1D_RULES } = options;
    this.#options = options;
    this.#rules = rules;
    this.#clock = options.clock ?? (() => Math.floor(Date.now() / 1_000));
    this.#timeout = options.timeoutSeconds ?? 5;
    this.log = log;
    this.#peers = peers
      .filter(({ address }) => !isAddressEqual(address, account.address))
      .map((peer) => new PeerClient(peer, this.#timeout));
    const { chainId, usageIndex } = chain.deployment;
    this.statements = new StatementStore(join(folder, "statements.sqlite"), { contributors, rules });
    this.reports = new ReportStore(join(folder, "reports.sqlite"));
    this.days = new DayStore(join(folder, "days.sqlite"), this.statements);
    this.guard = new SigningGuard(join(folder, "guard.sqlite"), { chainId, usageIndex });
    this.#restoredAt = restoredAt(folder);
  }

  /** One round: gather what is to be gathered, then see to every open sitting. Rounds must not overlap. */
  async tick(): Promise<void> {
    try {
      const { firstPeriod } = await this.#options.chain.terms();
      const first = Math.max(firstPeriod, this.#rules.basePeriod);
      await this.#gather(first);
      const sittings = openSittings(this.#clock(), first, this.#rules);
      this.#forget(sittings);
      const overdue: string[] = [];
      for (const sitting of sittings) {
        const progress = this.#progressOf(sitting);
        if (!progress.done) await this.#handle(sitting, progress);
        if (await this.#isOverdue(sitting, progress)) overdue.push(dateOfPeriod(sitting.period));
      }
      this.#overdue = overdue;
      this.metrics.overdue.set(overdue.length);
      this.#lastRound = this.#clock();
      this.#error = undefined;
      this.metrics.ticks.inc({ result: "done" });
    } catch (error) {
      this.#error = sentenceOf(error);
      this.metrics.ticks.inc({ result: "failed" });
      throw error;
    }
  }

  /** Whether the last round went well and every print is there that is due. */
  health(): NodeHealth {
    return {
      healthy: this.#lastRound !== undefined && this.#error === undefined && this.#overdue.length === 0,
      reporter: this.#options.account.address,
      dryRun: this.#options.dryRun ?? false,
      lastRound: this.#lastRound,
      error: this.#error,
      overdue: this.#overdue,
    };
  }

  /**
   * Takes a report that somebody sent or told of.
   * @throws ReportError where it is refused.
   */
  async receive(report: FullReport): Promise<"added" | "known" | "equivocation"> {
    const { account, chain } = this.#options;
    if (this.reports.has(report)) return "known";
    const { chainId, usageIndex } = chain.deployment;
    const { firstPeriod, maxValue } = await chain.terms();
    const isActive = (reporter: FullReport["signer"]) => chain.isActive(reporter);
    const terms = { chainId, usageIndex, index: chain.index, firstPeriod, maxValue, isActive };
    try {
      await verifyReport(report, terms, this.#clock());
    } catch (error) {
      if (error instanceof ReportError) this.metrics.reports.inc({ result: error.code });
      throw error;
    }
    const result = this.reports.add(report);
    this.metrics.reports.inc({ result });
    const { signer: reporter, period, revision } = report;
    const about = { reporter, date: dateOfPeriod(period), revision };
    if (result === "equivocation") {
      this.metrics.equivocations.inc({ reporter });
      this.log.error(about, "a reporter signed two different reports; /evidence has both");
    }
    if (isAddressEqual(reporter, account.address)) this.#recognise(report, about);
    return result;
  }

  /** Closes the node's files. */
  close(): void {
    this.guard.close();
    this.days.close();
    this.reports.close();
    this.statements.close();
  }

  async #gather(first: number): Promise<void> {
    const now = this.#clock();
    const sittings = gatheringSittings(now, first, this.#rules);
    const periods = [...new Set(sittings.map(({ period }) => period))];
    if (periods.length === 0) return;
    const { contributors } = this.#options;
    const answered = await gatherStatements({
      store: this.statements,
      contributors,
      peers: this.#peers,
      periods,
      timeoutSeconds: this.#timeout,
      clock: this.#clock,
      log: this.log,
      metrics: this.metrics,
    });
    const end = this.#clock();
    const { quorum } = await this.#options.chain.terms();
    const keys = sittings.map(keyOf);
    for (const key of this.#ready) if (!keys.includes(key)) this.#ready.delete(key);
    for (const sitting of sittings) {
      const { period, revision, cutoff, opens } = sitting;
      if (
        now >= cutoff - EXCHANGE_SECONDS &&
        now < cutoff &&
        2 * answered.contributors >= contributors.length
      )
        this.#ready.add(keyOf(sitting));
      // Who was there before and after the cut-off knows what counts; who came later does if, with itself, a quorum has told what it received.
      const knows = this.#ready.has(keyOf(sitting)) || answered.peers >= quorum - 1;
      if (now >= cutoff && end <= opens && knows) this.days.attend(period, revision);
    }
  }

  async #handle(sitting: Sitting, progress: Progress): Promise<void> {
    const { chain, account, dryRun = false } = this.#options;
    const { period, revision, opens } = sitting;
    const standing = await chain.print(period);
    if (standing.revision >= revision || standing.isFinal || standing.filled) {
      progress.done = progress.stands = true;
      return;
    }
    if (!progress.said && !(await this.#say(sitting, standing, progress))) return;
    const now = this.#clock();
    const isLate = now >= opens + EAGER_SECONDS;
    if (progress.said !== "signed" && isLate) {
      // On chain nothing will change by this node, and whoever signed sees to the rest.
      progress.done = true;
      return;
    }
    if (!isLate || now >= (progress.pulledAt ?? 0) + PATIENT_SECONDS) await this.#pull(sitting, progress);
    const { quorum, superQuorum } = await chain.terms();
    const needed = (await chain.isHeld(period, revision)) ? superQuorum : quorum;
    const reports = await this.#choose(sitting, needed);
    if (reports === undefined) return;
    progress.quorumSince ??= now;
    const row = [account.address, ...this.#peers.map(({ address }) => address)];
    const wait = turnOf(account.address, row, period) * TAKEOVER_SECONDS;
    if (dryRun || now < progress.quorumSince + wait) return;
    await this.#post(sitting, reports, progress);
  }

  /** Comes to what this node says in a sitting, and signs it. Gives false where that has to wait. */
  async #say(sitting: Sitting, standing: Standing, progress: Progress): Promise<boolean> {
    const { account, chain, dryRun = false } = this.#options;
    const { period, revision, deadline } = sitting;
    const about = { date: dateOfPeriod(period), revision };
    const key = { index: chain.index, period, revision };
    let report = this.guard.find(account.address, key);
    if (report === undefined) {
      // A lost guard would not know what was signed: peers may, or the node's other files.
      await this.#pull(sitting, progress);
      for (const own of this.reports.reportsOf(chain.index, period, revision))
        if (isAddressEqual(own.signer, account.address)) this.guard.claim(account.address, reportOf(own));
      report = this.guard.find(account.address, key);
    }
    if (report === undefined) {
      if ((period + 1) * SECONDS_PER_DAY <= this.#restoredAt) {
        this.log.warn(
          about,
          "this node was restored from a backup after that day and cannot know what it signed: it signs nothing",
        );
        progress.said = "absent";
        return true;
      }
      if (!this.days.attended(period, revision)) {
        this.log.warn(
          about,
          "this node was not there at the cut-off and cannot know what counted: it signs nothing",
        );
        progress.said = "absent";
        return true;
      }
      const calculation = await this.#calculate(sitting);
      if (calculation === "waiting") return false;
      if (calculation?.print === undefined) {
        progress.said = "missing";
        return true;
      }
      const { print: value, vintage } = calculation;
      if (standing.value === value && isSameVintage(standing.vintage, vintage)) {
        progress.said = "unchanged";
        return true;
      }
      if (dryRun) {
        this.log.info({ ...about, value: value.toString(), vintage }, "would sign");
        progress.said = "dry run";
        return true;
      }
      report = { ...key, value, vintage, deadline: BigInt(deadline) };
    } else if (dryRun) {
      progress.said = "dry run";
      return true;
    }
    await this.#sign(report);
    progress.said = "signed";
    return true;
  }

  async #sign(wanted: Report): Promise<void> {
    const { account, chain } = this.#options;
    const { chainId, usageIndex } = chain.deployment;
    const { signed, report, isOlder } = await signGuarded(
      this.guard,
      account,
      { chainId, usageIndex },
      wanted,
    );
    const full = { ...report, ...signed };
    this.reports.add(full);
    this.metrics.signatures.inc({ revision: report.revision });
    const { value, vintage } = report;
    const about = {
      date: dateOfPeriod(report.period),
      revision: report.revision,
      value: value.toString(),
      vintage,
    };
    this.log.info(about, isOlder ? "repeats what it signed before" : "signed");
    await Promise.allSettled(this.#peers.map((peer) => peer.send([full])));
  }

  async #calculate({ period, stage, cutoff }: Sitting): Promise<Calculation | "waiting" | undefined> {
    const date = dateOfPeriod(period);
    const previous = await this.#previousOf(period);
    if (previous === "unknown") return "waiting";
    const signed = this.statements.knownAt(period, cutoff);
    if (signed.length === 0) {
      this.log.warn({ date, stage }, "nobody stated this day: it has no print");
      return undefined;
    }
    try {
      const statements = signed.map(({ statement }) => statement);
      const calculation = calculateDay({
        period,
        stage,
        statements,
        previous: previous?.printed,
        rules: this.#rules,
      });
      const { status, contributors } = calculation;
      this.metrics.calculations.inc({ status });
      const about = { date, stage, status, contributors, statements: signed.length };
      if (status === "printed") this.log.info(about, "calculated");
      else
        this.log.warn(
          about,
          status === "limited" ? "the gate limits this link" : "too few contributors: no print",
        );
      if (calculation.printed !== undefined) this.days.put(calculation, previous?.printed, signed);
      return calculation;
    } catch (error) {
      if (!(error instanceof CalculationError)) throw error;
      this.log.error({ date, stage, error: error.message }, "this day cannot be calculated");
      return undefined;
    }
  }

  /** The day that a link goes from: the newest before it that has a print on chain, as that print was calculated. */
  async #previousOf(period: number): Promise<KnownDay | undefined | "unknown"> {
    const { chain } = this.#options;
    const { basePeriod } = this.#rules;
    if (period === basePeriod) return undefined;
    const standing = await chain.newestBefore(period, basePeriod);
    if (standing === undefined) {
      this.log.error(
        { date: dateOfPeriod(period) },
        "no day before has a print: the base day must be posted first",
      );
      return "unknown";
    }
    const sources = { days: this.days, statements: this.statements, peers: this.#peers, rules: this.#rules };
    const day = await findDay(standing.vintage, { ...sources, now: this.#clock() });
    // A value that its vintage does not give was not calculated from it.
    if (day !== undefined && day.printed.period === standing.period && day.print === standing.value)
      return day;
    const about = { date: dateOfPeriod(standing.period), vintage: standing.vintage };
    const own = this.days.newest(standing.period);
    if (own === undefined) {
      this.log.error(
        about,
        "nobody can say what the print on chain was calculated from: this node cannot go on from it",
      );
      return "unknown";
    }
    this.log.warn(
      about,
      "the print on chain cannot be calculated again: going on from this node's own calculation",
    );
    return own;
  }

  async #pull({ period, revision }: Sitting, progress: Progress): Promise<void> {
    progress.pulledAt = this.#clock();
    await Promise.all(
      this.#peers.map(async (peer) => {
        let reports: FullReport[];
        try {
          reports = await peer.reports(this.#options.chain.index, period, revision);
        } catch (error) {
          this.log.debug({ peer: peer.address, error: sentenceOf(error) }, "no reports");
          return;
        }
        for (const report of reports) {
          try {
            await this.receive(report);
          } catch (error) {
            if (!(error instanceof ReportError)) throw error;
            this.log.warn({ peer: peer.address, error: error.message }, "a report is refused");
          }
        }
      }),
    );
  }

  /** Reports for a post; those of reporters that contradict themselves only where there are not enough without. */
  async #choose({ period, revision }: Sitting, quorum: number): Promise<FullReport[] | undefined> {
    const { chain } = this.#options;
    const terms = { ...(await chain.terms()), quorum };
    const usable: FullReport[] = [];
    // A block may take a while.
    const latest = BigInt(this.#clock() + 60);
    for (const report of this.reports.reportsOf(chain.index, period, revision))
      if (report.deadline > latest && (await chain.isActive(report.signer))) usable.push(report);
    const liars = this.reports.equivocators(chain.index, period, revision);
    const honest = usable.filter(({ signer }) => !liars.has(signer.toLowerCase()));
    const once = new Map(usable.map((report) => [report.signer.toLowerCase(), report]));
    return selectReports(honest, terms) ?? selectReports([...once.values()], terms);
  }

  async #post(
    { period, revision }: Sitting,
    reports: readonly FullReport[],
    progress: Progress,
  ): Promise<void> {
    const about = { date: dateOfPeriod(period), revision, reports: reports.length };
    try {
      const result = await this.#options.chain.post(period, revision, reports);
      this.metrics.posts.inc({ result: result.kind });
      if (result.kind === "refused") {
        this.log.warn({ ...about, error: result.error }, "the contract refuses these reports");
        return;
      }
      if (result.kind !== "stands") this.metrics.gas.inc(Number(result.gasUsed));
      if (result.kind === "posted") this.log.info({ ...about, hash: result.hash }, "posted");
      if (result.kind === "held") {
        this.log.warn(
          { ...about, hash: result.hash },
          "held by the circuit breaker, until more reporters say the same",
        );
        return;
      }
      progress.done = progress.stands = true;
    } catch (error) {
      // No money for gas, a node that is away: the next round tries again, and so do the others.
      this.metrics.posts.inc({ result: "failed" });
      this.log.error({ ...about, error: sentenceOf(error) }, "the post failed");
    }
  }

  async #isOverdue({ period, stage }: Sitting, progress: Progress): Promise<boolean> {
    const due = (period + 1) * SECONDS_PER_DAY + DUE_HOUR * 3_600;
    if (stage !== "provisional" || progress.stands || this.#clock() < due) return false;
    progress.stands = (await this.#options.chain.print(period)).value !== 0n;
    return !progress.stands;
  }

  /** A report of this key that came from elsewhere: the guard's file was lost, or the key is used twice. Nothing else may be signed. */
  #recognise(report: FullReport, about: object): void {
    const { signer } = report;
    const { value, vintage } = report;
    const known = this.guard.find(signer, report);
    if (known === undefined) {
      this.guard.claim(signer, reportOf(report));
      this.log.error(about, "a report of this key is news to the guard: was its file lost?");
    } else if (known.value !== value || known.vintage !== vintage)
      this.log.error(about, "another process signs with this key");
  }

  #progressOf(sitting: Sitting): Progress {
    const key = keyOf(sitting);
    const known = this.#progress.get(key) ?? {};
    this.#progress.set(key, known);
    return known;
  }

  #forget(open: readonly Sitting[]): void {
    const keys = new Set(open.map(keyOf));
    for (const key of this.#progress.keys()) if (!keys.has(key)) this.#progress.delete(key);
  }
}

function keyOf({ period, revision }: Sitting): string {
  return `${period} ${revision}`;
}

function reportOf({ index, period, revision, value, vintage, deadline }: FullReport): Report {
  return { index, period, revision, value, vintage, deadline };
}
