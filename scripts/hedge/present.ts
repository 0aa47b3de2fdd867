import { formatCollateral, formatLots, pointsOfMark } from "@usance/sdk";
import type { Table } from "../cli/output.ts";
import { dateOfPeriod } from "../lib/calendar.ts";
import type { Quality } from "./estimate.ts";
import { LEAST_POINTS } from "./statistics.ts";
import { pointValue, type Leg, type Plan } from "./plan.ts";
import type { OwnUsage } from "./usage.ts";

/** Columns of a terminal. */
const WIDTH = 80;

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const VERDICTS: Record<Quality, string> = {
  good: "a good hedge",
  fair: "a fair hedge",
  weak: "a weak hedge, or one that could not be tested: keep it at the low end of the interval",
  none: "a poor hedge: none is advised",
};

/** A plan as JSON: exact amounts as decimal texts, statistics as numbers. */
export function planAsJson(plan: Plan, usage: OwnUsage) {
  const { estimate, collateral, legs, index, today, dailySpend, ...rest } = plan;
  const amount = (units: bigint) => formatCollateral(units, collateral.decimals);
  const { horizons, chosen, check, advice } = estimate;
  return {
    usage: {
      format: usage.format,
      columns: usage.columns,
      days: usage.days.size,
      rows: usage.rows,
      refused: usage.refused,
      repeated: usage.repeated,
    },
    side: rest.side,
    measure: rest.measure,
    action: plan.direction > 0 ? "buy" : "sell",
    compared: { from: rest.from, to: rest.to, weeks: estimate.weeks.length },
    today: dateOfPeriod(today),
    index,
    dailySpend,
    horizons,
    chosen: chosen.weeks,
    outOfSample: check ?? null,
    advice,
    ratio: rest.ratio,
    residual: rest.variance.after / rest.variance.before,
    variance: rest.variance,
    tail: rest.tail,
    collateral: collateral.symbol,
    contracts: legs.map((leg) => ({
      symbol: leg.contract.symbol,
      market: leg.contract.market ?? null,
      size: formatLots(leg.lots),
      leftOut: formatLots(leg.leftOut),
      spend: leg.spend,
      mark: markOf(leg),
      pointValueOfALot: amount(pointValue(leg.contract, collateral.decimals)),
      stale: leg.contract.stale,
      premium: leg.premium,
      notional: amount(leg.notional),
      initialMargin: amount(leg.initialMargin),
      cost: {
        fillsNow: leg.contract.book === undefined ? null : formatLots(leg.fill.lots),
        spreadAndImpact: leg.contract.book === undefined ? null : amount(leg.slippage),
        takerFee: leg.contract.book === undefined ? null : amount(leg.fill.fee),
        [leg.contract.kind === "dated" ? "basis" : "funding"]: amount(leg.carry),
      },
      days: leg.days,
      stress: leg.stress ?? null,
      losses: leg.losses
        ? {
            oneDay: amount(leg.losses.oneDay),
            atEnd: amount(leg.losses.atEnd),
            onTheWay: amount(leg.losses.onTheWay),
          }
        : null,
      holdReady: leg.ready === undefined ? null : amount(leg.ready),
    })),
    notes: rest.notes,
  };
}

/** A plan for people, 80 columns wide. */
export function planAsText(plan: Plan, usage: OwnUsage): (string | Table)[] {
  const { estimate, collateral, ratio } = plan;
  const { advice, chosen } = estimate;
  const sized = plan.legs.some(({ lots }) => lots > 0n);
  return [
    ...labelled("Usage", describeUsage(plan, usage)),
    ...labelled(
      "Index",
      `TU1D, 7-day mean ${cents.format(plan.index)} points; today is ${dateOfPeriod(plan.today)}`,
    ),
    ...labelled("Side", describeSide(plan)),
    ...labelled(
      "Money",
      `${money(plan.dailySpend)} ${collateral.symbol} a day, ${money(plan.dailySpend * 30)} in thirty days`,
    ),
    ...plan.notes.flatMap((note) => labelled("Note", note)),
    "",
    ...wrap(`Growth of ${plan.measure} against growth of the index; * marks the horizon of the hedge`),
    "",
    ratios(plan),
    "",
    ...wrap(`Verdict: ${VERDICTS[advice.quality]}.`),
    ...advice.reasons.flatMap((reason) => wrap(`- ${reason}`, 2)),
    ...wrap(effect(plan)),
    ...(chosen.count < 2 * LEAST_POINTS
      ? wrap(
          `Only ${chosen.count} changes, of which ${chosen.independent} do not overlap: the interval may be too narrow.`,
        )
      : []),
    "",
    ...(sized || ratio > 0 ? contracts(plan) : wrap(nothing(plan))),
  ];
}

