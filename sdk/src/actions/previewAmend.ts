import type { Client } from "viem";
import { accountAfter, pinMoment, type AccountAfter } from "../internal/after.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { encodeOrder, type Order } from "../internal/order.ts";
import { previewPlacing, type OrderOutcome } from "../internal/previews.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { callTogether } from "../internal/together.ts";
import type { AmendOrderErrorType } from "./amendOrder.ts";

export type PreviewAmendParameters = ReadParameters &
  Order & {
    /** Id of the resting order. */
    id: bigint;
    /** Days over which funding is estimated; 1 when left out. */
    fundingDays?: number | undefined;
  };

/** What an amendment would do: the order shrinks in its place, or it is cancelled and placed anew. */
export type PreviewAmendReturnType =
  ({ keepsPlace: true } & AccountAfter) | ({ keepsPlace: false } & OrderOutcome);

export type PreviewAmendErrorType = AmendOrderErrorType;

/**
 * Compute what an amendment of a resting order would do now: whether it keeps its place, and else all that `previewOrder` says
 * of the new order, and the account afterwards.
 *
 * @throws The error that `amendOrder` would throw
 *
 * @example
 * import { parseLots, parsePrice, previewAmend, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { keepsPlace, initialMargin } = await previewAmend(client, {
 *     deployment,
 *     id: 20282409603651670423947251286016n,
 *     market: 1,
 *     lots: parseLots("0.5"),
 *     tick: parsePrice("3841.5"),
 *   });
 *   console.log(keepsPlace, initialMargin);
 * }
 */
export async function previewAmend(
  client: Client,
  { id, fundingDays, ...parameters }: PreviewAmendParameters,
): Promise<PreviewAmendReturnType> {
  const moment = await pinMoment(client, parameters);
  const { account: accountId } = await read(client, moment, clearinghouse, "order", [id]);
  const account = await read(client, moment, clearinghouse, "account", [accountId]);
  const [{ newId }, state] = await callTogether(client, moment, account.owner, [
    { functionName: "amend", args: [id, encodeOrder(parameters)] },
    { functionName: "account", args: [accountId] },
  ]);
  if (newId === id) return { keepsPlace: true, ...(await accountAfter(client, moment, state)) };
  const before = [{ functionName: "cancel", args: [id] }];
  const outcome = await previewPlacing(client, moment, account, { order: parameters, before, fundingDays });
  return { keepsPlace: false, ...outcome };
}
