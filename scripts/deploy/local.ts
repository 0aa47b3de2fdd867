import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Deployment } from "@usance/sdk";
import { config, network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { getAddress } from "viem";
import UsanceLocal from "../../ignition/modules/UsanceLocal.ts";
import { saveDeployment } from "./deployment.ts";

const parameters = fileURLToPath(new URL("../../ignition/parameters/local.json5", import.meta.url));

/** Where to deploy: an open Hardhat connection, or the address of a node that holds unlocked accounts. */
export type DeployLocalOptions = ({ connection: NetworkConnection } | { rpc: string }) & {
  /** Whether to write deployments/<chainId>.json; on unless it is false. */
  save?: boolean;
};

/**
 * Deploys a whole exchange with a test dollar on a local node. The deployer, the node's first account, administers it,
 * holds every role and mints the collateral. Contracts must have been compiled.
 */
export async function deployLocal(options: DeployLocalOptions): Promise<Deployment> {
  if ("connection" in options) return deployOver(options.connection, options.save ?? true);
  const connection = await network.create({ network: "localnode", override: { url: options.rpc } });
  try {
    return await deployOver(connection, options.save ?? true);
  } finally {
    await connection.close();
  }
}

async function deployOver(connection: NetworkConnection, save: boolean): Promise<Deployment> {
  const read = async (method: string) => Number(await connection.provider.request({ method }));
  const chainId = await read("eth_chainId");
  const block = await read("eth_blockNumber");
  // A journal of an earlier node with the same id would give its addresses back without deploying anything.
  const deploymentId = `local-${randomUUID()}`;
  try {
    const contracts = await connection.ignition.deploy(UsanceLocal, { parameters, deploymentId });
    const addressOf = async (name: "accessManager" | "collateral" | "usageIndex" | "clearinghouse") =>
      getAddress(await contracts[name].getAddress());
    const deployment: Deployment = {
      chainId,
      block,
      accessManager: await addressOf("accessManager"),
      collateral: await addressOf("collateral"),
      usageIndex: await addressOf("usageIndex"),
      clearinghouse: await addressOf("clearinghouse"),
    };
    if (save) saveDeployment(deployment);
    return deployment;
  } finally {
    rmSync(join(config.paths.ignition, "deployments", deploymentId), { recursive: true, force: true });
  }
}
