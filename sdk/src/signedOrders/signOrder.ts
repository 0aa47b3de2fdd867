import type { Address, Hex, TypedDataDefinition } from "viem";
import { completeOrder, type OrderTerms, type SignedOrder } from "./SignedOrder.ts";
import { orderTypedData, type OrderDomain } from "./orderTypedData.ts";

/** Who signs: an account of viem, or anything with an address that signs typed data. */
export type OrderSigner = {
  address: Address;
  signTypedData: (typedData: TypedDataDefinition<Record<string, unknown>, string>) => Promise<Hex>;
};

export type SignOrderParameters = Omit<OrderTerms, "owner" | "signer"> &
  OrderDomain & {
    account: OrderSigner;
    /** Owner of the account that trades; the account that signs when left out. */
    owner?: Address | undefined;
    /** Contract that vouches for the signature (ERC-1271); the account that signs when left out. */
    signer?: Address | undefined;
  };

/**
 * Sign an order that anyone may execute: a limit order, a stop or a take-profit.
 *
 * @remarks The owner names the contract `signedOrders` operator of the account (`setOperator`), and approves it for fees
 * (`approveCollateral` with it as spender) where the order offers one. Whoever else signs must be operator of the account too, and
 * pays fees out of the budget that the owner set with `setFeeBudget`.
 *
 * @returns The order with everything filled in and its signature: what `executeSignedOrder` takes.
 * @throws {@link InvalidDeploymentError} where the exchange has no contract for signed orders; {@link OutOfRangeError} where a
 * number does not fit its field.
 *
 * @example
 * import { parseCollateral, parseLots, parsePrice, signOrder, triggerOf, type Deployment } from "@usance/sdk";
 * import type { LocalAccount } from "viem";
 *
 * // Sells 1.5 contracts when mark has fallen to 3,800 points, at 3,780 or better.
 * const stop = (account: LocalAccount, deployment: Deployment, now: bigint) =>
 *   signOrder({
 *     account,
 *     deployment,
 *     market: 1,
 *     lots: parseLots("-1.5"),
 *     tick: parsePrice("3780"),
 *     reduceOnly: true,
 *     trigger: triggerOf("stop", parseLots("-1.5")),
 *     triggerX16: parsePrice("3800") << 16n,
 *     expiry: now + 86_400n,
 *     nonce: BigInt(Date.now()),
 *     fee: parseCollateral("0.5"),
 *   });
 */
export async function signOrder({
  account,
  deployment,
  owner = account.address,
  signer = account.address,
  ...terms
}: SignOrderParameters): Promise<SignedOrder> {
  const order = completeOrder({ ...terms, owner, signer });
  const typedData = orderTypedData({ deployment, ...order }) as unknown as TypedDataDefinition<
    Record<string, unknown>,
    string
  >;
  return { ...order, signature: await account.signTypedData(typedData) };
}
