import { zeroAddress, type Account, type Address, type Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { ReadParameters } from "../internal/read.ts";
import type { ExecutionErrorName } from "../internal/signedOrder.ts";
import type { SignedOrder } from "../signedOrders/SignedOrder.ts";
import { executeSignedOrder, type ExecuteSignedOrderResult } from "./executeSignedOrder.ts";

export type PreviewSignedOrderParameters = Pick<ReadParameters, "deployment"> & {
  /** What `signOrder` gave. */
  order: SignedOrder;
  /** Who would execute it; the executor that the order names, else the client's account, else its owner. */
  account?: Account | Address | undefined;
};

export type PreviewSignedOrderReturnType = ExecuteSignedOrderResult;

export type PreviewSignedOrderErrorType = ActionErrorType<ExecutionErrorName>;

/**
 * Compute what executing a signed order would do now: lots traded and resting, and the fee (collateral units).
 *
 * @throws The error that `executeSignedOrder` would throw
 *
 * @example
 * import { type Deployment, previewSignedOrder, type SignedOrder } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment, order: SignedOrder) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { filledLots, consumedLots, fee } = await previewSignedOrder(client, { deployment, order });
 *   console.log(filledLots, consumedLots, fee);
 * }
 */
export function previewSignedOrder(
  client: Client,
  { deployment, order, account }: PreviewSignedOrderParameters,
): Promise<PreviewSignedOrderReturnType> {
  const named = order.executor === zeroAddress ? undefined : order.executor;
  const sender = account ?? named ?? client.account ?? order.owner;
  return executeSignedOrder.simulate(client, { deployment, order, account: sender });
}
