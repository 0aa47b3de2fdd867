import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type WithdrawParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Collateral units; `getAccount` gives the most that may go as `withdrawable`. */
  amount: bigint;
  /** Who receives it. */
  to: Address;
};

export type WithdrawReturnType = Hash;

/** What `withdraw.simulate` gives. */
export type WithdrawResult = Outcome<ClearinghouseAbi, "withdraw">;

/** What `withdraw.extract` finds in a receipt. */
export type WithdrawEvents = EventsByName<ClearinghouseAbi, "Withdrawn">;

export type WithdrawErrorType = ActionErrorType<
  "NotOwner" | "ZeroAmount" | "InsufficientMargin" | "InsufficientCash"
>;

/**
 * Withdraw collateral to an address; only the owner may, never an operator.
 *
 * @throws `NotOwner`, `ZeroAmount`, `InsufficientMargin`, `InsufficientCash`
 *
 * @example
 * import { type Deployment, parseCollateral, withdraw } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await withdraw(wallet, {
 *     deployment,
 *     accountId: 2048,
 *     amount: parseCollateral("250"),
 *     to: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
 *   });
 *   console.log(hash);
 * }
 */
export const withdraw: WriteAction<WithdrawParameters, WithdrawResult, WithdrawEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "withdraw",
    args: ({ accountId, amount, to }: WithdrawParameters) => [accountId, amount, to],
    events: ["Withdrawn"],
  });
