/** What is wrong with a source, with what it said, or with the configuration of its meter. */
export type MeterErrorCode =
  | "InvalidConfiguration"
  | "MissingSecret"
  | "Unreachable"
  | "WrongStatus"
  | "TooLarge"
  | "WrongFormat"
  | "WrongAmount"
  | "WrongDate"
  | "MissingColumn"
  | "MissingTable"
  | "StatedTwice";

/**
 * Refusal of what a source said, with the value that it had and the one that is allowed. Nothing of it was logged, and the
 * meter goes on from where it was. Addresses, keys and passwords are no part of it.
 */
export class MeterError extends Error {
  override readonly name = "MeterError";
  readonly code: MeterErrorCode;
  readonly actual: bigint | number | string;
  readonly allowed: bigint | number | string;

  /**
   * @param code What is wrong.
   * @param place Where: source, line, field.
   * @param actual The value found.
   * @param allowed The limit, or what it should have been.
   */
  constructor(
    code: MeterErrorCode,
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
