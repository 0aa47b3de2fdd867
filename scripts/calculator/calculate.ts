import { encodeAbiParameters, keccak256, stringToHex, type Hex } from "viem";
import { dateOfPeriod } from "../lib/calendar.ts";
import { capFactors } from "./caps.ts";
import { CalculationError } from "./errors.ts";
import { floorTimes, fraction, larger, multiply, ONE, type Fraction } from "./fraction.ts";
import { judge, limitedLink, type GateVerdict } from "./gate.ts";
import { linkOf, type Link, type Match } from "./link.ts";
import { merkleRoot } from "./merkle.ts";
import { checkRules, rulesHash, TU1D_RULES, type Rules } from "./rules.ts";
import {
  byName,
  checkStatement,
  countStatement,
  statementLeaf,
  type CountedStatement,
  type Exclusion,
  type Statement,
} from "./statement.ts";

/** Value of the base day: 1,000 points of 1e18. */
export const BASE_VALUE = 1_000n * 10n ** 18n;

/** The largest denominator that a level keeps; one above it is rounded down to a multiple of 2^-192. */
const MAX_DENOMINATOR = 2n ** 256n;
const ROUNDED_DENOMINATOR = 2n ** 192n;

/** Provisional: the day after. Final: two days later, with the statements known then. */
export type Stage = "provisional" | "final";

/**
 * - `printed`: the link stands as it is (on the base day there is none).
 * - `limited`: the link did not pass the gate, whose limit took its place. Provisional prints are limited too: withheld ones would let one
 *   contributor keep every print back.
 * - `missing`: too few contributors, or too little of the previous day's weight.
 */
export type Status = "printed" | "limited" | "missing";

/** A contributor that is not part of the link, and why. */
export interface Unmatched {
  readonly contributor: string;
  /** `entrant`: counts from its next day on. `absent`: had usage on the previous printed day. `nothing counted`: no usage is left after exclusions. */
  readonly reason: "entrant" | "absent" | "nothing counted";
}

/** What the next day needs to know of a day that has a print. */
export interface PrintedDay {
  readonly period: number;
  /** The index over its base value. */
  readonly level: Fraction;
  readonly vintage: Hex;
  /** Statements that the print was computed from, in the order of contributors. They stay as they are: what is corrected later counts in later links only. */
  readonly panel: readonly CountedStatement[];
}

/** Everything about the calculation of one day. */
export interface Calculation {
  readonly period: number;
  readonly stage: Stage;
  readonly status: Status;
  /** WAD, rounded down; undefined where the day is missing. */
  readonly print: bigint | undefined;
  /** Merkle root of the statements and of the previous printed day. */
  readonly vintage: Hex;
  /** The day that the link goes from; undefined on the base day. */
  readonly previousPeriod: number | undefined;
  /** Growth since then, before the gate; undefined on the base day and on a missing one. */
  readonly link: Link | undefined;
  /** Undefined where too few contributors are matched for a gate. */
  readonly gate: GateVerdict | undefined;
  /** Contributors that the print rests on. */
  readonly contributors: number;
  /** Largest share of one of them; undefined where there is no link. */
  readonly largestShare: Fraction | undefined;
  readonly excluded: readonly Exclusion[];
  readonly unmatched: readonly Unmatched[];
  /** Undefined where there is no print. */
  readonly printed: PrintedDay | undefined;
}

/** What a day is calculated from. */
export interface CalculationInput {
  /** UTC day number. */
  readonly period: number;
  readonly stage: Stage;
  /** One of each contributor, in any order. */
  readonly statements: readonly Statement[];
  /** The last day before it with a print; undefined on the base day only. */
  readonly previous: PrintedDay | undefined;
  /** TU1D when left out. */
  readonly rules?: Rules;
}

/**
 * Calculates the print of one day.
 * @throws CalculationError where the rules, a statement or the order of days is refused, where the base day has too few contributors, and
 * where the print would be zero.
 */
export function calculateDay({
  period,
  stage,
  statements,
  previous,
  rules = TU1D_RULES,
}: CalculationInput): Calculation {
  checkRules(rules);
  checkDay(period, statements, previous, rules);
  const counted = statements.map(countStatement).sort((a, b) => byName(a.contributor, b.contributor));
  const panel = counted.filter(({ tokens }) => tokens > 0n);
  const matches = matchesOf(panel, previous);
  const common = {
    period,
    stage,
    vintage: vintageOf(statements, previous, rules),
    previousPeriod: previous?.period,
    contributors: previous === undefined ? panel.length : matches.length,
    excluded: counted.flatMap(({ excluded }) => excluded),
    unmatched: unmatchedOf(counted, previous),
  };
  const printed = (status: Status, level: Fraction, link?: Link, gate?: GateVerdict): Calculation => {
    const print = floorTimes(level, BASE_VALUE);
    if (print === 0n) throw new CalculationError("PrintIsZero", dateOfPeriod(period), 0n, 1n);
    const largestShare = link?.contributors.map(({ share }) => share).reduce(larger);
    const day = { period, level, vintage: common.vintage, panel };
    return { ...common, status, print, link, gate, largestShare, printed: day };
  };

  if (previous === undefined) return printed("printed", ONE);
  if (isMissing(matches, previous, rules))
    return {
      ...common,
      status: "missing",
      print: undefined,
      link: undefined,
      gate: undefined,
      largestShare: undefined,
      printed: undefined,
    };
  const link = linkOf(matches, rules);
  const gate = judge(link.value, link.growths, rules);
  const next = (growth: Fraction) => roundLevel(multiply(previous.level, growth));
  if (gate === undefined || gate.passed) return printed("printed", next(link.value), link, gate);
  return printed("limited", next(limitedLink(gate, rules)), link, gate);
}

