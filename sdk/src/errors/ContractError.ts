import type { clearinghouseAbi } from "../abis.ts";
import type { Named } from "../internal/abi.ts";
import type { OtherError } from "./errorLines.ts";
import { UsanceError } from "./UsanceError.ts";

type ErrorItem = Extract<(typeof clearinghouseAbi)[number], { type: "error" }> | OtherError;

/** Name of an error of the contracts. */
export type ContractErrorName = ErrorItem["name"];

/** Operands of an error of the contracts, by name. */
export type ContractErrorArgs<name extends ContractErrorName> = Named<
  Extract<ErrorItem, { name: name }>["inputs"]
>;

/** A contract refused the call. `name` and `args` are the Solidity error's, the message says what to do. */
export class ContractError<name extends ContractErrorName = ContractErrorName> extends UsanceError {
  override readonly name: name;

  constructor(
    name: name,
    readonly args: ContractErrorArgs<name>,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = name;
  }
}

/** What an action may throw: the named errors of the contracts, and failures of call and input. */
export type ActionErrorType<name extends ContractErrorName = never> =
  { [item in name]: ContractError<item> }[name] | UsanceError;

/**
 * Tells whether an error is a certain error of the contracts.
 *
 * @param error - Anything that was thrown.
 * @param name - Name in Solidity; any when left out.
 *
 * @example
 * import { isContractError } from "@usance/sdk";
 *
 * function missing(error: unknown): bigint {
 *   if (isContractError(error, "InsufficientMargin")) return error.args.required - error.args.equity;
 *   throw error;
 * }
 */
export function isContractError<name extends ContractErrorName = ContractErrorName>(
  error: unknown,
  name?: name,
): error is ContractError<name> {
  return error instanceof ContractError && (name === undefined || error.name === name);
}
