import { testActions, type Chain, type Client, type Transport } from "viem";
import { getBlock } from "viem/actions";
import { SECONDS_PER_DAY } from "../lib/calendar.ts";

/** The clock of the local chain. It only moves forward. */
export class Clock {
  readonly #test;

  constructor(readonly client: Client<Transport, Chain>) {
    this.#test = client.extend(testActions({ mode: "hardhat" }));
  }

  /** Unix time of the newest block. */
  async now(): Promise<number> {
    return Number((await getBlock(this.client, { blockTag: "latest" })).timestamp);
  }

  /**
   * Moves the chain to an hour of a UTC day and mines a block there.
   * @throws RangeError where that moment has passed: the day before ran over its time.
   */
  async advanceTo(period: number, hour: number): Promise<void> {
    const timestamp = BigInt(period * SECONDS_PER_DAY + Math.round(hour * 3_600));
    const now = await this.now();
    if (timestamp <= now) throw new RangeError(`the chain is at ${now} already, past ${timestamp}`);
    await this.#test.setNextBlockTimestamp({ timestamp });
    await this.#test.mine({ blocks: 1 });
  }
}
