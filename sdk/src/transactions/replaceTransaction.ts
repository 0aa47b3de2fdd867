import type { Account, Address, Client, Hash } from "viem";
import { getTransaction, sendTransaction } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { AccountMissingError } from "../errors/inputErrors.ts";
import { feesAbove } from "./fees.ts";

export type ReplaceTransactionParameters = {
  /** Transaction that waits. */
  hash: Hash;
  /** Sender of it; the client's account when left out. */
  account?: Account | Address | undefined;
  /** Most wei for a unit of gas that the replacement may pay; no limit when left out. */
  maxFeePerGasLimit?: bigint | undefined;
};

/**
 * Send a waiting transaction again with the same nonce and higher fees: an eighth (12.5 %) more than before and never below what
 * the chain takes now. Only one of the two gets into a block.
 *
 * @returns Hash of the replacement.
 * @throws {@link FeeLimitError} where it would pay more than it may, {@link NodeError} `NonceTooLow` where one is in a block.
 *
 * @example
 * import { speedUpTransaction } from "@usance/sdk";
 * import type { Hash, WalletClient } from "viem";
 *
 * async function hurry(wallet: WalletClient, hash: Hash) {
 *   return speedUpTransaction(wallet, { hash, maxFeePerGasLimit: 200_000_000_000n });
 * }
 */
export function speedUpTransaction(client: Client, parameters: ReplaceTransactionParameters): Promise<Hash> {
  return replace(client, parameters, false);
}

/**
 * Send nothing to oneself with the nonce of a waiting transaction and higher fees, so that the transaction never happens if this
 * one gets into a block first.
 *
 * @returns Hash of the replacement.
 * @throws As {@link speedUpTransaction}.
 *
 * @example
 * import { cancelTransaction } from "@usance/sdk";
 * import type { Hash, WalletClient } from "viem";
 *
 * async function stop(wallet: WalletClient, hash: Hash) {
 *   return cancelTransaction(wallet, { hash });
 * }
 */
export function cancelTransaction(client: Client, parameters: ReplaceTransactionParameters): Promise<Hash> {
  return replace(client, parameters, true);
}

async function replace(
  client: Client,
  { hash, account = client.account, maxFeePerGasLimit }: ReplaceTransactionParameters,
  cancels: boolean,
): Promise<Hash> {
  if (!account) throw new AccountMissingError();
  try {
    const { nonce, to, input, value, gas, from, ...paid } = await getTransaction(client, { hash });
    const gasPrice = paid.gasPrice ?? 0n;
    const { maxFeePerGas = gasPrice, maxPriorityFeePerGas = gasPrice } = paid;
    const fees = await feesAbove(client, { maxFeePerGas, maxPriorityFeePerGas }, maxFeePerGasLimit);
    // A mere transfer costs the least that a transaction can.
    const call = cancels ? { to: from, value: 0n } : { to, data: input, value, gas };
    const chain = client.chain ?? null;
    return await sendTransaction(client, { account, chain, nonce, ...call, ...fees });
  } catch (error) {
    throw decodeUsanceError(error);
  }
}
