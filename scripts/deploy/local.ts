import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Deployment } from "@usance/sdk";
import { config, network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import module from "../../ignition/modules/UsanceLocal.ts";
import { deployExchange, type DeployOptions } from "./exchange.ts";

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
  const afresh = (connection: NetworkConnection) => deployAfresh({ connection, module, parameters, save });
  if ("connection" in options) return afresh(options.connection);
  const connection = await network.create({ network: "localnode", override: { url: options.rpc } });
  try {
    return await afresh(connection);
  } finally {
    await connection.close();
  }
}

/** Deploys without regard to any journal: one of an earlier node would give its addresses back and deploy nothing. */
export async function deployAfresh(options: Omit<DeployOptions, "deploymentId">): Promise<Deployment> {
  const deploymentId = `local-${randomUUID()}`;
  try {
    return await deployExchange({ ...options, deploymentId });
  } finally {
    rmSync(join(config.paths.ignition, "deployments", deploymentId), { recursive: true, force: true });
  }
}
