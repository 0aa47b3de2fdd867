import {
  formatSignedOrder,
  InvalidSignedOrderError,
  OutOfRangeError,
  parseSignedOrder,
  type SignedOrder,
} from "@usance/sdk";
import { isAddressEqual, type Address } from "viem";
import { z } from "zod";
import { parseWith } from "../../lib/jsonc.ts";
import { sentenceOf } from "../../lib/errors.ts";
import type { Trail } from "./trail.ts";

/** Why an order is not taken. */
export type RefusalCode =
  | "BodyTooLong"
  | "NotJson"
  | "FieldWrong"
  | "OtherChain"
  | "OtherContract"
  | "OtherExecutor"
  | "TrailNeedsExecutor"
  | "TrailDiffers"
  | "Expired"
  | "FeeTooLow"
  | "SignatureInvalid"
  | "SignerNotAuthorised"
  | "UnknownMarket"
  | "Spent"
  | "Cancelled"
  | "Replaced"
  | "TooManyOfSigner"
  | "TooManyOrders"
  | "TooManyRequests";

const STATUS: Partial<Record<RefusalCode, number>> = {
  BodyTooLong: 413,
  TrailDiffers: 409,
  TooManyOfSigner: 429,
  TooManyOrders: 503,
  TooManyRequests: 429,
};

/** An order is not taken; the message is one sentence that says what to do. */
export class OrderRefusedError extends Error {
  override readonly name = "OrderRefusedError";

  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }

  /** Status of the answer over HTTP. */
  get status(): number {
    return STATUS[this.code] ?? 400;
  }
}

/** An order as it is handed to an executor. */
export interface HandedOrder {
  order: SignedOrder;
  trail?: Trail | undefined;
}

/** Where an order counts. */
export interface Domain {
  chainId: number;
  /** Contract that executes signed orders. */
  contract: Address;
}

const ORDER_FIELDS = new Set<string>([
  "owner",
  "subaccount",
  "signer",
  "market",
  "lots",
  "tick",
  "kind",
  "reduceOnly",
  "restUntil",
  "maxFills",
  "clientOrderId",
  "trigger",
  "triggerX16",
  "start",
  "expiry",
  "nonce",
  "group",
  "oneCancelsOther",
  "fee",
  "executor",
  "signature",
] satisfies (keyof SignedOrder)[]);

const whole = (most: bigint) =>
  z
    .string()
    .regex(/^\d{1,20}$/, "must be a whole number as a text")
    .transform(BigInt)
    .refine((value) => value > 0n && value <= most, `must be from 1 to ${most}`);

const trailSchema = z
  .strictObject({
    basisPoints: z.int().min(1).max(9_999).optional(),
    ticks: whole(2n ** 24n - 1n).optional(),
    activationX16: whole(2n ** 40n - 1n).optional(),
  })
  .refine(
    ({ basisPoints, ticks }) => (basisPoints === undefined) !== (ticks === undefined),
    "must have either basisPoints or ticks",
  );

const besideSchema = z.strictObject({
  chainId: z.int().positive().optional(),
  contract: z.string().optional(),
  trail: trailSchema.optional(),
});

/**
 * Reads an order as `formatHandedOrder` writes it. Chain and contract may be left out: its signature is good for one of each.
 * @throws OrderRefusedError naming the first field that is wrong.
 */
export function parseHandedOrder(json: unknown, domain: Domain): HandedOrder {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new OrderRefusedError("FieldWrong", "The order is not a JSON object: send what `signOrder` gave.");
  const beside = readBeside(
    Object.fromEntries(Object.entries(json).filter(([name]) => !ORDER_FIELDS.has(name))),
  );
  const { chainId, contract, trail } = beside;
  if (chainId !== undefined && chainId !== domain.chainId)
    throw new OrderRefusedError(
      "OtherChain",
      `The order is for chain ${chainId}, this executor serves chain ${domain.chainId}.`,
    );
  if (contract !== undefined && contract.toLowerCase() !== domain.contract.toLowerCase())
    throw new OrderRefusedError(
      "OtherContract",
      `The order is for contract ${contract.slice(0, 42)}, this executor serves ${domain.contract}.`,
    );
  try {
    return { order: parseSignedOrder(json), ...(trail && { trail }) };
  } catch (error) {
    if (error instanceof InvalidSignedOrderError || error instanceof OutOfRangeError)
      throw new OrderRefusedError("FieldWrong", sentenceOf(error));
    throw error;
  }
}

function readBeside(fields: Record<string, unknown>): z.output<typeof besideSchema> {
  try {
    return parseWith(besideSchema, fields, "order");
  } catch (error) {
    throw new OrderRefusedError("FieldWrong", sentenceOf(error));
  }
}

/** An order as plain JSON values: whole numbers are texts. */
export function formatHandedOrder({ order, trail }: HandedOrder, domain?: Domain): Record<string, unknown> {
  return {
    ...domain,
    ...(JSON.parse(formatSignedOrder(order)) as Record<string, unknown>),
    ...(trail && { trail: formatTrail(trail) }),
  };
}

/** A trail as plain JSON values. */
export function formatTrail({ basisPoints, ticks, activationX16 }: Trail): Record<string, unknown> {
  return {
    ...(basisPoints !== undefined && { basisPoints }),
    ...(ticks !== undefined && { ticks: ticks.toString() }),
    ...(activationX16 !== undefined && { activationX16: activationX16.toString() }),
  };
}

/** Reads what `formatTrail` wrote. */
export function parseTrail(json: unknown): Trail {
  return parseWith(trailSchema, json, "trail");
}

/** Whether two trails say the same. */
export function isSameTrail(one: Trail | undefined, other: Trail | undefined): boolean {
  return JSON.stringify(one && formatTrail(one)) === JSON.stringify(other && formatTrail(other));
}

/** Whether an order leaves it open who executes it, or names this executor. */
export function isFor(executor: Address, { executor: named }: SignedOrder): boolean {
  return BigInt(named) === 0n || isAddressEqual(named, executor);
}
