import {
  BaseError,
  BlockNotFoundError,
  HttpRequestError,
  LimitExceededRpcError,
  NonceTooLowError,
  ResourceUnavailableRpcError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
  WebSocketRequestError,
} from "viem";

/** Too few nodes show the same chain: nothing is read and nothing decided until they do. It passes. */
export class DisagreementError extends BaseError {
  override readonly name = "DisagreementError";

  constructor(
    /** Most nodes that show the same block. */
    readonly agreeing: number,
    /** How many have to. */
    readonly needed: number,
  ) {
    super(
      `${agreeing} of the nodes show the same block and ${needed} must: wait, or look at the nodes that are put aside.`,
    );
  }
}

/** Says that what a round needs is still being read: a later round goes on. */
export class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

const TEMPORARY = [
  DisagreementError,
  NotReadyError,
  HttpRequestError,
  WebSocketRequestError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
  BlockNotFoundError,
  LimitExceededRpcError,
  ResourceUnavailableRpcError,
  // Another process signs with the same key, or a transaction of ours was not known yet.
  NonceTooLowError,
];

/** How nodes say that they lag behind the one that was asked before, or that a transaction is already on its way. */
const LAGGING =
  /header not found|unknown block|block not found|invalid block tag|replacement transaction underpriced|already known/i;

/** Whether the node is the trouble, not the exchange: it does not answer, lags, or brings a transaction into no block. */
export function isTemporary(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (TEMPORARY.some((type) => cause instanceof type) || LAGGING.test(cause.message)) return true;
  return false;
}
