import type { Client, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetSettlementPreviewParameters = ReadParameters & {
  /** Id of the index. */
  index: Hex;
  /** First UTC day number of the window. */
  first: number;
  /** Last UTC day number of the window. */
  last: number;
};

/**
 * `sum`: of the window's prints, WAD; `days`: days of the window; `readyAt`: Unix seconds from which it can be
 * settled.
 */
export type GetSettlementPreviewReturnType = Outcome<UsageIndexAbi, "previewSettlement">;

export type GetSettlementPreviewErrorType = ActionErrorType<
  "IndexNotListed" | "WindowReversed" | "WindowTooLong" | "PeriodTooEarly"
>;

/**
 * Read whether a window of days can be settled now, its sum as things stand, and from when it can.
 *
 * @throws `IndexNotListed`, `WindowReversed`, `WindowTooLong`, `PeriodTooEarly`
 *
 * @example
 * import { type Deployment, getSettlementPreview } from "@usance/sdk";
 * import { createPublicClient, http, stringToHex } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { ready, readyAt } = await getSettlementPreview(client, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     first: 20089,
 *     last: 20119,
 *   });
 *   console.log(ready, readyAt);
 * }
 */
export function getSettlementPreview(
  client: Client,
  parameters: GetSettlementPreviewParameters,
): Promise<GetSettlementPreviewReturnType> {
  return read(client, parameters, usageIndex, "previewSettlement", [
    parameters.index,
    parameters.first,
    parameters.last,
  ]);
}
