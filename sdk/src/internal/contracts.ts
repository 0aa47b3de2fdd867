import { clearinghouseAbi, collateralAbi, usageIndexAbi } from "../abis.ts";
import type { Deployment } from "../deployment.ts";

/** The exchange that an action talks to. */
export type DeploymentParameter = {
  /** Addresses of the exchange; `loadDeployment` reads them. */
  deployment: Deployment;
};

export type ClearinghouseAbi = typeof clearinghouseAbi;
export type UsageIndexAbi = typeof usageIndexAbi;
export type CollateralAbi = typeof collateralAbi;

export function clearinghouse({ deployment }: DeploymentParameter) {
  return { abi: clearinghouseAbi, address: deployment.clearinghouse };
}

export function usageIndex({ deployment }: DeploymentParameter) {
  return { abi: usageIndexAbi, address: deployment.usageIndex };
}

export function collateral({ deployment }: DeploymentParameter) {
  return { abi: collateralAbi, address: deployment.collateral };
}
