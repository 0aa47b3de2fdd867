import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { reporterBonds, type ReporterBondsAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type PayFundParameters = WriteParameters;

export type PayFundReturnType = Hash;

/** What `payFund.simulate` gives. */
export type PayFundResult = Outcome<ReporterBondsAbi, "payFund">;

/** What `payFund.extract` finds in a receipt. */
export type PayFundEvents = EventsByName<ReporterBondsAbi, "FundPaid">;

export type PayFundErrorType = ActionErrorType<"NothingToPay">;

/**
 * Bring what was slashed into the insurance fund. Anyone may.
 *
 * @throws `NothingToPay`
 *
 * @example
 * import { type Deployment, payFund } from "@usance/sdk";
 * import { type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await payFund(wallet, { deployment });
 *   console.log(hash);
 * }
 */
export const payFund: WriteAction<PayFundParameters, PayFundResult, PayFundEvents> =
  /*#__PURE__*/ defineWrite({
    contract: reporterBonds,
    functionName: "payFund",
    args: () => [],
    events: ["FundPaid"],
  });
