// Deposits, looks at what an order would do, buys half a contract of the perpetual and shows the position.
// Run: npx tsx examples/03-first-trade.ts
import { formatCollateral, formatLots, formatPrice, marketOrder, parseLots } from "@usance/sdk";
import { fundedAccount, trader } from "./connect.ts";

const me = await trader();
const { usance, mined } = me;
const accountId = await fundedAccount(me);

const market = await usance.getMarket({ market: 1 });
const order = marketOrder(market, parseLots("0.5"), { slippageBps: 100 });
const preview = await usance.previewOrder({ accountId, ...order });
console.log(`it would buy ${formatLots(preview.filledLots)} for a fee of ${formatCollateral(preview.fee)}`);

const receipt = await mined(usance.placeOrder({ accountId, ...order }));
const { OrderTaken, OrderFilled } = usance.placeOrder.extract(receipt);
console.log(
  `resting orders that filled it: ${OrderFilled.length}, fee ${formatCollateral(OrderTaken[0]!.fee)}`,
);

const { equity, initialMargin, positions } = await usance.getAccount({ accountId });
for (const { market, size, quote } of positions.filter(({ size }) => size !== 0n)) {
  console.log(`market ${market}: ${formatLots(size)}, bought at ${formatPrice(-quote / size)} on average`);
}
console.log(`equity ${formatCollateral(equity)}, initial margin ${formatCollateral(initialMargin)}`);
