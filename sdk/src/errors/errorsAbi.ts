import type { Abi } from "viem";
import { clearinghouseAbi } from "../abis.ts";
import { solidityErrors } from "./ContractError.ts";
import { otherErrors } from "./otherErrors.ts";

type AbiError = Extract<Abi[number], { type: "error" }>;

/** Every error that a call through the SDK may meet. */
export const errorsAbi: readonly AbiError[] = /*#__PURE__*/ collect();

// A function, since bundlers keep a list that is spread out at once whether anybody uses it or not.
function collect(): readonly AbiError[] {
  const known = (clearinghouseAbi as Abi).filter((item) => item.type === "error");
  return [...known, ...otherErrors.map(parse), ...solidityErrors];
}

/** An error from its line. */
function parse(line: string): AbiError {
  const [name = "", operands = ""] = line.slice(0, -1).split("(");
  const inputs = operands === "" ? [] : operands.split(",");
  return {
    type: "error",
    name,
    inputs: inputs.map((operand) => {
      const [type = "", name = ""] = operand.split(" ");
      return { name, type };
    }),
  };
}
