import { isAddress, isHex } from "viem";
import { orderKinds, orderTriggers } from "../enums.ts";
import { InvalidSignedOrderError } from "../errors/inputErrors.ts";
import { encodeSignedOrder, type SignedOrder } from "./SignedOrder.ts";

type Check = (value: unknown) => boolean;

const integer: Check = (value) => typeof value === "string" && /^-?\d{1,40}$/.test(value);
const small: Check = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536;
const flag: Check = (value) => typeof value === "boolean";
const address: Check = (value) => typeof value === "string" && isAddress(value);

/** Every field of an order in JSON, and what it may be there: whole numbers that may be large are decimal texts. */
const fields: Record<keyof SignedOrder, Check> = {
  owner: address,
  subaccount: small,
  signer: address,
  market: small,
  lots: integer,
  tick: integer,
  kind: (value) => (orderKinds as readonly unknown[]).includes(value),
  reduceOnly: flag,
  restUntil: integer,
  maxFills: small,
  clientOrderId: integer,
  trigger: (value) => (orderTriggers as readonly unknown[]).includes(value),
  triggerX16: integer,
  start: integer,
  expiry: integer,
  nonce: integer,
  group: integer,
  oneCancelsOther: flag,
  fee: integer,
  executor: address,
  signature: (value) => isHex(value),
};

/**
 * Write a signed order as JSON, to hand it to an executor.
 *
 * @example
 * import { formatSignedOrder, type SignedOrder } from "@usance/sdk";
 *
 * const send = (url: string, order: SignedOrder) =>
 *   fetch(url, { method: "POST", body: formatSignedOrder(order) });
 */
export function formatSignedOrder(order: SignedOrder): string {
  const entries = Object.keys(fields).map((name) => {
    const value = order[name as keyof SignedOrder];
    return [name, typeof value === "bigint" ? value.toString() : value];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/**
 * Read a signed order from the parsed content of what `formatSignedOrder` wrote. Whether the signature is good is another question.
 *
 * @param json - What `JSON.parse` gave; unknown fields are left out.
 * @throws {@link InvalidSignedOrderError} naming the first field that is missing or wrong; {@link OutOfRangeError} where a number
 * does not fit its field.
 *
 * @example
 * import { parseSignedOrder, previewSignedOrder, type Deployment } from "@usance/sdk";
 * import type { PublicClient } from "viem";
 *
 * const check = (client: PublicClient, deployment: Deployment, body: string) =>
 *   previewSignedOrder(client, { deployment, order: parseSignedOrder(JSON.parse(body)) });
 */
export function parseSignedOrder(json: unknown): SignedOrder {
  if (typeof json !== "object" || json === null) throw new InvalidSignedOrderError("order", json);
  const values = json as Record<string, unknown>;
  const entries = Object.entries(fields).map(([name, check]): [string, unknown] => {
    const value = values[name];
    if (!check(value)) throw new InvalidSignedOrderError(name, value);
    return [name, check === integer ? BigInt(value as string) : value];
  });
  const order = Object.fromEntries(entries) as SignedOrder;
  encodeSignedOrder(order);
  return order;
}
