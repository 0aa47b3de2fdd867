import type { Window } from "./window.ts";
import type { Book } from "./book.ts";

export type MarketKind = "perpetual" | "dated";
export type Phase = "open" | "reduceOnly" | "expired" | "settled";
/** Where a market's index stands on the stale ladder. */
export type Stage = "fresh" | "stale" | "halted" | "grace";
export type OrderKind = "limit" | "postOnly" | "immediateOrCancel" | "fillOrKill";
export type DropReason =
  | "cancelled"
  | "expired"
  | "ownOrder"
  | "notReducing"
  | "accountRetired"
  | "outsideBand"
  | "riskRaising"
  | "switchFired";

export interface Tier {
  initialMarginBps: bigint;
  maintenanceMarginBps: bigint;
  fillBandBps: bigint;
}

/** The part of a listing that the model needs; units as in the clearing house. */
export interface Listing {
  kind: MarketKind;
  indexPerTick: bigint;
  tickValue: bigint;
  tiers: [Tier, Tier, Tier];
  clampBps: bigint;
  takerFee: bigint;
  makerFee: bigint;
  liquidationFeeBps: bigint;
  insuranceShareBps: bigint;
  fundingPeriod: bigint;
  fundingCapBps: bigint;
  fundingInterestBps: bigint;
  markMinutes: bigint;
  impactLots: bigint;
  minLots: bigint;
  maxPositionLots: bigint;
  maxOpenInterestLots: bigint;
  openInterestBaseLots: bigint;
  fundCoverBps: bigint;
  concentrationLots: bigint;
  spreadInitialBps: bigint;
  spreadMaintenanceBps: bigint;
  firstPeriod: bigint;
  lastPeriod: bigint;
  nextFromPeriod: bigint;
  firstMarkTick: bigint;
}

/** What a scheduled change sets. */
export type MarginChange = Pick<
  Listing,
  | "tiers"
  | "clampBps"
  | "concentrationLots"
  | "spreadInitialBps"
  | "spreadMaintenanceBps"
  | "fundingCapBps"
  | "fundingInterestBps"
>;

export interface OrderParameters {
  market: number;
  lots: bigint;
  tick: bigint;
  kind: OrderKind;
  reduceOnly: boolean;
  expiry: bigint;
  maxFills: number;
}

export interface Position {
  size: bigint;
  quote: bigint;
  /** Cumulative funding at the last settlement into quote, ticks × 2^20. */
  snapshot: bigint;
  bidLots: bigint;
  askLots: bigint;
  openOrders: number;
  /** Number of the newest round of its market that it has taken its part in, or was none of its business. */
  round: number;
  /** A round took lots since its orders were placed: they only reduce. */
  reducing: boolean;
}

export interface Account {
  id: number;
  /** Number of the owner; −1 for funds and escrows. */
  owner: number;
  cash: bigint;
  retired: boolean;
  positions: Map<number, Position>;
  /** Last second at which its orders are good; 0 without a dead-man switch. */
  deadline: bigint;
  /** Second at which somebody first found it below MM, for the discount of takeovers. */
  belowSince: bigint;
  /** What its withdrawals left behind while a deficit stood. */
  claim: bigint;
  /** Last second at which another owner may trade for it. */
  operators: Map<number, bigint>;
  /** Fee that its owner allows other accounts, tenths of a basis point. */
  builderCaps: Map<number, bigint>;
}

/** A deleveraging round: `lots` of the winning side close at `tick`, shared over the `side` lots that it had. */
export interface Round {
  lots: bigint;
  side: bigint;
  tick: bigint;
  /** Whether the longs win. */
  longs: boolean;
  /** Cumulative funding up to which what it closes has paid. */
  funding: bigint;
  /** Lots of the side that have taken their part, and lots that were closed by it. */
  served: bigint;
  closed: bigint;
}

export interface Market {
  id: number;
  listing: Listing;
  book: Book;
  /** Stopped by the guardian. */
  reduceOnly: boolean;
  openInterest: bigint;
  /** Open interest up to which fills may raise it, as of the last time that it was computed. */
  openInterestLimit: bigint;
  fundingPool: bigint;
  feesPayable: bigint;
  settlementTick: bigint;
  /** Second at which trading in a perpetual near the end of the tick range ends; 0 while none is set. */
  end: bigint;
  /** Deleveraging rounds, the first is number 1. */
  rounds: Round[];
  /** What the market owes because its fund could not pay. */
  deficit: bigint;
  /** How often it came to owe something. */
  deficits: number;
  /** What the fund may lose by unwinding on a day, and has lost. */
  unwinding: { day: bigint; budget: bigint; spent: bigint };
  /** What may be taken out of the fund on a day, and has been. */
  draining: { day: bigint; budget: bigint; spent: bigint };
  /** How much of its delivery window was locked at the last midnight; no days outside of one. */
  window: Window;
  /** Announced change of margins, and the day from which it may be applied. */
  scheduled?: { change: MarginChange; fromDay: bigint };
  /** Margins in force; those of its month where its clock has not said others. */
  tier?: Tier;
  /** Observed, not computed here: see mark.ts. Ticks × 2^16. */
  markX16: bigint;
  /** Observed: ticks × 2^20 that one long lot has paid since listing. */
  cumulativeFunding: bigint;
  /** As of this minute, or of the last touch in it. */
  stage: Stage;
}

export interface State {
  now: bigint;
  tracked: bigint;
  nextOrder: number;
  accounts: Map<number, Account>;
  markets: Map<number, Market>;
  /** Markets whose funds a debt has taken below zero and nobody has settled since. */
  spent: Set<number>;
}

/** A refusal. `others` names rules that the same call breaks too and that another order of checks would report first. */
export class Refusal extends Error {
  readonly rule: string;
  readonly operands: readonly bigint[];
  readonly others: readonly string[];

  constructor(rule: string, operands: bigint[] = [], others: string[] = []) {
    super(`${rule}(${operands.join(", ")})`);
    this.rule = rule;
    this.operands = operands;
    this.others = others;
  }
}

/** Throws the first of several broken rules, naming the others. */
export function refuse(broken: Refusal[]): void {
  const [first, ...rest] = broken;
  if (first)
    throw new Refusal(
      first.rule,
      [...first.operands],
      rest.map(({ rule }) => rule),
    );
}
