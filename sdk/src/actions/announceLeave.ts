import type { Address, Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { reporterBonds, type ReporterBondsAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type AnnounceLeaveParameters = WriteParameters & {
  /** Whose seat is given up. */
  reporter: Address;
};

export type AnnounceLeaveReturnType = Hash;

/** What `announceLeave.simulate` gives. */
export type AnnounceLeaveResult = Outcome<ReporterBondsAbi, "announceLeave">;

/** What `announceLeave.extract` finds in a receipt. */
export type AnnounceLeaveEvents = EventsByName<ReporterBondsAbi, "LeaveAnnounced">;

export type AnnounceLeaveErrorType = ActionErrorType<"NotBonded" | "NotReporterOrPayee" | "AlreadyLeaving">;

/**
 * Give up a reporter's seat at once, and its bond from 14 days on. The reporter or its payee may.
 *
 * @throws `NotBonded`, `NotReporterOrPayee`, `AlreadyLeaving`
 *
 * @example
 * import { type Deployment, announceLeave } from "@usance/sdk";
 * import { type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const reporter = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   const hash = await announceLeave(wallet, { deployment, reporter });
 *   console.log(hash);
 * }
 */
export const announceLeave: WriteAction<AnnounceLeaveParameters, AnnounceLeaveResult, AnnounceLeaveEvents> =
  /*#__PURE__*/ defineWrite({
    contract: reporterBonds,
    functionName: "announceLeave",
    args: ({ reporter }: AnnounceLeaveParameters) => [reporter],
    events: ["LeaveAnnounced"],
  });
