/** Number of the AccessManager's own administrator. It holds no role of the exchange. */
export const ADMIN = 0n;

/** Role numbers in the AccessManager. */
export const Roles = { listing: 1n, risk: 2n, index: 3n, treasury: 4n, guardian: 5n, insurer: 6n } as const;

/** Name of a role. */
export type RoleName = keyof typeof Roles;

/** Every role of the exchange. */
export const ROLE_NAMES = Object.keys(Roles) as RoleName[];

/** Restricted functions of each contract and the role that may call them. Whatever is not named here is open to all. */
export const RESTRICTED = {
  clearinghouse: {
    listing: ["addFeed", "listMarket"],
    risk: ["setFees", "setLimits", "setFundTerms", "resumeNewRisk", "scheduleMargins"],
    treasury: ["collectFees", "skim", "drainFund"],
    // What comes in need not wait as what goes out does: a fund that is short is short now.
    insurer: ["topUpFund"],
    // The guardian stops new risk and cannot start it again; announced margins it may take back, as the risk role may.
    guardian: ["stopNewRisk", "cancelMargins"],
  },
  usageIndex: {
    index: ["listIndex", "setReporter", "setBonds", "addReader", "removeReader"],
  },
  reporterBonds: {
    // Which fund gets what is slashed; nobody can send it anywhere else, or take a bond.
    treasury: ["setFundMarket"],
  },
} as const;

/** Contracts that ask the AccessManager. */
export const CONTRACTS = Object.keys(RESTRICTED) as (keyof typeof RESTRICTED)[];

/** Roles whose scheduled operations the guardian may cancel before they run. Never the administrator's. */
export const CANCELLABLE = ["listing", "risk", "index", "treasury"] as const satisfies readonly RoleName[];

/** Role of every restricted function of a contract, by the function's name. */
export function restrictedFunctions(contract: keyof typeof RESTRICTED): Map<string, RoleName> {
  const roles = Object.entries(RESTRICTED[contract]) as [RoleName, readonly string[]][];
  return new Map(roles.flatMap(([role, names]) => names.map((name): [string, RoleName] => [name, role])));
}
