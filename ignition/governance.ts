import type {
  AccountRuntimeValue,
  CallableContractFuture,
  Future,
  IgnitionModuleBuilder,
  ModuleParameterRuntimeValue,
} from "@nomicfoundation/ignition-core";
import { clearinghouseAbi, reporterBondsAbi, usageIndexAbi } from "@usance/sdk/abis";
import { toFunctionSelector, type Abi, type AbiFunction } from "viem";
import {
  ADMIN,
  CANCELLABLE,
  CONTRACTS,
  RESTRICTED,
  ROLE_NAMES,
  Roles,
  type RoleName,
} from "../scripts/deploy/roles.ts";

/** What governs the exchange, and what it governs. */
export interface Governed {
  accessManager: CallableContractFuture<string>;
  usageIndex: CallableContractFuture<string>;
  clearinghouse: CallableContractFuture<string>;
  reporterBonds: CallableContractFuture<string>;
}

type AddressValue = ModuleParameterRuntimeValue<string> | AccountRuntimeValue;

/**
 * Gives every restricted function to its role and every role to its holder. The deployer could do everything until
 * here, since a function without a role belongs to the administrator, and its grants are at once: the AccessManager
 * lets a grant delay begin five days after it was set.
 * Parameters of each role and of the administrator: `<role>Delay`, seconds between scheduling and execution, and
 * `<role>GrantDelay`, seconds before a new holder may act; and `targetAdminDelay`, seconds before a contract may be
 * given another authority, or its functions another role.
 * @param after What must have been set up before.
 * @param holderOf Who gets a role.
 * @returns The last steps: what must come before the deployer lets go.
 */
export function govern(
  m: IgnitionModuleBuilder,
  { accessManager, usageIndex, clearinghouse, reporterBonds }: Governed,
  after: readonly Future[],
  holderOf: (role: RoleName) => AddressValue,
): Future[] {
  const targets = { clearinghouse, usageIndex, reporterBonds };
  const abis: Record<keyof typeof targets, Abi> = {
    clearinghouse: clearinghouseAbi,
    usageIndex: usageIndexAbi,
    reporterBonds: reporterBondsAbi,
  };
  const call = (id: string, name: string, args: Parameters<typeof m.call>[2]) =>
    m.call(accessManager, name, args, { id, after: [...after] });
  const steps: Future[] = [];
  for (const contract of CONTRACTS) {
    const target = targets[contract];
    for (const [role, names] of Object.entries(RESTRICTED[contract]) as [RoleName, readonly string[]][])
      steps.push(
        call(`restrict_${contract}_${role}`, "setTargetFunctionRole", [
          target,
          selectorsOf(abis[contract], names),
          Roles[role],
        ]),
      );
    steps.push(
      call(`adminDelay_${contract}`, "setTargetAdminDelay", [target, m.getParameter("targetAdminDelay")]),
    );
  }
  for (const role of ROLE_NAMES)
    steps.push(
      call(`label_${role}`, "labelRole", [Roles[role], role]),
      call(`grant_${role}`, "grantRole", [Roles[role], holderOf(role), m.getParameter(`${role}Delay`)]),
      call(`grantDelay_${role}`, "setGrantDelay", [Roles[role], m.getParameter(`${role}GrantDelay`)]),
    );
  // What was slashed goes into a fund without anybody's leave.
  steps.push(call("grant_insurer_bonds", "grantRole", [Roles.insurer, reporterBonds, 0]));
  for (const role of CANCELLABLE)
    steps.push(call(`guard_${role}`, "setRoleGuardian", [Roles[role], Roles.guardian]));
  steps.push(call("grantDelay_admin", "setGrantDelay", [ADMIN, m.getParameter("adminGrantDelay")]));
  return steps;
}

/** Makes the parameter `admin` the administrator, with the delay `adminDelay`, and nobody else: the deployer lets go. */
export function handOver(
  m: IgnitionModuleBuilder,
  accessManager: CallableContractFuture<string>,
  after: readonly Future[],
): void {
  const granted = m.call(
    accessManager,
    "grantRole",
    [ADMIN, m.getParameter<string>("admin"), m.getParameter("adminDelay")],
    { id: "grant_admin", after: [...after] },
  );
  m.call(accessManager, "renounceRole", [ADMIN, m.getAccount(0)], { id: "renounce_admin", after: [granted] });
}

function selectorsOf(abi: Abi, names: readonly string[]): string[] {
  return names.map((name) => {
    const functions = abi.filter(
      (item): item is AbiFunction => item.type === "function" && item.name === name,
    );
    const [only] = functions;
    if (only === undefined || functions.length > 1) throw new Error(`there is no single function ${name}`);
    return toFunctionSelector(only);
  });
}
