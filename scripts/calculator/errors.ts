import { RefusalError } from "../lib/errors.ts";

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
export class CalculationError extends RefusalError<CalculationErrorCode> {
  override readonly name = "CalculationError";
}
