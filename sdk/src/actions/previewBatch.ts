import type { Client } from "viem";
import { accountAfter, pinMoment, type AccountAfter } from "../internal/after.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { encodeOrder, type Order } from "../internal/order.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { callTogether } from "../internal/together.ts";
import type { BatchOrdersErrorType } from "./batchOrders.ts";

export type PreviewBatchParameters = ReadParameters & {
  /** Account that would trade. */
  accountId: number;
  /** Ids of orders to cancel; none when left out. */
  cancels?: readonly bigint[] | undefined;
  /** Orders to place; none when left out. */
  orders?: readonly Order[] | undefined;
};

export type PreviewBatchReturnType = AccountAfter & {
  /** Ids of the resting remainders, in the order of the orders; 0 where nothing rests. */
  ids: readonly bigint[];
  /** Signed lots by which the position in each market changes. */
  filled: { market: number; lots: bigint }[];
  /** Equity that the trades cost: fees, and prices worse than mark (below zero: better), collateral units. */
  cost: bigint;
};

export type PreviewBatchErrorType = BatchOrdersErrorType;

/**
 * Compute what a batch of cancellations and orders would do now: what rests, what trades in each market, what it costs, and the
 * account afterwards.
 *
 * @throws The error that `batchOrders` would throw its owner
 *
 * @example
 * import { parseLots, parsePrice, previewBatch, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   // A roll from one month into the next.
 *   const roll = { lots: parseLots("1"), kind: "fillOrKill" } as const;
 *   const { cost, liquidation } = await previewBatch(client, {
 *     deployment,
 *     accountId: 2048,
 *     orders: [
 *       { ...roll, market: 2, lots: -roll.lots, tick: parsePrice("3840") },
 *       { ...roll, market: 3, tick: parsePrice("3851") },
 *     ],
 *   });
 *   console.log(cost, liquidation);
 * }
 */
export async function previewBatch(
  client: Client,
  parameters: PreviewBatchParameters,
): Promise<PreviewBatchReturnType> {
  const { accountId, cancels = [], orders = [] } = parameters;
  const moment = await pinMoment(client, parameters);
  const account = await read(client, moment, clearinghouse, "account", [accountId]);
  const [ids, state] = await callTogether(client, moment, account.owner, [
    { functionName: "batch", args: [accountId, cancels, orders.map(encodeOrder)] },
    { functionName: "account", args: [accountId] },
  ]);
  const sizeIn = ({ positions }: typeof account, market: number) =>
    positions.find((position) => position.market === market)?.size ?? 0n;
  const markets = [...new Set(orders.map(({ market }) => market))];
  return {
    ids,
    filled: markets
      .map((market) => ({ market, lots: sizeIn(state, market) - sizeIn(account, market) }))
      .filter(({ lots }) => lots !== 0n),
    cost: account.equity - state.equity,
    ...(await accountAfter(client, moment, state)),
  };
}
