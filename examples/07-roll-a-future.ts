// Rolls a position into the next month: sells the one and buys the other in one transaction, both whole or neither.
// Run: npx tsx examples/07-roll-a-future.ts
import { formatLots, formatPrice, marketOrder, parseLots } from "@usance/sdk";
import { fundedAccount, nameOf, trader } from "./connect.ts";

const me = await trader();
const { usance, mined } = me;
const accountId = await fundedAccount(me);
const months = (await usance.getMarkets()).filter(({ kind, phase }) => kind === "dated" && phase === "open");
const [front, next] = months;
if (front === undefined || next === undefined) throw new Error("A roll needs two open months.");

// Something to roll, where there is nothing yet.
const held = async (market: number) =>
  (await usance.getAccount({ accountId })).positions.find((position) => position.market === market)?.size ??
  0n;
if ((await held(front.id)) === 0n) {
  await mined(usance.placeOrder({ accountId, ...marketOrder(front, parseLots("0.5")) }));
}

const size = await held(front.id);
const orders = [marketOrder(front, -size, { reduceOnly: true }), marketOrder(next, size)];
const receipt = await mined(usance.batchOrders({ accountId, orders }));
for (const { market, lots, quote } of usance.batchOrders.extract(receipt).OrderTaken) {
  const name = nameOf(market === front.id ? front : next);
  console.log(
    `${lots > 0n ? "bought" : "sold"} ${formatLots(lots)} of ${name} at ${formatPrice(-quote / lots)}`,
  );
}
console.log(
  `now ${formatLots(await held(front.id))} of ${nameOf(front)}, ${formatLots(await held(next.id))} of ${nameOf(next)}`,
);
