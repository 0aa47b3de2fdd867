import { isTemporary } from "../../lib/temporary.ts";

/**
 * Why a node did not take a transaction:
 * * `known`: it has it already;
 * * `consumed`: the nonce is in a block;
 * * `underpriced`: another transaction with the nonce pays as much or nearly;
 * * `cheap`: the fees are below what the node or the next block takes;
 * * `gap`: the nonce is not the next one, and the node keeps none for later;
 * * `unanswered`: nobody knows whether it arrived;
 * * `refused`: something that another try does not change.
 */
export type Rejection = "known" | "consumed" | "underpriced" | "cheap" | "gap" | "unanswered" | "refused";

// Nodes agree on no code, so that their words decide: geth, Nethermind, Besu, Erigon, Reth, Hardhat, Anvil.
const WORDS: readonly (readonly [Rejection, RegExp])[] = [
  ["known", /already known|known transaction|already imported|alreadyknown|already in (the )?(mem)?pool/i],
  ["underpriced", /replacement (transaction|fee|tx)|could not replace|replacementnotallowed|same nonce/i],
  ["gap", /nonce (is )?too high|noncegap|nonce too distant|nonce_too_high/i],
  ["consumed", /nonce (is )?too low|nonce has already been used|oldnonce|nonce_too_low|invalid nonce/i],
  [
    "cheap",
    /underpriced|fee ?per ?gas.*(too low|less than|below)|fee ?cap.*(less than|too low|below)|gas price.*(too low|below)|feetoolow/i,
  ],
];

/** Reads a node's answer to a transaction that it did not take. */
export function rejectionOf(error: unknown): Rejection {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { details } = cause as { details?: unknown };
    texts.push(typeof details === "string" ? details : cause.message);
  }
  for (const [rejection, words] of WORDS) if (texts.some((text) => words.test(text))) return rejection;
  return isTemporary(error) ? "unanswered" : "refused";
}
