import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";
import type { GetAccountReturnType } from "./getAccount.ts";

/** Number of the first account of an owner; those below belong to funds (market) and escrows (1024 + market). */
export const firstAccountId = 2048;

/** Accounts in one call: enough to spare round trips, few enough for a node's gas limit on calls. */
const chunkSize = 50;

export type GetAccountsParameters = ReadParameters & {
  /** Numbers of the accounts; every owner's when left out. */
  accountIds?: readonly number[] | undefined;
};

export type GetAccountsReturnType = GetAccountReturnType[];

export type GetAccountsErrorType = ActionErrorType<"UnknownAccount">;

/**
 * Read many accounts at one block, with positions and health; amounts in collateral units.
 *
 * @throws `UnknownAccount`
 *
 * @example
 * import { getAccounts, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const accounts = await getAccounts(client, { deployment });
 *   console.log(accounts.filter(({ equity, maintenanceMargin }) => equity < maintenanceMargin));
 * }
 */
export async function getAccounts(
  client: Client,
  parameters: GetAccountsParameters,
): Promise<GetAccountsReturnType> {
  const pinned = await pinBlock(client, parameters);
  const ids = parameters.accountIds ?? (await ownerIds(client, pinned));
  const chunks: GetAccountReturnType[][] = [];
  for (let start = 0; start < ids.length; start += chunkSize) {
    const chunk = ids.slice(start, start + chunkSize);
    chunks.push([...(await read(client, pinned, clearinghouse, "accounts", [chunk]))]);
  }
  return chunks.flat();
}

async function ownerIds(client: Client, parameters: ReadParameters): Promise<number[]> {
  const count = Number(await read(client, parameters, clearinghouse, "accountCount", []));
  return Array.from({ length: count }, (_, i) => firstAccountId + i);
}
