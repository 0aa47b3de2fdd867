import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type SettleAccountsParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
  /** Accounts to convert. */
  accountIds: readonly number[];
};

export type SettleAccountsReturnType = Hash;

/** What `settleAccounts.simulate` gives. */
export type SettleAccountsResult = Outcome<ClearinghouseAbi, "settleAccounts">;

/** What `settleAccounts.extract` finds in a receipt. */
export type SettleAccountsEvents = EventsByName<ClearinghouseAbi, "Realised" | "ShortfallPaid">;

export type SettleAccountsErrorType = ActionErrorType<"UnknownMarket" | "NotSettled">;

/**
 * Convert positions of a settled market into cash; accounts without one are passed over.
 *
 * @throws `UnknownMarket`, `NotSettled`
 *
 * @example
 * import { type Deployment, settleAccounts } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await settleAccounts(wallet, { deployment, market: 2, accountIds: [2048, 2049] });
 *   console.log(hash);
 * }
 */
export const settleAccounts: WriteAction<
  SettleAccountsParameters,
  SettleAccountsResult,
  SettleAccountsEvents
> = /*#__PURE__*/ defineWrite({
  contract: clearinghouse,
  functionName: "settleAccounts",
  args: ({ market, accountIds }: SettleAccountsParameters) => [market, accountIds],
  events: ["Realised", "ShortfallPaid"],
});
