import type { Address, Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { accountAfter, pinMoment, type AccountAfter, type AccountState } from "../internal/after.ts";
import { clearinghouse, collateral } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { callTogether } from "../internal/together.ts";
import { firstAccountId } from "./getAccounts.ts";

export type PreviewDepositParameters = ReadParameters & {
  /** Who would deposit. */
  owner: Address;
  /** Number under the owner; 0 when left out. */
  subaccount?: number | undefined;
  /** Collateral units. */
  amount: bigint;
};

export type PreviewDepositReturnType = Omit<AccountAfter, "withdrawable"> & {
  /** Number of the account; that of the next one to be opened where the subaccount has none yet. */
  accountId: number;
  /** Whether the deposit opens the account. */
  opens: boolean;
  /** What must be approved in addition before `deposit`, collateral units; `depositWithPermit` needs no approval. */
  missingAllowance: bigint;
  /** What the owner's wallet is short of, collateral units. */
  missingBalance: bigint;
};

export type PreviewDepositErrorType = ActionErrorType<"ZeroAmount" | "AccountIsRetired" | "CashOutOfRange">;

/**
 * Compute what a deposit would do now: the account that it goes to and its margins afterwards, and what is missing for it in
 * allowance and balance.
 *
 * @throws Where nothing is missing, the error that `deposit` would throw
 *
 * @example
 * import { parseCollateral, previewDeposit, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { opens, missingAllowance, liquidation } = await previewDeposit(client, {
 *     deployment,
 *     owner: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
 *     amount: parseCollateral("250"),
 *   });
 *   console.log(opens, missingAllowance, liquidation);
 * }
 */
export async function previewDeposit(
  client: Client,
  parameters: PreviewDepositParameters,
): Promise<PreviewDepositReturnType> {
  const { owner, subaccount = 0, amount, deployment } = parameters;
  const moment = await pinMoment(client, parameters);
  const [known, count, allowance, balance] = await Promise.all([
    read(client, moment, clearinghouse, "accountOf", [owner, subaccount]),
    read(client, moment, clearinghouse, "accountCount", []),
    read(client, moment, collateral, "allowance", [owner, deployment.clearinghouse]),
    read(client, moment, collateral, "balanceOf", [owner]),
  ]);
  const missing = (there: bigint) => (there < amount ? amount - there : 0n);
  const needs = { missingAllowance: missing(allowance), missingBalance: missing(balance) };
  const opens = known === 0;
  const accountId = opens ? firstAccountId + Number(count) : known;
  const result = async (state: AccountState) => {
    const { withdrawable: _, ...after } = await accountAfter(client, moment, state);
    return { accountId, opens, ...needs, ...after };
  };
  if (needs.missingAllowance === 0n && needs.missingBalance === 0n) {
    const [, state] = await callTogether(client, moment, owner, [
      { functionName: "deposit", args: [subaccount, amount] },
      { functionName: "account", args: [accountId] },
    ]);
    return result(state);
  }
  if (opens) {
    const empty = { initialMargin: 0n, maintenanceMargin: 0n, positions: [], liquidation: [] };
    return { accountId, opens, ...needs, cash: amount, equity: amount, ...empty };
  }
  // Whole units of cash are whole units of equity, and margins do not depend on them.
  const account = await read(client, moment, clearinghouse, "account", [known]);
  return result({ ...account, cash: account.cash + amount, equity: account.equity + amount });
}
