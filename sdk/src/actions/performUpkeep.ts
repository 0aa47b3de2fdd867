import type { Hash, Hex } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { automation, type AutomationAbi } from "../internal/contracts.ts";
import type { EventsByName } from "../internal/events.ts";
import { defineWrite, type WriteAction, type WriteParameters } from "../internal/write.ts";

export type PerformUpkeepParameters = WriteParameters & {
  /** What `checkUpkeep` gave. */
  performData: Hex;
};

export type PerformUpkeepReturnType = Hash;

/** What `performUpkeep.simulate` gives. */
export type PerformUpkeepResult = Outcome<AutomationAbi, "performUpkeep">;

/** What `performUpkeep.extract` finds in a receipt. */
export type PerformUpkeepEvents = EventsByName<AutomationAbi, "UpkeepPerformed">;

export type PerformUpkeepErrorType = ActionErrorType<"NothingDone" | "StepCutOff" | "UnknownAction">;

/**
 * Perform what a check of Chainlink Automation found; anyone may.
 *
 * @remarks Its gas limit is the 5,000,000 of Automation when left out: an estimate would be the least with which one step is done.
 *
 * @throws `NothingDone`, `StepCutOff`, `UnknownAction`
 *
 * @example
 * import { checkUpkeep, performUpkeep, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const { upkeepNeeded, performData } = await checkUpkeep(wallet, { deployment, job: "clock" });
 *   if (upkeepNeeded) console.log(await performUpkeep(wallet, { deployment, performData }));
 * }
 */
export const performUpkeep: WriteAction<PerformUpkeepParameters, PerformUpkeepResult, PerformUpkeepEvents> =
  /*#__PURE__*/ defineWrite({
    contract: automation,
    functionName: "performUpkeep",
    args: ({ performData }: PerformUpkeepParameters) => [performData],
    events: ["UpkeepPerformed"],
    gas: 5_000_000n,
  });
