import type { Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetAccountParameters = ReadParameters & {
  /** Number of the account. */
  accountId: number;
};

/**
 * An account with its health. Amounts are collateral units.
 *
 * - `cash`: deposits and realised results; `equity`: cash with positions at mark and pending funding, rounded down
 *   once
 * - `initialMargin`: needed to add risk, orders included; below `maintenanceMargin` the account is liquidated; both
 *   rounded up once
 * - `withdrawable`: the most that may leave now
 * - `positions`: `size`, `bidLots` and `askLots` in lots; `quote` and `pendingFunding` in tick·lots;
 *   `fundingSnapshot` in ticks × 2^20; `pendingLots` what deleveraging rounds still change
 */
export type GetAccountReturnType = Outcome<ClearinghouseAbi, "account">;

export type GetAccountErrorType = ActionErrorType<"UnknownAccount">;

/**
 * Read an account with its positions and health; amounts in collateral units.
 *
 * @throws `UnknownAccount`
 *
 * @example
 * import { type Deployment, getAccount } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { equity, initialMargin, positions } = await getAccount(client, { deployment, accountId: 2048 });
 *   console.log(equity, initialMargin, positions);
 * }
 */
export function getAccount(client: Client, parameters: GetAccountParameters): Promise<GetAccountReturnType> {
  return read(client, parameters, clearinghouse, "account", [parameters.accountId]);
}
