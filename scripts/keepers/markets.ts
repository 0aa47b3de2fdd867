import { getMarket } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { readContract } from "viem/actions";
import type { KeeperContext } from "./context.ts";

/** Blocks after which no reorganisation is expected to undo what a keeper has seen. */
const CONFIRMATIONS = 64n;

/** State of a market as a keeper reads it. */
export type MarketState = Awaited<ReturnType<typeof getMarket>>;

/** Reads the markets that still matter to a keeper: years of settled months would make every round slower. */
export class MarketReader {
  readonly #context: KeeperContext;
  /** Block at which a market was first seen to be through. */
  readonly #through = new Map<number, bigint>();

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  /** State of every market at a block, but of those that have been through for a while. */
  async read(blockNumber: bigint): Promise<MarketState[]> {
    const { client, deployment } = this.#context;
    const count = await readContract(client, {
      address: deployment.clearinghouse,
      abi: clearinghouseAbi,
      functionName: "marketCount",
      blockNumber,
    });
    const ids = Array.from({ length: Number(count) }, (_, offset) => offset + 1).filter(
      (id) => (this.#through.get(id) ?? blockNumber) + CONFIRMATIONS > blockNumber,
    );
    return Promise.all(ids.map((market) => getMarket(client, { deployment, market, blockNumber })));
  }

  /** Notes whether a market is through at a block: settled, and nothing left to do in it. */
  note(market: number, isThrough: boolean, block: bigint): void {
    if (!isThrough) this.#through.delete(market);
    else if (!this.#through.has(market)) this.#through.set(market, block);
  }
}
