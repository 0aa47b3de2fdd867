import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sentenceOf } from "../../lib/errors.ts";
import type { AlertsConfig } from "../config.ts";
import type { KeeperLog } from "../keeper.ts";
import type { KeeperMetrics } from "../metrics.ts";
import type { SidePart } from "../process.ts";
import type { ProcessHealth } from "../supervisor/server.ts";
import type { JobHealth } from "../supervisor/worker.ts";
import { findJobs, type Finding, type Occurrence } from "./findings.ts";
import { AlertState, type Alert, type WaitingAlert } from "./state.ts";
import { post, type Webhook } from "./webhooks.ts";

/** Blocks that are read again each time: a reorganisation may have put other events into them. */
const OVERLAP = 12n;

/** Most alerts that wait for one webhook: the oldest goes when there are more. */
const MOST_WAITING = 1_000;

/** How an alert is tried again. */
export interface Retries {
  /** Pause after the first refusal; it doubles with each further one. */
  firstPauseSeconds: number;
  longestPauseSeconds: number;
  /** Pause between two looks at the health of the jobs. */
  lookSeconds: number;
}

const RETRIES: Retries = { firstPauseSeconds: 1, longestPauseSeconds: 300, lookSeconds: 1 };

/** What the desk works with. */
export interface DeskOptions {
  config: Pick<AlertsConfig, "stateFile" | "unhealthySeconds">;
  webhooks: readonly Webhook[];
  chainId: number;
  log: KeeperLog;
  metrics: KeeperMetrics;
  retries?: Partial<Retries>;
}

/**
 * Turns what is found into alerts, each told once, and brings them to the webhooks until they are taken. An alert and the trouble that
 * it tells are written down together before anything is sent, so that an end of the process at any moment repeats one at most.
 */
export class AlertDesk implements SidePart {
  readonly name = "alerts";
  readonly #options: DeskOptions;
  readonly #retries: Retries;
  readonly #state: AlertState;
  readonly #unwellSince = new Map<string, number>();
  readonly #attempts = new Map<WaitingAlert, { count: number; next: number; error: string }>();
  #delivered = 0;
  #lastSuccess: number | undefined;
  #unsaved: string | undefined;

  /** @throws Error in one sentence where the file of alerts cannot be read. */
  constructor(options: DeskOptions) {
    this.#options = options;
    this.#retries = { ...RETRIES, ...options.retries };
    this.#state = new AlertState(options.config.stateFile);
  }

  /** Block from which events have to be read; undefined where nothing was read yet, and the past is nobody's business. */
  get nextBlock(): bigint | undefined {
    const { cursor } = this.#state;
    return cursor === undefined ? undefined : cursor + 1n > OVERLAP ? cursor + 1n - OVERLAP : 0n;
  }

  /** Level of a trouble that was told last. */
  levelOf(subject: string): number {
    return this.#state.levelOf(subject);
  }

