import { marketPhases } from "../enums.ts";
import { nameValues } from "../internal/abi.ts";
import { ContractError, type ContractErrorName } from "./ContractError.ts";
import { errorsAbi, sentenceAt } from "./errorsAbi.ts";
import { nodeErrorOf } from "./nodeErrors.ts";
import { CallFailedError, UsanceError } from "./UsanceError.ts";

/** A decoded error of Solidity: the values of its parameters as viem gives them. */
type Revert = { name: string; values: readonly unknown[] };

/** Turns what a call threw into an error of the SDK; `decode` reads revert data, or gives nothing where they are foreign. */
export function decodeError(
  error: unknown,
  decode: (data: `0x${string}`) => Revert | undefined,
): UsanceError {
  if (error instanceof UsanceError) return error;
  for (const data of revertData(error)) {
    const revert = decode(data);
    if (revert === undefined) continue;
    const { name, values } = revert;
    const place = errorsAbi.findIndex((item) => item.name === name);
    const inputs = errorsAbi[place]?.inputs ?? [];
    const message = sentenceAt(place).replaceAll(/\{(\d+)\}/g, (_, i: number) =>
      show(inputs[i]?.name, values[i]),
    );
    const args = nameValues(inputs, values) as never;
    return new ContractError(name as ContractErrorName, args, message, { cause: error });
  }
  return nodeErrorOf(error) ?? new CallFailedError(error);
}

/** Everything along an error's causes that may be revert data: libraries and nodes put it in different places. */
function* revertData(error: unknown): Generator<`0x${string}`> {
  let left = 32;
  const pending = [error];
  while (pending.length > 0 && left-- > 0) {
    const next = pending.shift();
    if (isRevertData(next)) yield next;
    if (typeof next !== "object" || next === null) continue;
    const { raw, data, cause, error: inner, info } = next as Record<string, unknown>;
    pending.push(raw, data, cause, inner, info);
  }
}

function isRevertData(value: unknown): value is `0x${string}` {
  return typeof value === "string" && /^0x[0-9a-f]{8,}$/i.test(value);
}

function show(name: string | undefined, value: unknown): string {
  if (name === "phase") return marketPhases[Number(value)] ?? String(value);
  if (name === "reason") return [String(value), panics.get(Number(value))].filter(Boolean).join(", ");
  if (name === "field") return textOf(value as string);
  return String(value);
}

/** What the compiler's panics mean. */
const panics = /*#__PURE__*/ new Map([
  [0x01, "an assertion"],
  [0x11, "a number out of range"],
  [0x12, "a division by zero"],
  [0x21, "a value that its enumeration does not have"],
  [0x32, "a place beyond the end of a list"],
  [0x41, "too much memory"],
]);

/** The text of a bytes32 that is filled up with zeros. */
function textOf(word: string): string {
  const bytes =
    word
      .slice(2)
      .replace(/(00)*$/, "")
      .match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
}
