import type { Result } from "ethers";
import { type ParamType } from "ethers";

/** A value as viem gives it, from what ethers decoded: small integers are numbers, structs are objects. */
export function plainValue(type: ParamType, value: unknown): unknown {
  if (type.baseType === "array") {
    return [...(value as Result)].map((item) => plainValue(type.arrayChildren as ParamType, item));
  }
  if (type.baseType === "tuple") {
    const values = plainValues(type.components ?? [], value as Result);
    return Object.fromEntries((type.components ?? []).map(({ name }, index) => [name, values[index]]));
  }
  const bits = /^u?int(\d+)$/.exec(type.type)?.[1];
  return bits !== undefined && Number(bits) <= 48 ? Number(value) : value;
}

/** Several such values. */
export function plainValues(types: readonly ParamType[], values: Result): unknown[] {
  return types.map((type, index) => plainValue(type, values[index]));
}
