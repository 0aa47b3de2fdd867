import { getOrders } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { getAbiItem, type GetLogsReturnType } from "viem";
import { getLogs } from "viem/actions";
import type { KeeperContext } from "./context.ts";

/** Blocks that one question for events covers: many nodes refuse more. */
const RANGE = 5_000n;

const others = [
  getAbiItem({ abi: clearinghouseAbi, name: "OrderAmended" }),
  getAbiItem({ abi: clearinghouseAbi, name: "SwitchSet" }),
  getAbiItem({ abi: clearinghouseAbi, name: "AccountRetired" }),
] as const;

type Event = GetLogsReturnType<undefined, typeof others, true, bigint, bigint>[number];

/** What is known of a resting order. */
export interface RestingOrder {
  account: number;
  /** Lots that are still open. */
  lots: bigint;
  /** Unix time of its last second; 0 for never. */
  expiry: bigint;
}

/** The resting orders of every account with what may have killed them, from events; each block is read once. */
export class RestingOrders {
  readonly #context: KeeperContext;
  readonly #confirmations: bigint;
  #next: bigint;
  /** Orders by id. */
  readonly orders = new Map<bigint, RestingOrder>();
  /** Last second at which the orders of an account are good, where it has a dead-man switch. */
  readonly deadlines = new Map<number, bigint>();
  readonly retired = new Set<number>();

  /** @param confirmations Blocks after which no reorganisation is expected: younger ones are not read yet. */
  constructor(context: KeeperContext, confirmations: bigint) {
    this.#context = context;
    this.#confirmations = confirmations;
    this.#next = BigInt(context.deployment.block);
  }

  /** Takes in what happened up to `confirmations` before a block. */
  async follow(block: bigint): Promise<void> {
    const end = block - this.#confirmations;
    while (this.#next <= end) {
      const last = this.#next + RANGE - 1n < end ? this.#next + RANGE - 1n : end;
      for (const apply of await this.#read(this.#next, last)) apply();
      this.#next = last + 1n;
    }
  }

  /** Forgets orders that need no look any more. */
  forget(isDone: (id: bigint) => boolean): void {
    for (const id of this.orders.keys()) if (isDone(id)) this.orders.delete(id);
  }

  async #read(fromBlock: bigint, toBlock: bigint): Promise<(() => void)[]> {
    const { client, deployment } = this.#context;
    const [orders, rest] = await Promise.all([
      getOrders(client, { deployment, fromBlock, toBlock }),
      getLogs(client, {
        address: deployment.clearinghouse,
        events: others,
        strict: true,
        fromBlock,
        toBlock,
      }),
    ]);
    const applications = [
      ...orders.map((event) => ({ event, apply: () => this.#applyOrder(event) })),
      ...rest.map((event) => ({ event, apply: () => this.#applyOther(event) })),
    ];
    return applications
      .sort(({ event: a }, { event: b }) =>
        a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : Number(a.blockNumber - b.blockNumber),
      )
      .map(({ apply }) => apply);
  }

  #applyOrder(event: Awaited<ReturnType<typeof getOrders>>[number]): void {
    switch (event.eventName) {
      case "OrderPlaced": {
        const { id, account, lots, expiry } = event.args;
        this.orders.set(id, { account, lots: lots < 0n ? -lots : lots, expiry });
        break;
      }
      case "OrderFilled": {
        const order = this.orders.get(event.args.id);
        if (order === undefined) break;
        order.lots -= event.args.lots;
        if (order.lots <= 0n) this.orders.delete(event.args.id);
        break;
      }
      case "OrderDropped":
        this.orders.delete(event.args.id);
        break;
      case "OrderTaken":
        break;
    }
  }

  #applyOther(event: Event): void {
    switch (event.eventName) {
      case "OrderAmended": {
        const { id, lots } = event.args;
        const order = this.orders.get(id);
        if (order !== undefined) order.lots = lots < 0n ? -lots : lots;
        break;
      }
      case "SwitchSet": {
        const { account, deadline } = event.args;
        if (deadline === 0) this.deadlines.delete(account);
        else this.deadlines.set(account, BigInt(deadline));
        break;
      }
      case "AccountRetired":
        this.retired.add(event.args.account);
        break;
    }
  }
}
