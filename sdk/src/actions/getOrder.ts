import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetOrderParameters = ReadParameters & {
  /** Order id. */
  id: bigint;
};

/**
 * A resting order. `lots` is what is still open, bids above zero; `expiry` the last second (Unix time) at which it is
 * good, 0 for never.
 */
export type GetOrderReturnType = Outcome<ClearinghouseAbi, "order">;

export type GetOrderErrorType = ActionErrorType<"OrderNotFound">;

/**
 * Read a resting order; `lots` is what is still open, bids above zero.
 *
 * @throws `OrderNotFound`
 *
 * @example
 * import { type Deployment, getOrder } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { account, lots } = await getOrder(client, { deployment, id: 20282409603651670423947251286016n });
 *   console.log(account, lots);
 * }
 */
export function getOrder(client: Client, parameters: GetOrderParameters): Promise<GetOrderReturnType> {
  return read(client, parameters, clearinghouse, "order", [parameters.id]);
}
