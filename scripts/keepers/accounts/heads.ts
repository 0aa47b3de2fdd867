import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "viem";
import { getBlockNumber } from "viem/actions";

/**
 * Waits for a block newer than `after`: what a supervisor does between two rounds, so that each block gets one at once.
 * @param after Number of the block that the last round looked at.
 * @param options.signal Ends the wait.
 * @param options.pollMilliseconds Time between two questions for the newest block.
 * @returns its number; `after` where the signal ended the wait.
 */
export async function nextBlock(
  client: Client,
  after: bigint,
  { signal, pollMilliseconds = 250 }: { signal?: AbortSignal; pollMilliseconds?: number } = {},
): Promise<bigint> {
  while (!signal?.aborted) {
    const number = await getBlockNumber(client, { cacheTime: 0 });
    if (number !== after) return number;
    await sleep(pollMilliseconds, undefined, { signal }).catch(() => undefined);
  }
  return after;
}
