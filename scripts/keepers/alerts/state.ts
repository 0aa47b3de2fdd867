import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { parseWith } from "../../lib/jsonc.ts";
import { writeWhole } from "../../lib/files.ts";
import { ALERT_EVENTS } from "../config.ts";

const alertSchema = z.strictObject({
  id: z.string(),
  event: z.enum(ALERT_EVENTS),
  severity: z.enum(["info", "warning", "critical"]),
  at: z.string(),
  chainId: z.int(),
  subject: z.string(),
  text: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
});

const stateSchema = z.strictObject({
  levels: z.record(z.string(), z.int().positive()),
  waiting: z.array(z.strictObject({ webhook: z.string(), alert: alertSchema })),
  cursor: z.string().regex(/^\d+$/).optional(),
  seen: z.record(z.string(), z.string().regex(/^\d+$/)),
});

/** What a webhook is told. */
export type Alert = z.output<typeof alertSchema>;

/** An alert that a webhook has not taken yet. */
export type WaitingAlert = z.output<typeof stateSchema>["waiting"][number];

/**
 * What has to outlive the process: which troubles were told, what a webhook has not taken yet, and up to which block events
 * were read. It is one file, written whole at each change, so that trouble and alert are never apart.
 */
export class AlertState {
  readonly #path: string;
  readonly #state: z.output<typeof stateSchema>;

  /**
   * Reads the file, where there is one.
   * @throws Error in one sentence where it is none of this program's.
   */
  constructor(path: string) {
    this.#path = path;
    const empty = { levels: {}, waiting: [], seen: {} };
    this.#state = existsSync(path)
      ? parseWith(stateSchema, parse(readFileSync(path, "utf8")), `file of alerts ${path}`)
      : empty;
    mkdirSync(dirname(path), { recursive: true });
  }

  get waiting(): readonly WaitingAlert[] {
    return this.#state.waiting;
  }

  /** Block up to which events were read; undefined before the first. */
  get cursor(): bigint | undefined {
    return this.#state.cursor === undefined ? undefined : BigInt(this.#state.cursor);
  }

  levelOf(subject: string): number {
    return this.#state.levels[subject] ?? 0;
  }

  /** Subjects of a kind that trouble was told of. */
  troubled(kind: string): string[] {
    return Object.keys(this.#state.levels).filter((subject) => subject.startsWith(`${kind}:`));
  }

  hasSeen(id: string): boolean {
    return Object.hasOwn(this.#state.seen, id);
  }

  setLevel(subject: string, level: number): void {
    if (level === 0) delete this.#state.levels[subject];
    else this.#state.levels[subject] = level;
  }

  /** Notes an event as told. Those of blocks that are not read again are forgotten. */
  note(id: string, block: bigint): void {
    this.#state.seen[id] = `${block}`;
  }

  /** Moves on to a block; returns whether it is another one. */
  moveTo(block: bigint, forgetBelow: bigint): boolean {
    if (this.cursor === block) return false;
    this.#state.cursor = `${block}`;
    for (const [id, seen] of Object.entries(this.#state.seen))
      if (BigInt(seen) < forgetBelow) delete this.#state.seen[id];
    return true;
  }

  add(webhook: string, alert: Alert): void {
    this.#state.waiting.push({ webhook, alert });
  }

  remove(item: WaitingAlert): void {
    const at = this.#state.waiting.indexOf(item);
    if (at >= 0) this.#state.waiting.splice(at, 1);
  }

  /** Brings the state to the disk. */
  save(): void {
    writeWhole(this.#path, this.#state);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
