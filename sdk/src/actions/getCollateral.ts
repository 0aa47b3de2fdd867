import type { Address, Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { collateral } from "../internal/contracts.ts";
import { pinBlock, read, type ReadParameters } from "../internal/read.ts";

export type GetCollateralParameters = ReadParameters & {
  /** Holder. */
  owner: Address;
};

export type GetCollateralReturnType = {
  /** Address of the token. */
  address: Address;
  symbol: string;
  decimals: number;
  /** Collateral units that the owner holds. */
  balance: bigint;
  /** Collateral units that the clearing house may take from the owner. */
  allowance: bigint;
};

export type GetCollateralErrorType = ActionErrorType;

/**
 * Read the collateral token, and what an owner holds of it and has approved, in collateral units.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { formatCollateral, getCollateral, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { balance, decimals, symbol } = await getCollateral(client, {
 *     deployment,
 *     owner: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
 *   });
 *   console.log(formatCollateral(balance, decimals), symbol);
 * }
 */
export async function getCollateral(
  client: Client,
  parameters: GetCollateralParameters,
): Promise<GetCollateralReturnType> {
  const { deployment, owner } = parameters;
  const pinned = await pinBlock(client, parameters);
  const [symbol, decimals, balance, allowance] = await Promise.all([
    read(client, pinned, collateral, "symbol", []),
    read(client, pinned, collateral, "decimals", []),
    read(client, pinned, collateral, "balanceOf", [owner]),
    read(client, pinned, collateral, "allowance", [owner, deployment.clearinghouse]),
  ]);
  return { address: deployment.collateral, symbol, decimals, balance, allowance };
}
