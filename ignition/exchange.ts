import type {
  AccountRuntimeValue,
  ContractFuture,
  Future,
  IgnitionModuleBuilder,
  ModuleParameterRuntimeValue,
} from "@nomicfoundation/ignition-core";
import { PANEL_SIZE, TU1D_CONFIG, TU1D_FEED } from "../scripts/deploy/terms.ts";

/** Modules of the clearing house, by their fields in `Modules` of the contracts. */
export const MODULES = [
  "accounts",
  "orders",
  "settlement",
  "clock",
  "margin",
  "liquidation",
  "waterfall",
  "upkeep",
  "administration",
  "listing",
  "lens",
] as const;

/** Name of the contract of a module. */
export const moduleName = (module: string) => `${module.charAt(0).toUpperCase()}${module.slice(1)}Module`;

type AddressValue = ContractFuture<string> | ModuleParameterRuntimeValue<string> | AccountRuntimeValue;

/**
 * Deploys the exchange around a collateral token and sets it up: index, panel, bonds, feed, reader, signed orders and Automation. Who governs it comes
 * after that: the deployer is still the administrator.
 * @param keeper Whose subaccount 0 earns the keeper's share of what Automation liquidates.
 * Parameters: `reporter1` to `reporter7`, `bondAmount`, `proverBps` and `fundMarket`, and `tu1d` and `tu1dFeed` where the terms are not those of the reference market.
 * @returns The contracts, and what must be done before roles are given.
 */
export function deployExchange(m: IgnitionModuleBuilder, collateral: AddressValue, keeper: AddressValue) {
  const deployer = m.getAccount(0);
  const accessManager = m.contract("AccessManager", [deployer]);
  const usageIndex = m.contract("UsageIndex", [accessManager]);

  const configuration = { authority: accessManager, collateral, index: usageIndex };
  const modules = Object.fromEntries(
    MODULES.map((name) => [name, m.contract(moduleName(name), [configuration])]),
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
  const reporterBonds = m.contract("ReporterBonds", [
    accessManager,
    usageIndex,
    core,
    m.getParameter("fundMarket"),
    m.getParameter("bondAmount"),
    m.getParameter("proverBps"),
  ]);
  const signedOrders = m.contract("SignedOrders", [core]);
  const automation = m.contract("KeeperAutomation", [core, usageIndex, keeper]);
  // The panel of the first hour is seated before it can have bonds; it has seven days for them.
  const bonds = m.call(usageIndex, "setBonds", [reporterBonds], { after: seats });
  const setUp: Future[] = [...seats, reader, feed, bonds];
  return {
    contracts: {
      accessManager,
      usageIndex,
      clearinghouse,
      reporterBonds,
      signedOrders,
      automation,
      ...modules,
    },
    setUp,
  };
}
