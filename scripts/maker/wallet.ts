import { decodeUsanceError, type Deployment } from "@usance/sdk";
import type { Chain, Client, Hash, LocalAccount, TransactionReceipt, Transport } from "viem";
import { getTransactionCount, waitForTransactionReceipt } from "viem/actions";

/** A client that signs with a key of its own. */
export type SigningClient = Client<Transport, Chain | undefined, LocalAccount>;

/** Gas and fees of every transaction of a wallet; the node is asked for what is left out. */
export interface WalletSettings {
  gas?: bigint;
  maxFeePerGas?: bigint;
  maxPriorityFeePerGas?: bigint;
}

/** What a wallet fills in itself. */
type Filled = "deployment" | "account" | "chain" | "nonce" | keyof WalletSettings;

/** A write action of the SDK. */
interface Write<Parameters, Events> {
  (client: Client, parameters: Parameters): Promise<Hash>;
  extract(receipt: TransactionReceipt): Events;
}

/** A key that signs and sends one transaction after the other. */
export class Wallet {
  #nonce: number | undefined;

  constructor(
    readonly client: SigningClient,
    readonly deployment: Deployment,
    readonly settings: WalletSettings = {},
  ) {}

  /**
   * Sends an action and waits for its block.
   * @returns The action's events by name.
   * @throws UsanceError where the exchange refuses it.
   */
  async send<Parameters, Events>(
    action: Write<Parameters, Events>,
    parameters: Omit<Parameters, Filled>,
  ): Promise<Events> {
    const { client, deployment } = this;
    const receipt = await this.transact((settings) =>
      action(client, { ...parameters, deployment, ...settings } as Parameters),
    );
    return action.extract(receipt);
  }

  /**
   * Sends any transaction with this wallet's nonce, gas and fees, and waits for its block.
   * @throws UsanceError where it is refused or reverts.
   */
  async transact(
    send: (settings: WalletSettings & { nonce: number }) => Promise<Hash>,
  ): Promise<TransactionReceipt> {
    const { client } = this;
    try {
      this.#nonce ??= await getTransactionCount(client, { address: client.account.address });
      const hash = await send({ ...this.settings, nonce: this.#nonce++ });
      const receipt = await waitForTransactionReceipt(client, { hash });
      if (receipt.status !== "success") throw new Error(`transaction ${hash} reverted`);
      return receipt;
    } catch (error) {
      // A refused transaction may or may not have used up its number.
      this.#nonce = undefined;
      throw decodeUsanceError(error);
    }
  }
}
