import type { Hash } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { clearinghouse, type ClearinghouseAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type ApplyMarginsParameters = WriteParameters & {
  /** Number of the market. */
  market: number;
};

export type ApplyMarginsReturnType = Hash;

/** What `applyMargins.simulate` gives. */
export type ApplyMarginsResult = Outcome<ClearinghouseAbi, "applyMargins">;

/** What `applyMargins.extract` finds in a receipt. */
export type ApplyMarginsEvents = EventsByName<ClearinghouseAbi, "MarginsApplied">;

export type ApplyMarginsErrorType = ActionErrorType<
  "NothingScheduled" | "NotYetDue" | "MarketNotOpen" | "ParameterOutOfRange" | "UnsafeParameters"
>;

/**
 * Put margins in force that were announced at least a week before.
 *
 * @throws `NothingScheduled`, `NotYetDue`, `MarketNotOpen`, `ParameterOutOfRange`, `UnsafeParameters`
 *
 * @example
 * import { applyMargins, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await applyMargins(wallet, { deployment, market: 1 });
 *   console.log(hash);
 * }
 */
export const applyMargins: WriteAction<ApplyMarginsParameters, ApplyMarginsResult, ApplyMarginsEvents> =
  /*#__PURE__*/ defineWrite({
    contract: clearinghouse,
    functionName: "applyMargins",
    args: ({ market }: ApplyMarginsParameters) => [market],
    events: ["MarginsApplied"],
  });
