import { getAddress, isAddress } from "viem";
import { readDeployment, type Deployment } from "./internal/deployment.ts";

export type { Deployment };

/**
 * Checks the parsed content of a `deployments/<chainId>.json`.
 *
 * @param json - What `JSON.parse` gave; unknown fields are left out.
 * @returns The deployment, with checksummed addresses.
 * @throws {@link InvalidDeploymentError} naming the first field that is missing or wrong.
 *
 * @example
 * import { loadDeployment } from "@usance/sdk";
 *
 * const deployment = loadDeployment({
 *   chainId: 31337,
 *   block: 12,
 *   accessManager: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
 *   collateral: "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512",
 *   usageIndex: "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0",
 *   clearinghouse: "0xcf7ed3acca5a467e9e704c703e8d87f634fb0fc9",
 *   reporterBonds: "0xdc64a140aa3e981100a9beca4e685f962f0cf6c9",
 * });
 */
export function loadDeployment(json: unknown): Deployment {
  return readDeployment(json, (text) => (isAddress(text) ? getAddress(text) : undefined));
}
