import type { Deployment } from "@usance/sdk";
import { clearinghouseAbi, reporterBondsAbi, usageIndexAbi } from "@usance/sdk/abis";
import { getAddress, parseAbi, toFunctionSelector, type AbiFunction, type Address, type Client } from "viem";
import { getContractEvents, readContract } from "viem/actions";
import type { DeploymentParameters } from "./parameters.ts";
import { ADMIN, CANCELLABLE, CONTRACTS, ROLE_NAMES, Roles, restrictedFunctions } from "./roles.ts";

/** What governance reads of an AccessManager. */
export const managerAbi = parseAbi([
  "event RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 since, bool newMember)",
  "event RoleRevoked(uint64 indexed roleId, address indexed account)",
  "event RoleLabel(uint64 indexed roleId, string label)",
  "event RoleGrantDelayChanged(uint64 indexed roleId, uint32 delay, uint48 since)",
  "event TargetAdminDelayUpdated(address indexed target, uint32 delay, uint48 since)",
  "function hasRole(uint64 roleId, address account) view returns (bool isMember, uint32 executionDelay)",
  "function getRoleAdmin(uint64 roleId) view returns (uint64)",
  "function getRoleGuardian(uint64 roleId) view returns (uint64)",
  "function getTargetFunctionRole(address target, bytes4 selector) view returns (uint64)",
  "function isTargetClosed(address target) view returns (bool)",
]);
const managedAbi = parseAbi(["function authority() view returns (address)"]);

/** Who may do what on an exchange, and how fast. */
export interface Governance {
  /** Roles by name, and the administrator. */
  roles: Record<string, RoleState>;
  /** Restricted functions by contract; every other function is open to all. */
  contracts: Record<string, ContractState>;
}

interface RoleState {
  label: string;
  /** Number of the role that gives and takes it. */
  admin: bigint;
  /** Number of the role that may cancel its operations; 0 is the administrator alone. */
  guardian: bigint;
  grantDelay: number;
  /** Holders and their delays, as text. */
  holders: string[];
}

interface ContractState {
  authority: Address;
  closed: boolean;
  adminDelay: number;
  /** Role number by function. */
  functions: Record<string, bigint>;
}

const abis = {
  clearinghouse: clearinghouseAbi,
  usageIndex: usageIndexAbi,
  reporterBonds: reporterBondsAbi,
} as const;

/** Functions of a contract that might be restricted: whatever does not only read. */
function writesOf(contract: keyof typeof abis): AbiFunction[] {
  return (abis[contract] as readonly { type: string }[]).filter(
    (item): item is AbiFunction =>
      item.type === "function" && (item as AbiFunction).stateMutability === "nonpayable",
  );
}

const holderText = (holder: Address, delay: number) => `${getAddress(holder)} after ${delay} s`;

