import { isAddressEqual, keccak256, recoverTypedDataAddress, type Address, type Hex } from "viem";
import { rulesHash, TU1D_RULES, type Rules } from "../calculator/rules.ts";
import { checkStatement, encodeStatement, type Statement } from "../calculator/statement.ts";
import { dateOfPeriod, SECONDS_PER_DAY } from "../lib/calendar.ts";
import { StatementError } from "./errors.ts";

/** Most versions of a day's statement that are read, so that no contributor can fill a disk. */
export const MAX_NUMBER = 100;

/** A statement with the signature of its contributor. */
export interface SignedStatement {
  readonly statement: Statement;
  /** 1 for the first; each correction of the day takes the next. */
  readonly number: number;
  /** Hash of the rules that the statement is made for. */
  readonly rules: Hex;
  /** 65 bytes, over `statementTypedData`. */
  readonly signature: Hex;
}

/** A contributor whose statements count, and the key that it signs with. */
export interface Admission {
  /** Id in its statements. */
  readonly id: string;
  readonly address: Address;
  /** First and last period for which this holds; without limit where left out. A changed key is a second admission. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

/** Who signs: an account of viem, or anything with an address that signs typed data. */
export interface StatementSigner {
  readonly address: Address;
  signTypedData(typedData: ReturnType<typeof statementTypedData>): Promise<Hex>;
}

/** What a signed statement is held against. */
export interface Admitted {
  readonly contributors: readonly Admission[];
  /** TU1D when left out. */
  readonly rules?: Rules;
}

/** Hash of what a statement says; the order of its rows does not matter. */
export function contentOf(statement: Statement, rules: Hex): Hex {
  return keccak256(encodeStatement(statement, rules));
}

/** The EIP-712 message of a statement. Usage is the same on every chain, so the domain names none. */
export function statementTypedData({ statement, number, rules }: Omit<SignedStatement, "signature">) {
  const { contributor, period } = statement;
  return {
    domain: { name: "Usance Statement", version: "1" },
    primaryType: "Statement",
    types: {
      Statement: [
        { name: "contributor", type: "string" },
        { name: "period", type: "uint32" },
        { name: "number", type: "uint32" },
        { name: "content", type: "bytes32" },
        { name: "rules", type: "bytes32" },
      ],
    },
    message: { contributor, period, number, content: contentOf(statement, rules), rules },
  } as const;
}

/**
 * Signs a statement.
 * @param number 1 for the first of a day; a correction takes the next.
 * @throws CalculationError where the statement is void; StatementError NumberOutOfRange.
 */
export async function signStatement(
  statement: Statement,
  number: number,
  account: StatementSigner,
  rules: Rules = TU1D_RULES,
): Promise<SignedStatement> {
  checkStatement(statement);
  checkNumber(statement, number);
  const unsigned = { statement, number, rules: rulesHash(rules) };
  return { ...unsigned, signature: await account.signTypedData(statementTypedData(unsigned)) };
}

/**
 * Checks that a statement is sound and comes from an admitted contributor.
 * @param now Unix seconds: nobody can state a day that has not ended.
 * @throws CalculationError where the statement is void; StatementError otherwise.
 */
export async function verifyStatement(
  signed: SignedStatement,
  { contributors, rules = TU1D_RULES }: Admitted,
  now: number,
): Promise<void> {
  const { statement, number, signature } = signed;
  checkStatement(statement);
  checkNumber(statement, number);
  const place = placeOf(statement);
  const end = (statement.period + 1) * SECONDS_PER_DAY;
  if (now < end) throw new StatementError("PeriodNotOver", place, now, end);
  const expected = rulesHash(rules);
  if (signed.rules !== expected) throw new StatementError("WrongRules", place, signed.rules, expected);
  const admission = admissionOf(contributors, statement);
  if (admission === undefined)
    throw new StatementError("UnknownContributor", place, statement.contributor, "an admitted contributor");
  const signer = await recoverTypedDataAddress({ ...statementTypedData(signed), signature }).catch(
    () => "nobody's signature" as const,
  );
  if (signer === "nobody's signature" || !isAddressEqual(signer, admission.address))
    throw new StatementError("WrongSigner", place, signer, admission.address);
}

/** Admission under which a contributor's statement of a day counts. */
export function admissionOf(
  contributors: readonly Admission[],
  { contributor, period }: Pick<Statement, "contributor" | "period">,
): Admission | undefined {
  return contributors.find(
    ({ id, from = 0, until = Infinity }) => id === contributor && from <= period && period <= until,
  );
}

/** Contributor and day, for messages. */
export function placeOf({ contributor, period }: Statement): string {
  return `${contributor}, ${dateOfPeriod(period)}`;
}

function checkNumber(statement: Statement, number: number): void {
  if (!Number.isInteger(number) || number < 1 || number > MAX_NUMBER)
    throw new StatementError("NumberOutOfRange", placeOf(statement), number, `1 to ${MAX_NUMBER}`);
}
