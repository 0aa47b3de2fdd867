import { setTimeout as sleep } from "node:timers/promises";
import type { Hash } from "viem";
import { sentenceOf } from "../../lib/errors.ts";
import type { KeeperLog } from "../keeper.ts";

/** A block as the node gives it. */
export interface Head {
  number: bigint;
  hash: Hash | null;
  /** Unix time, seconds. */
  timestamp: bigint;
}

/** The newest block, and when this process saw it first (Unix time in milliseconds). */
export interface SeenHead extends Head {
  seenAt: number;
}

/** State of the watch of the chain's head, for `/health`. */
export interface HeadHealth {
  healthy: boolean;
  wrong?: string;
  number?: bigint;
  /** Seconds since the time that the newest block gives. */
  ageSeconds?: number;
}

/** How the head is watched. */
export interface HeadsOptions {
  read: () => Promise<Head>;
  pollSeconds: number;
  /** Age from which on the newest block is reported as too old, seconds; undefined where blocks come when they like. */
  maxAgeSeconds?: number | undefined;
  log: KeeperLog;
}

/** Asks for the newest block again and again, and tells whoever listens of each new one. */
export class Heads {
  readonly #options: HeadsOptions;
  readonly #listeners = new Set<() => void>();
  #failures = 0;
  #error: string | undefined;
  /** The newest block; undefined before the first answer. */
  newest: SeenHead | undefined;

  constructor(options: HeadsOptions) {
    this.#options = options;
  }

  /** Calls back at each new block until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Watches until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await sleep(this.#options.pollSeconds * 1_000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** What is wrong with the node, if anything is. */
  health(now = Date.now()): HeadHealth {
    const { maxAgeSeconds } = this.#options;
    if (this.newest === undefined)
      return { healthy: false, wrong: this.#error ?? "no block has been seen yet" };
    const { number, timestamp } = this.newest;
    const ageSeconds = Math.floor(now / 1_000) - Number(timestamp);
    const wrong =
      this.#failures > 2
        ? this.#error
        : maxAgeSeconds !== undefined && ageSeconds > maxAgeSeconds
          ? `the newest block is ${ageSeconds} s old, at most ${maxAgeSeconds} s are allowed`
          : maxAgeSeconds !== undefined && -ageSeconds > maxAgeSeconds
            ? `the newest block is ${-ageSeconds} s ahead of this machine's clock`
            : undefined;
    return { healthy: wrong === undefined, ...(wrong !== undefined && { wrong }), number, ageSeconds };
  }

  async #look(): Promise<void> {
    try {
      const { number, hash, timestamp } = await this.#options.read();
      this.#failures = 0;
      if (this.newest?.hash === hash && this.newest.number === number) return;
      this.newest = { number, hash, timestamp, seenAt: Date.now() };
      for (const listener of [...this.#listeners]) listener();
    } catch (error) {
      this.#failures += 1;
      this.#error = `the node does not tell its newest block: ${sentenceOf(error)}`;
      if (this.#failures === 1) this.#options.log.warn({ error: sentenceOf(error) }, "the head is not known");
    }
  }
}
