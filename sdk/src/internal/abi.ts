import type { Abi, AbiParameter, AbiParameterToPrimitiveType } from "viem";

/** Solidity lets a name that shadows a keyword end with an underscore; TypeScript need not see it. */
type Plain<name> = name extends `${infer plain}_` ? plain : name;

/** Parameters of an ABI item by name. */
export type Named<parameters extends readonly AbiParameter[]> = {
  [
    parameter in parameters[number] as Plain<parameter["name"]> & string
  ]: AbiParameterToPrimitiveType<parameter>;
};

/** What a function returns: nothing, its one value, or its values by name. */
export type Outcome<abi extends Abi, name extends string> = Extract<
  abi[number],
  { type: "function"; name: name }
>["outputs"] extends infer outputs extends readonly AbiParameter[]
  ? outputs extends readonly []
    ? void
    : outputs extends readonly [infer only extends AbiParameter]
      ? AbiParameterToPrimitiveType<only>
      : Named<outputs>
  : never;

/** Gives values the names of their parameters. */
export function nameValues(parameters: readonly AbiParameter[], values: readonly unknown[]) {
  return Object.fromEntries(
    parameters.map(({ name }, position) => [(name ?? "").replace(/_$/, ""), values[position]]),
  );
}

/** Gives the values that a function returned their names, where there are several. */
export function nameOutcome(abi: Abi, functionName: string, result: unknown): unknown {
  const item = abi.find((entry) => entry.type === "function" && entry.name === functionName);
  const outputs = item?.type === "function" ? item.outputs : [];
  return outputs.length > 1 ? nameValues(outputs, result as readonly unknown[]) : result;
}
