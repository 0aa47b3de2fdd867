import type { Address, Hash, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { reporterBonds, type ReporterBondsAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import type { SignedReport } from "../reports/SignedReport.ts";

export type SlashReporterParameters = WriteParameters & {
  /** Id of the index. */
  index: Hex;
  /** UTC day number. */
  period: number;
  /** Revision of both reports. */
  revision: number;
  /** One report. */
  first: SignedReport;
  /** Another one of the same signer, with another value or vintage. */
  second: SignedReport;
  /** Who gets the prover's share. */
  to: Address;
};

export type SlashReporterReturnType = Hash;

/** What `slashReporter.simulate` gives. */
export type SlashReporterResult = Outcome<ReporterBondsAbi, "slash">;

/** What `slashReporter.extract` finds in a receipt. */
export type SlashReporterEvents = EventsByName<ReporterBondsAbi, "Slashed">;

export type SlashReporterErrorType = ActionErrorType<
  "ZeroPayee" | "ProofInvalid" | "DifferentSigners" | "NoEquivocation" | "NothingToSlash"
>;

/**
 * Prove that a reporter signed two different reports for one index, period and revision: its bond and its seat are lost. Anyone may.
 *
 * @throws `ZeroPayee`, `ProofInvalid`, `DifferentSigners`, `NoEquivocation`, `NothingToSlash`
 *
 * @example
 * import { type Deployment, type SignedReport, slashReporter } from "@usance/sdk";
 * import { stringToHex, type WalletClient } from "viem";
 *
 * async function run(
 *   wallet: WalletClient,
 *   deployment: Deployment,
 *   [first, second]: [SignedReport, SignedReport],
 * ) {
 *   const proof = { index: stringToHex("TU1D", { size: 32 }), period: 20089, revision: 1, first, second };
 *   const hash = await slashReporter(wallet, { deployment, ...proof, to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" });
 *   console.log(hash);
 * }
 */
export const slashReporter: WriteAction<SlashReporterParameters, SlashReporterResult, SlashReporterEvents> =
  /*#__PURE__*/ defineWrite({
    contract: reporterBonds,
    functionName: "slash",
    args: ({ index, period, revision, first, second, to }: SlashReporterParameters) => [
      index,
      period,
      revision,
      first,
      second,
      to,
    ],
    events: ["Slashed"],
  });
