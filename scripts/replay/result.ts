/** Result of a replay, as out/replay.json holds it. Amounts of money are in collateral tokens, prices in points. */
export interface ReplayResult {
  /** First and last simulated morning, and whether the run came to its planned end. */
  from: string;
  to: string;
  complete: boolean;
  seed: number;
  /** Wall-clock seconds of the run, compilation aside. */
  seconds: number;
  /** Counts. */
  days: number;
  prints: number;
  fills: number;
  fundingUpdates: number;
  liquidations: number;
  absorptions: number;
  transactions: number;
  settlements: SettlementRecord[];
  /** What came of TPX and GPX; left out where the run ends before their first day. */
  prices?: PriceRecord;
  /** Gas of whole transactions by function called. */
  gas: Record<string, GasSummary>;
  conservation: { checks: number; maxDrift: number };
  details: ReplayDetails;
}

/** TPX and GPX in a run. Prices are in USD. */
export interface PriceRecord {
  /** What of each is synthetic. */
  labels: Record<"TPX" | "GPX", string>;
  prints: number;
  settlements: SettlementRecord[];
  spreads: SpreadRecord[];
}

/** One trade of the token-to-GPU spread: two fill-or-kill orders in one batch. */
export interface SpreadRecord {
  date: string;
  /** Delivery month of both legs. */
  month: string;
  kind: "opened" | "closed";
  tokens: SpreadLeg;
  hours: SpreadLeg;
}

/** A leg: signed lots, and the mark that they were traded around. */
export interface SpreadLeg {
  lots: number;
  mark: number;
}

/** What the counts were counted from. */
export interface ReplayDetails {
  days: DayRecord[];
  liquidations: LiquidationRecord[];
  participants: ParticipantRecord[];
  /** Transactions that the contracts refused, by error: the state moved between a decision and its transaction. */
  refused: Record<string, number>;
  /** What the keepers did, by action and outcome. */
  keepers: Record<string, number>;
}

/** The state on one simulated evening. */
export interface DayRecord {
  /** The morning on which the print of the day before was posted. */
  date: string;
  /** Value of that print, null where the day is missing at source. */
  print: number | null;
  /** 7-day mean, null before the first market. */
  index: number | null;
  markets: MarketDay[];
  fills: number;
  liquidations: number;
  transactions: number;
}

/** One market on one evening. */
export interface MarketDay {
  name: string;
  /** Mark in points of the index: the price of the contract times its divisor. */
  mark: number;
  openInterest: number;
  /** Notional of the open interest. */
  openValue: number;
  /** Cash of the insurance fund. */
  fund: number;
  /** Funding that longs paid to shorts since the evening before; below zero the other way. Perpetual only. */
  funding?: number;
  /** That funding as a fraction of the index. Perpetual only. */
  fundingRate?: number;
}

/** Settlement of one future. */
export interface SettlementRecord {
  market: string;
  id: number;
  /** Price written by the contract, in points of the contract. */
  price: number;
  /** Mean of the window's prints calculated from the CSV, divided by the divisor. */
  mean: number;
  /** That mean rounded half-even to a tick: what `price` must be. */
  expected: number;
  matches: boolean;
  divisor: number;
  /** Mean in points of the index, exact to 18 decimals. */
  indexMean: string;
  /** Days without a print, which the missing-day rule filled. */
  filledDays: string[];
  settledOn: string;
}

/** One step of a liquidation. */
export interface LiquidationRecord {
  date: string;
  participant: string;
  market: string;
  /** Closed into the book, or taken over by the market's fund. */
  kind: "liquidated" | "absorbed";
  /** Signed change of the position in lots. */
  lots: number;
  /** Mean price in points of the contract; null for an absorption. */
  price: number | null;
  /** What was closed, at that price; null for an absorption. */
  notional: number | null;
  /** Fees of a liquidation, shortfall of an absorption. */
  cost: number;
}

/** How a participant came out. */
export interface ParticipantRecord {
  name: string;
  role: "maker" | "taker" | "keeper";
  deposited: number;
  withdrawn: number;
  equity: number;
  /** Equity and withdrawals less deposits. */
  profit: number;
}

/** Gas of one kind of call. */
export interface GasSummary {
  count: number;
  min: number;
  median: number;
  max: number;
}
