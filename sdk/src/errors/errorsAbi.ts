import type { Abi } from "viem";
import { clearinghouseAbi } from "../abis.ts";
import { solidityErrors } from "./ContractError.ts";
import { otherErrors } from "./otherErrors.ts";

type AbiError = Extract<Abi[number], { type: "error" }>;

/** Every error that a call through the SDK may meet. */
export const errorsAbi: readonly AbiError[] = /*#__PURE__*/ collect();

// A function, since bundlers keep a list that is spread out at once whether anybody uses it or not.
function collect(): readonly AbiError[] {
  const all = [clearinghouseAbi, otherErrors, solidityErrors];
  return all.flatMap((abi: Abi) => abi.filter((item) => item.type === "error"));
}
