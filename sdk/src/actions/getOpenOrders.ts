import type { Client } from "viem";
import { isContractError, type ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { getEvents } from "../internal/events.ts";
import { pinBlock, type ReadParameters } from "../internal/read.ts";
import { getOrder, type GetOrderReturnType } from "./getOrder.ts";

export type GetOpenOrdersParameters = ReadParameters & {
  /** Number of the account. */
  accountId: number;
  /** Number of the market; all when left out. */
  market?: number | undefined;
};

export type GetOpenOrdersReturnType = GetOrderReturnType[];

export type GetOpenOrdersErrorType = ActionErrorType;

/**
 * Find an account's orders that are in the book, oldest first: its events name them, and the book says what is left.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { cancelRiskRaising, getOpenOrders, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const orders = await getOpenOrders(wallet, { deployment, accountId: 2050 });
 *   await cancelRiskRaising(wallet, { deployment, accountId: 2050, ids: orders.map(({ id }) => id) });
 * }
 */
export async function getOpenOrders(
  client: Client,
  parameters: GetOpenOrdersParameters,
): Promise<GetOpenOrdersReturnType> {
  const { deployment, blockNumber, ...filter } = await pinBlock(client, parameters);
  const at = { deployment, blockNumber };
  const events = await getEvents(
    client,
    { deployment, toBlock: blockNumber },
    clearinghouse,
    ["OrderPlaced", "OrderDropped"],
    filter,
  );
  const open = new Set<bigint>();
  for (const { eventName, args } of events) {
    if (eventName === "OrderPlaced") open.add(args.id);
    else open.delete(args.id);
  }
  const orders = await Promise.all(
    [...open].map((id) =>
      getOrder(client, { ...at, id }).catch((error: unknown) => {
        // It was filled whole.
        if (isContractError(error, "OrderNotFound")) return undefined;
        throw error;
      }),
    ),
  );
  return orders.filter((order) => order !== undefined);
}
