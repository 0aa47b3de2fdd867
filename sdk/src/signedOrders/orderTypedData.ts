import { hashTypedData, type Hex } from "viem";
import type { Deployment } from "../deployment.ts";
import { addressOf } from "../internal/contracts.ts";
import { encodeSignedOrder, type OrderTerms } from "./SignedOrder.ts";

const signedOrder = [
  { name: "owner", type: "address" },
  { name: "subaccount", type: "uint16" },
  { name: "signer", type: "address" },
  { name: "market", type: "uint16" },
  { name: "lots", type: "int40" },
  { name: "tick", type: "uint24" },
  { name: "kind", type: "uint8" },
  { name: "reduceOnly", type: "bool" },
  { name: "restUntil", type: "uint40" },
  { name: "maxFills", type: "uint16" },
  { name: "clientOrderId", type: "uint64" },
  { name: "trigger", type: "uint8" },
  { name: "triggerX16", type: "uint40" },
  { name: "start", type: "uint40" },
  { name: "expiry", type: "uint40" },
  { name: "nonce", type: "uint64" },
  { name: "group", type: "uint64" },
  { name: "oneCancelsOther", type: "bool" },
  { name: "fee", type: "uint128" },
  { name: "executor", type: "address" },
] as const;

/** Where an order counts. */
export type OrderDomain = {
  /** Addresses of the exchange, with its `signedOrders`. */
  deployment: Deployment;
};

/**
 * Build the EIP-712 message of an order, for a wallet that signs it by other means than `signOrder`.
 *
 * @throws {@link InvalidDeploymentError} where the exchange has no contract for signed orders; {@link OutOfRangeError} where a
 * number does not fit its field.
 *
 * @example
 * import { orderTypedData, type Deployment, type OrderTerms } from "@usance/sdk";
 * import type { WalletClient } from "viem";
 *
 * const sign = (wallet: WalletClient, deployment: Deployment, order: OrderTerms) =>
 *   wallet.signTypedData({ account: order.owner, ...orderTypedData({ deployment, ...order }) });
 */
export function orderTypedData({ deployment, ...order }: OrderTerms & OrderDomain) {
  return {
    domain: {
      name: "Usance Signed Orders",
      version: "1",
      chainId: deployment.chainId,
      verifyingContract: addressOf(deployment, "signedOrders"),
    },
    primaryType: "SignedOrder",
    types: { SignedOrder: signedOrder },
    message: encodeSignedOrder(order),
  } as const;
}

/**
 * Compute what is signed for an order, as `hashOrder` of the contract does. Its events name orders by it.
 *
 * @throws As `orderTypedData`.
 *
 * @example
 * import { hashSignedOrder, type Deployment, type SignedOrder } from "@usance/sdk";
 *
 * const digest = (deployment: Deployment, order: SignedOrder) => hashSignedOrder({ deployment, ...order });
 */
export function hashSignedOrder(parameters: OrderTerms & OrderDomain): Hex {
  return hashTypedData(orderTypedData(parameters));
}
