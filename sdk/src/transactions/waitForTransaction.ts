import type { Client, Hash, TransactionReceipt } from "viem";
import { call, getTransaction, waitForTransactionReceipt } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { UsanceError } from "../errors/UsanceError.ts";

export type WaitForTransactionParameters = {
  hash: Hash;
  /** Blocks that must stand, that of the transaction included; 1 when left out. A reorganisation on the way starts anew. */
  confirmations?: number | undefined;
  /** Milliseconds to wait at most; three minutes when left out. */
  timeout?: number | undefined;
  pollingInterval?: number | undefined;
};

/** What became of a transaction, or of the one that took its nonce. */
export type WaitForTransactionReturnType = {
  receipt: TransactionReceipt;
  /** Undefined where it is the one that was asked for; "repriced" does the same, "cancelled" nothing, "replaced" something else. */
  replaced?: "repriced" | "cancelled" | "replaced" | undefined;
};

/** A transaction is in a block and was reverted. `cause` has the contract's error where the call shows it once more. */
export class TransactionRevertedError extends UsanceError {
  override readonly name = "TransactionRevertedError";

  constructor(
    readonly receipt: TransactionReceipt,
    cause: UsanceError | undefined,
  ) {
    const reason = cause?.message ?? "the state has changed since, so that the reason cannot be told.";
    super(`Transaction ${receipt.transactionHash} was reverted: ${reason}`, { cause });
  }
}

/**
 * Wait until a transaction stands, also where another with its nonce took its place, and over reorganisations that take it out
 * of the chain again.
 *
 * @throws {@link TransactionRevertedError} where it did nothing, with the contract's error as its cause; {@link NodeError}
 * `NodeTimeout` where it does not get into a block in time.
 *
 * @example
 * import { placeOrder, waitForTransaction } from "@usance/sdk";
 * import type { Client, Hash } from "viem";
 *
 * async function settled(client: Client, hash: Hash) {
 *   const { receipt, replaced } = await waitForTransaction(client, { hash, confirmations: 3 });
 *   if (replaced !== "cancelled") console.log(placeOrder.extract(receipt));
 * }
 */
export async function waitForTransaction(
  client: Client,
  { hash, confirmations = 1, timeout = 180_000, pollingInterval }: WaitForTransactionParameters,
): Promise<WaitForTransactionReturnType> {
  let replaced: WaitForTransactionReturnType["replaced"];
  let receipt: TransactionReceipt;
  try {
    receipt = await waitForTransactionReceipt(client, {
      ...{ hash, confirmations, timeout, pollingInterval },
      onReplaced: ({ reason }) => (replaced = reason),
    });
  } catch (error) {
    throw decodeUsanceError(error);
  }
  if (receipt.status === "reverted")
    throw new TransactionRevertedError(receipt, await reasonOf(client, receipt));
  return { receipt, replaced };
}

/** Runs a reverted transaction once more on the state before its block: exact unless others of the block came between. */
async function reasonOf(
  client: Client,
  { transactionHash: hash, blockNumber }: TransactionReceipt,
): Promise<UsanceError | undefined> {
  try {
    const { from, to, input, value, gas } = await getTransaction(client, { hash });
    await call(client, { account: from, to, data: input, value, gas, blockNumber: blockNumber - 1n });
    return undefined;
  } catch (error) {
    return decodeUsanceError(error);
  }
}
