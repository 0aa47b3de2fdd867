import { dateOfPeriod, monthOfPeriod } from "../lib/calendar.ts";
import type { Contract, Venue } from "./contracts.ts";
import { HedgeError } from "./errors.ts";
import { estimate, variances, type Estimate } from "./estimate.ts";
import {
  basis,
  funding,
  initialMargin,
  notional,
  slippage,
  takeFromBook,
  tickLot,
  type Fill,
} from "./money.ts";
import { lastOf, trailing, weekMean, weeksOf, type Series } from "./series.ts";
import { mean } from "./statistics.ts";
import { stress, tail, type Stress } from "./stress.ts";
import type { OwnUsage } from "./usage.ts";

/** Who hedges: a buyer pays for tokens, a seller is paid for them. */
export type Side = "buyer" | "seller";

/** What money the plan is about. */
export type Measure = "spend" | "tokens";

/** What a company wants of a plan. */
export interface Wishes {
  readonly side: Side;
  /** What is compared with the index; spend where the file has costs, when left out. */
  readonly measure?: Measure | undefined;
  /** USD for a million tokens, where the file has no costs. */
  readonly price?: number | undefined;
  /** USD a month; what the last four weeks imply, when left out. */
  readonly spend?: number | undefined;
  /** Weeks over which growth is measured. */
  readonly horizon?: number | undefined;
  /** Months to hedge ("2026-07"); every open one, when left out. */
  readonly months?: readonly string[] | undefined;
  /** Hedge a month's spend with the perpetual, for needs without a date. */
  readonly perpetual: boolean;
  /** Ratio to plan with, whatever the estimate advises. */
  readonly ratio?: number | undefined;
}

/** One line of a plan; amounts are collateral units. */
export interface Leg {
  readonly contract: Contract;
  /** Spend that this contract hedges, USD. */
  readonly spend: number;
  /** Lots, at least zero; the direction of the plan says whether they are bought or sold. */
  readonly lots: bigint;
  /** Lots that the ratio asks for and the contract does not take: too few for an order, or more than its limits. */
  readonly leftOut: bigint;
  readonly notional: bigint;
  readonly initialMargin: bigint;
  /** What the present book takes of it. */
  readonly fill: Fill;
  readonly slippage: bigint;
  /** Paid until the end of the horizon where usage stands still: basis of a month, funding of the perpetual. */
  readonly carry: bigint;
  /** Mark over what the contract is worth where usage stands still, as a fraction. */
  readonly premium: number;
  /** Days until trading ends, or those that the perpetual is planned for. */
  readonly days: number;
  /** Share of the contract that can still move. */
  readonly open: number;
  readonly stress: Stress | undefined;
  /** Losses in the worst cases, collateral units; undefined with `stress`. */
  readonly losses: { readonly oneDay: bigint; readonly atEnd: bigint; readonly onTheWay: bigint } | undefined;
  /** IM and the deepest loss on the way: cash to hold ready. */
  readonly ready: bigint | undefined;
}

/** A plan. */
export interface Plan {
  readonly side: Side;
  readonly measure: Measure;
  /** 1 buys, −1 sells. */
  readonly direction: 1 | -1;
  readonly estimate: Estimate;
  /** Ratio that the lots follow from. */
  readonly ratio: number;
  /** Days that were compared: the first and the last. */
  readonly from: string;
  readonly to: string;
  /** USD a day, mean of the last four weeks. */
  readonly dailySpend: number;
  /** Latest 7-day mean of the index, points. */
  readonly index: number;
  readonly today: number;
  readonly collateral: Venue["collateral"];
  readonly legs: readonly Leg[];
  /** Variance of the growth of a month's bill, without and with the plan's ratio. */
  readonly variance: { readonly before: number; readonly after: number };
  /** By how much a month's bill exceeds its expectation at 99.5 %, as a share of it. */
  readonly tail: { readonly before: number; readonly after: number };
  /** What a reader must know of the data. */
  readonly notes: readonly string[];
}

/** Days that the perpetual is planned for. */
const PERPETUAL_DAYS = 30;
/** Days of own usage that a day's spend is taken from. */
const SPEND_DAYS = 28;
/** A month with fewer days left is hardly a hedge any more. */
const LEAST_LEFT = 7;

