import type { Account, Address, Client, Hash } from "viem";
import { estimateGas, getTransactionCount, sendTransaction } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { AccountMissingError, FeeLimitError } from "../errors/inputErrors.ts";
import { isNodeError } from "../errors/nodeErrors.ts";
import type { WriteAction, WriteParameters } from "../internal/write.ts";
import { feesNow } from "./fees.ts";

export type SenderOptions = {
  /** Who sends; the client's account when left out. */
  account?: Account | Address | undefined;
  /** Most wei for a unit of gas; no limit when left out. */
  maxFeePerGasLimit?: bigint | undefined;
};

/** Sends many transactions of one account, one nonce after the other. */
export type Sender = {
  /**
   * Sends what an action of the SDK would send, without waiting for a block.
   *
   * @returns Its hash.
   * @throws As the action; nothing is sent then, and no nonce is lost.
   */
  send<parameters extends WriteParameters>(
    action: WriteAction<parameters, unknown, unknown>,
    parameters: parameters,
  ): Promise<Hash>;
  /** Nonce of the next transaction, as this sender counts; undefined before the first. */
  readonly nextNonce: number | undefined;
};

/**
 * Make a sender for a program that sends many transactions at once. viem's own nonceManager gives numbers out before it knows
 * whether a transaction can be sent at all, so that one that is refused leaves a gap in which all later ones wait; here a
 * number is used up only by a transaction that the node has taken. Gas is estimated with a margin: a quarter, since the book
 * may hold more to walk over when the transaction gets there, and 60,000, since it may be the first of its minute or its day
 * in a market. What is not used is not paid. One sender for one account: two would give the same numbers.
 *
 * @param client - Wallet client.
 *
 * @example
 * import { createSender, parseLots, placeOrder, waitForTransaction, type Deployment } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * async function quote(wallet: WalletClient, deployment: Deployment) {
 *   const sender = createSender(wallet);
 *   const order = { deployment, accountId: 2048, market: 1, lots: parseLots("1") };
 *   const hashes = await Promise.all(
 *     [7680n, 7681n, 7682n].map((tick) => sender.send(placeOrder, { ...order, tick })),
 *   );
 *   return Promise.all(hashes.map((hash) => waitForTransaction(wallet, { hash })));
 * }
 */
export function createSender(client: Client, options: SenderOptions = {}): Sender {
  const { maxFeePerGasLimit } = options;
  let nextNonce: number | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function sendNow<parameters extends WriteParameters>(
    action: WriteAction<parameters, unknown, unknown>,
    parameters: parameters,
  ): Promise<Hash> {
    const account = parameters.account ?? options.account ?? client.account;
    if (!account) throw new AccountMissingError();
    const address = typeof account === "string" ? account : account.address;
    try {
      const call = await action.encode(client, parameters);
      const gas = parameters.gas ?? withMargin(await estimateGas(client, { account, ...call }));
      const fees = await feesNow(client);
      const { maxFeePerGas = fees.maxFeePerGas } = parameters;
      const { maxPriorityFeePerGas = least(fees.maxPriorityFeePerGas, maxFeePerGas) } = parameters;
      if (maxFeePerGasLimit !== undefined && maxFeePerGas > maxFeePerGasLimit)
        throw new FeeLimitError(maxFeePerGas, maxFeePerGasLimit);
      // Others may have sent from here too; the node may not know yet what was sent a moment ago.
      const waiting = await getTransactionCount(client, { address, blockTag: "pending" });
      let nonce = Math.max(waiting, nextNonce ?? 0);
      const chain = parameters.chain ?? client.chain ?? null;
      for (;;) {
        try {
          const fields = { account, chain, gas, nonce, maxFeePerGas, maxPriorityFeePerGas };
          const hash = await sendTransaction(client, { ...fields, ...call });
          nextNonce = nonce + 1;
          return hash;
        } catch (error) {
          // Somebody else was quicker with this number.
          if (!isNodeError(decodeUsanceError(error), "NonceTooLow")) throw error;
          const mined = await getTransactionCount(client, { address, blockTag: "pending" });
          if (mined <= nonce) throw error;
          nonce = mined;
        }
      }
    } catch (error) {
      throw decodeUsanceError(error);
    }
  }

  return {
    send(action, parameters) {
      const sent = last.then(() => sendNow(action, parameters));
      last = sent.catch(() => undefined);
      return sent;
    },
    get nextNonce() {
      return nextNonce;
    },
  };
}

/** Gas to give where so much was estimated. */
export function withMargin(estimate: bigint): bigint {
  return estimate + estimate / 4n + 60_000n;
}

const least = (a: bigint, b: bigint) => (a < b ? a : b);
