export { marketOrder, type MarketOrderOptions, type MarketPrices } from "./marketOrder.ts";
