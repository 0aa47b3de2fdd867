import type { Client, Hash } from "viem";
import { getBlock } from "viem/actions";
import type { KeeperLog } from "../keeper.ts";
import type { Sender } from "./sender.ts";

/** The block that a round looks at. */
export interface HeadBlock {
  number: bigint;
  hash: Hash;
  parentHash: Hash;
  /** Unix time of the block. It alone decides what is due. */
  timestamp: number;
}

/** Difference between this machine's clock and the chain's that is worth a line in the log, seconds. */
const NOTABLE_SKEW = 60;

/** Reads the newest block, and notices where blocks that were seen are no longer the chain's. */
export class Head {
  readonly #client: Client;
  readonly #sender: Pick<Sender, "note">;
  readonly #log: KeeperLog;
  #last: HeadBlock | undefined;
  #skewed = false;
  /** Seconds that this machine's clock is ahead of the newest block; undefined before the first. A quiet chain counts as one that is behind. */
  skewSeconds: number | undefined;
  /** Times that a block which had been seen was replaced. */
  reorganisations = 0;

  /** @param sender Told what gas costs in each block. */
  constructor(client: Client, sender: Pick<Sender, "note">, log: KeeperLog) {
    this.#client = client;
    this.#sender = sender;
    this.#log = log;
  }

  /** Number, hash and time of the newest block. */
  async read(): Promise<HeadBlock> {
    const block = await getBlock(this.#client, { blockTag: "latest" });
    const { number, hash, parentHash, timestamp, baseFeePerGas } = block;
    const head = { number, hash, parentHash, timestamp: Number(timestamp) };
    if (baseFeePerGas !== null) this.#sender.note(number, baseFeePerGas);
    if (await this.#isReplaced(head)) {
      this.reorganisations += 1;
      this.#log.warn(
        { block: this.#last?.number, now: head.number },
        "blocks that were seen have been replaced",
      );
    }
    this.#last = head;
    this.#compareClocks(head.timestamp);
    return head;
  }

  async #isReplaced(head: HeadBlock): Promise<boolean> {
    const last = this.#last;
    if (last === undefined || head.hash === last.hash) return false;
    if (head.number === last.number) return true;
    if (head.number === last.number + 1n) return head.parentHash !== last.hash;
    // One that lags says nothing yet about the block that was seen.
    if (head.number < last.number) return false;
    const { hash } = await getBlock(this.#client, { blockNumber: last.number });
    return hash !== last.hash;
  }

  #compareClocks(timestamp: number): void {
    this.skewSeconds = Math.round(Date.now() / 1_000 - timestamp);
    const isSkewed = Math.abs(this.skewSeconds) > NOTABLE_SKEW;
    if (isSkewed !== this.#skewed) {
      const text = isSkewed
        ? "this machine's clock and the chain's differ; the chain's decides"
        : "clocks agree again";
      this.#log.info({ seconds: this.skewSeconds }, text);
    }
    this.#skewed = isSkewed;
  }
}
