import type { Abi, Client, Hash } from "viem";
import { getBlock } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { InvalidCursorError } from "../errors/inputErrors.ts";
import type { UsanceError } from "../errors/UsanceError.ts";
import type { Contract, DeploymentParameter } from "./contracts.ts";
import { askEvents, type EventFilter, type EventName, type EventRecord } from "./events.ts";
import { inParts, type BlockSpan } from "./logs.ts";

/** Blocks that a reorganisation took out of the chain, as far as this watch had passed them on. */
export type Reorg<item> = {
  /** Number of the newest block that still stands; everything after it is void and comes anew. */
  standing: bigint;
  /** What had been passed on from the blocks that fell, newest first; empty for what an earlier run had passed on. */
  removed: item[];
};

/** How a watcher asks for news. */
export type WatchParameters<item> = DeploymentParameter & {
  /** First block; those after the present one when left out. */
  fromBlock?: bigint | undefined;
  /** Where an earlier watch had got to, as `onCursor` gave it; goes before `fromBlock`. */
  cursor?: string | undefined;
  /** Takes what a reorganisation undid. What replaces it is passed on afterwards like anything new. */
  onReorg?: ((reorg: Reorg<item>) => void) | undefined;
  /** Takes where the watch has got to, after everything up to there has been passed on: a text to keep for `cursor`. */
  onCursor?: ((cursor: string) => void) | undefined;
  /** Takes failures: of the connection, after which the watch asks again, at first soon, and of what you pass as callbacks. */
  onError?: ((error: UsanceError) => void) | undefined;
  /** Blocks that must stand on one before it counts; 0 when left out. With enough of them nothing is ever undone. */
  confirmations?: number | undefined;
  /** Milliseconds between two questions to the node; the client's when left out. */
  pollingInterval?: number | undefined;
  /** Most blocks of one request for logs; 10,000 when left out. Where a node still says that it is too much, it is halved. */
  blockRange?: bigint | undefined;
};

/** A block that was seen. */
type Mark = { number: bigint; hash: Hash };

/** What a span of blocks holds. */
type Found<item> = { items: item[]; marks: Mark[] };

type Source<item> = {
  /** Reads a span. */
  read: (span: BlockSpan) => Promise<Found<item>>;
  /** Takes what is new, in the order of the chain. */
  onItems: (items: item[]) => void;
};

/** Blocks behind the newest within which a reorganisation is followed exactly. */
const depth = 256n;
/** Blocks that a cursor remembers. */
const remembered = 32;
/** Longest pause between two tries, milliseconds. */
const longestPause = 30_000;

/**
 * Passes on what blocks hold, each once and in order, for as long as it is not ended: over lost connections, gaps,
 * reorganisations and restarts. It asks for the newest block and then for the logs since the one that it knows, so that
 * nothing depends on filters or subscriptions, which nodes forget.
 */
