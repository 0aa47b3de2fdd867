import type { Client } from "viem";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import type { EventRecord } from "../internal/events.ts";
import { watchEvents, type WatchParameters } from "../internal/watch.ts";
import { printEvents } from "../internal/streams.ts";

/** What the watcher passes on; `eventName` tells the kinds apart. */
export type PrintEvent = EventRecord<UsageIndexAbi, (typeof printEvents)[number]>;

export type WatchPrintsParameters = WatchParameters<PrintEvent> & {
  /** Takes the events, in the order of the chain. */
  onPrints: (events: PrintEvent[]) => void;
};

/** Ends the watch. */
export type WatchPrintsReturnType = () => void;

/**
 * Watch an index contract: prints posted and revised, days filled at a settlement, trailing means pushed.
 *
 * @returns A function that ends the watch.
 *
 * @example
 * import { watchPrints, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * function follow(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   return watchPrints(client, {
 *     deployment,
 *     onPrints: (events) => events.forEach(({ eventName, args }) => console.log(eventName, args)),
 *   });
 * }
 */
export function watchPrints(client: Client, parameters: WatchPrintsParameters): WatchPrintsReturnType {
  return watchEvents(client, parameters, usageIndex, printEvents, parameters.onPrints);
}
