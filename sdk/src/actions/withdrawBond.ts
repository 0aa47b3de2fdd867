import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { reporterBonds, type ReporterBondsAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type WithdrawBondParameters = WriteParameters & {
  /** Whose bond goes to its payee. */
  reporter: Address;
};

export type WithdrawBondReturnType = Hash;

/** What `withdrawBond.simulate` gives. */
export type WithdrawBondResult = Outcome<ReporterBondsAbi, "withdraw">;

/** What `withdrawBond.extract` finds in a receipt. */
export type WithdrawBondEvents = EventsByName<ReporterBondsAbi, "Withdrawn">;

export type WithdrawBondErrorType = ActionErrorType<"NotBonded" | "NotLeaving" | "BondLocked">;

/**
 * Pay a bond back to its payee once its wait is over. Anyone may.
 *
 * @throws `NotBonded`, `NotLeaving`, `BondLocked`
 *
 * @example
 * import { type Deployment, withdrawBond } from "@usance/sdk";
 * import { type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const reporter = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   const hash = await withdrawBond(wallet, { deployment, reporter });
 *   console.log(hash);
 * }
 */
export const withdrawBond: WriteAction<WithdrawBondParameters, WithdrawBondResult, WithdrawBondEvents> =
  /*#__PURE__*/ defineWrite({
    contract: reporterBonds,
    functionName: "withdraw",
    args: ({ reporter }: WithdrawBondParameters) => [reporter],
    events: ["Withdrawn"],
  });
