import type { Hash, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";
import type { SignedReport } from "../reports/SignedReport.ts";

export type PostPrintParameters = WriteParameters & {
  /** Id of the index. */
  index: Hex;
  /** UTC day number. */
  period: number;
  /** Above the one that stands; 1 when left out. */
  revision?: number | undefined;
  /** A quorum, ordered by `sortReports`. */
  reports: readonly Omit<SignedReport, "signer">[];
};

export type PostPrintReturnType = Hash;

/** What `postPrint.simulate` gives. */
export type PostPrintResult = Outcome<UsageIndexAbi, "post">;

/** What `postPrint.extract` finds in a receipt. */
export type PostPrintEvents = EventsByName<
  UsageIndexAbi,
  "PrintPosted" | "PrintHeld" | "IndexPushed" | "PushFailed"
>;

export type PostPrintErrorType = ActionErrorType<
  | "IndexNotListed"
  | "PeriodTooEarly"
  | "FuturePeriod"
  | "PeriodIsSettled"
  | "PrintIsFinal"
  | "StaleRevision"
  | "TooFewReports"
  | "ReportExpired"
  | "ZeroValue"
  | "ValueTooLarge"
  | "MalleableSignature"
  | "InvalidSignature"
  | "ReporterInactive"
  | "DuplicateReporter"
  | "UnsortedReporters"
  | "DispersionTooHigh"
  | "TooLateToHold"
  | "NotEnoughGasToPush"
>;

/**
 * Post the print of an ended day, or a higher revision of it, from a quorum of signed reports. One that moves the trailing mean
 * too far is held unless a super-quorum signed it: `simulate` says so, and the event `PrintHeld`.
 *
 * @throws `IndexNotListed`, `PeriodTooEarly`, `FuturePeriod`, `PeriodIsSettled`, `PrintIsFinal`, `StaleRevision`, `TooFewReports`, `ReportExpired`, `ZeroValue`, `ValueTooLarge`, `MalleableSignature`, `InvalidSignature`, `ReporterInactive`, `DuplicateReporter`, `UnsortedReporters`, `DispersionTooHigh`, `TooLateToHold`, `NotEnoughGasToPush`
 *
 * @example
 * import { postPrint, sortReports, type Deployment, type SignedReport } from "@usance/sdk";
 * import { stringToHex, type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment, reports: SignedReport[]) {
 *   const hash = await postPrint(wallet, {
 *     deployment,
 *     index: stringToHex("TU1D", { size: 32 }),
 *     period: 20089,
 *     reports: sortReports(reports),
 *   });
 *   console.log(hash);
 * }
 */
export const postPrint: WriteAction<PostPrintParameters, PostPrintResult, PostPrintEvents> =
  /*#__PURE__*/ defineWrite({
    contract: usageIndex,
    functionName: "post",
    args: ({ index, period, revision = 1, reports }: PostPrintParameters) => [
      index,
      period,
      revision,
      reports,
    ],
    events: ["PrintPosted", "PrintHeld", "IndexPushed", "PushFailed"],
  });
