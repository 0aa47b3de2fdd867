import { RefusalError } from "../../lib/errors.ts";

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
export class MeterError extends RefusalError<MeterErrorCode> {
  override readonly name = "MeterError";
}
