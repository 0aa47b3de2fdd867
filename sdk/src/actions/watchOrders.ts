import type { Client } from "viem";
import { clearinghouse } from "../internal/contracts.ts";
import { type EventFilter } from "../internal/events.ts";
import { watchEvents, type WatchParameters } from "../internal/watch.ts";
import { orderEvents } from "../internal/streams.ts";
import type { OrderEvent } from "./getOrders.ts";

export type WatchOrdersParameters = WatchParameters<OrderEvent> &
  EventFilter & {
    /** Takes the events, in the order of the chain. */
    onOrders: (events: OrderEvent[]) => void;
  };

/** Ends the watch. */
export type WatchOrdersReturnType = () => void;

/**
 * Watch what happens to orders: placed, filled, taken, dropped.
 *
 * @returns A function that ends the watch.
 *
 * @example
 * import { watchOrders, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * function follow(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   return watchOrders(client, {
 *     deployment,
 *     onOrders: (events) => events.forEach(({ eventName, args }) => console.log(eventName, args)),
 *   });
 * }
 */
export function watchOrders(client: Client, parameters: WatchOrdersParameters): WatchOrdersReturnType {
  return watchEvents(client, parameters, clearinghouse, orderEvents, parameters.onOrders, parameters);
}