/**
 * Makes a plan.
 * @throws HedgeError NoOverlap, NoUsage, TooFewDays, NoPrice, NoMonth.
 */
export function makePlan(usage: OwnUsage, index: Series, venue: Venue, wishes: Wishes): Plan {
  const { own, measure, notes } = ownSeries(usage, wishes);
  const weeks = weeksOf(own, index);
  const found = estimate(weeks, wishes.horizon);
  const ratio = wishes.ratio ?? found.advice.ratio;
  const dailySpend = dailySpendOf(usage, wishes);
  const direction = wishes.side === "buyer" ? 1 : -1;
  const level = weekMean(index, lastOf(index));
  if (level === undefined)
    throw new HedgeError(
      "NoIndex",
      0,
      4,
      "The index has fewer than four prints in its last week: wait for more.",
    );
  const chosen = chooseContracts(venue, wishes);
  const legs = chosen.map((contract) =>
    legOf(contract, { direction, ratio, dailySpend, spend: wishes.spend, level, index, venue }),
  );
  const variance = variances(found.changes, ratio);
  return {
    side: wishes.side,
    measure,
    direction,
    estimate: found,
    ratio,
    from: dateOfPeriod(weeks[0]!.period - 6),
    to: dateOfPeriod(weeks.at(-1)!.period),
    dailySpend,
    index: level,
    today: venue.today,
    collateral: venue.collateral,
    legs,
    variance,
    tail: { before: tail(variance.before), after: tail(variance.after) },
    notes,
  };
}

/** The series that is compared with the index. */
function ownSeries(usage: OwnUsage, wishes: Wishes): { own: Series; measure: Measure; notes: string[] } {
  const priced = [...usage.days.values()].some(({ cost }) => (cost ?? 0) > 0);
  const measure = wishes.measure ?? (priced ? "spend" : "tokens");
  if (measure === "spend" && !priced)
    throw new HedgeError(
      "NoPrice",
      "no costs",
      "a column of costs",
      "The file has no costs: leave out --measure spend.",
    );
  const own = new Map(
    [...usage.days].map(([period, { tokens, cost }]) => [period, measure === "spend" ? (cost ?? 0) : tokens]),
  );
  const periods = [...own.keys()];
  const span = periods.at(-1)! - periods[0]! + 1;
  const notes: string[] = [];
  const missing = span - own.size;
  if (missing > 0)
    notes.push(
      `the usage lacks ${missing} day${missing === 1 ? "" : "s"} on the way, which its means leave out`,
    );
  if (usage.repeated > 0) notes.push(`rows that came again, and count once: ${usage.repeated}`);
  if (usage.refused > 0)
    notes.push(
      `rows that could not be read: ${usage.refused} of ${usage.rows}; the first is ${usage.problem}`,
    );
  return { own, measure, notes };
}

/** USD a day: the costs of the last four weeks, or their tokens at a price, or a month's spend that was given. */
function dailySpendOf(usage: OwnUsage, { price, spend }: Wishes): number {
  if (spend !== undefined) return (spend * 12) / 365;
  const last = [...usage.days.keys()].at(-1)!;
  const mean = (select: (day: { tokens: number; cost: number | undefined }) => number) =>
    trailing(new Map([...usage.days].map(([period, day]) => [period, select(day)])), last, SPEND_DAYS)!;
  if (price !== undefined) return (mean(({ tokens }) => tokens) * price) / 1e6;
  const costs = mean(({ cost }) => cost ?? 0);
  if (costs > 0) return costs;
  throw new HedgeError(
    "NoPrice",
    "no costs",
    "--price or --spend",
    "The file has tokens and no costs: give --price, USD for a million tokens, or --spend, USD a month.",
  );
}

