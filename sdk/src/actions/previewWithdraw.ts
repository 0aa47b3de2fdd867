import { zeroAddress, type Client } from "viem";
import { accountAfter, pinMoment, type AccountAfter } from "../internal/after.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";
import { callTogether } from "../internal/together.ts";
import type { WithdrawErrorType } from "./withdraw.ts";

export type PreviewWithdrawParameters = ReadParameters & {
  /** Number of the account. */
  accountId: number;
  /** Collateral units; the most that may go when left out. */
  amount?: bigint | undefined;
};

export type PreviewWithdrawReturnType = AccountAfter & {
  /** Most that may be withdrawn now, collateral units. */
  most: bigint;
  /** What leaves the account, collateral units. */
  amount: bigint;
  /** What is paid out of that. The rest, while a market owes what its fund could not pay, stays behind as a claim. */
  paid: bigint;
};

export type PreviewWithdrawErrorType = WithdrawErrorType;

/**
 * Compute what a withdrawal by the account's owner would do now: the most that may go, what would be paid, and the account
 * afterwards.
 *
 * @throws The error that `withdraw` would throw its owner
 *
 * @example
 * import { formatCollateral, previewWithdraw, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const { most, paid } = await previewWithdraw(client, { deployment, accountId: 2048 });
 *   console.log(formatCollateral(most), formatCollateral(paid));
 * }
 */
export async function previewWithdraw(
  client: Client,
  parameters: PreviewWithdrawParameters,
): Promise<PreviewWithdrawReturnType> {
  const { accountId } = parameters;
  const moment = await pinMoment(client, parameters);
  const account = await read(client, moment, clearinghouse, "account", [accountId]);
  const most = account.withdrawable;
  const amount = parameters.amount ?? most;
  if (amount === 0n && parameters.amount === undefined) {
    return { most, amount, paid: 0n, ...(await accountAfter(client, moment, account)) };
  }
  // Funds and escrows belong to nobody; the contract says so.
  const sender = account.owner === zeroAddress ? moment.deployment.clearinghouse : account.owner;
  const owed = { functionName: "owed", args: [accountId] } as const;
  const [before, , after, state] = await callTogether(client, moment, sender, [
    owed,
    { functionName: "withdraw", args: [accountId, amount, sender] },
    owed,
    { functionName: "account", args: [accountId] },
  ]);
  const paid = amount - (after.claim - before.claim);
  return { most, amount, paid, ...(await accountAfter(client, moment, state)) };
}
