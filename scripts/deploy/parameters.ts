import { readFileSync } from "node:fs";
import JSON5 from "json5";
import { getAddress, isAddress, type Address } from "viem";
import { type BOND_TERMS, PANEL_SIZE, TU1D_CONFIG, TU1D_FEED } from "./terms.ts";
import { ROLE_NAMES, type RoleName } from "./roles.ts";

/** Who holds a role, and what they wait for, in seconds. */
export interface RoleTerms {
  holder: Address;
  /** From scheduling an operation to the first moment at which it may run. */
  delay: number;
  /** From granting the role to the first moment at which its new holder may act. */
  grantDelay: number;
}

/** What a parameter file of the module `Usance` says. */
export interface DeploymentParameters {
  collateral: Address;
  /** Whose account earns by upkeeps of Automation. */
  keeper: Address;
  reporters: Address[];
  admin: RoleTerms;
  roles: Record<RoleName, RoleTerms>;
  targetAdminDelay: number;
  tu1d: typeof TU1D_CONFIG;
  tu1dFeed: typeof TU1D_FEED;
  bond: typeof BOND_TERMS;
}

/**
 * Reads a parameter file of the module `Usance`.
 * @throws Error in one sentence that names the first parameter that is missing or wrong.
 */
export function readParameters(path: string): DeploymentParameters {
  const file = JSON5.parse<{ Usance?: Record<string, unknown> }>(readFileSync(path, "utf8"));
  const values = file.Usance;
  if (values === undefined) throw new Error(`${path} has no parameters for the module Usance.`);
  const address = (name: string): Address => {
    const value = values[name];
    if (typeof value !== "string" || !isAddress(value)) throw new Error(`${path}: ${name} is no address.`);
    return getAddress(value);
  };
  const seconds = (name: string): number => {
    const value = values[name];
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= 2 ** 32)
      throw new Error(`${path}: ${name} is no number of seconds.`);
    return value as number;
  };
  const terms = (role: string): RoleTerms => ({
    holder: address(role),
    delay: seconds(`${role}Delay`),
    grantDelay: seconds(`${role}GrantDelay`),
  });
  return {
    collateral: address("collateral"),
    keeper: address("keeper"),
    reporters: Array.from({ length: PANEL_SIZE }, (_, seat) => address(`reporter${seat + 1}`)),
    admin: terms("admin"),
    roles: Object.fromEntries(ROLE_NAMES.map((role) => [role, terms(role)])) as Record<RoleName, RoleTerms>,
    targetAdminDelay: seconds("targetAdminDelay"),
    tu1d: (values.tu1d === undefined ? TU1D_CONFIG : withBigints(values.tu1d)) as typeof TU1D_CONFIG,
    tu1dFeed: (values.tu1dFeed ?? TU1D_FEED) as typeof TU1D_FEED,
    bond: {
      amount: bigint(values.bondAmount) as bigint,
      proverBps: values.proverBps as number,
      fundMarket: values.fundMarket as number,
    },
  };
}

/** Ignition writes a bigint as text that ends in n. */
function withBigints(value: unknown): object {
  return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, bigint(item)]));
}

function bigint(item: unknown): unknown {
  return typeof item === "string" && /^\d+n$/.test(item) ? BigInt(item.slice(0, -1)) : item;
}

/**
 * Lists what must not be so before an exchange is deployed: whoever deploys lets go at the end, so a role that it holds
 * is lost or stands without its delay.
 */
export function problemsOf({ admin, roles, reporters }: DeploymentParameters, deployer: Address): string[] {
  const holders = [
    ["admin", admin.holder] as const,
    ...ROLE_NAMES.map((role) => [role, roles[role].holder] as const),
  ];
  const problems = holders
    .filter(([, holder]) => holder === getAddress(deployer) || BigInt(holder) === 0n)
    .map(([role, holder]) => `${role} is ${BigInt(holder) === 0n ? "nobody" : "the deployer, who lets go"}`);
  if (holders.some(([role, holder]) => role !== "admin" && holder === admin.holder))
    problems.push(
      "the administrator holds another role, so it could give itself more without asking anybody",
    );
  if (new Set(reporters).size < reporters.length) problems.push("a reporter has two seats");
  return problems;
}
