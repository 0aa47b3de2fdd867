import type { Hash, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type ReleasePrintParameters = WriteParameters & {
  /** Id of the index. */
  index: Hex;
  /** UTC day number. */
  period: number;
};

export type ReleasePrintReturnType = Hash;

/** What `releasePrint.simulate` gives. */
export type ReleasePrintResult = Outcome<UsageIndexAbi, "releasePrint">;

/** What `releasePrint.extract` finds in a receipt. */
export type ReleasePrintEvents = EventsByName<
  UsageIndexAbi,
  "PrintReleased" | "PrintPosted" | "IndexPushed" | "PushFailed"
>;

export type ReleasePrintErrorType = ActionErrorType<
  "IndexNotListed" | "NoHeldPrint" | "PrintStillHeld" | "NotEnoughGasToPush"
>;

/**
 * Make a print of what the circuit breaker has held for seven days. Anyone may, as long as a quorum of its signers keeps its seats.
 *
 * @throws `IndexNotListed`, `NoHeldPrint`, `PrintStillHeld`, `NotEnoughGasToPush`
 *
 * @example
 * import { releasePrint, type Deployment } from "@usance/sdk";
 * import { stringToHex, type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const index = stringToHex("TU1D", { size: 32 });
 *   const hash = await releasePrint(wallet, { deployment, index, period: 20089 });
 *   console.log(hash);
 * }
 */
export const releasePrint: WriteAction<ReleasePrintParameters, ReleasePrintResult, ReleasePrintEvents> =
  /*#__PURE__*/ defineWrite({
    contract: usageIndex,
    functionName: "releasePrint",
    args: ({ index, period }: ReleasePrintParameters) => [index, period],
    events: ["PrintReleased", "PrintPosted", "IndexPushed", "PushFailed"],
  });