function describeUsage({ from, to, estimate }: Plan, usage: OwnUsage): string {
  return `${usage.format} (${usage.columns.join(", ")}): ${usage.days.size} days; ${estimate.weeks.length} weeks in common with the index, ${from} to ${to}`;
}

function describeSide({ side, direction }: Plan): string {
  const action = direction > 0 ? "buys (long)" : "sells (short)";
  return side === "buyer"
    ? `buyer: its bill grows with usage, so the hedge ${action}`
    : `seller: its revenue falls with usage, so the hedge ${action}`;
}

function ratios({ estimate: { horizons, chosen } }: Plan): Table {
  return {
    columns: ["weeks", "changes", "ratio", "error", "95 % interval", "R²", "own dev.", "index dev."],
    rows: horizons.map((each) => [
      `${each.weeks}${each === chosen ? " *" : ""}`,
      String(each.count),
      cents.format(each.slope),
      cents.format(each.standardError),
      `${cents.format(each.low)} to ${cents.format(each.high)}`,
      cents.format(each.rSquared),
      percent(each.ownDeviation),
      percent(each.indexDeviation),
    ]),
  };
}

/** What the ratio does to the bill. */
function effect({ ratio, variance, tail, side, estimate: { chosen } }: Plan): string {
  const bill = side === "buyer" ? "bill above" : "revenue below";
  const left = variance.after / variance.before;
  const ends = `A month's ${bill} its expectation after ${weeks(chosen.weeks)}, at 99.5 % and normal growth: ${percent(tail.before)} unhedged`;
  if (ratio === 0) return `${ends}.`;
  return `${ends}, ${percent(tail.after)} hedged at a ratio of ${cents.format(ratio)}. Variance ${variance.before.toPrecision(3)} before and ${variance.after.toPrecision(3)} after; ${percent(left)} of it stay.`;
}

function nothing({ estimate: { advice } }: Plan): string {
  return advice.quality === "none"
    ? "No contract is advised. `--ratio 1` shows what hedging all of it one to one would take."
    : "No contract is advised: the amount is below the smallest order.";
}

function contracts(plan: Plan): (string | Table)[] {
  const { legs, collateral, direction, ratio, estimate } = plan;
  const amount = (units: bigint) => unitsOf(units, plan);
  const priced = legs.some(({ contract }) => contract.book !== undefined);
  const forced = ratio !== estimate.advice.ratio;
  return [
    ...wrap(
      `${forced ? "At the ratio that was asked for" : "Plan"}: ${direction > 0 ? "buy" : "sell"}; amounts in ${collateral.symbol}`,
    ),
    "",
    {
      columns: ["market", "contracts", "hedges", "mark", "premium", "worth", "IM", "hold ready"],
      rows: legs
        .map((leg) => [
          leg.contract.symbol,
          formatLots(leg.lots),
          money(leg.spend),
          markOf(leg),
          percent(leg.premium),
          amount(leg.notional),
          amount(leg.initialMargin),
          leg.ready === undefined ? "-" : amount(leg.ready),
        ])
        .concat(legs.length > 1 ? [totals(plan)] : []),
    },
    "",
    {
      columns: ["cost", "fills now", "spread, impact", "taker fee", "basis", "funding"],
      rows: legs.map((leg) => [
        leg.contract.symbol,
        leg.contract.book === undefined ? "-" : formatLots(leg.fill.lots),
        leg.contract.book === undefined ? "-" : amount(leg.slippage),
        leg.contract.book === undefined ? "-" : amount(leg.fill.fee),
        leg.contract.kind === "dated" ? amount(leg.carry) : "",
        leg.contract.kind === "dated" ? "" : amount(leg.carry),
      ]),
    },
    "",
    {
      columns: ["at 99.5 %", "days", "one day", "at the end", "on the way", "limit"],
      rows: legs.map((leg) => [
        leg.contract.symbol,
        String(leg.days),
        loss(leg, "oneDay", plan),
        loss(leg, "atEnd", plan),
        loss(leg, "onTheWay", plan),
        percent(leg.contract.clampBps / 10_000),
      ]),
    },
    "",
    ...legs.flatMap((leg) => remarks(leg, priced)),
    ...wrap(
      "Premium is mark over what the contract is worth where usage stands still; basis and funding are what that costs (below zero: earns). Hold ready is IM and the deepest loss on the way: margin calls come before the bill does.",
    ),
    ...(priced
      ? []
      : wrap(
          "Without a chain the terms are those of the reference markets and mark is the index: book, basis and funding are not known.",
        )),
  ];
}

