import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetOrdersAtParameters = ReadParameters & {
  /** Number of the market. */
  market: number;
  /** Price level, ticks. */
  tick: bigint;
  /** Most orders returned; 100 when left out. */
  most?: bigint | undefined;
};

/** Orders of a level, the next to be filled first; `lots` as in `getOrder`. */
export type GetOrdersAtReturnType = Outcome<ClearinghouseAbi, "ordersAt">;

export type GetOrdersAtErrorType = ActionErrorType<"UnknownMarket">;

/**
 * Read the resting orders of one price level in time priority, dead ones included while they stand in the queue.
 *
 * @throws `UnknownMarket`
 *
 * @example
 * import { type Deployment, getOrdersAt, parsePrice } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const orders = await getOrdersAt(client, { deployment, market: 1, tick: parsePrice("3841.5") });
 *   console.log(orders);
 * }
 */
export function getOrdersAt(
  client: Client,
  parameters: GetOrdersAtParameters,
): Promise<GetOrdersAtReturnType> {
  return read(client, parameters, clearinghouse, "ordersAt", [
    parameters.market,
    Number(parameters.tick),
    parameters.most ?? 100n,
  ]);
}
