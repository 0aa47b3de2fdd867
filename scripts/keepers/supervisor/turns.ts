import type { Turn } from "../keeper.ts";

/** Says that the process ends: nothing new is sent. */
class StoppedError extends Error {
  override readonly name = "StoppedError";
  constructor() {
    super("The keeper is being stopped.");
  }
}

interface Waiting {
  rank: number;
  go: () => void;
  refuse: (error: Error) => void;
}

/**
 * Lets the jobs that share a sender send one after the other. Who waits with the lowest rank is next, then who came first; a turn that
 * does not end in time is passed on, so that one job that hangs does not hold up the others.
 */
export class Turns {
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  #taken = false;
  #closed = false;

  /** @param limit Milliseconds after which a turn is passed on. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Turns for a job of some rank. */
  of(rank: number): Turn {
    return async (work) => {
      await this.#wait(rank);
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        this.#pass();
      };
      const timer = setTimeout(end, this.#limit).unref();
      try {
        return await work();
      } finally {
        end();
      }
    };
  }

  /** Gives no turns any more; the one that is taken is not cut short. */
  close(): void {
    this.#closed = true;
    for (const { refuse } of this.#waiting.splice(0)) refuse(new StoppedError());
  }

  async #wait(rank: number): Promise<void> {
    if (this.#closed) throw new StoppedError();
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    await new Promise<void>((go, refuse) => this.#waiting.push({ rank, go, refuse }));
  }

  #pass(): void {
    const ranks = this.#waiting.map(({ rank }) => rank);
    const [next] = this.#waiting.splice(ranks.indexOf(Math.min(...ranks)), 1);
    if (next === undefined) this.#taken = false;
    else next.go();
  }
}
