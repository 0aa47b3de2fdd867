import type {
  AccountRuntimeValue,
  ContractFuture,
  IgnitionModuleBuilder,
  ModuleParameterRuntimeValue,
} from "@nomicfoundation/ignition-core";
import { clearinghouseAbi, usageIndexAbi } from "@usance/sdk/abis";
import { toFunctionSelector, type Abi, type AbiFunction } from "viem";
import { RESTRICTED, Roles, type RoleName } from "../scripts/deploy/roles.ts";
import { PANEL_SIZE, TU1D_CONFIG, TU1D_FEED } from "../scripts/deploy/terms.ts";

/** Modules of the clearing house, by their fields in `Modules` of the contracts. */
const MODULES = [
  "accounts",
  "orders",
  "settlement",
  "clock",
  "liquidation",
  "waterfall",
  "upkeep",
  "administration",
  "listing",
  "lens",
] as const;

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

type AddressValue = ContractFuture<string> | ModuleParameterRuntimeValue<string> | AccountRuntimeValue;

/**
 * Deploys the exchange around a collateral token and sets it up: index, panel, feed, reader and roles.
 * Parameters: `reporter1` to `reporter7`, and `listing`, `risk`, `index`, `treasury`, `guardian`, the holders of the
 * roles, each the deployer unless it is given.
 */
export function deployExchange(m: IgnitionModuleBuilder, collateral: AddressValue) {
  const deployer = m.getAccount(0);
  const accessManager = m.contract("AccessManager", [deployer]);
  const usageIndex = m.contract("UsageIndex", [accessManager]);

  const configuration = { authority: accessManager, collateral, index: usageIndex };
  const modules = Object.fromEntries(
    MODULES.map((name) => [name, m.contract(`${capitalised(name)}Module`, [configuration])]),
  ) as Record<(typeof MODULES)[number], ContractFuture<string>>;
  const core = m.contract("Clearinghouse", [configuration, modules]);
  // The address answers more than the contract's own ABI: the modules stand behind its fallback.
  const clearinghouse = m.contractAt("IClearinghouse", core, { id: "MergedClearinghouse" });

  const listed = m.call(usageIndex, "listIndex", [TU1D_FEED.index, m.getParameter("tu1d", TU1D_CONFIG)]);
  const seats = Array.from({ length: PANEL_SIZE }, (_, seat) =>
    m.call(usageIndex, "setReporter", [m.getParameter<string>(`reporter${seat + 1}`), true], {
      id: `Reporter${seat + 1}`,
    }),
  );
  const reader = m.call(usageIndex, "addReader", [TU1D_FEED.index, clearinghouse], { after: [listed] });
  const feed = m.call(clearinghouse, "addFeed", [m.getParameter("tu1dFeed", TU1D_FEED)]);

  // A function without a role belongs to the administrator, so the deployer could do all of the above. From here on
  // only the holders of the roles can.
  const after = [...seats, reader, feed];
  const restrict = (
    contract: keyof typeof RESTRICTED,
    target: ContractFuture<string>,
    abi: Abi,
    role: RoleName,
    names: readonly string[],
  ) =>
    m.call(accessManager, "setTargetFunctionRole", [target, selectorsOf(abi, names), Roles[role]], {
      id: `restrict_${contract}_${role}`,
      after,
    });
  for (const [role, names] of Object.entries(RESTRICTED.clearinghouse))
    restrict("clearinghouse", clearinghouse, clearinghouseAbi, role as RoleName, names);
  for (const [role, names] of Object.entries(RESTRICTED.usageIndex))
    restrict("usageIndex", usageIndex, usageIndexAbi, role as RoleName, names);
  for (const [role, id] of Object.entries(Roles)) {
    m.call(accessManager, "labelRole", [id, role], { id: `label_${role}` });
    m.call(accessManager, "grantRole", [id, m.getParameter(role, deployer), 0], { id: `grant_${role}` });
  }
  return { accessManager, usageIndex, clearinghouse, ...modules };
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
