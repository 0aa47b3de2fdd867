import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { reporterBonds, type ReporterBondsAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type BondReporterParameters = WriteParameters & {
  /** Who gets the bond back, fixed with it. */
  payee: Address;
};

export type BondReporterReturnType = Hash;

/** What `bondReporter.simulate` gives. */
export type BondReporterResult = Outcome<ReporterBondsAbi, "bond">;

/** What `bondReporter.extract` finds in a receipt. */
export type BondReporterEvents = EventsByName<ReporterBondsAbi, "Bonded">;

export type BondReporterErrorType = ActionErrorType<
  | "ZeroPayee"
  | "BondsNotAttached"
  | "AlreadyBonded"
  | "BondMismatch"
  | "ERC20InsufficientAllowance"
  | "ERC20InsufficientBalance"
>;

/**
 * Take a reporter's bond. The sender is the key that signs reports; it must have approved the bond to `deployment.reporterBonds`.
 *
 * @throws `ZeroPayee`, `BondsNotAttached`, `AlreadyBonded`, `BondMismatch`, `ERC20InsufficientAllowance`, `ERC20InsufficientBalance`
 *
 * @example
 * import { type Deployment, bondReporter } from "@usance/sdk";
 * import { type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const payee = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   const hash = await bondReporter(wallet, { deployment, payee });
 *   console.log(hash);
 * }
 */
export const bondReporter: WriteAction<BondReporterParameters, BondReporterResult, BondReporterEvents> =
  /*#__PURE__*/ defineWrite({
    contract: reporterBonds,
    functionName: "bond",
    args: ({ payee }: BondReporterParameters) => [payee],
    events: ["Bonded"],
  });
