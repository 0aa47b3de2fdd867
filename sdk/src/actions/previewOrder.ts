import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { pinMoment } from "../internal/after.ts";
import { clearinghouse } from "../internal/contracts.ts";
import type { Order } from "../internal/order.ts";
import { previewPlacing, type OrderOutcome } from "../internal/previews.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import type { PlaceOrderErrorType } from "./placeOrder.ts";

export type PreviewOrderParameters = ReadParameters &
  Order & {
    /** Account that would trade. Anybody may preview for it. */
    accountId: number;
    /** Days over which funding is estimated; 1 when left out. */
    fundingDays?: number | undefined;
  };

export type PreviewOrderReturnType = OrderOutcome;

export type PreviewOrderErrorType = PlaceOrderErrorType | ActionErrorType<"UnknownAccount">;

/**
 * Compute what an order would do now: fills, average price, price impact, fee and remainder, and the account afterwards with its
 * margins and liquidation prices. It runs the order itself on the state of one block, so an order that reaches the chain on
 * that state and in that minute does exactly this.
 *
 * @throws The error that `placeOrder` would throw
 *
 * @example
 * import { formatCollateral, formatRatio, parseLots, parsePrice, previewOrder, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { averagePrice, priceImpact, fee, equity, maintenanceMargin, liquidation } = await previewOrder(client, {
 *     deployment,
 *     accountId: 2048,
 *     market: 1,
 *     lots: parseLots("1.5"),
 *     tick: parsePrice("3841.5"),
 *   });
 *   if (averagePrice) console.log("price", formatRatio(averagePrice, { unit: "0.5", digits: 2 }));
 *   console.log("basis points from mark", priceImpact?.fromMark.text);
 *   console.log("fee", formatCollateral(fee), "equity", formatCollateral(equity - maintenanceMargin));
 *   console.log("liquidation", liquidation?.find(({ market }) => market === 1)?.below);
 * }
 */
export async function previewOrder(
  client: Client,
  { accountId, fundingDays, ...parameters }: PreviewOrderParameters,
): Promise<PreviewOrderReturnType> {
  const moment = await pinMoment(client, parameters);
  const account = await read(client, moment, clearinghouse, "account", [accountId]);
  return previewPlacing(client, moment, account, { order: parameters, before: [], fundingDays });
}
