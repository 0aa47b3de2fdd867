import type { Deployment } from "@usance/sdk";
import { usageIndexAbi } from "@usance/sdk/abis";
import type { Client, Hex } from "viem";
import { getBlockNumber, getContractEvents } from "viem/actions";
import { dateOfPeriod } from "../lib/calendar.ts";
import type { DayStore } from "../reporter/node/days.ts";
import type { ArchiveWriter, PrintReference } from "./archive.ts";

/** A print on chain whose statements the node does not have. */
export interface UnknownPrint extends PrintReference {
  readonly revision: number;
}

/** What a publisher works with. */
export interface PublisherOptions {
  readonly client: Client;
  readonly deployment: Deployment;
  /** Id of the index. */
  readonly index: Hex;
  readonly days: DayStore;
  readonly writer: ArchiveWriter;
}

/** Publishes what was posted, with the statements that a reporter's node has calculated it from. */
export class Publisher {
  readonly #options: PublisherOptions;
  #fromBlock: bigint;
  #unknown = new Map<string, UnknownPrint>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#fromBlock = BigInt(options.deployment.block);
  }

  /**
   * Publishes every print of the chain since the last call, the first time all of them. What is published already stays as it is. A print that the node
   * did not know is looked for again the next time.
   * @returns How many prints were new to this publisher, and those that it cannot publish: the median's vintage is that of others.
   */
  async update(): Promise<{ published: number; unknown: readonly UnknownPrint[] }> {
    const { client, deployment, index } = this.#options;
    // cacheTime 0: viem would say the block of some seconds ago.
    const toBlock = await getBlockNumber(client, { cacheTime: 0 });
    const events =
      toBlock < this.#fromBlock
        ? []
        : await getContractEvents(client, {
            address: deployment.usageIndex,
            abi: usageIndexAbi,
            eventName: "PrintPosted",
            args: { index },
            fromBlock: this.#fromBlock,
            toBlock,
            strict: true,
          });
    const posted = events.map(({ args: { period, revision, vintage } }) => ({ period, revision, vintage }));
    let published = 0;
    for (const print of [...this.#unknown.values(), ...posted]) {
      const key = `${print.period} ${print.revision}`;
      if (this.#publish(print)) {
        published += 1;
        this.#unknown.delete(key);
      } else this.#unknown.set(key, print);
    }
    this.#fromBlock = toBlock + 1n;
    return { published, unknown: [...this.#unknown.values()] };
  }

  #publish({ period, revision, vintage }: UnknownPrint): boolean {
    const day = this.#options.days.find(vintage);
    if (day === undefined) return false;
    const { stage, print: value, previous, statements } = day;
    this.#options.writer.publish({ period, revision, stage, value, vintage, previous, statements });
    return true;
  }
}

/** Names prints for a message, such as "2025-01-31.1, 2025-02-01.2". */
export function namesOf(prints: readonly UnknownPrint[]): string {
  return prints.map(({ period, revision }) => `${dateOfPeriod(period)}.${revision}`).join(", ");
}
