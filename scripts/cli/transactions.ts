import type { Hash, TransactionReceipt } from "viem";
import { waitForTransactionReceipt } from "viem/actions";
import type { Session } from "./session.ts";

/**
 * Waits for a transaction.
 * @throws Error where it was reverted: the state moved between its estimate and its block.
 */
export async function confirm({ client }: Session, hash: Hash): Promise<TransactionReceipt> {
  const receipt = await waitForTransactionReceipt(client, { hash });
  if (receipt.status === "success") return receipt;
  throw new Error(`Transaction ${hash} was reverted in block ${receipt.blockNumber}: look again and retry.`);
}
