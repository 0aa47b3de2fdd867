import type { Client } from "viem";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { type EventFilter, type EventRecord } from "../internal/events.ts";
import { watchEvents, type WatchParameters } from "../internal/watch.ts";
import { marketEvents } from "../internal/streams.ts";

/** What the watcher passes on; `eventName` tells the kinds apart. */
export type MarketEvent = EventRecord<ClearinghouseAbi, (typeof marketEvents)[number]>;

export type WatchMarketsParameters = WatchParameters<MarketEvent> &
  EventFilter & {
    /** Takes the events, in the order of the chain. */
    onMarkets: (events: MarketEvent[]) => void;
  };

/** Ends the watch. */
export type WatchMarketsReturnType = () => void;

/**
 * Watch markets: listed, advanced to a new minute, another phase, settled, parameters changed.
 *
 * @returns A function that ends the watch.
 *
 * @example
 * import { watchMarkets, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * function follow(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   return watchMarkets(client, {
 *     deployment,
 *     onMarkets: (events) => events.forEach(({ eventName, args }) => console.log(eventName, args)),
 *   });
 * }
 */
export function watchMarkets(client: Client, parameters: WatchMarketsParameters): WatchMarketsReturnType {
  return watchEvents(client, parameters, clearinghouse, marketEvents, parameters.onMarkets, parameters);
}
