import { decodeUsanceError } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import type { ContractEventArgs, ContractEventName } from "viem";
import { getBlock, getBlockNumber, getContractEvents } from "viem/actions";
import type { Session } from "./session.ts";

type EventName = ContractEventName<typeof clearinghouseAbi>;

/** Blocks asked for at once. Many nodes refuse more. */
const CHUNK = 10_000n;
/** Fewest blocks that are worth another try where a node refuses. */
const LEAST_CHUNK = 64n;

/** Which past blocks a search covers. */
export interface Range {
  fromBlock: bigint;
  toBlock: bigint;
}

/** All blocks of the exchange up to the latest. */
export async function wholeRange({ client, deployment }: Session): Promise<Range> {
  const toBlock = await getBlockNumber(client, { cacheTime: 0 });
  return { fromBlock: BigInt(deployment.block), toBlock };
}

/** Searches a range in pieces, which become smaller where the node refuses one. */
async function inChunks<item>(
  { fromBlock, toBlock }: Range,
  search: (piece: Range) => Promise<readonly item[]>,
): Promise<item[]> {
  const found: item[] = [];
  let size = CHUNK;
  for (let from = fromBlock; from <= toBlock;) {
    const last = from + size - 1n;
    const to = last < toBlock ? last : toBlock;
    try {
      found.push(...(await search({ fromBlock: from, toBlock: to })));
      from = to + 1n;
    } catch (error) {
      if (size / 4n < LEAST_CHUNK) throw decodeUsanceError(error);
      size /= 4n;
    }
  }
  return found;
}

/** Finds past events of one kind, oldest first; since the deployment where no range is given. */
export async function pastEvents<const name extends EventName>(
  session: Session,
  eventName: name,
  args: ContractEventArgs<typeof clearinghouseAbi, name>,
  range?: Range,
) {
  const { client, deployment } = session;
  return inChunks(range ?? (await wholeRange(session)), (piece) =>
    getContractEvents(client, {
      address: deployment.clearinghouse,
      abi: clearinghouseAbi,
      eventName,
      args,
      strict: true,
      ...piece,
    }),
  );
}

/** First block of a range that is not older than a moment; the one after the range where all are. */
export async function blockFrom(
  { client }: Session,
  moment: bigint,
  { fromBlock, toBlock }: Range,
): Promise<bigint> {
  let low = fromBlock;
  let high = toBlock + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const { timestamp } = await getBlock(client, { blockNumber: middle });
    if (timestamp < moment) low = middle + 1n;
    else high = middle;
  }
  return low;
}

/** Reads the times of blocks, each once. */
export function blockTimes({ client }: Session): (blockNumber: bigint) => Promise<number> {
  const known = new Map<bigint, Promise<number>>();
  return (blockNumber) => {
    const time =
      known.get(blockNumber) ?? getBlock(client, { blockNumber }).then(({ timestamp }) => Number(timestamp));
    known.set(blockNumber, time);
    return time;
  };
}