  /**
   * Takes in how things stand and what happened up to a block.
   * @param kinds Kinds of subjects that the findings are complete for: what is not among them any more is forgotten.
   */
  take(
    findings: readonly Finding[],
    kinds: readonly string[],
    happened?: { occurrences: readonly Occurrence[]; block: bigint },
  ): void {
    let changed = false;
    for (const finding of findings) changed = this.#compare(finding) || changed;
    const subjects = new Set(findings.map(({ subject }) => subject));
    for (const subject of kinds.flatMap((kind) => this.#state.troubled(kind)))
      if (!subjects.has(subject)) {
        this.#state.setLevel(subject, 0);
        changed = true;
      }
    for (const occurrence of happened?.occurrences ?? []) {
      const { id, block, event, severity, subject, text, details, webhooks } = occurrence;
      if (this.#state.hasSeen(id)) continue;
      this.#state.note(id, block);
      this.#tell({ id, event, severity, subject, text, details }, webhooks);
      changed = true;
    }
    if (happened !== undefined)
      changed = this.#state.moveTo(happened.block, happened.block - 2n * OVERLAP) || changed;
    if (changed) this.#save();
  }

  /** Looks at the jobs' health and delivers what waits, until the signal. */
  async run(signal: AbortSignal, health: () => ProcessHealth): Promise<void> {
    const { unhealthySeconds } = this.#options.config;
    while (!signal.aborted) {
      // Its own state is told by /health alone: it would only add to what waits.
      const { head, jobs } = health();
      const { [this.name]: _own, ...others } = jobs;
      const now = Date.now();
      this.take(
        findJobs({ healthy: true, head, jobs: others }, this.#unwellSince, { now, unhealthySeconds }),
        [],
      );
      await this.deliver(signal);
      await sleep(this.#retries.lookSeconds * 1_000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Sends an alert that only says that the webhooks are reached, and says how each took it. */
  async test(): Promise<{ webhook: string; error?: string }[]> {
    return Promise.all(
      this.#options.webhooks.map(async (webhook) => {
        const text = "This is a test of the keeper's alerts.";
        const alert = { event: "test", severity: "info", subject: "test", text, details: {} } as const;
        try {
          await post(webhook, this.#complete({ ...alert, id: randomUUID() }));
          return { webhook: webhook.name };
        } catch (error) {
          return { webhook: webhook.name, error: sentenceOf(error) };
        }
      }),
    );
  }

  /** Sends what waits and is due, webhook by webhook in order. */
  async deliver(signal?: AbortSignal): Promise<void> {
    const { webhooks, metrics } = this.#options;
    await Promise.all(
      webhooks.map(async (webhook) => {
        for (const item of this.#state.waiting.filter((each) => each.webhook === webhook.name)) {
          if (signal?.aborted) break;
          if ((this.#attempts.get(item)?.next ?? 0) > Date.now()) continue;
          await this.#send(webhook, item);
        }
        const waiting = this.#state.waiting.filter((each) => each.webhook === webhook.name).length;
        metrics.alertsPending.set({ webhook: webhook.name }, waiting);
      }),
    );
  }

  health(): JobHealth {
    const failing = [...this.#attempts.values()].filter(({ count }) => count > 2);
    const [first] = failing;
    const wrong =
      this.#unsaved !== undefined
        ? `the file of alerts cannot be written: ${this.#unsaved}`
        : first !== undefined
          ? `${failing.length} alerts are not taken: ${first.error}`
          : undefined;
    return {
      healthy: wrong === undefined,
      ...(wrong !== undefined && { wrong }),
      rounds: this.#delivered,
      failures: Math.max(0, ...[...this.#attempts.values()].map(({ count }) => count)),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
    };
  }

  /** Tells of a trouble that is new or worse, and of one that is over; returns whether anything changed. */
  #compare({ subject, level, begins, ends, severity, text, endText, details, webhooks }: Finding): boolean {
    const before = this.#state.levelOf(subject);
    if (level === before) return false;
    this.#state.setLevel(subject, level);
    const common = { id: randomUUID(), subject, details };
    if (level > before) this.#tell({ ...common, event: begins, severity, text }, webhooks);
    else if (level === 0) this.#tell({ ...common, event: ends, severity: "info", text: endText }, webhooks);
    return true;
  }

  #tell(alert: Omit<Alert, "at" | "chainId">, only?: readonly string[]): void {
    const { webhooks, log, metrics } = this.#options;
    const whole = this.#complete(alert);
    const { event, subject, text } = whole;
    if (whole.severity === "info") log.info({ event, subject }, text);
    else log.warn({ event, subject }, text);
    for (const { name, events } of webhooks) {
      if (!(events?.includes(event) ?? true) || !(only?.includes(name) ?? true)) continue;
      const waiting = this.#state.waiting.filter(({ webhook }) => webhook === name);
      const [oldest] = waiting;
      if (waiting.length >= MOST_WAITING && oldest !== undefined) {
        this.#forget(oldest);
        metrics.alerts.inc({ webhook: name, event: oldest.alert.event, result: "dropped" });
        log.error({ webhook: name, id: oldest.alert.id }, "too many alerts wait; the oldest is dropped");
      }
      this.#state.add(name, whole);
    }
  }

  #complete(alert: Omit<Alert, "at" | "chainId">): Alert {
    return { ...alert, at: new Date().toISOString(), chainId: this.#options.chainId };
  }

  async #send(webhook: Webhook, item: WaitingAlert): Promise<void> {
    const { log, metrics } = this.#options;
    const { id, event } = item.alert;
    const { name } = webhook;
    try {
      await post(webhook, item.alert);
    } catch (error) {
      const count = (this.#attempts.get(item)?.count ?? 0) + 1;
      const { firstPauseSeconds: first, longestPauseSeconds: longest } = this.#retries;
      const pause = Math.min(first * 2 ** (count - 1), longest);
      this.#attempts.set(item, {
        count,
        next: Date.now() + pause * 1_000,
        error: `${name}: ${sentenceOf(error)}`,
      });
      metrics.alerts.inc({ webhook: name, event, result: "failed" });
      log.warn(
        { webhook: name, id, event, attempts: count, error: sentenceOf(error) },
        "an alert is not taken",
      );
      return;
    }
    this.#forget(item);
    this.#delivered += 1;
    this.#lastSuccess = Date.now();
    metrics.alerts.inc({ webhook: name, event, result: "sent" });
    log.info({ webhook: name, id, event }, "an alert is taken");
    this.#save();
  }

  #forget(item: WaitingAlert): void {
    this.#state.remove(item);
    this.#attempts.delete(item);
  }

  #save(): void {
    try {
      this.#state.save();
      this.#unsaved = undefined;
    } catch (error) {
      this.#unsaved = sentenceOf(error);
      this.#options.log.error({ error: this.#unsaved }, "the file of alerts cannot be written");
    }
  }
}
