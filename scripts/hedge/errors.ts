/** What keeps a plan from being made. */
export type HedgeErrorCode =
  | "UnreadableFile"
  | "UnwritableFile"
  | "UnknownFormat"
  | "UnreadableRows"
  | "DuplicateDay"
  | "NegativeUsage"
  | "NoUsage"
  | "NoOverlap"
  | "TooFewDays"
  | "NoPrice"
  | "NoMonth"
  | "NoIndex";

/** Refusal of a plan: the value found and the one that is needed, and a sentence that says what to do. */
export class HedgeError extends Error {
  override readonly name = "HedgeError";
  readonly code: HedgeErrorCode;
  readonly actual: number | string;
  readonly allowed: number | string;

  /**
   * @param code What is wrong.
   * @param actual The value found.
   * @param allowed The limit, or what it should have been.
   * @param sentence What happened and what to do.
   */
  constructor(code: HedgeErrorCode, actual: number | string, allowed: number | string, sentence: string) {
    super(sentence);
    this.code = code;
    this.actual = actual;
    this.allowed = allowed;
  }
}
