import type { Abi, AbiParameter } from "viem";
import { clearinghouseAbi } from "../abis.ts";
import { clearinghouseSentences, otherErrors } from "./errorLines.ts";

type AbiError = Extract<Abi[number], { type: "error" }>;

/** Every error that a call through the SDK may meet. */
export const errorsAbi: readonly AbiError[] = /*#__PURE__*/ collect();

// A function, since bundlers keep a list that is spread out at once whether anybody uses it or not.
function collect(): readonly AbiError[] {
  const own = (clearinghouseAbi as Abi).filter((item) => item.type === "error");
  return [...own, ...otherErrors.map(parse)];
}

/** An error from its line. */
function parse(line: string): AbiError {
  const [name = "", ...words] = line.slice(0, line.indexOf(")")).split(/[(, ]/);
  const inputs: AbiParameter[] = [];
  for (let i = 0; i + 1 < words.length; i += 2) inputs.push({ name: words[i + 1]!, type: words[i]! });
  return { type: "error", name, inputs };
}

/** The sentence of the error at a place in {@link errorsAbi}; `{0}` stands for its first operand. */
export function sentenceAt(place: number): string {
  const line = otherErrors[place - clearinghouseSentences.length];
  return line === undefined ? clearinghouseSentences[place]! : line.slice(line.indexOf(")") + 1);
}
