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
export class LogError extends Error {
  override readonly name = "LogError";
  readonly code: LogErrorCode;
  readonly actual: bigint | number | string;
  readonly allowed: bigint | number | string;

  /**
   * @param code What is wrong.
   * @param place Where: source, key, day.
   * @param actual The value found.
   * @param allowed The limit, or what it should have been.
   */
  constructor(
    code: LogErrorCode,
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
