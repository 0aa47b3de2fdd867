// Hedges a bill that grows with the world's usage: buys the month's future and says what the hedge costs and locks.
// Run: npx tsx examples/06-hedge-a-month.ts
import {
  formatCollateral,
  formatLots,
  formatPrice,
  marketOrder,
  parseCollateral,
  pointsOfMark,
} from "@usance/sdk";
import { fundedAccount, nameOf, trader } from "./connect.ts";

// What the month would cost if usage were as the future's price says.
const BILL = parseCollateral("3000");

const me = await trader();
const { usance, mined } = me;
const accountId = await fundedAccount(me);

// The furthest month that is open: none of its days has a print yet.
const month = (await usance.getMarkets())
  .filter(({ kind, phase }) => kind === "dated" && phase === "open")
  .at(-1);
if (month === undefined) throw new Error("No dated future is open.");
console.log(`hedging with ${nameOf(month)}, mark ${pointsOfMark(month.markX16, { digits: 2 })}`);

// One lot gains tickValue when the price rises a tick, so at a price of p ticks it stands for p × tickValue.
const { tickValue } = await usance.getListing({ market: month.id });
const worth = (month.markX16 * BigInt(tickValue)) >> 16n;
const lots = BILL / worth;
const order = marketOrder(month, lots, { slippageBps: 200 });
const { fee, quote } = await usance.previewOrder({ accountId, ...order });
console.log(`${formatLots(lots)} contracts at ${formatPrice(-quote / lots)}, fee ${formatCollateral(fee)}`);

await mined(usance.placeOrder({ accountId, ...order }));
const { initialMargin } = await usance.getAccount({ accountId });
const rise = (worth * lots) / 10n;
console.log(`margin held for all positions: ${formatCollateral(initialMargin)}`);
console.log(`if the month settles 10 % higher, the bill grows and the hedge pays ${formatCollateral(rise)}`);
