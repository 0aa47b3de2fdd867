import type { Client } from "viem";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { type EventFilter, type EventRecord } from "../internal/events.ts";
import { watchEvents, type WatchParameters } from "../internal/watch.ts";
import { liquidationEvents } from "../internal/streams.ts";

/** What the watcher passes on; `eventName` tells the kinds apart. */
export type LiquidationEvent = EventRecord<ClearinghouseAbi, (typeof liquidationEvents)[number]>;

export type WatchLiquidationsParameters = WatchParameters<LiquidationEvent> &
  EventFilter & {
    /** Takes the events, in the order of the chain. */
    onLiquidations: (events: LiquidationEvent[]) => void;
  };

/** Ends the watch. */
export type WatchLiquidationsReturnType = () => void;

/**
 * Watch accounts fall: closed into the book, absorbed by a fund, retired.
 *
 * @returns A function that ends the watch.
 *
 * @example
 * import { watchLiquidations, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * function follow(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   return watchLiquidations(client, {
 *     deployment,
 *     onLiquidations: (events) => events.forEach(({ eventName, args }) => console.log(eventName, args)),
 *   });
 * }
 */
export function watchLiquidations(
  client: Client,
  parameters: WatchLiquidationsParameters,
): WatchLiquidationsReturnType {
  return watchEvents(
    client,
    parameters,
    clearinghouse,
    liquidationEvents,
    parameters.onLiquidations,
    parameters,
  );
}
