import { zeroHash, type Hex } from "viem";
import { dateOfPeriod, SECONDS_PER_DAY } from "../lib/calendar.ts";
import { calculateDay, type Calculation, type PrintedDay, type Stage } from "./calculate.ts";
import { CalculationError } from "./errors.ts";
import { TU1D_RULES, type Rules } from "./rules.ts";
import { checkStatement, statementLeaf, type Statement } from "./statement.ts";

/** The statements of one day, as they are known when it is calculated. */
export interface DayOfStatements {
  /** UTC day number. */
  readonly period: number;
  readonly stage: Stage;
  readonly statements: readonly Statement[];
}

/** A statement as a reporter received it. */
export interface ReceivedStatement {
  readonly statement: Statement;
  /** A corrected statement carries a higher one. */
  readonly version: number;
  /** Unix seconds. */
  readonly receivedAt: number;
}

/**
 * Calculates days one after another. A day that is not given has no print, like one that is missing: the next link goes from the
 * last day with a print.
 * @param days In any order; the first must be the base day.
 */
export function calculateSeries(days: readonly DayOfStatements[], rules: Rules = TU1D_RULES): Calculation[] {
  let previous: PrintedDay | undefined;
  let last: number | undefined;
  return [...days]
    .sort((a, b) => a.period - b.period)
    .map((day) => {
      if (day.period === last)
        throw new CalculationError("DuplicatePeriod", "series", dateOfPeriod(day.period), "each day once");
      last = day.period;
      const calculation = calculateDay({ ...day, previous, rules });
      previous = calculation.printed ?? previous;
      return calculation;
    });
}

/**
 * Calculates the whole index as it stands at a moment: days whose final cut-off has passed from the statements known by it, days that have
 * only passed the provisional one from those known by that, later days not at all.
 * @param now Unix seconds. A parameter, so that anyone can calculate what a reporter did.
 */
export function calculateAt(
  received: readonly ReceivedStatement[],
  now: number,
  rules: Rules = TU1D_RULES,
): Calculation[] {
  const byPeriod = new Map<number, ReceivedStatement[]>();
  for (const each of received) {
    const { period } = each.statement;
    const others = byPeriod.get(period);
    if (others === undefined) byPeriod.set(period, [each]);
    else others.push(each);
  }
  const days: DayOfStatements[] = [];
  for (const [period, versions] of byPeriod) {
    const stage = stageAt(period, now, rules);
    if (stage === undefined) continue;
    const statements = knownStatements(versions, cutoffOf(period, stage, rules));
    if (statements.length > 0) days.push({ period, stage, statements });
  }
  return calculateSeries(days, rules);
}

/** First second that is too late for a statement to count in a calculation. */
export function cutoffOf(period: number, stage: Stage, rules: Rules = TU1D_RULES): number {
  const end = (period + 1) * SECONDS_PER_DAY;
  return end + (stage === "final" ? rules.finalCutoff : rules.provisionalCutoff);
}

/** Stage that a day has reached; undefined where it is too early to calculate it. */
export function stageAt(period: number, now: number, rules: Rules = TU1D_RULES): Stage | undefined {
  if (now >= cutoffOf(period, "final", rules)) return "final";
  return now >= cutoffOf(period, "provisional", rules) ? "provisional" : undefined;
}

/**
 * Chooses the newest version of each contributor's statement of a day.
 * @param received Statements of one day.
 * @param cutoff Unix seconds; what was received then or later is not known.
 * @throws CalculationError ConflictingVersions where a contributor gave two different statements the same version: whoever receives the
 * second must refuse it.
 */
export function knownStatements(received: readonly ReceivedStatement[], cutoff: number): Statement[] {
  const newest = new Map<string, ReceivedStatement>();
  const leaves = new Map<string, Hex>();
  for (const each of received) {
    if (each.receivedAt >= cutoff) continue;
    const { contributor } = each.statement;
    checkStatement(each.statement);
    const leaf = statementLeaf(each.statement, zeroHash);
    const key = `${contributor} ${each.version}`;
    if ((leaves.get(key) ?? leaf) !== leaf)
      throw new CalculationError("ConflictingVersions", contributor, each.version, each.version + 1);
    leaves.set(key, leaf);
    const known = newest.get(contributor);
    if (known === undefined || known.version < each.version) newest.set(contributor, each);
  }
  return [...newest.values()].map(({ statement }) => statement);
}

/**
 * Revision under which a print is to be posted.
 * @param posted What stands for the day; undefined where nothing was posted.
 * @param value The print that was calculated, WAD.
 * @returns Undefined where what stands is right and nothing is to be posted.
 */
export function revisionFor(
  posted: { readonly revision: number; readonly value: bigint } | undefined,
  value: bigint,
): number | undefined {
  if (posted === undefined) return 1;
  return posted.value === value ? undefined : posted.revision + 1;
}
