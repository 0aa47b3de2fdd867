// Names of Solidity's enum values, in its order: an ABI knows them as numbers only.

export const marketKinds = ["perpetual", "dated"] as const;
export type MarketKind = (typeof marketKinds)[number];

export const marketPhases = ["open", "reduceOnly", "expired", "settled"] as const;
export type MarketPhase = (typeof marketPhases)[number];

export const orderKinds = ["limit", "postOnly", "immediateOrCancel", "fillOrKill"] as const;
export type OrderKind = (typeof orderKinds)[number];

/** What mark must have reached before a signed order may be executed. */
export const orderTriggers = ["none", "atOrAbove", "atOrBelow"] as const;
export type OrderTrigger = (typeof orderTriggers)[number];

/** What an upkeep of Chainlink Automation looks after. */
export const upkeepJobs = ["clock", "liquidation", "waterfall", "settlement", "purge"] as const;
export type UpkeepJob = (typeof upkeepJobs)[number];

export const dropReasons = [
  "cancelled",
  "expired",
  "ownOrder",
  "notReducing",
  "accountRetired",
  "outsideBand",
  "riskRaising",
  "switchFired",
] as const;
export type DropReason = (typeof dropReasons)[number];
