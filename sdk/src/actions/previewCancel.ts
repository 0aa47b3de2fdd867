import type { Client } from "viem";
import { accountAfter, pinMoment, type AccountAfter } from "../internal/after.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { callTogether } from "../internal/together.ts";
import type { CancelOrderErrorType } from "./cancelOrder.ts";

export type PreviewCancelParameters = ReadParameters & {
  /** Order id. */
  id: bigint;
};

export type PreviewCancelReturnType = AccountAfter & {
  /** Lots that are still open, unsigned. */
  lots: bigint;
  /** Initial margin that the order holds, collateral units. */
  releasedMargin: bigint;
};

export type PreviewCancelErrorType = CancelOrderErrorType;

/**
 * Compute what the cancellation of an order would do now: the lots that are open, the margin that becomes free, and the account
 * afterwards.
 *
 * @throws The error that `cancelOrder` would throw its owner
 *
 * @example
 * import { formatCollateral, previewCancel, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const id = 20282409603651670423947251286016n;
 *   const { releasedMargin } = await previewCancel(client, { deployment, id });
 *   console.log(formatCollateral(releasedMargin));
 * }
 */
export async function previewCancel(
  client: Client,
  parameters: PreviewCancelParameters,
): Promise<PreviewCancelReturnType> {
  const { id } = parameters;
  const moment = await pinMoment(client, parameters);
  const { account: accountId } = await read(client, moment, clearinghouse, "order", [id]);
  const account = await read(client, moment, clearinghouse, "account", [accountId]);
  const [lots, state] = await callTogether(client, moment, account.owner, [
    { functionName: "cancel", args: [id] },
    { functionName: "account", args: [accountId] },
  ]);
  const releasedMargin = account.initialMargin - state.initialMargin;
  return { lots, releasedMargin, ...(await accountAfter(client, moment, state)) };
}
