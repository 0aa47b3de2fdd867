import { formatCollateral, hashSignedOrder, isContractError, decodeUsanceError } from "@usance/sdk";
import { isAddressEqual, type Address } from "viem";
import { getBlock } from "viem/actions";
import type { KeeperOptions } from "../context.ts";
import { isFor, isSameTrail, OrderRefusedError, parseHandedOrder, type HandedOrder } from "./order.ts";
import { isGoodSignature } from "./signature.ts";
import { contractOf, readStates, type ChainState } from "./states.ts";
import type { KeptOrder, OrderStore } from "./store.ts";

/** What orders have to be like. */
export interface AdmissionOptions extends Pick<KeeperOptions, "client" | "deployment"> {
  store: OrderStore;
  /** Least fee that an order offers, collateral units. */
  minFee: bigint;
  collateral: { decimals: number; symbol: string };
}

/** An order that is kept, and whether it was before. */
export interface Admitted {
  kept: KeptOrder;
  isNew: boolean;
}

/** Takes orders that this executor may execute one day, and refuses the others with the reason. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Address of the executor. */
  get executor(): Address {
    return this.#options.client.account.address;
  }

  /**
   * Takes an order; it is on the disk when this returns. One that is kept already is no error.
   * @param json Parsed content of what somebody handed over.
   * @throws OrderRefusedError; other errors where the node does not answer.
   */
  async admit(json: unknown): Promise<Admitted> {
    const { deployment, store } = this.#options;
    const contract = contractOf({ deployment });
    const handed = parseHandedOrder(json, { chainId: deployment.chainId, contract });
    const { order, trail } = handed;
    const hash = hashSignedOrder({ deployment, ...order });
    this.#requireTerms(handed);
    const before = store.find(hash);
    if (before === undefined) store.requireRoom(order.signer);
    if (!(await isGoodSignature(this.#options.client, { ...order, hash })))
      throw new OrderRefusedError(
        "SignatureInvalid",
        `The signature is not one of ${order.signer} for this order on chain ${deployment.chainId} and contract ${contract}: sign it again.`,
      );
    // Only who holds the signature is told.
    if (before !== undefined) {
      if (!isSameTrail(before.trail, trail))
        throw new OrderRefusedError(
          "TrailDiffers",
          "The order is kept with another trail: cancel it on chain and sign a new one.",
        );
      return { kept: before, isNew: false };
    }
    const account = await this.#requireOpen(handed);
    // Another request may have brought it meanwhile.
    const meanwhile = store.find(hash);
    return meanwhile
      ? { kept: meanwhile, isNew: false }
      : { kept: store.add(hash, handed, account), isNew: true };
  }

  #requireTerms({ order, trail }: HandedOrder): void {
    const { executor } = this;
    const { minFee, collateral } = this.#options;
    if (!isFor(executor, order))
      throw new OrderRefusedError(
        "OtherExecutor",
        `The order names ${order.executor} its executor, and this one is ${executor}: hand it to the other.`,
      );
    // Anybody else could execute it at once.
    if (trail !== undefined && !isAddressEqual(order.executor, executor))
      throw new OrderRefusedError(
        "TrailNeedsExecutor",
        `An order with a trail must name ${executor} its executor, or anyone may execute it at once.`,
      );
    if (order.lots === 0n)
      throw new OrderRefusedError("FieldWrong", "The order has 0 lots: sign one that buys or sells.");
    if (order.oneCancelsOther && order.group === 0n)
      throw new OrderRefusedError(
        "FieldWrong",
        "The order cancels others of group 0, which is none: sign it with a group.",
      );
    if (order.start > order.expiry)
      throw new OrderRefusedError(
        "FieldWrong",
        `The order starts at ${order.start}, after its expiry ${order.expiry}.`,
      );
    const amount = (fee: bigint) => `${formatCollateral(fee, collateral.decimals)} ${collateral.symbol}`;
    if (order.fee < minFee)
      throw new OrderRefusedError(
        "FeeTooLow",
        `The order offers ${amount(order.fee)}, this executor takes orders from ${amount(minFee)} on.`,
      );
  }

  /** @returns Account that trades. */
  async #requireOpen({ order }: HandedOrder): Promise<number> {
    const { client } = this.#options;
    const { number: block, timestamp } = await getBlock(client, { blockTag: "latest" });
    let state: ChainState | undefined;
    try {
      [state] = await readStates(this.#options, [order], { block, now: Number(timestamp) });
    } catch (error) {
      if (!isContractError(decodeUsanceError(error), "UnknownMarket")) throw error;
      throw new OrderRefusedError("UnknownMarket", `There is no market ${order.market}.`);
    }
    switch (state?.ended) {
      case "consumed":
        throw new OrderRefusedError("Spent", "The order has been executed wholly.");
      case "cancelled":
        throw new OrderRefusedError(
          "Cancelled",
          "The order has been cancelled: sign one with another nonce.",
        );
      case "replaced":
        throw new OrderRefusedError(
          "Replaced",
          "Another order was executed with its nonce or has closed its group: sign one with others.",
        );
      case "expired":
        throw new OrderRefusedError(
          "Expired",
          `The order was good until ${order.expiry}, and it is ${timestamp} now.`,
        );
      case undefined:
    }
    const { account = 0, signerUntil = 0n } = state ?? {};
    if (account === 0)
      throw new OrderRefusedError(
        "SignerNotAuthorised",
        `${order.owner} has no subaccount ${order.subaccount}: deposit into it first.`,
      );
    if (signerUntil < timestamp)
      throw new OrderRefusedError(
        "SignerNotAuthorised",
        `${order.signer} may not sign for account ${account}: its owner names it operator first.`,
      );
    return account;
  }
}
