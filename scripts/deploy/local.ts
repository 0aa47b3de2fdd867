import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Deployment } from "@usance/sdk";
import { config, network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import module from "../../ignition/modules/UsanceLocal.ts";
import { deployExchange } from "./exchange.ts";

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
export async function deployLocal({ save = true, ...options }: DeployLocalOptions): Promise<Deployment> {
  if ("connection" in options) return deployAfresh(options.connection, save);
  const connection = await network.create({ network: "localnode", override: { url: options.rpc } });
  try {
    return await deployAfresh(connection, save);
  } finally {
    await connection.close();
  }
}

async function deployAfresh(connection: NetworkConnection, save: boolean): Promise<Deployment> {
  // A journal of an earlier node with the same id would give its addresses back without deploying anything.
  const deploymentId = `local-${randomUUID()}`;
  try {
    return await deployExchange({ connection, module, parameters, deploymentId, save });
  } finally {
    rmSync(join(config.paths.ignition, "deployments", deploymentId), { recursive: true, force: true });
  }
}
