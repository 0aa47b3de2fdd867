/** What is wrong with published files. */
export type PublicationErrorCode = "NotFound" | "Malformed" | "WrongRules" | "AlreadyPublished";

/** Refusal of published files, with what was found and what was expected. */
export class PublicationError extends Error {
  override readonly name = "PublicationError";
  readonly code: PublicationErrorCode;
  readonly actual: string;
  readonly allowed: string;

  /**
   * @param code What is wrong.
   * @param place Which file, and where in it.
   * @param actual What was found.
   * @param allowed What it should have been.
   */
  constructor(code: PublicationErrorCode, place: string, actual: string, allowed: string) {
    super(`${place}: ${code}(${actual}, ${allowed})`);
    this.code = code;
    this.actual = actual;
    this.allowed = allowed;
  }
}
