import type { Client } from "viem";
import { clearinghouse } from "../internal/contracts.ts";
import { askEvents, type EventFilter } from "../internal/events.ts";
import { marksOf, watchChain, type WatchParameters } from "../internal/watch.ts";
import { joinFills, type Fill } from "../internal/fills.ts";
import { fillEvents } from "../internal/streams.ts";

export type WatchFillsParameters = WatchParameters<Fill> &
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
  const { deployment, market, onFills } = parameters;
  return watchChain<Fill>(client, parameters, {
    read: async (span) => {
      const at = { deployment, ...span };
      const events = await askEvents(client, at, clearinghouse, fillEvents, { market });
      return { items: joinFills(events, parameters), marks: marksOf(events) };
    },
    onItems: onFills,
  });
}
