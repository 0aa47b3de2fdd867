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
