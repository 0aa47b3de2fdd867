import { getAddress, isAddress, type Address } from "viem";
import { InvalidDeploymentError } from "./errors/inputErrors.ts";

/** Addresses of one exchange on one chain, as the deployment writes them to `deployments/<chainId>.json`. */
export type Deployment = {
  chainId: number;
  /** Block of the deployment: no event of the exchange is older. */
  block: number;
  accessManager: Address;
  collateral: Address;
  usageIndex: Address;
  clearinghouse: Address;
  /** Bonds of the index's reporters. */
  reporterBonds: Address;
};

const addresses = ["accessManager", "collateral", "usageIndex", "clearinghouse", "reporterBonds"] as const;

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
  if (typeof json !== "object" || json === null) throw new InvalidDeploymentError("deployment", json);
  const fields = json as Record<string, unknown>;
  return {
    chainId: natural(fields, "chainId", 1),
    block: natural(fields, "block", 0),
    ...(Object.fromEntries(addresses.map((name) => [name, address(fields, name)])) as Record<
      (typeof addresses)[number],
      Address
    >),
  };
}

function natural(fields: Record<string, unknown>, name: string, least: number): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new InvalidDeploymentError(name, value);
  }
  return value as number;
}

function address(fields: Record<string, unknown>, name: string): Address {
  const value = fields[name];
  if (typeof value !== "string" || !isAddress(value)) throw new InvalidDeploymentError(name, value);
  return getAddress(value);
}
