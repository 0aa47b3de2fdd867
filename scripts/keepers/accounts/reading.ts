import { getAccounts, type GetAccountsReturnType } from "@usance/sdk";
import { clearinghouseAbi, collateralAbi } from "@usance/sdk/abis";
import { BlockNotFoundError, decodeFunctionResult, encodeFunctionData, type Hash } from "viem";
import { getBlock, getLogs, readContract, simulateContract } from "viem/actions";
import type { KeeperContext } from "../context.ts";
import { storedPosition, type StoredPosition } from "./stored.ts";
import type { OpenRound } from "./terms.ts";
import { noteChanges, type Changes } from "./touched.ts";

/** Blocks that one question for logs covers: many nodes refuse more. */
const RANGE = 5_000n;

/** Accounts in one call of the lens: enough to spare round trips, few enough for a node's limit of gas. */
export const BATCH = 50;

/** Positions in one call: each is a single word. */
const WORDS = 200;

/** Calls that are under way at once. */
const PARALLEL = 8;

/** An account as the lens shows it. */
export type AccountView = GetAccountsReturnType[number];

/** A block as far as the book follows it. */
export interface Head {
  block: bigint;
  hash: Hash;
  parentHash: Hash;
  /** Unix time. */
  now: number;
}

/** What the book reads from the chain, all of it at a block by number. */
export class ChainReading {
  readonly #context: KeeperContext;

  constructor(context: KeeperContext) {
    this.#context = context;
  }

  async head(): Promise<Head> {
    const { number, hash, parentHash, timestamp } = await this.#context.connection.head.read();
    return { block: number, hash, parentHash, now: timestamp };
  }

  /** Whether a block is still part of the chain. */
  async isCanonical({ block, hash }: Pick<Head, "block" | "hash">): Promise<boolean> {
    try {
      return (await getBlock(this.#context.client, { blockNumber: block })).hash === hash;
    } catch (error) {
      if (error instanceof BlockNotFoundError) return false;
      throw error;
    }
  }

  /** Accounts of owners that are open at a block. */
  async accountCount(blockNumber: bigint): Promise<number> {
    const { client, deployment } = this.#context;
    const count = await readContract(client, {
      address: deployment.clearinghouse,
      abi: clearinghouseAbi,
      functionName: "accountCount",
      blockNumber,
    });
    return Number(count);
  }

  /** Collateral units of a millionth of a token: what tick values are counted in. */
  async unit(): Promise<bigint> {
    const { client, deployment } = this.#context;
    const decimals = await readContract(client, {
      address: deployment.collateral,
      abi: collateralAbi,
      functionName: "decimals",
    });
    return 10n ** BigInt(decimals - 6);
  }

  /** Notes what logs from one block to another tell of. */
  async changes(changes: Changes, first: bigint, last: bigint): Promise<void> {
    const { client, deployment } = this.#context;
    for (let from = first; from <= last; from += RANGE) {
      const to = from + RANGE - 1n;
      const logs = await getLogs(client, {
        address: deployment.clearinghouse,
        fromBlock: from,
        toBlock: to < last ? to : last,
      });
      noteChanges(changes, logs);
    }
  }

  /** Accounts as the lens shows them at a block, in the order asked for. */
  async accounts(ids: readonly number[], blockNumber: bigint): Promise<AccountView[]> {
    const { client, deployment } = this.#context;
    const views = await inParallel(inBatches(ids, BATCH), (accountIds) =>
      getAccounts(client, { deployment, accountIds, blockNumber }),
    );
    return views.flat();
  }

  /** Positions of accounts in a market as they are stored at a block, in the order asked for. */
  async stored(market: number, ids: readonly number[], blockNumber: bigint): Promise<StoredPosition[]> {
    const { client, deployment } = this.#context;
    const call = { abi: clearinghouseAbi, functionName: "positionWord" } as const;
    const words = await inParallel(inBatches(ids, WORDS), async (accounts) => {
      const { result } = await simulateContract(client, {
        address: deployment.clearinghouse,
        abi: clearinghouseAbi,
        functionName: "multicall",
        args: [accounts.map((account) => encodeFunctionData({ ...call, args: [market, account] }))],
        blockNumber,
      });
      return result.map((data) => decodeFunctionResult({ ...call, data }));
    });
    return words.flat().map(storedPosition);
  }

  /** The rounds of a market from one number to another. */
  async rounds(market: number, first: number, last: number, blockNumber: bigint): Promise<OpenRound[]> {
    const { client, deployment } = this.#context;
    const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    return Promise.all(
      numbers.map(async (number) => {
        const { tick, cumulativeFunding } = await readContract(client, {
          address: deployment.clearinghouse,
          abi: clearinghouseAbi,
          functionName: "round",
          args: [market, BigInt(number)],
          blockNumber,
        });
        return { tick, cumulativeFunding };
      }),
    );
  }
}

function inBatches<item>(items: readonly item[], most: number): item[][] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, i) =>
    items.slice(i * most, (i + 1) * most),
  );
}

/** Runs a task for each item, a few at a time, and returns the results in order. */
async function inParallel<item, result>(
  items: readonly item[],
  task: (item: item) => Promise<result>,
): Promise<result[]> {
  const results: result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await task(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
  return results;
}
