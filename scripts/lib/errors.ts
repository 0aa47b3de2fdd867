/**
 * The first sentence of an error: what happened, without stack or request. The request stays out because the address
 * of a node may hold a key.
 */
export function sentenceOf(error: unknown): string {
  const message =
    (error as { shortMessage?: string } | undefined)?.shortMessage ??
    (error instanceof Error ? error.message : String(error));
  return message.split("\n", 1)[0]?.trim() || "Something failed without saying why.";
}

/**
 * Refusal of an input, with the value that it had and the one that is allowed. Each part of the project has its own class of them, whose
 * codes are its own.
 */
export class RefusalError<code extends string> extends Error {
  readonly code: code;
  readonly actual: bigint | number | string;
  readonly allowed: bigint | number | string;

  /**
   * @param code What is wrong.
   * @param place Where; empty where the error says all.
   * @param actual The value found.
   * @param allowed The limit, or what it should have been.
   */
  constructor(
    code: code,
    place: string,
    actual: bigint | number | string,
    allowed: bigint | number | string,
  ) {
    super(`${place === "" ? "" : `${place}: `}${code}(${actual}, ${allowed})`);
    this.code = code;
    this.actual = actual;
    this.allowed = allowed;
  }
}
