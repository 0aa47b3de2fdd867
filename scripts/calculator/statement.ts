import { encodeAbiParameters, keccak256, type Hex } from "viem";
import { dateOfPeriod } from "../lib/calendar.ts";
import { CalculationError } from "./errors.ts";

/** Usage of one model by one contributor on one UTC day. A day has one row for each combination of model and marks. */
export interface UsageRow {
  /** Name of the model; empty only where the row is not labelled. */
  readonly model: string;
  /** Does the source say what was used, and by whom? */
  readonly labelled: boolean;
  /** Was a price above zero paid? */
  readonly priced: boolean;
  /** Is it the contributor's own usage, or that of somebody it controls? */
  readonly ownAccount: boolean;
  /** Input tokens, cached ones included. */
  readonly input: bigint;
  /** Input tokens that came from a cache: part of `input`. */
  readonly cached: bigint;
  /** Output tokens, reasoning included. */
  readonly output: bigint;
  /** Output tokens of reasoning: part of `output`. */
  readonly reasoning: bigint;
  readonly requests: bigint;
}

/** What a contributor says about a UTC day. */
export interface Statement {
  /** Id under which the contributor was admitted. */
  readonly contributor: string;
  /** UTC day number. */
  readonly period: number;
  readonly rows: readonly UsageRow[];
}

/** Why a row counts nothing. */
export type ExclusionReason = "zero price" | "own account" | "no label";

/** A row that counts nothing. */
export interface Exclusion {
  readonly contributor: string;
  readonly model: string;
  /** All that apply. */
  readonly reasons: readonly ExclusionReason[];
  /** Input and output that do not count. */
  readonly tokens: bigint;
  readonly requests: bigint;
}

/** What counts of a statement. */
export interface CountedStatement {
  readonly contributor: string;
  /** Tokens above zero of each model, in the order of names. */
  readonly models: ReadonlyMap<string, bigint>;
  /** Sum of the models. */
  readonly tokens: bigint;
  readonly excluded: readonly Exclusion[];
}

const MAX_AMOUNT = 2n ** 128n - 1n;
const CONTRIBUTOR = /^[a-z0-9][a-z0-9._-]{0,63}$/;
// Letters of other scripts have several encodings that look the same; what they are depends on tables that change.
const MODEL = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/;

/** Can a labelled row bear this name? */
export function isModelName(name: string): boolean {
  return MODEL.test(name);
}

/** Can a statement bear this contributor's id? */
export function isContributorId(id: string): boolean {
  return CONTRIBUTOR.test(id);
}

/** Order that is the same on every machine: names are ASCII. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Input and output of a row; cached input and reasoning are parts of them and never added. */
export function tokensOf(row: UsageRow): bigint {
  return row.input + row.output;
}

/**
 * Refuses a statement that cannot be true or that has no canonical encoding.
 * @throws CalculationError InvalidName, WrongPeriod, AmountOutOfRange, CachedAboveInput, ReasoningAboveOutput, DuplicateRow.
 */
export function checkStatement({ contributor, period, rows }: Statement): void {
  if (!isContributorId(contributor))
    throw new CalculationError("InvalidName", "contributor", contributor, CONTRIBUTOR.source);
  if (!Number.isInteger(period) || period < 0 || period >= 2 ** 32)
    throw new CalculationError("WrongPeriod", contributor, period, "a UTC day number");
  const known = new Set<string>();
  for (const row of rows) {
    const place = `${contributor}, ${dateOfPeriod(period)}, ${row.model}`;
    if (!isModelName(row.model) && (row.labelled || row.model !== ""))
      throw new CalculationError("InvalidName", place, row.model, MODEL.source);
    for (const amount of [row.input, row.cached, row.output, row.reasoning, row.requests])
      if (amount < 0n || amount > MAX_AMOUNT)
        throw new CalculationError("AmountOutOfRange", place, amount, MAX_AMOUNT);
    if (row.cached > row.input) throw new CalculationError("CachedAboveInput", place, row.cached, row.input);
    if (row.reasoning > row.output)
      throw new CalculationError("ReasoningAboveOutput", place, row.reasoning, row.output);
    const key = keyOf(row);
    if (known.has(key)) throw new CalculationError("DuplicateRow", place, key, "one row");
    known.add(key);
  }
}

/** Sorts out what counts. The statement must have been checked. */
export function countStatement({ contributor, rows }: Statement): CountedStatement {
  const sums = new Map<string, bigint>();
  const excluded: Exclusion[] = [];
  let tokens = 0n;
  for (const row of [...rows].sort((a, b) => byName(keyOf(a), keyOf(b)))) {
    const reasons: ExclusionReason[] = [];
    if (!row.priced) reasons.push("zero price");
    if (row.ownAccount) reasons.push("own account");
    if (!row.labelled) reasons.push("no label");
    const own = tokensOf(row);
    if (reasons.length > 0) {
      excluded.push({ contributor, model: row.model, reasons, tokens: own, requests: row.requests });
    } else if (own > 0n) {
      sums.set(row.model, own);
      tokens += own;
    }
  }
  return { contributor, models: sums, tokens, excluded };
}

/**
 * Canonical encoding: ABI encoding, so that a contract can read it too, with rows in the order of model and marks. The
 * same statement has the same bytes whatever the order in which a meter gave its rows.
 * @param rules Hash of the rules under which it is used.
 */
export function encodeStatement({ contributor, period, rows }: Statement, rules: Hex): Hex {
  return encodeAbiParameters(
    [
      { type: "bytes32" },
      { type: "string" },
      { type: "uint32" },
      {
        type: "tuple[]",
        components: [
          { name: "model", type: "string" },
          { name: "labelled", type: "bool" },
          { name: "priced", type: "bool" },
          { name: "ownAccount", type: "bool" },
          { name: "input", type: "uint128" },
          { name: "cached", type: "uint128" },
          { name: "output", type: "uint128" },
          { name: "reasoning", type: "uint128" },
          { name: "requests", type: "uint128" },
        ],
      },
    ],
    [rules, contributor, period, [...rows].sort((a, b) => byName(keyOf(a), keyOf(b)))],
  );
}

/** Leaf of a statement in the tree of a print's inputs. */
export function statementLeaf(statement: Statement, rules: Hex): Hex {
  return keccak256(keccak256(encodeStatement(statement, rules)));
}

/** Model and marks; the separator is below every character of a name, so that the order is that of names. */
function keyOf({ model, labelled, priced, ownAccount }: UsageRow): string {
  return `${model}\n${labelled ? 1 : 0}${priced ? 1 : 0}${ownAccount ? 1 : 0}`;
}
