import type { Client } from "viem";
import { getBlock, getBlockNumber } from "viem/actions";

/** Most blocks of one request, where a caller says nothing: what the common providers allow. */
export const defaultBlockRange = 10_000n;

/** Part of a chain. */
export type BlockSpan = { fromBlock: bigint; toBlock: bigint };

/**
 * Asks for a range in parts: none longer than the bound, and half as long wherever the node says that it was too much. Gives
 * the parts in their order.
 */
export async function* inParts<found>(
  ask: (span: BlockSpan) => Promise<found>,
  { fromBlock, toBlock }: BlockSpan,
  bound = defaultBlockRange,
): AsyncGenerator<{ span: BlockSpan; found: found }> {
  let length = bound < 1n ? 1n : bound;
  let next = fromBlock;
  while (next <= toBlock) {
    const last = next + length - 1n;
    const span = { fromBlock: next, toBlock: last < toBlock ? last : toBlock };
    let found: found;
    try {
      found = await ask(span);
    } catch (error) {
      const blocks = span.toBlock - span.fromBlock + 1n;
      if (blocks === 1n || !isTooMuch(error)) throw error;
      length = blocks / 2n;
      continue;
    }
    yield { span, found };
    next = span.toBlock + 1n;
    // A crowded stretch ends: back to the bound, step by step.
    length = length * 2n < bound ? length * 2n : bound;
  }
}

/** The phrases with which nodes and providers refuse a range of logs. */
const tooMuch =
  /more than [\d,]+ (results|logs)|too many (results|logs|blocks)|(results?|logs?|response|query|range|blocks?).{0,40}(limit|exceed|too (large|big|wide|long)|maximum)|(limit|exceed|maximum|max).{0,40}(results?|logs?|response|range|blocks?)|query timeout/i;

/** Whether a node refused a request for logs because there were too many, or too many blocks to look through. */
export function isTooMuch(error: unknown): boolean {
  for (let next = error, left = 16; typeof next === "object" && next !== null && left > 0; left--) {
    const { message, details, cause } = next as Record<string, unknown>;
    // The message of viem repeats the request, whose method and parameters are no reason.
    const reason = typeof details === "string" ? details : message;
    if (typeof reason === "string" && tooMuch.test(reason)) return true;
    next = cause;
  }
  return false;
}

/** Number of the newest block, as the node says now. */
export function newestBlock(client: Client): Promise<bigint> {
  return getBlockNumber(client, { cacheTime: 0 });
}

/** Unix times of blocks; those that the logs themselves carry are not asked for. */
export async function timesOf(
  client: Client,
  logs: readonly { blockNumber: bigint; blockTimestamp?: bigint | undefined }[],
): Promise<(blockNumber: bigint) => bigint> {
  const times = new Map<bigint, bigint>();
  for (const { blockNumber, blockTimestamp } of logs) {
    if (blockTimestamp !== undefined && blockTimestamp !== null)
      times.set(blockNumber, BigInt(blockTimestamp));
  }
  const missing = [...new Set(logs.map(({ blockNumber }) => blockNumber))].filter((n) => !times.has(n));
  // A few at a time: providers count requests.
  for (let start = 0; start < missing.length; start += 20) {
    const blocks = missing
      .slice(start, start + 20)
      .map((blockNumber) =>
        getBlock(client, { blockNumber }).then(({ timestamp }) => [blockNumber, timestamp] as const),
      );
    for (const [number, time] of await Promise.all(blocks)) times.set(number, time);
  }
  return (blockNumber) => times.get(blockNumber) ?? 0n;
}
