import type { Client, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { getEvents, type PastParameters } from "../internal/events.ts";
import { pinBlock } from "../internal/read.ts";
import { readTerms } from "../internal/risk.ts";
import { changesOf, tradeEvents } from "../internal/trades.ts";

export type GetFundingHistoryParameters = PastParameters & {
  /** Number of the market, a perpetual. */
  market: number;
  /** Account whose payments are wanted; none when left out. */
  accountId?: number | undefined;
};

/** Funding of a market between two of its minutes. */
export type FundingEntry = {
  /** Unix time up to which it ran. */
  timestamp: bigint;
  /** What one long lot has paid since listing, ticks × 2^20. */
  cumulativeFunding: bigint;
  /** What one long lot paid since the entry before, ticks × 2^20; below zero it received. */
  change: bigint;
  /** Index, ticks × 2^16. */
  indexX16: bigint;
  /** Lots that the account held all that time, signed; 0 without an account. */
  size: bigint;
  /** What those received, collateral units, floored; below zero they paid. */
  amount: bigint;
  blockNumber: bigint;
  transactionHash: Hash;
};

export type GetFundingHistoryReturnType = FundingEntry[];

export type GetFundingHistoryErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Find the funding of a market, oldest first, and what of it an account paid or received. A market's funding moves when
 * somebody touches it, in the first call of a minute, before anything is traded. The contract settles an account's funding when
 * the position is touched, floored once for each touch: these amounts may be below by a tick·lot for each entry.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { formatCollateral, getFundingHistory, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const history = await getFundingHistory(client, { deployment, market: 1, accountId: 2048 });
 *   console.log(formatCollateral(history.reduce((sum, { amount }) => sum + amount, 0n)));
 * }
 */
export async function getFundingHistory(
  client: Client,
  parameters: GetFundingHistoryParameters,
): Promise<GetFundingHistoryReturnType> {
  const { deployment, market, accountId, fromBlock = 0n, toBlock, blockRange } = parameters;
  const { blockNumber } = await pinBlock(client, { deployment, blockNumber: toBlock });
  // Sizes and sums begin before the blocks that are asked for.
  const range = { deployment, toBlock: blockNumber, blockRange };
  const [advances, trades, terms] = await Promise.all([
    getEvents(client, range, clearinghouse, ["MarketAdvanced"], { market }),
    accountId === undefined ? [] : getEvents(client, range, clearinghouse, tradeEvents, { market }),
    readTerms(client, { deployment, blockNumber }, [market]),
  ]);
  const tickValue = terms.get(market)?.tickValue ?? 0n;
  const changes = accountId === undefined ? [] : changesOf(trades, accountId);
  const history: FundingEntry[] = [];
  let [size, before, next] = [0n, 0n, 0];
  for (const { args, blockNumber, logIndex, transactionHash } of advances) {
    for (let change = changes[next]; change; change = changes[++next]) {
      const isBefore =
        change.blockNumber === blockNumber ? change.logIndex < logIndex : change.blockNumber < blockNumber;
      if (!isBefore) break;
      size += change.lots;
    }
    const { cumulativeFunding, minute, anchorX16 } = args;
    const change = cumulativeFunding - before;
    before = cumulativeFunding;
    if (blockNumber < fromBlock) continue;
    history.push({
      timestamp: BigInt(minute) * 60n,
      cumulativeFunding,
      change,
      indexX16: anchorX16,
      size,
      amount: ((-size * change) >> 20n) * tickValue,
      blockNumber,
      transactionHash,
    });
  }
  return history;
}
