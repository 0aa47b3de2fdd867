import type { Address } from "viem";
import { InvalidDeploymentError } from "../errors/inputErrors.ts";

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
  /** Executes orders that were signed off chain; an exchange need not have it. */
  signedOrders?: Address;
  /** Keeper jobs for Chainlink Automation; an exchange need not have it. */
  automation?: Address;
};

const addresses = ["accessManager", "collateral", "usageIndex", "clearinghouse", "reporterBonds"] as const;
const optional = ["signedOrders", "automation"] as const;

/** Checks a deployment; `checksummed` gives an address in its usual spelling, or nothing where the text is none. */
export function readDeployment(
  json: unknown,
  checksummed: (text: string) => Address | undefined,
): Deployment {
  if (typeof json !== "object" || json === null) throw new InvalidDeploymentError("deployment", json);
  const fields = json as Record<string, unknown>;
  const address = (name: string): Address => {
    const value = fields[name];
    const found = typeof value === "string" ? checksummed(value) : undefined;
    if (found === undefined) throw new InvalidDeploymentError(name, value);
    return found;
  };
  return {
    chainId: natural(fields, "chainId", 1),
    block: natural(fields, "block", 0),
    ...(Object.fromEntries(addresses.map((name) => [name, address(name)])) as Record<
      (typeof addresses)[number],
      Address
    >),
    ...(Object.fromEntries(
      optional.filter((name) => fields[name] !== undefined).map((name) => [name, address(name)]),
    ) as Partial<Record<(typeof optional)[number], Address>>),
  };
}

function natural(fields: Record<string, unknown>, name: string, least: number): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new InvalidDeploymentError(name, value);
  }
  return value as number;
}
