export { formatCollateral, parseCollateral } from "./collateral.ts";
export type { Rounding } from "./decimal.ts";
export { formatIndex } from "./indexValue.ts";
export { formatLots, parseLots, type SizeUnits } from "./lots.ts";
export { decodeOrderId, encodeOrderId, type OrderIdParts } from "./orderId.ts";
export { dateOf, periodOf } from "./period.ts";
export { formatPrice, parsePrice, pointsOfMark, roundToTick, type PriceUnits } from "./price.ts";
export { formatRatio, type Ratio } from "./ratio.ts";
