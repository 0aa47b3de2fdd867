import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import { requireWithin } from "../units/decimal.ts";

export type SetOperatorParameters = WriteParameters & {
  /** Number of the account. */
  accountId: number;
  /** Who may place and cancel orders, and never withdraw. */
  operator: Address;
  /** Last second (Unix time) at which it may; 0 revokes. */
  expiry: bigint;
};

export type SetOperatorReturnType = Hash;

/** What `setOperator.simulate` gives. */
export type SetOperatorResult = Outcome<ClearinghouseAbi, "setOperator">;

/** What `setOperator.extract` finds in a receipt. */
export type SetOperatorEvents = EventsByName<ClearinghouseAbi, "OperatorSet">;

export type SetOperatorErrorType = ActionErrorType<"NotOwner">;

/**
 * Let an operator trade for an account until a moment, or no longer.
 *
 * @throws `NotOwner`
 *
 * @example
 * import { type Deployment, setOperator } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await setOperator(wallet, {
 *     deployment,
 *     accountId: 2048,
 *     operator: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
 *     expiry: 1_767_225_600n,
 *   });
 *   console.log(hash);
 * }
 */
export const setOperator: WriteAction<SetOperatorParameters, SetOperatorResult, SetOperatorEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "setOperator",
    args: ({ accountId, operator, expiry }: SetOperatorParameters) => [
      accountId,
      operator,
      Number(requireWithin("expiry", expiry, 0n, 2n ** 40n - 1n)),
    ],
    events: ["OperatorSet"],
  });
