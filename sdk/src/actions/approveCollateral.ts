import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { collateral, type CollateralAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type ApproveCollateralParameters = WriteParameters & {
  /** Collateral units. */
  amount: bigint;
  /** Who may take it; the clearing house when left out. */
  spender?: Address | undefined;
};

export type ApproveCollateralReturnType = Hash;

/** What `approveCollateral.simulate` gives. */
export type ApproveCollateralResult = Outcome<CollateralAbi, "approve">;

/** What `approveCollateral.extract` finds in a receipt. */
export type ApproveCollateralEvents = EventsByName<CollateralAbi, "Approval">;

export type ApproveCollateralErrorType = ActionErrorType<"ERC20InvalidSpender">;

/**
 * Let the clearing house (or another spender) take collateral from the sender.
 *
 * @throws `ERC20InvalidSpender`
 *
 * @example
 * import { approveCollateral, type Deployment, parseCollateral } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await approveCollateral(wallet, { deployment, amount: parseCollateral("1000") });
 *   console.log(hash);
 * }
 */
export const approveCollateral: WriteAction<
  ApproveCollateralParameters,
  ApproveCollateralResult,
  ApproveCollateralEvents
> = /*#__PURE__*/ defineWrite({
  contract: collateral,
  functionName: "approve",
  args: ({ deployment, spender = deployment.clearinghouse, amount }: ApproveCollateralParameters) => [
    spender,
    amount,
  ],
  events: ["Approval"],
});
