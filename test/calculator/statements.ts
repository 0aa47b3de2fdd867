import fc from "fast-check";
import type { Fraction } from "../../scripts/calculator/fraction.ts";
import { CalculationError, type CalculationErrorCode } from "../../scripts/calculator/errors.ts";
import { TU1D_RULES, type Rules } from "../../scripts/calculator/rules.ts";
import type { Statement, UsageRow } from "../../scripts/calculator/statement.ts";

export const BASE = 100;

/** The rules of TU1D with a base day that is easy to count from. */
export const RULES: Rules = { ...TU1D_RULES, version: "test/1", basePeriod: BASE };

/** A row that counts: a quarter is output. */
export function row(model: string, tokens: bigint, other: Partial<UsageRow> = {}): UsageRow {
  const output = tokens / 4n;
  return {
    model,
    labelled: true,
    priced: true,
    ownAccount: false,
    input: tokens - output,
    cached: 0n,
    output,
    reasoning: 0n,
    requests: 1n,
    ...other,
  };
}

/** A statement whose rows all count. */
export function statement(contributor: string, period: number, models: Record<string, bigint>): Statement {
  return { contributor, period, rows: Object.entries(models).map(([model, tokens]) => row(model, tokens)) };
}

export function toNumber({ numerator, denominator }: Fraction): number {
  return Number((numerator * 10n ** 20n) / denominator) / 1e20;
}

/** The refusal of a call: code, actual and allowed value. */
export function refusalOf(call: () => unknown): [CalculationErrorCode, unknown, unknown] | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof CalculationError) return [error.code, error.actual, error.allowed];
    throw error;
  }
  return undefined;
}

export const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);

/** Usage by contributor, model and day, every figure above zero; days differ by at most the given percentage. */
export function usage(options: {
  contributors: { min: number; max: number };
  models: { min: number; max: number };
  days: number;
  percent: number;
}): fc.Arbitrary<Statement[][]> {
  const size = fc.tuple(fc.integer(options.contributors), fc.integer(options.models));
  return size.chain(([contributors, models]) =>
    fc
      .array(
        fc.tuple(
          fc.bigInt({ min: 10n ** 4n, max: 10n ** 13n }),
          fc.integer({ min: 0, max: 9 }),
          fc.array(fc.integer({ min: -options.percent, max: options.percent }), {
            minLength: options.days - 1,
            maxLength: options.days - 1,
          }),
        ),
        { minLength: contributors * models, maxLength: contributors * models },
      )
      .map((cells) =>
        Array.from({ length: options.days }, (_, day) =>
          names("c", contributors).map((contributor, c) => {
            const amounts = names("m", models).map((model, m): [string, bigint] => {
              const [start = 1n, small = 0, changes = []] = cells[c * models + m] ?? [];
              let tokens = start / 10n ** BigInt(small) + 10n ** 3n;
              for (const change of changes.slice(0, day)) tokens = (tokens * BigInt(100 + change)) / 100n;
              return [model, tokens];
            });
            return statement(contributor, BASE + day, Object.fromEntries(amounts));
          }),
        ),
      ),
  );
}
