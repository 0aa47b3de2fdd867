import {
  getAddress,
  isAddressEqual,
  isHex,
  numberToHex,
  parseTransaction,
  recoverTransactionAddress,
  type Address,
  type Hex,
  type LocalAccount,
  type TransactionSerializableEIP1559,
  type TransactionSerializedEIP1559,
} from "viem";
import { toAccount } from "viem/accounts";
import { fetchJson } from "../../lib/http.ts";

/** Who signs a keeper's transactions: a key in this process, or somebody who keeps it elsewhere. */
export interface KeeperSigner {
  /** Sender of the transactions. */
  readonly address: Address;
  /**
   * Signs a transaction.
   * @returns It with its signature, as nodes take it.
   * @throws SignerError where it does not sign, or signs something else.
   */
  signTransaction(transaction: TransactionSerializableEIP1559): Promise<Hex>;
}

/** A remote signer did not sign what it was asked to. The message holds no address of it. */
export class SignerError extends Error {
  override readonly name = "SignerError";
}

/** Where a remote signer is and whose key it holds. */
export interface RemoteSignerOptions {
  /** Address of its HTTP interface; user and password become a Basic authorisation. */
  url: string;
  address: Address;
  timeoutSeconds?: number;
}

const LARGEST_ANSWER = 4 * 1024 * 1024;

/**
 * A signer behind HTTP that answers `eth_signTransaction`, as Web3Signer, Clef and Besu's EthSigner do. What comes back
 * is checked: it must be the transaction that was asked for, signed by the address.
 */
export function remoteSigner({ url, address, timeoutSeconds = 10 }: RemoteSignerOptions): KeeperSigner {
  const limits = { timeoutSeconds, maxBytes: LARGEST_ANSWER };
  let id = 0;
  return {
    address: getAddress(address),
    async signTransaction(transaction) {
      const params = [requestOf(address, transaction)];
      const body = { jsonrpc: "2.0", id: ++id, method: "eth_signTransaction", params };
      const answer = await fetchJson(url, limits, body).catch((error: unknown) => {
        throw new SignerError("The signer does not answer: is it running, and is its key unlocked?", {
          cause: error,
        });
      });
      return check(answer, transaction, address);
    },
  };
}

/** An account for clients, from a signer. It signs transactions and nothing else. */
export function accountOf(signer: KeeperSigner): LocalAccount {
  const refuse = () => Promise.reject(new SignerError("A keeper's signer signs transactions only."));
  return toAccount({
    address: signer.address,
    // The default serialiser is the only one that a keeper's chain has.
    signTransaction: (transaction) =>
      signer.signTransaction(transaction as TransactionSerializableEIP1559) as never,
    signMessage: refuse,
    signTypedData: refuse,
  });
}

function requestOf(from: Address, transaction: TransactionSerializableEIP1559): Record<string, string> {
  const { to, data, nonce = 0, gas = 0n, value = 0n, chainId } = transaction;
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = transaction;
  return {
    from,
    ...(to && { to }),
    nonce: numberToHex(nonce),
    gas: numberToHex(gas),
    maxFeePerGas: numberToHex(maxFeePerGas),
    maxPriorityFeePerGas: numberToHex(maxPriorityFeePerGas),
    value: numberToHex(value),
    data: data ?? "0x",
    chainId: numberToHex(chainId),
  };
}

/** The signed transaction of an answer: Web3Signer gives it alone, Clef and geth beside its fields. */
async function check(answer: unknown, asked: TransactionSerializableEIP1559, address: Address): Promise<Hex> {
  const { result, error } = (answer ?? {}) as { result?: unknown; error?: { message?: unknown } };
  if (error !== undefined && error !== null) {
    const reason = typeof error.message === "string" ? error.message.slice(0, 200) : "without a reason";
    throw new SignerError(`The signer refuses: ${reason}`);
  }
  const raw = typeof result === "object" && result !== null ? (result as { raw?: unknown }).raw : result;
  if (!isHex(raw) || !raw.startsWith("0x02"))
    throw new SignerError(
      "The signer answered no signed transaction of type 2: check that it supports EIP-1559.",
    );
  const signed = await open(raw as TransactionSerializedEIP1559);
  const { transaction, sender } = signed;
  for (const field of [
    "chainId",
    "nonce",
    "gas",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "value",
    "data",
    "to",
  ] as const) {
    const [got, wanted] = [transaction[field], asked[field]].map((value) => plain(value));
    if (got !== wanted)
      throw new SignerError(`The signer signed another transaction: its ${field} is ${got}, not ${wanted}.`);
  }
  if ((transaction.accessList ?? []).length !== 0)
    throw new SignerError("The signer signed another transaction: it has an access list.");
  if (!isAddressEqual(sender, address))
    throw new SignerError(
      `The signer signed as ${sender}, not as ${address}: check the address in the configuration.`,
    );
  return raw;
}

async function open(raw: TransactionSerializedEIP1559) {
  try {
    const sender = await recoverTransactionAddress({ serializedTransaction: raw });
    return { transaction: parseTransaction(raw), sender };
  } catch (error) {
    throw new SignerError("The signer answered a transaction that cannot be read.", { cause: error });
  }
}

/** One form for fields: absent, zero and empty are the same. */
function plain(value: bigint | number | string | null | undefined): string {
  const text = `${value ?? ""}`.toLowerCase();
  return text === "0x" || text === "" ? "0" : text;
}
