/** What every error of the SDK is. Its message says what happened and what to do. */
export class UsanceError extends Error {
  override readonly name: string = "UsanceError";

  /**
   * Finds the first error of the chain of causes that fits.
   *
   * @example
   * import { UsanceError } from "@usance/sdk";
   * import { UserRejectedRequestError } from "viem";
   *
   * const rejected = (error: unknown) =>
   *   error instanceof UsanceError && error.walk((e) => e instanceof UserRejectedRequestError) !== undefined;
   */
  walk(fits: (error: unknown) => boolean): unknown {
    return walk(this, fits);
  }
}

function walk(error: unknown, fits: (error: unknown) => boolean): unknown {
  if (fits(error)) return error;
  const isObject = typeof error === "object" && error !== null;
  return isObject && "cause" in error ? walk(error.cause, fits) : undefined;
}

/** A call failed for a reason that no contract gave: a network, a wallet, an unknown contract. `cause` has it. */
export class CallFailedError extends UsanceError {
  override readonly name: string = "CallFailedError";

  constructor(cause: unknown, message = reasonOf(cause)) {
    super(message, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const { shortMessage, message } = (cause ?? {}) as { shortMessage?: unknown; message?: unknown };
  const reason = [shortMessage, message, cause].find((text) => typeof text === "string");
  return `The call failed: ${reason ?? "the reason is in cause"}`;
}
