import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import { encodeSignedOrder, type SignedOrder } from "../signedOrders/SignedOrder.ts";

export type ExecuteSignedOrdersParameters = WriteParameters & {
  /** What `signOrder` gave, in the order of execution. */
  orders: readonly SignedOrder[];
  /** Most gas that one order may use; 1,000,000 when left out. The transaction must have it in full before each of them. */
  gasEach?: bigint | undefined;
};

export type ExecuteSignedOrdersReturnType = Hash;

/** What `executeSignedOrders.simulate` gives: what became of each order, with the revert data of those that failed. */
export type ExecuteSignedOrdersResult = Outcome<SignedOrdersAbi, "executeMany">;

/** What `executeSignedOrders.extract` finds in a receipt. */
export type ExecuteSignedOrdersEvents = EventsByName<
  SignedOrdersAbi,
  "OrderExecuted" | "ExecutionFailed" | "GroupTaken"
>;

export type ExecuteSignedOrdersErrorType = ActionErrorType<"NotEnoughGasToExecute">;

/**
 * Execute several signed orders in one transaction, each as `executeSignedOrder` would: one that fails undoes nothing of the others.
 *
 * @remarks `decodeUsanceError({ data })` tells what an order's `failure`, or the `reason` of `ExecutionFailed`, means.
 *
 * @throws `NotEnoughGasToExecute`
 *
 * @example
 * import { decodeUsanceError, type Deployment, executeSignedOrders, type SignedOrder } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment, orders: SignedOrder[]) {
 *   const attempts = await executeSignedOrders.simulate(wallet, { deployment, orders });
 *   for (const { success, failure } of attempts)
 *     if (!success) console.log(decodeUsanceError({ data: failure }).message);
 *   const good = orders.filter((_, place) => attempts[place]?.success);
 *   console.log(await executeSignedOrders(wallet, { deployment, orders: good }));
 * }
 */
export const executeSignedOrders: WriteAction<
  ExecuteSignedOrdersParameters,
  ExecuteSignedOrdersResult,
  ExecuteSignedOrdersEvents
> = /*#__PURE__*/ defineWrite({
  contract: signedOrders,
  functionName: "executeMany",
  args: ({ orders, gasEach = 1_000_000n }: ExecuteSignedOrdersParameters) => [
    orders.map((order) => ({ order: encodeSignedOrder(order), signature: order.signature })),
    gasEach,
  ],
  events: ["OrderExecuted", "ExecutionFailed", "GroupTaken"],
});
