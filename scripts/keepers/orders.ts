import { decodeOrderId, getOrder, isContractError } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { getContractEvents } from "viem/actions";
import type { KeeperContext } from "./context.ts";

/** Blocks that one question for events covers: many nodes refuse more. */
const RANGE = 5_000n;

/** Blocks that are read again each time: a reorganisation may have put other orders into them. */
const OVERLAP = 12n;

/** An account, and how many orders of it rest in each market. */
export interface OrderHolder {
  id: number;
  positions: readonly { market: number; openOrders: bigint }[];
}

/** Orders of an account that were seen to be placed in the blocks from `first` up to `next`, and have rested since. */
interface Known {
  first: bigint;
  next: bigint;
  ids: Set<bigint>;
}

/**
 * Finds the resting orders of single accounts from events. The newest blocks are read first, and only as many as it takes
 * to find all that rest: that a chain is old makes nobody wait.
 */
export class OrderFinder {
  readonly #known = new Map<number, Known>();
  readonly #context: KeeperContext;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  /** Resting orders at a block, by account. */
  async find(accounts: readonly OrderHolder[], block: bigint): Promise<Map<number, bigint[]>> {
    const found = new Map<number, bigint[]>();
    for (const account of accounts) found.set(account.id, await this.#findOf(account, block));
    return found;
  }

  async #findOf({ id, positions }: OrderHolder, block: bigint): Promise<bigint[]> {
    const start = BigInt(this.#context.deployment.block);
    const known = this.#known.get(id) ?? { first: block + 1n, next: block + 1n, ids: new Set<bigint>() };
    this.#known.set(id, known);
    for (; known.next <= block; known.next = smaller(known.next + RANGE, block + 1n))
      for (const order of await this.#placed(id, known.next, smaller(known.next + RANGE - 1n, block)))
        known.ids.add(order);

    const expected = new Map(positions.map(({ market, openOrders }) => [market, Number(openOrders)]));
    const live = await this.#resting(known.ids, expected, block);
    while (known.first > start && !isComplete(live, expected)) {
      const first = larger(start, known.first - RANGE);
      const placed = await this.#placed(id, first, known.first - 1n);
      live.unshift(...(await this.#resting(placed, expected, block)));
      known.first = first;
    }
    known.ids = new Set(live);
    known.next = larger(known.first, block + 1n - OVERLAP);
    return [...known.ids];
  }

  /** Orders of an account that were placed from one block to another. */
  async #placed(account: number, fromBlock: bigint, toBlock: bigint): Promise<bigint[]> {
    const { client, deployment } = this.#context;
    const events = await getContractEvents(client, {
      address: deployment.clearinghouse,
      abi: clearinghouseAbi,
      eventName: "OrderPlaced",
      args: { account },
      fromBlock,
      toBlock,
      strict: true,
    });
    return events.map(({ args }) => args.id);
  }

  /** Those of some orders that rest at a block, in markets in which the account has any. */
  async #resting(
    ids: Iterable<bigint>,
    expected: ReadonlyMap<number, number>,
    block: bigint,
  ): Promise<bigint[]> {
    const asked = [...ids].filter((id) => (expected.get(decodeOrderId(id).market) ?? 0) > 0);
    const rest = await Promise.all(asked.map((id) => this.#rests(id, block)));
    return asked.filter((_, position) => rest[position]);
  }

  async #rests(id: bigint, blockNumber: bigint): Promise<boolean> {
    const { client, deployment } = this.#context;
    try {
      await getOrder(client, { deployment, id, blockNumber });
      return true;
    } catch (error) {
      if (isContractError(error, "OrderNotFound")) return false;
      throw error;
    }
  }
}

/** Whether all orders that rest have been found. */
function isComplete(live: readonly bigint[], expected: ReadonlyMap<number, number>): boolean {
  const found = new Map<number, number>();
  for (const id of live) {
    const { market } = decodeOrderId(id);
    found.set(market, (found.get(market) ?? 0) + 1);
  }
  return [...expected].every(([market, count]) => (found.get(market) ?? 0) >= count);
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
