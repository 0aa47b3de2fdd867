import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { getEvents, type EventFilter, type EventRecord, type PastParameters } from "../internal/events.ts";
import { orderEvents } from "../internal/streams.ts";

export type GetOrdersParameters = PastParameters & EventFilter;

/** Something that happened to an order. */
export type OrderEvent = EventRecord<ClearinghouseAbi, (typeof orderEvents)[number]>;

export type GetOrdersReturnType = OrderEvent[];

export type GetOrdersErrorType = ActionErrorType;

/**
 * Find what happened to orders, oldest first: placed, filled, taken, dropped.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { getOrders, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const { eventName, args } of await getOrders(client, { deployment, accountId: 2048 })) {
 *     console.log(eventName, args);
 *   }
 * }
 */
export function getOrders(client: Client, parameters: GetOrdersParameters): Promise<GetOrdersReturnType> {
  return getEvents(client, parameters, clearinghouse, orderEvents, parameters);
}
