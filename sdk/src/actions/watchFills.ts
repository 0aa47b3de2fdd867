import type { Client } from "viem";
import { clearinghouse } from "../internal/contracts.ts";
import { watchEvents, type EventFilter, type WatchParameters } from "../internal/events.ts";
import { joinFills, type Fill } from "../internal/fills.ts";
import { fillEvents } from "../internal/streams.ts";

export type WatchFillsParameters = WatchParameters &
  EventFilter & {
    /** Takes the trades, in the order of the chain. */
    onFills: (fills: Fill[]) => void;
  };

/** Ends the watch. */
export type WatchFillsReturnType = () => void;

/**
 * Watch trades, each with its maker and taker, in ticks and lots.
 *
 * @returns A function that ends the watch.
 *
 * @example
 * import { formatLots, formatPrice, watchFills, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * function follow(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   return watchFills(client, {
 *     deployment,
 *     onFills: (fills) =>
 *       fills.forEach(({ tick, lots }) => console.log(formatPrice(tick), formatLots(lots))),
 *   });
 * }
 */
export function watchFills(client: Client, parameters: WatchFillsParameters): WatchFillsReturnType {
  return watchEvents(client, parameters, clearinghouse, fillEvents, (events) => {
    const fills = joinFills(events, parameters);
    if (fills.length > 0) parameters.onFills(fills);
  });
}