function chooseContracts(venue: Venue, { perpetual, months }: Wishes): Contract[] {
  const { contracts, today } = venue;
  const listed = contracts.map(({ symbol }) => symbol).join(", ") || "none";
  const missing = (wanted: string) =>
    new HedgeError("NoMonth", wanted, listed, `${wanted} is not open for trading: open are ${listed}.`);
  if (perpetual) {
    const found = contracts.filter(({ kind }) => kind === "perpetual").slice(0, 1);
    if (found.length === 0) throw missing("A perpetual");
    return found;
  }
  const dated = contracts.filter(({ kind }) => kind === "dated").sort((a, b) => a.lastPeriod - b.lastPeriod);
  if (months !== undefined)
    return [...new Set(months)].map((month) => {
      const found = dated.find(({ lastPeriod }) => monthOfPeriod(lastPeriod) === month);
      if (found === undefined) throw missing(`TUM-${month}`);
      return found;
    });
  const useful = dated.filter(({ lastPeriod }) => lastPeriod - today + 1 >= LEAST_LEFT);
  if (useful.length === 0) throw missing("A month with a week left");
  return useful;
}

interface Sizing {
  direction: 1 | -1;
  ratio: number;
  dailySpend: number;
  spend: number | undefined;
  level: number;
  index: Series;
  venue: Venue;
}

function legOf(contract: Contract, sizing: Sizing): Leg {
  const { direction, ratio, dailySpend, level, index, venue } = sizing;
  const { decimals } = venue.collateral;
  const dated = contract.kind === "dated";
  const window = dated ? contract.lastPeriod - contract.firstPeriod + 1 : PERPETUAL_DAYS;
  const days = dated ? contract.lastPeriod - venue.today + 1 : PERPETUAL_DAYS;
  // A month's mean and a month's bill have the same days behind them: what is over is over in both, and the size stays.
  const bill = sizing.spend ?? dailySpend * window;
  const open = Math.min(1, days / window);
  // Spend and index both stand where they are today: that is what the ratio of their growth applies to.
  const indexX16 = ticksX16(level, contract);
  const lotValue = Number((indexX16 * contract.tickValue) >> 16n) / 1e6;
  const wanted = BigInt(Math.max(0, Math.floor((ratio * bill) / lotValue)));
  const capped = wanted > contract.maxLots ? contract.maxLots : wanted;
  const lots = capped < contract.minLots ? 0n : capped;

  const fill = takeFromBook(contract, direction, lots, decimals);
  const margin = initialMargin(contract, lots, decimals);
  const value = notional(contract, lots, decimals);
  // Where usage stands still a month settles on the prints that it has and the present level on its other days.
  const restX16 = dated ? ticksX16(meanAtRest(contract, index, level), contract) : indexX16;
  const risk = stress(index, direction, days);
  const share = (loss: number) => (value * BigInt(Math.ceil(loss * open * 1e9))) / 10n ** 9n;
  const losses = risk && {
    oneDay: share(risk.oneDay),
    atEnd: share(risk.atEnd),
    onTheWay: share(risk.onTheWay),
  };
  return {
    contract,
    spend: bill * open,
    lots,
    leftOut: wanted - lots,
    notional: value,
    initialMargin: margin,
    fill,
    slippage: slippage(contract, direction, fill, decimals),
    carry: dated
      ? basis(contract, direction, lots, restX16, decimals)
      : funding(contract, direction, lots, days, decimals),
    premium: Number(contract.markX16) / Number(restX16) - 1,
    days,
    open,
    stress: risk,
    losses,
    ready: losses && margin + losses.onTheWay,
  };
}

/** Index in a contract's price, ticks × 2^16. */
function ticksX16(points: number, { indexPerTick }: Contract): bigint {
  return ((BigInt(Math.round(points * 1e9)) * 10n ** 9n) << 16n) / indexPerTick;
}

function meanAtRest({ firstPeriod, lastPeriod }: Contract, index: Series, level: number): number {
  const days = Array.from(
    { length: lastPeriod - firstPeriod + 1 },
    (_, day) => index.get(firstPeriod + day) ?? level,
  );
  return mean(days);
}

/** Value of a point of a contract for a lot, collateral units. */
export function pointValue(contract: Contract, decimals: number): bigint {
  const ticks = BigInt(Math.round(1 / Number(contract.tickSize)));
  return ticks * tickLot(contract, decimals);
}
