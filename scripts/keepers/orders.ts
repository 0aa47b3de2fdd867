import { getOrder, isContractError } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { getContractEvents } from "viem/actions";
import type { KeeperContext } from "./context.ts";

/** Blocks that one question for events covers: many nodes refuse more. */
const RANGE = 5_000n;

/** Blocks that are read again each time: a reorganisation may have put other orders into them. */
const OVERLAP = 12n;

/** Finds the resting orders of single accounts from events, each block read once for an account. */
export class OrderFinder {
  readonly #known = new Map<number, { next: bigint; ids: Set<bigint> }>();
  readonly #context: KeeperContext;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  /** Resting orders at a block, by account. */
  async find(accounts: readonly number[], block: bigint): Promise<Map<number, bigint[]>> {
    const found = new Map<number, bigint[]>();
    for (const account of accounts) found.set(account, await this.#findOf(account, block));
    return found;
  }

  async #findOf(account: number, block: bigint): Promise<bigint[]> {
    const { client, deployment } = this.#context;
    const known = this.#known.get(account) ?? { next: BigInt(deployment.block), ids: new Set<bigint>() };
    this.#known.set(account, known);
    while (known.next <= block) {
      const last = known.next + RANGE - 1n;
      const events = await getContractEvents(client, {
        address: deployment.clearinghouse,
        abi: clearinghouseAbi,
        eventName: "OrderPlaced",
        args: { account },
        fromBlock: known.next,
        toBlock: last < block ? last : block,
        strict: true,
      });
      for (const { args } of events) known.ids.add(args.id);
      known.next = last < block ? last + 1n : block + 1n;
    }
    const resting = await Promise.all([...known.ids].map((id) => this.#rests(id, block)));
    const live = [...known.ids].filter((_, position) => resting[position]);
    known.ids = new Set(live);
    const again = block + 1n - OVERLAP;
    known.next = again > BigInt(deployment.block) ? again : BigInt(deployment.block);
    return live;
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
