import { zeroAddress, type Client, type Hex } from "viem";
import { simulateContract } from "viem/actions";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { addressOf, automation } from "../internal/contracts.ts";
import type { ReadParameters } from "../internal/read.ts";
import { encodeAssignment, type UpkeepAssignment } from "../internal/upkeep.ts";

export type CheckUpkeepParameters = ReadParameters & UpkeepAssignment;

export type CheckUpkeepReturnType = {
  /** Whether there is something to do. */
  upkeepNeeded: boolean;
  /** Steps to perform, for `performUpkeep`. */
  performData: Hex;
  /** What an upkeep with this assignment is registered with. */
  checkData: Hex;
};

export type CheckUpkeepErrorType = ActionErrorType<"OnlySimulated">;

/** Gas that nodes of Chainlink Automation give a check. */
const gas = 10_000_000n;

/**
 * Simulate a check of Chainlink Automation as its nodes do, and give what an upkeep is registered with.
 *
 * @throws `OnlySimulated` where a node does not simulate from the zero address
 *
 * @example
 * import { checkUpkeep, performUpkeep, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function run(wallet: WalletClient, deployment: Deployment) {
 *   const assignment = { job: "liquidation", firstAccount: 2048, lastAccount: 2347 } as const;
 *   const { upkeepNeeded, performData } = await checkUpkeep(wallet, { deployment, ...assignment });
 *   if (upkeepNeeded) await performUpkeep(wallet, { deployment, performData });
 * }
 */
export async function checkUpkeep(
  client: Client,
  { deployment, blockNumber, blockTag, ...assignment }: CheckUpkeepParameters,
): Promise<CheckUpkeepReturnType> {
  const checkData = encodeAssignment(assignment);
  const when = blockNumber === undefined ? { blockTag } : { blockNumber };
  try {
    const { result } = await simulateContract(client, {
      address: addressOf(deployment, "automation"),
      abi: automation.abi,
      functionName: "checkUpkeep",
      args: [checkData],
      account: zeroAddress,
      gas,
      ...when,
    });
    const [upkeepNeeded, performData] = result;
    return { upkeepNeeded, performData, checkData };
  } catch (error) {
    throw decodeUsanceError(error);
  }
}
