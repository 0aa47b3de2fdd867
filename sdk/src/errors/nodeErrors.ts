import { CallFailedError } from "./UsanceError.ts";

/**
 * Failures that nodes, providers and wallets have in common: how they are known, from the names and codes of viem and ethers and
 * the words of nodes, and what to do. The first that fits counts.
 */
const kinds = {
  UserRejected: [
    /UserRejectedRequest|ACTION_REJECTED|user (rejected|denied)/i,
    "The wallet's owner refused to sign: ask again once they agree.",
  ],
  InsufficientFunds: [
    /INSUFFICIENT_FUNDS|insufficient funds|(doesn't|does not) have enough funds/i,
    "The sender cannot pay for value and gas: send it the chain's own currency, or lower the gas limit or fee.",
  ],
  ReplacementUnderpriced: [
    /REPLACEMENT_UNDERPRICED|replacement.{0,20}underpriced/i,
    "Another transaction with this nonce is waiting and pays as much: raise both fees by 12.5 % or more, as speedUpTransaction does.",
  ],
  AlreadyKnown: [
    /already (known|imported)|known transaction/i,
    "The node has this very transaction already: wait for its receipt.",
  ],
  NonceTooLow: [
    /NONCE_EXPIRED|NonceTooLow|nonce.{0,20}too low|old nonce/i,
    "A transaction with this nonce is in a block already: look whether it was this one, and send with the next nonce.",
  ],
  NonceTooHigh: [
    /NonceTooHigh|nonce.{0,20}too high|nonce gap/i,
    "A transaction before this one is missing: send it with the nonce that getTransactionCount gives for pending.",
  ],
  FeeTooLow: [
    /FeeCapTooLow|fee.{0,40}(less|lower) than.{0,20}base ?fee|transaction underpriced|fee too low/i,
    "The fee is below what the chain takes now: give a higher maxFeePerGas, or leave it out to have it estimated.",
  ],
  OutOfGas: [
    /out of gas|IntrinsicGasTooLow|intrinsic gas too low|gas.{0,20}too low/i,
    "The gas did not suffice: leave `gas` out to have it estimated, or give more.",
  ],
  RateLimited: [
    /\b429\b|rate limit|too many requests|LimitExceeded/i,
    "The provider counts requests and refuses more for now: wait, ask less often, or use another.",
  ],
  WrongChain: [
    /ChainMismatch|chain ?id.{0,40}(mismatch|does not match)|invalid chain ?id/i,
    "The wallet is on another chain than the exchange: switch it to the deployment's chainId.",
  ],
  NodeTimeout: [
    /\bTimeoutError\b|\bTIMEOUT\b|timed out|took too long|ETIMEDOUT/i,
    "The node did not answer in time: look whether the transaction was sent before you repeat it, or use another node.",
  ],
  NodeUnreachable: [
    /HttpRequestError|WebSocketRequestError|SocketClosed|NETWORK_ERROR|fetch failed|ECONNREFUSED|ECONNRESET|socket hang up/i,
    "The call did not reach the node: check its address and the network, then try again.",
  ],
} as const;

/** Name of a failure of node, provider or wallet. */
export type NodeErrorName = keyof typeof kinds;

/** A node, a provider or a wallet failed the call for a common reason. `name` says which, `cause` has the original. */
export class NodeError extends CallFailedError {
  override readonly name: NodeErrorName;

  constructor(name: NodeErrorName, cause: unknown) {
    super(cause, kinds[name][1]);
    this.name = name;
  }
}

/**
 * Tells whether an error is a certain failure of node, provider or wallet.
 *
 * @param error - Anything that was thrown.
 * @param name - Which; any when left out.
 *
 * @example
 * import { isNodeError } from "@usance/sdk";
 *
 * const mayRetry = (error: unknown) => isNodeError(error, "NodeTimeout") || isNodeError(error, "NodeUnreachable");
 */
export function isNodeError(error: unknown, name?: NodeErrorName): error is NodeError {
  return error instanceof NodeError && (name === undefined || error.name === name);
}

/** The common failure that an error is, if it is one. */
export function nodeErrorOf(error: unknown): NodeError | undefined {
  const words: string[] = [];
  for (let next = error, left = 16; typeof next === "object" && next !== null && left > 0; left--) {
    const {
      name,
      code,
      details,
      shortMessage,
      message,
      cause,
      error: inner,
      info,
    } = next as Record<string, unknown>;
    // The whole message of viem repeats the request, whose words are no reason.
    const text = [name, code, details, shortMessage ?? message].filter((part) => part !== undefined);
    words.push(text.map(String).join(" "));
    next = cause ?? inner ?? info;
  }
  const all = words.join("\n");
  const found = Object.entries(kinds).find(([, [pattern]]) => pattern.test(all));
  return found && new NodeError(found[0] as NodeErrorName, error);
}
