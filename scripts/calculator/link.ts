import { capFactors } from "./caps.ts";
import { fraction, greatestCommonDivisor, type Fraction } from "./fraction.ts";
import type { Growth } from "./gate.ts";
import { ln } from "./logarithm.ts";
import type { Rules } from "./rules.ts";
import { byName, type CountedStatement } from "./statement.ts";

/** The two days of a contributor that has counted usage on both. */
export interface Match {
  readonly contributor: string;
  readonly before: CountedStatement;
  readonly after: CountedStatement;
}

/** Part of a contributor in a link. */
export interface ContributorPart {
  readonly contributor: string;
  /** What its tokens of both days are multiplied by. One denominator for all, not in lowest terms. */
  readonly factor: Fraction;
  /** Its share of the sum of both days, with all factors. One denominator for all. */
  readonly share: Fraction;
  /** Counted tokens of the previous printed day and of this one, without factors. */
  readonly before: bigint;
  readonly after: bigint;
  /** Natural logarithm of after by before, units of 1e-27. */
  readonly growth: bigint;
}

/** Part of a model in a link. */
export interface ModelPart {
  readonly model: string;
  /** What its tokens of both days are multiplied by. One denominator for all, not in lowest terms. */
  readonly factor: Fraction;
}

/** Growth from one printed day to another. */
export interface Link {
  readonly value: Fraction;
  readonly contributors: readonly ContributorPart[];
  readonly models: readonly ModelPart[];
  /** What the gate judges. */
  readonly growths: readonly Growth[];
}

/**
 * Calculates Σ f × tokens of the day / Σ f × tokens of the previous printed day over contributors and models, with
 * f = contributor's factor × model's factor, the same on both days.
 * @param matches Distinct contributors, at least one, each with tokens above zero on both days.
 */
export function linkOf(matches: readonly Match[], rules: Rules): Link {
  const ordered = [...matches].sort((a, b) => byName(a.contributor, b.contributor));
  const names = [
    ...new Set(ordered.flatMap(({ before, after }) => [...before.models.keys(), ...after.models.keys()])),
  ];
  const models = names.sort(byName);
  const bothDays = ({ before, after }: Match, model: string) =>
    (before.models.get(model) ?? 0n) + (after.models.get(model) ?? 0n);

  // How large a model is must not be for one contributor to say: each is capped before models are measured.
  const first = capFactors(
    ordered.map(({ before, after }) => before.tokens + after.tokens),
    rules.contributorCap,
  );
  const modelSums = models.map((model) =>
    sumOf(ordered, (match, i) => bothDays(match, model) * (first.factors[i] ?? 0n)),
  );
  const byModel = capFactors(modelSums, rules.modelCap, rules.leastKept);

  const weighted = (day: CountedStatement) =>
    sumOf(models, (model, i) => (day.models.get(model) ?? 0n) * (byModel.factors[i] ?? 0n));
  const days = ordered.map(({ before, after }) => ({ before: weighted(before), after: weighted(after) }));
  const byContributor = capFactors(
    days.map(({ before, after }) => before + after),
    rules.contributorCap,
  );
  const factorOf = (i: number) => byContributor.factors[i] ?? 0n;
  const after = sumOf(days, (day, i) => day.after * factorOf(i));
  const before = sumOf(days, (day, i) => day.before * factorOf(i));
  // Numbers of thousands of bits: one divisor for all shares is found in the time of a single one, and makes them unique too.
  const products = days.map((day, i) => (day.before + day.after) * factorOf(i));
  const divisor = products.reduce(greatestCommonDivisor, 0n);
  const weights = products.map((product) => product / divisor);
  const total = (before + after) / divisor;

  const contributors = ordered.map((match, i) => ({
    contributor: match.contributor,
    factor: { numerator: factorOf(i), denominator: byContributor.unit },
    share: { numerator: weights[i] ?? 0n, denominator: total },
    before: match.before.tokens,
    after: match.after.tokens,
    growth: ln({ numerator: match.after.tokens, denominator: match.before.tokens }),
  }));
  return {
    value: fraction(after, before),
    contributors,
    models: models.map((model, i) => ({
      model,
      factor: { numerator: byModel.factors[i] ?? 0n, denominator: byModel.unit },
    })),
    growths: contributors.map(({ growth }, i) => ({ growth, weight: weights[i] ?? 0n })),
  };
}

function sumOf<T>(items: readonly T[], value: (item: T, index: number) => bigint): bigint {
  return items.reduce((sum, item, index) => sum + value(item, index), 0n);
}