/** Reads who may do what, from the AccessManager and its events. The node must know the deployment's blocks. */
export async function readGovernance(client: Client, deployment: Deployment): Promise<Governance> {
  const manager = { address: deployment.accessManager, abi: managerAbi } as const;
  const events = await getContractEvents(client, {
    ...manager,
    fromBlock: BigInt(deployment.block),
    strict: true,
  });
  const labels = new Map<bigint, string>();
  const grantDelays = new Map<bigint, number>();
  const adminDelays = new Map<Address, number>();
  const everGranted = new Map<bigint, Set<Address>>();
  for (const { eventName, args } of events) {
    if (eventName === "RoleLabel") labels.set(args.roleId, args.label);
    else if (eventName === "RoleGrantDelayChanged") grantDelays.set(args.roleId, args.delay);
    else if (eventName === "TargetAdminDelayUpdated") adminDelays.set(args.target, args.delay);
    else if (eventName === "RoleGranted")
      everGranted.set(args.roleId, (everGranted.get(args.roleId) ?? new Set()).add(args.account));
  }
  const known = new Map<bigint, string>([
    [ADMIN, "admin"],
    ...ROLE_NAMES.map((role): [bigint, string] => [Roles[role], role]),
  ]);
  // A role that nobody planned shows up under its number.
  const numbers = new Set([...known.keys(), ...everGranted.keys()]);
  const roles: [string, RoleState][] = [];
  for (const role of numbers) {
    const holders: string[] = [];
    for (const account of everGranted.get(role) ?? []) {
      const [holds, delay] = await readContract(client, {
        ...manager,
        functionName: "hasRole",
        args: [role, account],
      });
      if (holds) holders.push(holderText(account, delay));
    }
    const read = (functionName: "getRoleAdmin" | "getRoleGuardian") =>
      readContract(client, { ...manager, functionName, args: [role] });
    roles.push([
      known.get(role) ?? `role ${role}`,
      {
        label: labels.get(role) ?? "",
        admin: await read("getRoleAdmin"),
        guardian: await read("getRoleGuardian"),
        grantDelay: grantDelays.get(role) ?? 0,
        holders: holders.sort(),
      },
    ]);
  }
  const contracts: [string, ContractState][] = [];
  for (const contract of CONTRACTS) {
    const target = deployment[contract];
    const functions: [string, bigint][] = [];
    for (const item of writesOf(contract)) {
      const role = await readContract(client, {
        ...manager,
        functionName: "getTargetFunctionRole",
        args: [target, toFunctionSelector(item)],
      });
      if (role !== ADMIN) functions.push([item.name, role]);
    }
    contracts.push([
      contract,
      {
        authority: await readContract(client, {
          address: target,
          abi: managedAbi,
          functionName: "authority",
        }),
        closed: await readContract(client, { ...manager, functionName: "isTargetClosed", args: [target] }),
        adminDelay: adminDelays.get(target) ?? 0,
        functions: Object.fromEntries(functions),
      },
    ]);
  }
  return { roles: Object.fromEntries(roles), contracts: Object.fromEntries(contracts) };
}

/** What `readGovernance` gives for an exchange that was deployed by a parameter file. */
export function plannedGovernance(parameters: DeploymentParameters, deployment: Deployment): Governance {
  const cancellable: readonly string[] = CANCELLABLE;
  const { admin, roles, targetAdminDelay } = parameters;
  return {
    roles: {
      admin: {
        label: "",
        admin: ADMIN,
        guardian: ADMIN,
        grantDelay: admin.grantDelay,
        holders: [holderText(admin.holder, admin.delay)],
      },
      ...Object.fromEntries(
        ROLE_NAMES.map((role) => [
          role,
          {
            label: role,
            admin: ADMIN,
            guardian: cancellable.includes(role) ? Roles.guardian : ADMIN,
            grantDelay: roles[role].grantDelay,
            holders: [
              holderText(roles[role].holder, roles[role].delay),
              ...(role === "insurer" ? [holderText(deployment.reporterBonds, 0)] : []),
            ].sort(),
          },
        ]),
      ),
    },
    contracts: Object.fromEntries(
      CONTRACTS.map((contract) => [
        contract,
        {
          authority: deployment.accessManager,
          closed: false,
          adminDelay: targetAdminDelay,
          functions: Object.fromEntries(
            [...restrictedFunctions(contract)].map(([name, role]) => [name, Roles[role]]),
          ),
        },
      ]),
    ),
  };
}

/** Lists where a state differs from a plan, a line each, as `path: found instead of planned`. */
export function differences(planned: unknown, found: unknown, path = ""): string[] {
  if (typeof planned === "object" && planned !== null && typeof found === "object" && found !== null) {
    const names = new Set([...Object.keys(planned), ...Object.keys(found)]);
    return [...names].flatMap((name) =>
      differences(
        (planned as Record<string, unknown>)[name],
        (found as Record<string, unknown>)[name],
        path === "" ? name : `${path}.${name}`,
      ),
    );
  }
  return planned === found ? [] : [`${path}: ${show(found)} instead of ${show(planned)}`];
}

function show(value: unknown): string {
  return value === undefined
    ? "nothing"
    : typeof value === "object"
      ? JSON.stringify(value)
      : `${value as string}`;
}
