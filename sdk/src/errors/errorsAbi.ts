import type { Abi } from "viem";
import { clearinghouseAbi, collateralAbi, reporterBondsAbi, usageIndexAbi } from "../abis.ts";
import { solidityErrors } from "./ContractError.ts";

type AbiError = Extract<Abi[number], { type: "error" }>;

/** Every error that a call through the SDK may meet. */
export const errorsAbi: readonly AbiError[] = /*#__PURE__*/ [
  ...clearinghouseAbi,
  ...usageIndexAbi,
  ...collateralAbi,
  ...reporterBondsAbi,
  ...solidityErrors,
].filter((item) => item.type === "error");
