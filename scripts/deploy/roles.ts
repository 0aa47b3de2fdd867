/** Role numbers in the AccessManager. 0 is its administrator. Delays are set with governance; until then they are zero. */
export const Roles = { listing: 1n, risk: 2n, index: 3n, treasury: 4n, guardian: 5n } as const;

/** Name of a role. */
export type RoleName = keyof typeof Roles;

/** Restricted functions of each contract and the role that may call them. Whatever is not named here is open to all. */
export const RESTRICTED = {
  clearinghouse: {
    listing: ["addFeed", "listMarket"],
    risk: ["setFees", "setLimits", "setFundTerms", "resumeNewRisk"],
    treasury: ["collectFees", "skim", "topUpFund", "drainFund"],
    // The guardian stops new risk and cannot start it again.
    guardian: ["stopNewRisk"],
  },
  usageIndex: {
    index: ["listIndex", "setReporter", "addReader", "removeReader"],
  },
} as const;
