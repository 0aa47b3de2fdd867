import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type DepositParameters = WriteParameters & {
  /** Collateral units; `approveCollateral` allows them first. */
  amount: bigint;
  /** Number under the sender; 0 when left out. */
  subaccount?: number | undefined;
};

export type DepositReturnType = Hash;

/** What `deposit.simulate` gives. */
export type DepositResult = Outcome<ClearinghouseAbi, "deposit">;

/** What `deposit.extract` finds in a receipt. */
export type DepositEvents = EventsByName<ClearinghouseAbi, "AccountOpened" | "Deposited">;

export type DepositErrorType = ActionErrorType<
  | "ZeroAmount"
  | "DepositCredited"
  | "CashOutOfRange"
  | "TooManyAccounts"
  | "ERC20InsufficientAllowance"
  | "ERC20InsufficientBalance"
>;

/**
 * Deposit collateral into a subaccount of the sender, opening it at the first deposit.
 *
 * @throws `ZeroAmount`, `DepositCredited`, `CashOutOfRange`, `TooManyAccounts`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`
 *
 * @example
 * import { type Deployment, deposit, parseCollateral } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await deposit(wallet, { deployment, amount: parseCollateral("1000") });
 *   console.log(hash);
 * }
 */
export const deposit: WriteAction<DepositParameters, DepositResult, DepositEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "deposit",
    args: ({ subaccount = 0, amount }: DepositParameters) => [subaccount, amount],
    events: ["AccountOpened", "Deposited"],
  });
