import { RefusalError } from "../lib/errors.ts";

/** Why a price index has no print. */
export type PriceErrorCode =
  | "InvalidDecimal"
  | "InvalidBasket"
  | "MissingPrice"
  | "PriceVariesInDay"
  | "PriceIsZero"
  | "MissingUsage"
  | "BeforeBaseDay"
  | "NoRound";

/** Refusal of an input, with the value that it had and the one that is allowed. Nothing is calculated from the rest. */
export class PriceError extends RefusalError<PriceErrorCode> {
  override readonly name = "PriceError";
}
