import type { Client } from "viem";
import { getBlock } from "viem/actions";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";

export type GetMarginHistoryParameters = Pick<ReadParameters, "deployment"> & {
  /** Number of the account. */
  accountId: number;
  /** First block; the exchange's deployment when left out. */
  fromBlock?: bigint | undefined;
  /** Last block; the latest when left out. */
  toBlock?: bigint | undefined;
  /** Most moments, evenly spread over the blocks, the first and the last among them; 50 when left out, 2 at least. */
  points?: number | undefined;
};

/** An account's health at one block, collateral units. */
export type MarginEntry = {
  blockNumber: bigint;
  /** Unix time of the block. */
  timestamp: bigint;
  cash: bigint;
  equity: bigint;
  initialMargin: bigint;
  maintenanceMargin: bigint;
};

export type GetMarginHistoryReturnType = MarginEntry[];

export type GetMarginHistoryErrorType = ActionErrorType<"UnknownAccount">;

/**
 * Read an account's health at moments of the past, oldest first. No event tells it, since it moves with every mark: this reads
 * old states, which a node must have kept (an archive node does).
 *
 * @throws `UnknownAccount` where it was not open at the first moment
 *
 * @example
 * import { formatCollateral, getMarginHistory, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const { equity } of await getMarginHistory(client, { deployment, accountId: 2048, points: 20 })) {
 *     console.log(formatCollateral(equity));
 *   }
 * }
 */
export async function getMarginHistory(
  client: Client,
  parameters: GetMarginHistoryParameters,
): Promise<GetMarginHistoryReturnType> {
  const { deployment, accountId, fromBlock = BigInt(deployment.block), toBlock, points = 50 } = parameters;
  const { blockNumber: last } = await pinBlock(client, { deployment, blockNumber: toBlock });
  const steps = BigInt(Math.max(points, 2) - 1);
  const numbers = Array.from(
    { length: Number(steps) + 1 },
    (_, i) => fromBlock + ((last - fromBlock) * BigInt(i)) / steps,
  );
  const history: MarginEntry[] = [];
  for (const blockNumber of new Set(numbers)) {
    const [account, block] = await Promise.all([
      read(client, { deployment, blockNumber }, clearinghouse, "account", [accountId]),
      getBlock(client, { blockNumber }).catch((error: unknown) => {
        throw decodeUsanceError(error);
      }),
    ]);
    const { cash, equity, initialMargin, maintenanceMargin } = account;
    const { timestamp } = block;
    history.push({ blockNumber, timestamp, cash, equity, initialMargin, maintenanceMargin });
  }
  return history;
}
