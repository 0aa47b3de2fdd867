// Previews orders that are good and orders that are not, a limit and a stop: errors are classes with operands and say
// what to do.
// Run: npx tsx examples/04-preview-and-errors.ts
import {
  formatCollateral,
  isContractError,
  OffTickError,
  parseLots,
  parsePrice,
  pointsOfMark,
  roundToTick,
  signOrder,
  triggerOf,
  type Order,
} from "@usance/sdk";
import { fundedAccount, trader } from "./connect.ts";

const me = await trader();
const { usance, mined, deployment, account } = me;
const accountId = await fundedAccount(me);
const { bestBid, bestAsk, highestFill, markX16 } = await usance.getMarket({ market: 1 });

/** Says what an order would do, or why it is refused. */
async function preview(what: string, order: Omit<Order, "market">) {
  try {
    const { filledLots, restingLots, initialMargin } = await usance.previewOrder({
      accountId,
      market: 1,
      ...order,
    });
    console.log(
      `${what}: ${filledLots} lots now, ${restingLots} rest, initial margin ${formatCollateral(initialMargin)}`,
    );
  } catch (error) {
    if (!isContractError(error)) throw error;
    console.log(`${what}: ${error.name}. ${error.message}`);
    if (isContractError(error, "InsufficientMargin")) {
      console.log(`  missing: ${formatCollateral(error.args.required - error.args.equity)}`);
    }
  }
}

await preview("a bid below the book", { lots: parseLots("0.2"), tick: bestBid - 1n, kind: "postOnly" });
await preview("a post-only bid that crosses", { lots: parseLots("0.2"), tick: bestAsk, kind: "postOnly" });
await preview("a bid above the fill band", { lots: parseLots("0.2"), tick: highestFill + 1n });
await preview("too much for the margin", { lots: parseLots("5000"), tick: bestBid - 1n });
await preview("reducing a position of the other side", {
  lots: parseLots("8000"),
  tick: bestAsk,
  reduceOnly: true,
});

try {
  parsePrice("1234.3");
} catch (error) {
  if (!(error instanceof OffTickError)) throw error;
  console.log(`off the tick: ${error.message} Rounded down it is tick ${roundToTick("1234.3", "down")}.`);
}

// A stop-loss is signed, not sent: once mark has fallen, whoever executes it earns its fee. Its contract trades as operator.
if (deployment.signedOrders !== undefined) {
  const { timestamp } = await usance.getBlock();
  const expiry = timestamp + 86_400n;
  await mined(usance.setOperator({ accountId, operator: deployment.signedOrders, expiry }));
  const lots = parseLots("-0.2");
  const order = await signOrder({
    ...{ account, deployment, market: 1, lots, tick: ((markX16 * 90n) / 100n) >> 16n, reduceOnly: true },
    ...{
      trigger: triggerOf("stop", lots),
      triggerX16: (markX16 * 95n) / 100n,
      expiry,
      nonce: BigInt(Date.now()),
    },
  });
  console.log(`a stop at ${pointsOfMark(order.triggerX16, { digits: 2 })} is signed`);
  const { status } = await usance.getSignedOrderState({ order });
  await usance.previewSignedOrder({ order }).catch((error: unknown) => {
    if (!isContractError(error)) throw error;
    console.log(`it is ${status}: ${error.name}. ${error.message}`);
  });
}