export function watchChain<item extends { blockNumber: bigint }>(
  client: Client,
  parameters: WatchParameters<item>,
  { read, onItems }: Source<item>,
): () => void {
  const { cursor, fromBlock, onReorg, onCursor, onError, confirmations = 0, blockRange } = parameters;
  const { pollingInterval = client.pollingInterval } = parameters;
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  // Blocks up to which all is passed on, the last of them the newest; and what may still be undone.
  let seen: Mark[] = cursor === undefined ? [] : decodeCursor(cursor);
  let items: item[] = [];
  let marks: Mark[] = [];
  let next = cursor === undefined ? fromBlock : undefined;

  const hashAt = async (blockNumber: bigint): Promise<Hash | undefined> =>
    (await getBlock(client, { blockNumber })).hash;

  async function step(): Promise<void> {
    const head = await getBlock(client, { blockTag: "latest" });
    if (seen.length === 0 && next === undefined) next = head.number + 1n;
    if (seen.length === 0 && next !== undefined && next > 0n) {
      // Without the block before, the first reorganisation would go unnoticed.
      const number = next - 1n < head.number ? next - 1n : head.number;
      const hash = number === head.number ? head.hash : await hashAt(number);
      if (hash) {
        seen = [{ number, hash }];
        save();
      }
    }
    if (!(await stands(head))) await undo(head.number);
    const last = seen.at(-1);
    const from = last ? later(last.number + 1n, next ?? 0n) : (next ?? 0n);
    const to = head.number - BigInt(confirmations);
    if (from > to || ended) return;
    for await (const { span, found } of inParts(readSteady, { fromBlock: from, toBlock: to }, blockRange)) {
      if (ended) return;
      accept(span, found.found, found.end, head.number);
    }
  }

  /** Whether the newest block that was seen is still part of the chain. */
  async function stands(head: { number: bigint; hash: Hash; parentHash: Hash }): Promise<boolean> {
    const last = seen.at(-1);
    if (!last) return true;
    if (head.number === last.number) return head.hash === last.hash;
    if (head.number === last.number + 1n) return head.parentHash === last.hash;
    // A node that lags behind says nothing about what it does not have yet.
    const at = head.number > last.number ? last : seen.filter(({ number }) => number <= head.number).at(-1);
    if (!at) return true;
    return (at.number === head.number ? head.hash : await hashAt(at.number)) === at.hash;
  }

  /** Goes back to the newest block that still stands, and tells what falls with those after it. */
  async function undo(newest: bigint): Promise<void> {
    const known = [...seen, ...marks].sort((a, b) =>
      a.number < b.number ? 1 : a.number > b.number ? -1 : 0,
    );
    let standing: Mark | undefined;
    for (const mark of known) {
      if (mark.number > newest || (await hashAt(mark.number)) !== mark.hash) continue;
      standing = mark;
      break;
    }
    const oldest = known.at(-1)?.number ?? 0n;
    const number = standing?.number ?? (oldest > 0n ? oldest - 1n : 0n);
    const removed = items.filter(({ blockNumber }) => blockNumber > number).reverse();
    if (ended) return;
    seen = standing ? [...seen.filter((mark) => mark.number < number), standing] : [];
    next = number + 1n;
    items = items.filter(({ blockNumber }) => blockNumber <= number);
    marks = marks.filter((mark) => mark.number <= number);
    tell(() => onReorg?.({ standing: number, removed }));
    save();
  }

  /** Reads a span and makes sure that it was one chain all the while. */
  async function readSteady(span: BlockSpan): Promise<{ found: Found<item>; end: Mark }> {
    const { hash, parentHash } = await getBlock(client, { blockNumber: span.toBlock });
    const found = await read(span);
    const last = seen.at(-1);
    const follows =
      span.fromBlock === span.toBlock
        ? last?.number !== span.fromBlock - 1n || parentHash === last.hash
        : last === undefined || (await hashAt(last.number)) === last.hash;
    const isSame = (await hashAt(span.toBlock)) === hash;
    const fits = found.marks.every((mark) => mark.number !== span.toBlock || mark.hash === hash);
    if (!follows || !isSame || !fits) throw new ChainMoved();
    return { found, end: { number: span.toBlock, hash } };
  }

  function accept(span: BlockSpan, found: Found<item>, end: Mark, newest: bigint): void {
    const oldest = newest > depth ? newest - depth : 0n;
    seen = [...seen, end].filter((mark, i, all) => mark.number >= oldest || i === all.length - 1);
    items = [...items, ...found.items].filter(({ blockNumber }) => blockNumber >= oldest);
    marks = [...marks, ...found.marks].filter((mark) => mark.number >= oldest);
    next = span.toBlock + 1n;
    if (found.items.length > 0) tell(() => onItems(found.items));
    save();
  }

  function save(): void {
    tell(() => onCursor?.(encodeCursor(seen)));
  }

  /** What a callback throws is its owner's: the watch has gone on already. */
  function tell(callback: () => void): void {
    if (ended) return;
    try {
      callback();
    } catch (error) {
      onError?.(decodeUsanceError(error));
    }
  }

  async function run(): Promise<void> {
    let pause = pollingInterval;
    try {
      await step();
      failures = 0;
    } catch (error) {
      if (ended) return;
      if (!(error instanceof ChainMoved)) {
        failures++;
        onError?.(decodeUsanceError(error));
        await renew(client, failures);
      }
      pause = Math.min(
        pollingInterval * 2 ** Math.min(failures, 16),
        Math.max(longestPause, pollingInterval),
      );
    }
    // The end may have come meanwhile.
    if (!ended) timer = setTimeout(() => void run(), pause);
  }

  void run();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Tries of one WebSocket before another is opened. */
const triesOfSocket = 2;

/** Opens another WebSocket where the client's has died: it gives up by itself once it could not reconnect. */
async function renew({ transport }: Client, failures: number): Promise<void> {
  const { type, getRpcClient } = transport as {
    type: string;
    getRpcClient?: () => Promise<{ close(): void }>;
  };
  if (type !== "webSocket" || failures % triesOfSocket !== 0) return;
  try {
    (await getRpcClient?.())?.close();
  } catch {
    // There is none to close: the next request opens one.
  }
}

/** The chain changed while it was read: nothing of that is passed on, and it is read again. */
class ChainMoved extends Error {}

/** Passes on events as they come; the returned function ends the watch. */
export function watchEvents<const abi extends Abi, const name extends EventName<abi>>(
  client: Client,
  parameters: WatchParameters<EventRecord<abi, name>>,
  contract: Contract<abi>,
  names: readonly name[],
  onItems: (events: EventRecord<abi, name>[]) => void,
  filter: EventFilter = {},
): () => void {
  const { deployment } = parameters;
  return watchChain<EventRecord<abi, name>>(client, parameters, {
    read: async (span) => {
      const items = await askEvents(client, { deployment, ...span }, contract, names, filter);
      return { items, marks: marksOf(items) };
    },
    onItems,
  });
}

/** The blocks that events were found in. */
export function marksOf(events: readonly { blockNumber: bigint; blockHash: Hash }[]): Mark[] {
  const marks = new Map(events.map(({ blockNumber, blockHash }) => [blockNumber, blockHash]));
  return [...marks].map(([number, hash]) => ({ number, hash }));
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function encodeCursor(seen: readonly Mark[]): string {
  return seen
    .slice(-remembered)
    .map(({ number, hash }) => `${number}:${hash}`)
    .join(",");
}

function decodeCursor(cursor: string): Mark[] {
  return cursor.split(",").map((part) => {
    const [, number = "", hash = ""] = /^(\d+):(0x[0-9a-f]{64})$/.exec(part) ?? [];
    if (hash === "") throw new InvalidCursorError(cursor);
    return { number: BigInt(number), hash: hash as Hash };
  });
}
