/** What is wrong with a statement, or with what a calculation was asked. */
export type CalculationErrorCode =
  | "CachedAboveInput"
  | "ReasoningAboveOutput"
  | "AmountOutOfRange"
  | "InvalidName"
  | "DuplicateRow"
  | "DuplicateStatement"
  | "DuplicatePeriod"
  | "ConflictingVersions"
  | "WrongPeriod"
  | "TooFewContributors"
  | "InvalidRules"
  | "PrintIsZero";

/** Refusal of an input, with the value that it had and the one that is allowed. Nothing is calculated from the rest. */
export class CalculationError extends Error {
  override readonly name = "CalculationError";
  readonly code: CalculationErrorCode;
  readonly actual: bigint | number | string;
  readonly allowed: bigint | number | string;

  /**
   * @param code What is wrong.
   * @param place Where: contributor, day, model.
   * @param actual The value found.
   * @param allowed The limit, or what it should have been.
   */
  constructor(
    code: CalculationErrorCode,
    place: string,
    actual: bigint | number | string,
    allowed: bigint | number | string,
  ) {
    super(`${place}: ${code}(${actual}, ${allowed})`);
    this.code = code;
    this.actual = actual;
    this.allowed = allowed;
  }
}
