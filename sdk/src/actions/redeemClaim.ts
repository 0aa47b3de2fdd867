import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type RedeemClaimParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
};

export type RedeemClaimReturnType = Hash;

/** What `redeemClaim.simulate` gives. */
export type RedeemClaimResult = Outcome<ClearinghouseAbi, "redeemClaim">;

/** What `redeemClaim.extract` finds in a receipt. */
export type RedeemClaimEvents = EventsByName<ClearinghouseAbi, "ClaimRedeemed">;

export type RedeemClaimErrorType = ActionErrorType<"DeficitStands" | "NoClaim">;

/**
 * Turn what an account's withdrawals left behind into its cash again, once every deficit has been repaid; anyone may.
 *
 * @throws `DeficitStands`, `NoClaim`
 *
 * @example
 * import { type Deployment, redeemClaim } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await redeemClaim(wallet, { deployment, accountId: 2048 });
 *   console.log(hash);
 * }
 */
export const redeemClaim: WriteAction<RedeemClaimParameters, RedeemClaimResult, RedeemClaimEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "redeemClaim",
    args: ({ accountId }: RedeemClaimParameters) => [accountId],
    events: ["ClaimRedeemed"],
  });
