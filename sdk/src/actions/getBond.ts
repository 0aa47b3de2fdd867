import type { Address, Client } from "viem";
import type { ActionErrorType } from "../errors/ContractError.ts";
import type { Outcome } from "../internal/abi.ts";
import { reporterBonds, type ReporterBondsAbi } from "../internal/contracts.ts";
import { read, type ReadParameters } from "../internal/read.ts";

export type GetBondParameters = ReadParameters & {
  /** Key that signs reports. */
  reporter: Address;
};

/**
 * A reporter's bond.
 *
 * - `payee`: who gets it back; `withdrawableAt`: Unix time in seconds, 0 until it leaves
 */
export type GetBondReturnType = Outcome<ReporterBondsAbi, "bondOf"> & {
  /** Whether the reporter has a bond and does not leave. */
  isBonded: boolean;
  /** What a bond is, collateral units. */
  amount: bigint;
};

export type GetBondErrorType = ActionErrorType;

/**
 * Read the bond of a reporter: who gets it back, from when on (Unix time; zero while the reporter does not leave), and what a bond is.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { type Deployment, formatCollateral, getBond } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   const reporter = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
 *   const { isBonded, amount } = await getBond(client, { deployment, reporter });
 *   console.log(isBonded, formatCollateral(amount));
 * }
 */
export async function getBond(client: Client, parameters: GetBondParameters): Promise<GetBondReturnType> {
  const { reporter } = parameters;
  const [bond, isBonded, amount] = await Promise.all([
    read(client, parameters, reporterBonds, "bondOf", [reporter]),
    read(client, parameters, reporterBonds, "isBonded", [reporter]),
    read(client, parameters, reporterBonds, "AMOUNT", []),
  ]);
  return { ...bond, isBonded, amount };
}
