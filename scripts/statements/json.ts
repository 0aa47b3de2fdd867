import type { Hex } from "viem";
import { z } from "zod";
import { hashSchema } from "../lib/schema.ts";
import { StatementError } from "./errors.ts";
import type { SignedStatement } from "./signed.ts";

/** Most rows of a statement that are read. */
const MAX_ROWS = 20_000;

const amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,38})$/, "must be a whole number as a decimal text")
  .transform(BigInt);
const name = z.string().max(128);

const row = z.strictObject({
  model: name,
  labelled: z.boolean(),
  priced: z.boolean(),
  ownAccount: z.boolean(),
  input: amount,
  cached: amount,
  output: amount,
  reasoning: amount,
  requests: amount,
});

const signature = z
  .string()
  .regex(/^0x[0-9a-f]{130}$/, "must be 65 bytes in lower-case hex") as unknown as z.ZodType<Hex>;

/** JSON form of a signed statement: amounts are decimal texts. Its form alone is checked, see `verifyStatement`. */
export const signedStatementSchema = z
  .strictObject({
    contributor: name,
    period: z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    number: z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    rules: hashSchema,
    rows: z.array(row).max(MAX_ROWS),
    signature,
  })
  .transform(({ contributor, period, rows, ...rest }): SignedStatement => ({
    statement: { contributor, period, rows },
    ...rest,
  }));

/** Writes a signed statement as what `JSON.stringify` takes. */
export function statementToJson({ statement, number, rules, signature }: SignedStatement) {
  const { contributor, period, rows } = statement;
  return {
    contributor,
    period,
    number,
    rules,
    rows: rows.map(({ model, labelled, priced, ownAccount, ...amounts }) => ({
      model,
      labelled,
      priced,
      ownAccount,
      input: amounts.input.toString(),
      cached: amounts.cached.toString(),
      output: amounts.output.toString(),
      reasoning: amounts.reasoning.toString(),
      requests: amounts.requests.toString(),
    })),
    signature,
  };
}

/**
 * Reads a signed statement from parsed JSON.
 * @throws StatementError Malformed, naming the first field that is wrong.
 */
export function statementFromJson(json: unknown): SignedStatement {
  const parsed = signedStatementSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw new StatementError(
    "Malformed",
    field === "" ? "statement" : field,
    issue?.message ?? "?",
    "see docs/reporter.md",
  );
}
