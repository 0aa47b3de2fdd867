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
export class StatementError extends Error {
  override readonly name = "StatementError";
  readonly code: StatementErrorCode;
  readonly actual: number | string;
  readonly allowed: number | string;

  /**
   * @param code What is wrong.
   * @param place Where: contributor and day, or field.
   * @param actual The value found.
   * @param allowed The limit, or what it should have been.
   */
  constructor(code: StatementErrorCode, place: string, actual: number | string, allowed: number | string) {
    super(`${place}: ${code}(${actual}, ${allowed})`);
    this.code = code;
    this.actual = actual;
    this.allowed = allowed;
  }
}
