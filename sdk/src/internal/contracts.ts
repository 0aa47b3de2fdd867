import type { Address } from "viem";
import {
  automationAbi,
  clearinghouseAbi,
  collateralAbi,
  reporterBondsAbi,
  signedOrdersAbi,
  usageIndexAbi,
} from "../abis.ts";
import type { Deployment } from "../deployment.ts";
import { InvalidDeploymentError } from "../errors/inputErrors.ts";

/** The exchange that an action talks to. */
export type DeploymentParameter = {
  /** Addresses of the exchange; `loadDeployment` reads them. */
  deployment: Deployment;
};

/** A contract of an exchange: its interface, and the name of its address in a deployment. */
export type Contract<abi> = {
  abi: abi;
  name: "clearinghouse" | "usageIndex" | "collateral" | "reporterBonds" | "signedOrders" | "automation";
};

export type ClearinghouseAbi = typeof clearinghouseAbi;
export type UsageIndexAbi = typeof usageIndexAbi;
export type CollateralAbi = typeof collateralAbi;
export type ReporterBondsAbi = typeof reporterBondsAbi;
export type SignedOrdersAbi = typeof signedOrdersAbi;
export type AutomationAbi = typeof automationAbi;

export const clearinghouse = { abi: clearinghouseAbi, name: "clearinghouse" } as const;
export const usageIndex = { abi: usageIndexAbi, name: "usageIndex" } as const;
export const collateral = { abi: collateralAbi, name: "collateral" } as const;
export const reporterBonds = { abi: reporterBondsAbi, name: "reporterBonds" } as const;
export const signedOrders = { abi: signedOrdersAbi, name: "signedOrders" } as const;
export const automation = { abi: automationAbi, name: "automation" } as const;

/** Address of a contract; an exchange need not have those of the periphery. */
export function addressOf(deployment: Deployment, name: Contract<unknown>["name"]): Address {
  const address = deployment[name];
  if (address === undefined) throw new InvalidDeploymentError(name, address);
  return address;
}

// Single functions for calls within others: whole ABIs would add a third to a program that only trades.

export const collateralDecimals = {
  abi: [
    {
      type: "function",
      name: "decimals",
      inputs: [],
      outputs: [{ name: "", type: "uint8" }],
      stateMutability: "view",
    },
  ],
  name: "collateral",
} as const;

export const lockedPrints = {
  abi: [
    {
      type: "function",
      name: "lockedSumAt",
      inputs: [
        { name: "index", type: "bytes32" },
        { name: "first", type: "uint32" },
        { name: "last", type: "uint32" },
        { name: "time", type: "uint64" },
      ],
      outputs: [
        { name: "sum", type: "uint256" },
        { name: "finalDays", type: "uint256" },
      ],
      stateMutability: "view",
    },
  ],
  name: "usageIndex",
} as const;
