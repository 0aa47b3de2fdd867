import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type TopUpFundParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
  /** Collateral units. */
  amount: bigint;
};

export type TopUpFundReturnType = Hash;

/** What `topUpFund.simulate` gives. */
export type TopUpFundResult = Outcome<ClearinghouseAbi, "topUpFund">;

/** What `topUpFund.extract` finds in a receipt. */
export type TopUpFundEvents = EventsByName<ClearinghouseAbi, "FundToppedUp" | "DeficitRepaid">;

export type TopUpFundErrorType = ActionErrorType<
  | "UnknownMarket"
  | "ZeroAmount"
  | "DepositCredited"
  | "CashOutOfRange"
  | "AccessManagedUnauthorized"
  | "ERC20InsufficientAllowance"
  | "ERC20InsufficientBalance"
>;

/**
 * Bring collateral of the sender, who has the insurer role, into a market's insurance fund; what the market owes is repaid
 * first.
 *
 * @throws `UnknownMarket`, `ZeroAmount`, `DepositCredited`, `CashOutOfRange`, `AccessManagedUnauthorized`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`
 *
 * @example
 * import { type Deployment, parseCollateral, topUpFund } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await topUpFund(wallet, { deployment, market: 1, amount: parseCollateral("50000") });
 *   console.log(hash);
 * }
 */
export const topUpFund: WriteAction<TopUpFundParameters, TopUpFundResult, TopUpFundEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "topUpFund",
    args: ({ market, amount }: TopUpFundParameters) => [market, amount],
    events: ["FundToppedUp", "DeficitRepaid"],
  });