/** Margins add up, and so do losses: all contracts are on one index. */
function totals(plan: Plan): string[] {
  const sum = (value: (leg: Leg) => bigint) => plan.legs.reduce((total, leg) => total + value(leg), 0n);
  const known = plan.legs.every(({ ready }) => ready !== undefined);
  return [
    "all",
    formatLots(sum(({ lots }) => lots)),
    money(plan.legs.reduce((total, { spend }) => total + spend, 0)),
    "",
    "",
    unitsOf(
      sum(({ notional }) => notional),
      plan,
    ),
    unitsOf(
      sum(({ initialMargin }) => initialMargin),
      plan,
    ),
    known
      ? unitsOf(
          sum(({ ready }) => ready ?? 0n),
          plan,
        )
      : "-",
  ];
}

function remarks(leg: Leg, priced: boolean): string[] {
  const { contract, lots, leftOut, fill } = leg;
  const said: string[] = [];
  if (leftOut > 0n && lots === 0n)
    said.push(
      `${contract.symbol}: ${formatLots(leftOut)} is below the smallest order of ${formatLots(contract.minLots)}.`,
    );
  else if (leftOut > 0n)
    said.push(
      `${contract.symbol}: ${formatLots(leftOut)} more would exceed the limits of position or open interest.`,
    );
  if (priced && fill.lots < lots)
    said.push(
      `${contract.symbol}: the book takes ${formatLots(fill.lots)} of ${formatLots(lots)} inside the fill band now; rest the remainder or come again.`,
    );
  if (contract.stale)
    said.push(
      `${contract.symbol}: its index is stale, and only orders that reduce a position are taken now.`,
    );
  if (contract.kind === "perpetual")
    said.push(`${contract.symbol} stands for the spend of one month: bring it up to date every month.`);
  if (leg.stress === undefined)
    said.push(`${contract.symbol}: the index is too short for worst cases over ${leg.days} days.`);
  return said.flatMap((sentence) => wrap(sentence));
}

function loss({ losses, stress }: Leg, kind: "oneDay" | "atEnd" | "onTheWay", plan: Plan): string {
  return losses && stress ? `${unitsOf(losses[kind], plan)} (${percent(stress[kind])})` : "-";
}

function markOf({ contract }: Leg): string {
  return pointsOfMark(contract.markX16, { tickSize: contract.tickSize, digits: 1 });
}

function unitsOf(units: bigint, { collateral }: Plan): string {
  return money(Number(formatCollateral(units, collateral.decimals)));
}

/** Money with cents below a thousand, and in millions from one on. */
function money(amount: number): string {
  const size = Math.abs(amount);
  if (size < 1_000) return cents.format(amount);
  return size < 1_000_000 ? whole.format(amount) : `${cents.format(amount / 1e6)}M`;
}

function percent(share: number): string {
  // Adding zero takes the sign off a zero.
  return `${(Math.round(1_000 * share) / 10 + 0).toFixed(1)} %`;
}

function weeks(count: number): string {
  return count === 1 ? "a week" : `${count} weeks`;
}

function labelled(label: string, text: string): string[] {
  return wrap(`${label.padEnd(6)} ${text}`, 7);
}

/** Breaks a sentence into lines; all but the first are indented. */
function wrap(text: string, indent = 0): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(indent) + word;
    } else line = line === "" && lines.length === 0 ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
