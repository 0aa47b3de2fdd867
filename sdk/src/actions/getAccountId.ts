import type { Address, Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetAccountIdParameters = ReadParameters & {
  /** Who owns the account. */
  owner: Address;
  /** Number under the owner; 0 when left out. */
  subaccount?: number | undefined;
};

/** Number of the account, 0 while the subaccount has had no deposit. */
export type GetAccountIdReturnType = Outcome<ClearinghouseAbi, "accountOf">;

export type GetAccountIdErrorType = ActionErrorType;

/**
 * Find the number of an owner's subaccount; 0 when it has not been opened.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { type Deployment, getAccountId } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const accountId = await getAccountId(client, {
 *     deployment,
 *     owner: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
 *   });
 *   console.log(accountId);
 * }
 */
export function getAccountId(
  client: Client,
  parameters: GetAccountIdParameters,
): Promise<GetAccountIdReturnType> {
  return read(client, parameters, clearinghouse, "accountOf", [parameters.owner, parameters.subaccount ?? 0]);
}
