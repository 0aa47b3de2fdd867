import { decodeErrorResult, hexToString, isHex, type Abi, type Hex } from "viem";
import { clearinghouseAbi, collateralAbi, reporterBondsAbi, usageIndexAbi } from "../abis.ts";
import { marketPhases } from "../enums.ts";
import { nameValues } from "../internal/abi.ts";
import { ContractError, solidityErrors, type ContractErrorName } from "./ContractError.ts";
import { sentences } from "./sentences.ts";
import { CallFailedError, UsanceError } from "./UsanceError.ts";

type AbiError = Extract<Abi[number], { type: "error" }>;

/** Every error that a call through the SDK may meet. */
export const errorsAbi: readonly AbiError[] = /*#__PURE__*/ [
  ...clearinghouseAbi,
  ...usageIndexAbi,
  ...collateralAbi,
  ...reporterBondsAbi,
  ...solidityErrors,
].filter((item) => item.type === "error");

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
  if (error instanceof UsanceError) return error;
  for (const data of revertData(error)) {
    const decoded = decodeRevert(data, error);
    if (decoded) return decoded;
  }
  return new CallFailedError(error);
}

/** Decodes revert data, or gives nothing where it is not an error of the exchange. */
function decodeRevert(data: Hex, cause: unknown): ContractError | undefined {
  try {
    const { abiItem, args = [] } = decodeErrorResult({ abi: errorsAbi, data });
    const named = nameValues(abiItem.inputs, args);
    const name = abiItem.name as ContractErrorName;
    return new ContractError(name, named as never, fill(sentences[name], named), { cause });
  } catch {
    return undefined;
  }
}

/** Everything along an error's causes that may be revert data: libraries and nodes put it in different places. */
function* revertData(error: unknown): Generator<Hex> {
  let left = 32;
  const pending = [error];
  while (pending.length > 0 && left-- > 0) {
    const next = pending.shift();
    if (isHex(next) && next.length >= 10) yield next;
    if (typeof next !== "object" || next === null) continue;
    const { raw, data, cause, error: inner, info } = next as Record<string, unknown>;
    pending.push(raw, data, cause, inner, info);
  }
}

function fill(sentence: string, args: Record<string, unknown>): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => show(name, args[name]));
}

function show(name: string, value: unknown): string {
  if (name === "phase") return marketPhases[Number(value)] ?? String(value);
  if (name === "field") return hexToString(value as Hex, { size: 32 });
  return String(value);
}
