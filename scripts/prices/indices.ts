import { stringToHex, type Hex } from "viem";

/** Id of the token price: USD per million tokens. */
export const TPX: Hex = stringToHex("TPX", { size: 32 });

/** Id of the GPU-hour price: USD per hour of one GPU. */
export const GPX: Hex = stringToHex("GPX", { size: 32 });

/** First day of both. Before it the package of prices has too few dates. */
export const PRICES_BASE_DATE = "2026-03-01";
