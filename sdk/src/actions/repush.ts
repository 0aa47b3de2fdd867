import type { Address, Hash, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { usageIndex, type UsageIndexAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type RepushParameters = WriteParameters & {
  /** Id of the index. */
  index: Hex;
  /** Reader; the clearing house when left out. */
  reader?: Address | undefined;
};

export type RepushReturnType = Hash;

/** What `repush.simulate` gives. */
export type RepushResult = Outcome<UsageIndexAbi, "repush">;

/** What `repush.extract` finds in a receipt. */
export type RepushEvents = EventsByName<UsageIndexAbi, "IndexRepushed">;

export type RepushErrorType = ActionErrorType<
  "IndexNotListed" | "NotReader" | "NothingPushed" | "NotEnoughGasToPush" | "RepushFailed"
>;

/**
 * Repeat the last push of an index to a reader that did not take it.
 *
 * @throws `IndexNotListed`, `NotReader`, `NothingPushed`, `NotEnoughGasToPush`, `RepushFailed`
 *
 * @example
 * import { repush, type Deployment } from "@usance/sdk";
 * import { stringToHex, type WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const hash = await repush(wallet, { deployment, index: stringToHex("TU1D", { size: 32 }) });
 *   console.log(hash);
 * }
 */
export const repush: WriteAction<RepushParameters, RepushResult, RepushEvents> = /*#__PURE__*/ defineWrite({
  contract: usageIndex,
  functionName: "repush",
  args: ({ deployment, index, reader = deployment.clearinghouse }: RepushParameters) => [index, reader],
  events: ["IndexRepushed"],
});
