import { RefusalError } from "../lib/errors.ts";

/** Why a signed statement is refused. What makes its content void is a CalculationError. */
export type StatementErrorCode =
  | "Malformed"
  | "UnknownContributor"
  | "WrongRules"
  | "WrongSigner"
  | "NumberOutOfRange"
  | "PeriodNotOver"
  | "ConflictingStatement";

/** Refusal of a signed statement, with the value that it had and the one that is allowed. */
export class StatementError extends RefusalError<StatementErrorCode> {
  override readonly name = "StatementError";
}
