import type { Client } from "viem";
import { estimateFeesPerGas } from "viem/actions";
import { decodeUsanceError } from "../errors/decodeUsanceError.ts";
import { FeeLimitError } from "../errors/inputErrors.ts";

/** What a transaction pays for a unit of gas, wei. */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };

/** Fees that take the place of others: an eighth above them, which every node accepts, and never below what is paid now. */
export async function feesAbove(client: Client, paid: Fees, limit: bigint | undefined): Promise<Fees> {
  const now = await feesNow(client);
  const priority = greater(raise(paid.maxPriorityFeePerGas), now.maxPriorityFeePerGas);
  const fee = greater(greater(raise(paid.maxFeePerGas), now.maxFeePerGas), priority);
  if (limit !== undefined && fee > limit) throw new FeeLimitError(fee, limit);
  return { maxFeePerGas: fee, maxPriorityFeePerGas: priority };
}

/** What a transaction should pay now. */
export async function feesNow(client: Client): Promise<Fees> {
  try {
    const { maxFeePerGas, maxPriorityFeePerGas } = await estimateFeesPerGas(client);
    return { maxFeePerGas, maxPriorityFeePerGas };
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

// Twelve and a half per cent, up to the next wei; nothing grows to one.
const raise = (fee: bigint) => (fee * 9n) / 8n + 1n;
const greater = (a: bigint, b: bigint) => (a > b ? a : b);
