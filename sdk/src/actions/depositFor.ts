import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type DepositForParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Collateral units. */
  amount: bigint;
};

export type DepositForReturnType = Hash;

/** What `depositFor.simulate` gives. */
export type DepositForResult = Outcome<ClearinghouseAbi, "depositFor">;

/** What `depositFor.extract` finds in a receipt. */
export type DepositForEvents = EventsByName<ClearinghouseAbi, "Deposited">;

export type DepositForErrorType = ActionErrorType<
  | "ZeroAmount"
  | "UnknownAccount"
  | "AccountIsRetired"
  | "DepositCredited"
  | "CashOutOfRange"
  | "ERC20InsufficientAllowance"
  | "ERC20InsufficientBalance"
>;

/**
 * Deposit collateral of the sender into any owner's account. A market's fund is topped up by `topUpFund`.
 *
 * @throws `ZeroAmount`, `UnknownAccount`, `AccountIsRetired`, `DepositCredited`, `CashOutOfRange`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`
 *
 * @example
 * import { type Deployment, depositFor, parseCollateral } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await depositFor(wallet, { deployment, accountId: 2048, amount: parseCollateral("50000") });
 *   console.log(hash);
 * }
 */
export const depositFor: WriteAction<DepositForParameters, DepositForResult, DepositForEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "depositFor",
    args: ({ accountId, amount }: DepositForParameters) => [accountId, amount],
    events: ["Deposited"],
  });
