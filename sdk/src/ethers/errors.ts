import { Interface } from "ethers";
import { decodeError } from "../errors/decodeError.ts";
import { errorsAbi } from "../errors/errorsAbi.ts";
import type { UsanceError } from "../errors/UsanceError.ts";
import { plainValues } from "./values.ts";

let known: Interface | undefined;

/**
 * Turns an error of ethers into one that names the contract's error, its operands and what to do.
 *
 * @param error - Anything that was thrown by a call.
 * @returns A {@link ContractError} where a contract of the exchange refused the call; the same error where it already is
 * one of the SDK; else a {@link CallFailedError} with the error as its cause.
 *
 * @example
 * import { decodeUsanceError } from "@usance/sdk/ethers";
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
  known ??= new Interface(errorsAbi);
  const abi = known;
  return decodeError(error, (data) => {
    try {
      const found = abi.parseError(data);
      if (found === null) return undefined;
      const { name, fragment, args } = found;
      return { name, values: plainValues(fragment.inputs, args) };
    } catch {
      return undefined;
    }
  });
}
