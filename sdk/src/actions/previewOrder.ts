import type { Account, Address, Client } from "viem";
import { simulateContract } from "viem/actions";
import { isContractError, type ActionErrorType, type ContractErrorArgs } from "../errors/ContractError.ts";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { encodeOrder, type Order } from "../internal/order.ts";
import type { ReadParameters } from "../internal/read.ts";
import type { PlaceOrderErrorType } from "./placeOrder.ts";

export type PreviewOrderParameters = ReadParameters &
  Order & {
    /** Account that would trade. */
    accountId: number;
    /** Who would send the order; the client's account when left out. */
    account?: Account | Address | undefined;
  };

export type PreviewOrderReturnType = ContractErrorArgs<"Previewed">["preview"];

export type PreviewOrderErrorType = PlaceOrderErrorType | ActionErrorType<"UnknownAccount">;

/**
 * Compute what an order would do now: fills, fee, remainder, and equity and requirement afterwards (collateral units).
 *
 * @throws The error that `placeOrder` would throw
 *
 * @example
 * import { parseLots, parsePrice, previewOrder, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { filledLots, fee } = await previewOrder(client, {
 *     deployment,
 *     accountId: 2048,
 *     market: 1,
 *     lots: parseLots("1.5"),
 *     tick: parsePrice("3841.5"),
 *   });
 *   console.log(filledLots, fee);
 * }
 */
export async function previewOrder(
  client: Client,
  parameters: PreviewOrderParameters,
): Promise<PreviewOrderReturnType> {
  const { accountId, account = client.account, blockNumber, blockTag } = parameters;
  const when = blockNumber === undefined ? { blockTag } : { blockNumber };
  const order = encodeOrder(parameters);
  try {
    await simulateContract(client, {
      abi: clearinghouse.abi,
      address: parameters.deployment.clearinghouse,
      functionName: "previewOrder",
      args: [accountId, order],
      account,
      ...when,
    });
  } catch (error) {
    const decoded = decodeUsanceError(error);
    if (isContractError(decoded, "Previewed")) return decoded.args.preview;
    throw decoded;
  }
  throw decodeUsanceError(new Error("previewOrder did not revert: is this the clearing house?"));
}
