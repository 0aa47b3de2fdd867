import type { Book } from "./book.ts";

export type MarketKind = "perpetual" | "dated";
export type Phase = "open" | "reduceOnly" | "expired" | "settled";
export type OrderKind = "limit" | "postOnly" | "immediateOrCancel" | "fillOrKill";
export type DropReason =
  "cancelled" | "expired" | "ownOrder" | "notReducing" | "accountRetired" | "outsideBand" | "riskRaising";

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
}

export interface Account {
  id: number;
  cash: bigint;
  retired: boolean;
  positions: Map<number, Position>;
}

export interface Market {
  id: number;
  listing: Listing;
  book: Book;
  /** Stopped by the guardian. */
  reduceOnly: boolean;
  openInterest: bigint;
  fundingPool: bigint;
  feesPayable: bigint;
  settlementTick: bigint;
  /** Observed, not computed here: see mark.ts. Ticks × 2^16. */
  markX16: bigint;
  /** Observed: ticks × 2^20 that one long lot has paid since listing. */
  cumulativeFunding: bigint;
  /** Observed: second from which takers must reduce. */
  staleAt: bigint;
  /** Observed: second from which mark is not valid. */
  invalidAt: bigint;
}

export interface State {
  now: bigint;
  tracked: bigint;
  nextOrder: number;
  accounts: Map<number, Account>;
  markets: Map<number, Market>;
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
