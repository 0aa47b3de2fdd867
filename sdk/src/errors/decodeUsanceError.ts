import { decodeErrorResult } from "viem";
import { decodeError } from "./decodeError.ts";
import { errorsAbi } from "./errorsAbi.ts";
import type { UsanceError } from "./UsanceError.ts";

/**
 * Turns an error of viem or ethers into one that names the contract's error, its operands and what to do.
 *
 * @param error - Anything that was thrown by a call.
 * @returns A {@link ContractError} where a contract of the exchange refused the call; the same error where it already is
 * one of the SDK; else a {@link CallFailedError} with the error as its cause.
 *
 * @example
 * import { decodeUsanceError } from "@usance/sdk";
 *
 * async function attempt(call: () => Promise<unknown>) {
 *   try {
 *     await call();
 *   } catch (error) {
 *     const { name, message } = decodeUsanceError(error);
 *     console.error(name, message);
 *   }
 * }
 */
export function decodeUsanceError(error: unknown): UsanceError {
  return decodeError(error, (data) => {
    try {
      const { abiItem, args: values = [] } = decodeErrorResult({ abi: errorsAbi, data });
      return { name: abiItem.name, values };
    } catch {
      return undefined;
    }
  });
}
