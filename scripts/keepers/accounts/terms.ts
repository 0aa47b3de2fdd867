import type { GetListingReturnType } from "@usance/sdk";
import { SECONDS_PER_DAY } from "../../lib/calendar.ts";
import type { MarketState } from "../markets.ts";
import { MARKET_NUMBERS } from "./table.ts";

/** A day of a delivery window is locked at the earliest so many days after it began. */
const FINAL_AFTER = 4;

const BPS = 10_000;

/** A round that is not served whole, as far as it moves what positions are worth. */
export interface OpenRound {
  /** Price at which it closes lots, ticks. */
  tick: bigint;
  /** Funding up to which those lots pay, ticks × 2^20. */
  cumulativeFunding: bigint;
}

/** What the requirement of a market is made of, as it stands in one block. */
export interface MarketFacts {
  state: Pick<
    MarketState,
    | "id"
    | "phase"
    | "markX16"
    | "cumulativeFunding"
    | "initialMarginBps"
    | "maintenanceMarginBps"
    | "fillBandBps"
  >;
  listing: Pick<
    GetListingReturnType,
    | "kind"
    | "feed"
    | "tickValue"
    | "tiers"
    | "makerFee"
    | "concentrationLots"
    | "spreadInitialBps"
    | "spreadMaintenanceBps"
    | "firstPeriod"
    | "lastPeriod"
  >;
  /** Rounds that some positions have not been touched after. */
  rounds: readonly OpenRound[];
  /** Whether margins have been applied since the last midnight, or may have been: a window's rates are then not known. */
  changedToday: boolean;
}

/** A dated month as a leg of calendar hedges. Rates in basis points. */
export interface Month {
  feed: number;
  first: number;
  last: number;
  /** Share of its lots that count, at least. */
  unlocked: number;
  days: number;
  /** Value of a lot at mark, collateral units. */
  value: number;
  initialBps: number;
  maintenanceBps: number;
  spreadInitialBps: number;
  spreadMaintenanceBps: number;
  bandBps: number;
  makerFeeBps: number;
}

/** Whether a market trades, waits for its settlement price, or needs no margin any more; 0: nothing is known of it. */
export const TRADES = 1;
const EXPIRED = 2;
export const SETTLED = 3;

/** Terms of all markets in columns by market number, ready for a pass over all accounts. */
export class TermsTable {
  /** `TRADES`, `EXPIRED`, `SETTLED`, or 0 for a market that was never set. */
  readonly stage = new Uint8Array(MARKET_NUMBERS);
  /** Mark, ticks. */
  readonly price = new Float64Array(MARKET_NUMBERS);
  /** Cumulative funding, ticks × 2^20. */
  readonly funding = new Float64Array(MARKET_NUMBERS);
  /** Collateral units of one tick·lot. */
  readonly tickValue = new Float64Array(MARKET_NUMBERS);
  /** IM and MM of a lot, collateral units. */
  readonly initial = new Float64Array(MARKET_NUMBERS);
  readonly maintenance = new Float64Array(MARKET_NUMBERS);
  /** Lots beyond which IM grows with the size; infinite where it never does. */
  readonly concentration = new Float64Array(MARKET_NUMBERS);
  /** Lots by which a position may differ from what was read, because others have been served of a round before it. */
  readonly slackLots = new Float64Array(MARKET_NUMBERS);
  /** What it may be worth less for that, collateral units. */
  readonly slackValue = new Float64Array(MARKET_NUMBERS);
  /** Months that may be legs of hedges. */
  readonly months: (Month | undefined)[] = Array.from({ length: MARKET_NUMBERS }, () => undefined);

  /**
   * Sets the terms of a market.
   * @param unit Collateral units of a millionth of a token.
   * @param now Time of the block.
   */
  set(facts: MarketFacts, unit: bigint, now: number): void {
    const { state, listing, rounds } = facts;
    const { id } = state;
    const price = Number(state.markX16) / 65_536;
    const tickValue = Number(BigInt(listing.tickValue) * unit);
    this.stage[id] = state.phase === "settled" ? SETTLED : state.phase === "expired" ? EXPIRED : TRADES;
    this.price[id] = price;
    this.funding[id] = Number(state.cumulativeFunding);
    this.tickValue[id] = tickValue;
    this.initial[id] = (Number(state.initialMarginBps) * price * tickValue) / BPS;
    this.maintenance[id] = (Number(state.maintenanceMarginBps) * price * tickValue) / BPS;
    this.concentration[id] = Number(listing.concentrationLots) || Infinity;
    this.slackLots[id] = rounds.length;
    this.slackValue[id] = slackTicks(facts, price) * tickValue;
    this.months[id] = monthOf(facts, price * tickValue, now);
  }
}

/**
 * Tick·lots by which the worth of a position may differ from what was read. With u rounds a position closes at most k lots more or
 * less in the k-th of them, at that round's price instead of mark, and pays or earns the funding of those lots in between.
 */
function slackTicks({ state, rounds }: MarketFacts, price: number): number {
  if (rounds.length === 0) return 0;
  const far = rounds.map(({ tick, cumulativeFunding }) => {
    const funding = Math.abs(Number(state.cumulativeFunding - cumulativeFunding)) / 2 ** 20;
    return Math.abs(Number(tick) - price) + 2 * funding;
  });
  return rounds.length ** 2 * (Math.max(...far) + 1) + rounds.length;
}

/**
 * A month as a leg, with the fewest lots that may count of it today, so that no credit is counted that there is not. One of
 * which none count still stands between its neighbours.
 */
function monthOf(
  { state, listing, changedToday }: MarketFacts,
  value: number,
  now: number,
): Month | undefined {
  const trades = state.phase === "open" || state.phase === "reduceOnly";
  if (listing.kind !== "dated" || listing.spreadMaintenanceBps === 0) return undefined;
  const { firstPeriod: first, lastPeriod: last, tiers, makerFee } = listing;
  const days = last - first + 1;
  const locked = Math.max(0, Math.floor(now / SECONDS_PER_DAY) - FINAL_AFTER - first + 1);
  const bandBps = Number(state.fillBandBps);
  return {
    feed: listing.feed,
    first,
    last,
    unlocked: !trades || (locked > 0 && changedToday) ? 0 : Math.max(0, days - locked),
    days,
    value,
    // In its window only the lots that are not locked count, each with the whole rate of the front month.
    initialBps: locked > 0 ? tiers[0].initialMarginBps : Number(state.initialMarginBps),
    maintenanceBps: locked > 0 ? tiers[0].maintenanceMarginBps : Number(state.maintenanceMarginBps),
    spreadInitialBps: listing.spreadInitialBps,
    spreadMaintenanceBps: listing.spreadMaintenanceBps,
    bandBps,
    makerFeeBps: makerFee > 0 ? Math.ceil((makerFee * (BPS + bandBps)) / 100_000) : 0,
  };
}
