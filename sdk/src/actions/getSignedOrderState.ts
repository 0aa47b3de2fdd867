import type { Client } from "viem";
import { getBlock } from "viem/actions";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import type { Outcome } from "../internal/abi.ts";
import { signedOrders, type SignedOrdersAbi } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";
import { encodeSignedOrder, type OrderTerms } from "../signedOrders/SignedOrder.ts";

export type GetSignedOrderStateParameters = ReadParameters & {
  /** The order; its signature does not matter here. */
  order: OrderTerms;
};

/**
 * Where an order stands. "open": it may be executed. "waiting": its start or its trigger is not reached. "unauthorised": its account is
 * not open, or its signer may not sign for it now. The others are final: "consumed" wholly, "cancelled" alone or with its
 * group, "replaced" by another order of its nonce or group, "expired".
 */
export type SignedOrderStatus =
  "open" | "waiting" | "unauthorised" | "consumed" | "cancelled" | "replaced" | "expired";

/**
 * Where an order stands.
 *
 * - `account`: 0 while it has not been opened; `consumedLots`: lots, unsigned; `feePaid`: collateral units
 * - `nonceTaken`, `groupTaken`: another order was executed with its nonce, or has closed its group
 * - `signerUntil`: last second (Unix time) at which the signer may sign; `markX16`: mark, ticks × 2^16
 */
export type GetSignedOrderStateReturnType = Outcome<SignedOrdersAbi, "orderState"> & {
  status: SignedOrderStatus;
};

export type GetSignedOrderStateErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Read where a signed order stands: its hash, lots consumed, fees paid for them, and whether it may be executed now.
 *
 * @remarks Whether its signature is good and the clearing house would take it, `previewSignedOrder` tells.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, getSignedOrderState, type SignedOrder } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment, order: SignedOrder) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { status, consumedLots } = await getSignedOrderState(client, { deployment, order });
 *   console.log(status, consumedLots);
 * }
 */
export async function getSignedOrderState(
  client: Client,
  parameters: GetSignedOrderStateParameters,
): Promise<GetSignedOrderStateReturnType> {
  try {
    const pinned = await pinBlock(client, parameters);
    const [state, { timestamp }] = await Promise.all([
      read(client, pinned, signedOrders, "orderState", [encodeSignedOrder(parameters.order)]),
      getBlock(client, { blockNumber: pinned.blockNumber }),
    ]);
    return { ...state, status: statusOf(state, parameters.order, timestamp) };
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

function statusOf(
  state: Outcome<SignedOrdersAbi, "orderState">,
  { lots, start = 0n, expiry }: OrderTerms,
  now: bigint,
): SignedOrderStatus {
  if (state.consumedLots >= (lots < 0n ? -lots : lots)) return "consumed";
  if (state.nonceTaken || state.groupTaken) return "replaced";
  if (state.nonceCancelled || state.groupCancelled) return "cancelled";
  if (now > expiry) return "expired";
  if (state.account === 0 || state.signerUntil < now) return "unauthorised";
  return now < start || !state.triggered ? "waiting" : "open";
}
