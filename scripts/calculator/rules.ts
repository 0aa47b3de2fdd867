import { encodeAbiParameters, keccak256, type Hex } from "viem";
import { BASE_DATE } from "../reporter/calculation.ts";
import { periodOfDate } from "../lib/calendar.ts";
import { CalculationError } from "./errors.ts";
import { compare, ONE, type Fraction } from "./fraction.ts";
import { LOGARITHM_UNIT } from "./logarithm.ts";

/** Everything that decides a print apart from the statements. The hash of it is part of every vintage. */
export interface Rules {
  /** Name of the method; another method is another name. */
  readonly version: string;
  /** UTC day on which the index is 1,000 points. */
  readonly basePeriod: number;
  /** Largest share of a contributor in a link; 1/n where fewer contributors than its inverse are matched. At most 1/5. */
  readonly contributorCap: Fraction;
  /** Largest share of a model in a link; 1/n where there are fewer models than its inverse. */
  readonly modelCap: Fraction;
  /** Share of the tokens that capping models must leave. The model cap gives way where it would leave less. */
  readonly leastKept: Fraction;
  /** Weight that the gate's mean leaves out on each side; the largest shares where they are more. */
  readonly trim: Fraction;
  /** Furthest that a link may be from the gate's mean: a difference of logarithms, units of 1e-27. */
  readonly gateLimit: bigint;
  /** Contributors from which on there is a gate. At least 3. */
  readonly gateContributors: number;
  /** Contributors that a day needs to have a print. */
  readonly leastContributors: number;
  /** Share of the previous day's weight that a day needs to have a print. */
  readonly leastWeight: Fraction;
  /** Seconds after a day's end at which the provisional calculation takes what it knows. */
  readonly provisionalCutoff: number;
  /** Seconds after a day's end at which the final calculation does. */
  readonly finalCutoff: number;
}

/** Rules of the index of daily token usage. */
export const TU1D_RULES: Rules = {
  version: "TU1D/2",
  basePeriod: periodOfDate(BASE_DATE),
  contributorCap: { numerator: 1n, denominator: 5n },
  modelCap: { numerator: 3n, denominator: 20n },
  leastKept: { numerator: 1n, denominator: 2n },
  trim: { numerator: 1n, denominator: 10n },
  gateLimit: LOGARITHM_UNIT / 20n,
  gateContributors: 3,
  leastContributors: 1,
  leastWeight: { numerator: 1n, denominator: 2n },
  // 04:00 UTC, so that signatures can be gathered before prints are due at 06:00.
  provisionalCutoff: 4 * 3_600,
  // The end of the second day after it: a day is left to post the revision before the print is final on chain.
  finalCutoff: 2 * 86_400,
};

/** The rules of TU1D for an index that begins on another day, at 1,000 points. */
export function rulesFrom(basePeriod: number): Rules {
  return { ...TU1D_RULES, basePeriod };
}

/**
 * Checks that the promises of the method hold under these rules.
 * @throws CalculationError InvalidRules.
 */
export function checkRules(rules: Rules): void {
  const refuse = (field: string, actual: bigint | number | string, allowed: string) => {
    throw new CalculationError("InvalidRules", `${rules.version} ${field}`, actual, allowed);
  };
  const share = (field: string, value: Fraction, most: Fraction, lowest: "0" | "above 0") => {
    const { numerator, denominator } = value;
    const inside = denominator > 0n && numerator >= (lowest === "0" ? 0n : 1n) && compare(value, most) <= 0;
    const allowed = `${lowest}${lowest === "0" ? "" : ","} to ${most.numerator}/${most.denominator}`;
    if (!inside) refuse(field, `${numerator}/${denominator}`, allowed);
  };
  // Above a fifth, the two largest of five could be trimmed from both sides and leave nothing to take a mean of.
  share("contributorCap", rules.contributorCap, { numerator: 1n, denominator: 5n }, "above 0");
  share("modelCap", rules.modelCap, ONE, "above 0");
  share("leastKept", rules.leastKept, ONE, "0");
  share("trim", rules.trim, { numerator: 1n, denominator: 3n }, "0");
  share("leastWeight", rules.leastWeight, ONE, "0");
  if (rules.gateLimit < 0n) refuse("gateLimit", rules.gateLimit, "0 or more");
  if (!(rules.gateContributors >= 3)) refuse("gateContributors", rules.gateContributors, "3 or more");
  if (!(rules.leastContributors >= 1)) refuse("leastContributors", rules.leastContributors, "1 or more");
  if (!(rules.provisionalCutoff >= 0 && rules.finalCutoff >= rules.provisionalCutoff))
    refuse("finalCutoff", rules.finalCutoff, `${rules.provisionalCutoff} or more`);
}

/** Hash of every rule, so that a print under other rules never has the same vintage. */
export function rulesHash(rules: Rules): Hex {
  const pair = ({ numerator, denominator }: Fraction) => [numerator, denominator] as const;
  return keccak256(
    encodeAbiParameters(
      [{ type: "string" }, { type: "uint256[]" }],
      [
        rules.version,
        [
          BigInt(rules.basePeriod),
          ...pair(rules.contributorCap),
          ...pair(rules.modelCap),
          ...pair(rules.leastKept),
          ...pair(rules.trim),
          rules.gateLimit,
          BigInt(rules.gateContributors),
          BigInt(rules.leastContributors),
          ...pair(rules.leastWeight),
          BigInt(rules.provisionalCutoff),
          BigInt(rules.finalCutoff),
        ],
      ],
    ),
  );
}
