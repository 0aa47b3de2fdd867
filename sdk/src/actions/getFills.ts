import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { getEvents, type EventFilter, type PastParameters } from "../internal/events.ts";
import { joinFills, type Fill } from "../internal/fills.ts";
import { fillEvents } from "../internal/streams.ts";

export type GetFillsParameters = PastParameters & EventFilter;

export type GetFillsReturnType = Fill[];

export type GetFillsErrorType = ActionErrorType;

/**
 * Find past trades, oldest first, each with its maker and taker, in ticks and lots.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { formatLots, formatPrice, getFills, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const { tick, lots } of await getFills(client, { deployment, market: 1 })) {
 *     console.log(formatPrice(tick), formatLots(lots));
 *   }
 * }
 */
export async function getFills(client: Client, parameters: GetFillsParameters): Promise<GetFillsReturnType> {
  const { market } = parameters;
  return joinFills(await getEvents(client, parameters, clearinghouse, fillEvents, { market }), parameters);
}
