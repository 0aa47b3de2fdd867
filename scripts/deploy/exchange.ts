import { existsSync } from "node:fs";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import type { Deployment } from "@usance/sdk";
import type { NetworkConnection } from "hardhat/types/network";
import { getAddress } from "viem";
import type Usance from "../../ignition/modules/Usance.ts";
import { deploymentPath, readDeployment, saveDeployment } from "./deployment.ts";

/** What to deploy, and how. */
export interface DeployOptions {
  connection: NetworkConnection;
  /** A module that returns what `Usance` returns. */
  module: IgnitionModule<string, string, (typeof Usance)["results"]>;
  /** Path of the parameter file. */
  parameters: string;
  /** Journal by which an interrupted deployment goes on; the chain's when left out. */
  deploymentId?: string;
  /** Whether to write deployments/<chainId>.json. */
  save: boolean;
}

/** Deploys an exchange with Ignition and returns its addresses. */
export async function deployExchange(options: DeployOptions): Promise<Deployment> {
  const { connection, module, parameters, deploymentId, save } = options;
  const read = async (method: string) => Number(await connection.provider.request({ method }));
  const chainId = await read("eth_chainId");
  const block = await read("eth_blockNumber");
  const { accessManager, usageIndex, clearinghouse, reporterBonds, signedOrders, automation } =
    await connection.ignition.deploy(module, {
      parameters,
      ...(deploymentId !== undefined && { deploymentId }),
    });
  const deployment: Deployment = {
    chainId,
    block,
    accessManager: getAddress(await accessManager.getAddress()),
    collateral: getAddress((await clearinghouse.getFunction("collateral").staticCall()) as string),
    usageIndex: getAddress(await usageIndex.getAddress()),
    clearinghouse: getAddress(await clearinghouse.getAddress()),
    reporterBonds: getAddress(await reporterBonds.getAddress()),
    signedOrders: getAddress(await signedOrders.getAddress()),
    automation: getAddress(await automation.getAddress()),
  };
  const first = deploymentId === undefined ? sinceFirst(deployment) : deployment;
  if (save) saveDeployment(first);
  return first;
}

/** Where the journal of a finished deployment is run again, nothing is deployed: events count from the first time on. */
function sinceFirst(deployment: Deployment): Deployment {
  const path = deploymentPath(deployment.chainId);
  if (!existsSync(path)) return deployment;
  const { clearinghouse, block } = readDeployment(path);
  return clearinghouse === deployment.clearinghouse ? { ...deployment, block } : deployment;
}
