import { RefusalError } from "../../lib/errors.ts";

/** What is wrong with a call of the log, or with the log itself. */
export type LogErrorCode =
  | "UnknownFormat"
  | "WrongContributor"
  | "PositionMoved"
  | "EmptyKey"
  | "WrongPeriod"
  | "AmountOutOfRange"
  | "PeriodChanged"
  | "DayNotOver"
  | "DayNotClosed";

/** Refusal by the log, with the value that it had and the one that is allowed. Nothing of the call was written. */
export class LogError extends RefusalError<LogErrorCode> {
  override readonly name = "LogError";
}