/** Rounds a level down to a multiple of 2^-192 where its denominator is above 2^256. */
export function roundLevel(level: Fraction): Fraction {
  return level.denominator <= MAX_DENOMINATOR
    ? level
    : fraction(floorTimes(level, ROUNDED_DENOMINATOR), ROUNDED_DENOMINATOR);
}

/** Leaf by which a print pins the one before it, and with it all of its history. */
export function previousLeaf({ period, vintage }: Pick<PrintedDay, "period" | "vintage">, rules: Hex): Hex {
  const tag = stringToHex("previous print", { size: 32 });
  const encoding = encodeAbiParameters(
    [{ type: "bytes32" }, { type: "bytes32" }, { type: "uint32" }, { type: "bytes32" }],
    [rules, tag, period, vintage],
  );
  return keccak256(keccak256(encoding));
}

/** Merkle leaves of a print's inputs, sorted by the tree. */
export function leavesOf(
  statements: readonly Statement[],
  previous: Pick<PrintedDay, "period" | "vintage"> | undefined,
  rules: Rules = TU1D_RULES,
): Hex[] {
  const hash = rulesHash(rules);
  const leaves = statements.map((statement) => statementLeaf(statement, hash));
  return previous === undefined ? leaves : [...leaves, previousLeaf(previous, hash)];
}

function vintageOf(statements: readonly Statement[], previous: PrintedDay | undefined, rules: Rules): Hex {
  return merkleRoot(leavesOf(statements, previous, rules));
}

function checkDay(
  period: number,
  statements: readonly Statement[],
  previous: PrintedDay | undefined,
  rules: Rules,
): void {
  const contributors = new Set<string>();
  for (const statement of statements) {
    checkStatement(statement);
    const { contributor } = statement;
    if (statement.period !== period)
      throw new CalculationError("WrongPeriod", contributor, statement.period, period);
    if (contributors.has(contributor))
      throw new CalculationError("DuplicateStatement", dateOfPeriod(period), contributor, "one statement");
    contributors.add(contributor);
  }
  if (previous !== undefined) {
    if (period <= previous.period)
      throw new CalculationError("WrongPeriod", "day after a print", period, previous.period + 1);
    return;
  }
  if (period !== rules.basePeriod)
    throw new CalculationError("WrongPeriod", "base day", period, rules.basePeriod);
  const present = statements.filter((statement) => countStatement(statement).tokens > 0n).length;
  if (present < rules.leastContributors)
    throw new CalculationError("TooFewContributors", dateOfPeriod(period), present, rules.leastContributors);
}

/** Contributors with counted usage on both days, whichever models it is of. */
function matchesOf(panel: readonly CountedStatement[], previous: PrintedDay | undefined): Match[] {
  const before = new Map(previous?.panel.map((statement) => [statement.contributor, statement]));
  return panel.flatMap((after) => {
    const { contributor } = after;
    const earlier = before.get(contributor);
    return earlier === undefined ? [] : [{ contributor, before: earlier, after }];
  });
}

function unmatchedOf(counted: readonly CountedStatement[], previous: PrintedDay | undefined): Unmatched[] {
  const before = new Set(previous?.panel.map(({ contributor }) => contributor));
  const unmatched: Unmatched[] = [];
  for (const { contributor, tokens } of counted) {
    if (tokens === 0n) unmatched.push({ contributor, reason: "nothing counted" });
    else if (previous !== undefined && !before.has(contributor))
      unmatched.push({ contributor, reason: "entrant" });
    before.delete(contributor);
  }
  for (const contributor of before) unmatched.push({ contributor, reason: "absent" });
  return unmatched.sort((a, b) => byName(a.contributor, b.contributor));
}

/** The weight of the previous day is capped as in a link, so that no single contributor can stop the index by silence. */
function isMissing(matches: readonly Match[], { panel }: PrintedDay, rules: Rules): boolean {
  if (matches.length < rules.leastContributors) return true;
  const { factors } = capFactors(
    panel.map(({ tokens }) => tokens),
    rules.contributorCap,
  );
  const present = new Set(matches.map(({ contributor }) => contributor));
  let all = 0n;
  let here = 0n;
  panel.forEach(({ contributor, tokens }, i) => {
    const weight = tokens * (factors[i] ?? 0n);
    all += weight;
    if (present.has(contributor)) here += weight;
  });
  return here * rules.leastWeight.denominator < all * rules.leastWeight.numerator;
}
