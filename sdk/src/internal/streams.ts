// Which events belong together; each stream has a watcher, and some a search of the past.

export const orderEvents = ["OrderPlaced", "OrderFilled", "OrderDropped", "OrderTaken"] as const;
export const fillEvents = ["OrderFilled", "OrderTaken", "Liquidated"] as const;
export const marketEvents = [
  "MarketListed",
  "MarketAdvanced",
  "PhaseChanged",
  "MarketSettled",
  "ParametersChanged",
] as const;
export const liquidationEvents = ["Liquidated", "Absorbed", "AccountRetired"] as const;
export const printEvents = ["PrintPosted", "DayFilled", "IndexPushed"] as const;
