import { zeroAddress, type Address, type Hex } from "viem";
import { orderKinds, orderTriggers, type OrderKind, type OrderTrigger } from "../enums.ts";
import { requireWithin } from "../units/decimal.ts";

/** An order to be signed. What is left out stands for "none", "from now on" or "anyone". */
export type OrderTerms = {
  /** Owner of the account that trades. */
  owner: Address;
  /** Number of the account under its owner; 0 when left out. */
  subaccount?: number | undefined;
  /**
   * Who signs: the owner when left out, or somebody whom the owner has named operator of the account. Orders of a revoked operator
   * are good again once it is named again: revoke it together with `cancelSignedOrdersBefore` and a fee budget of 0.
   */
  signer?: Address | undefined;
  market: number;
  /** Signed size: above zero buys, below zero sells. */
  lots: bigint;
  /** Limit price, ticks. */
  tick: bigint;
  /** How it meets the book; "immediateOrCancel" when left out. What rests is an order of the clearing house from then on. */
  kind?: OrderKind | undefined;
  /**
   * Whether it may only bring the position nearer to zero; it is cut to the position when it is executed. What a cut leaves may be
   * executed against a later position until `expiry`: let that be soon, and cancel the nonce after closing.
   */
  reduceOnly?: boolean | undefined;
  /** Last second (Unix time, a multiple of 300) at which what rests is good; 0 is until cancelled. */
  restUntil?: bigint | undefined;
  /** Most resting orders that one execution may meet; 50 when left out. */
  maxFills?: number | undefined;
  /** Free number, repeated in the events of the clearing house. */
  clientOrderId?: bigint | undefined;
  /** What mark must have reached; "none" when left out. `triggerOf` tells it for stops and take-profits. */
  trigger?: OrderTrigger | undefined;
  /** Mark that the trigger compares with, ticks × 2^16: a tick is `tick << 16n`. Equality triggers. */
  triggerX16?: bigint | undefined;
  /** First second (Unix time) at which it may be executed; 0 is at once. */
  start?: bigint | undefined;
  /** Last second (Unix time) at which it may be executed. */
  expiry: bigint;
  /** Number of the order under account and signer, such as the time in milliseconds. It belongs to the first order that is executed with it. */
  nonce: bigint;
  /** Orders that are cancelled together; 0 is none. */
  group?: bigint | undefined;
  /**
   * Whether its first execution closes its group for every other order. A part closes it as well as the whole, and whoever may
   * execute it chooses the moment. A "limit" or "postOnly" order needs a trigger for it (`TriggerMissing`).
   */
  oneCancelsOther?: boolean | undefined;
  /** Collateral units that executing all of it pays the executor, from the owner's wallet; a part pays its share. */
  fee?: bigint | undefined;
  /** Who may execute it; anyone when left out. */
  executor?: Address | undefined;
};

/** An order with its signature: what an executor needs. */
export type SignedOrder = { [field in keyof OrderTerms]-?: NonNullable<OrderTerms[field]> } & {
  /** Of the signer, or what its contract takes for one (ERC-1271). */
  signature: Hex;
};

/** The order without a signature, with everything filled in. */
export type CompleteOrder = Omit<SignedOrder, "signature">;

/** Fills in what an order leaves out. */
export function completeOrder({
  owner,
  subaccount = 0,
  signer = owner,
  market,
  lots,
  tick,
  kind = "immediateOrCancel",
  reduceOnly = false,
  restUntil = 0n,
  maxFills = 50,
  clientOrderId = 0n,
  trigger = "none",
  triggerX16 = 0n,
  start = 0n,
  expiry,
  nonce,
  group = 0n,
  oneCancelsOther = false,
  fee = 0n,
  executor = zeroAddress,
}: OrderTerms): CompleteOrder {
  return {
    owner,
    subaccount,
    signer,
    market,
    lots,
    tick,
    kind,
    reduceOnly,
    restUntil,
    maxFills,
    clientOrderId,
    trigger,
    triggerX16,
    start,
    expiry,
    nonce,
    group,
    oneCancelsOther,
    fee,
    executor,
  };
}

/** The order as ABI and typed data want it. */
export function encodeSignedOrder(terms: OrderTerms) {
  const order = completeOrder(terms);
  const narrow = (field: "lots" | "tick" | "restUntil" | "triggerX16" | "start" | "expiry", bits: bigint) =>
    Number(requireWithin(field, order[field], 0n, 2n ** bits - 1n));
  const wide = (field: "clientOrderId" | "nonce" | "group" | "fee", bits: bigint) =>
    requireWithin(field, order[field], 0n, 2n ** bits - 1n);
  return {
    owner: order.owner,
    subaccount: order.subaccount,
    signer: order.signer,
    market: order.market,
    lots: Number(requireWithin("lots", order.lots, -(2n ** 39n), 2n ** 39n - 1n)),
    tick: narrow("tick", 24n),
    kind: orderKinds.indexOf(order.kind),
    reduceOnly: order.reduceOnly,
    restUntil: narrow("restUntil", 40n),
    maxFills: order.maxFills,
    clientOrderId: wide("clientOrderId", 64n),
    trigger: orderTriggers.indexOf(order.trigger),
    triggerX16: narrow("triggerX16", 40n),
    start: narrow("start", 40n),
    expiry: narrow("expiry", 40n),
    nonce: wide("nonce", 64n),
    group: wide("group", 64n),
    oneCancelsOther: order.oneCancelsOther,
    fee: wide("fee", 128n),
    executor: order.executor,
  };
}

/**
 * Tell what mark must have reached for an order to stop a loss or to take a profit.
 *
 * @param purpose - "stop" trades when mark has moved against the position that the order closes, "takeProfit" when it has moved for it.
 * @param lots - Size of the order, signed: a sale closes a long position.
 *
 * @example
 * import { triggerOf } from "@usance/sdk";
 *
 * const trigger = triggerOf("stop", -1500n); // "atOrBelow"
 */
export function triggerOf(purpose: "stop" | "takeProfit", lots: bigint): "atOrAbove" | "atOrBelow" {
  return (purpose === "stop") === lots > 0n ? "atOrAbove" : "atOrBelow";
}
