// Previews orders that are good and orders that are not: errors are classes with operands and say what to do.
// Run: npx tsx examples/04-preview-and-errors.ts
import {
  formatCollateral,
  isContractError,
  OffTickError,
  parseLots,
  parsePrice,
  roundToTick,
  type Order,
} from "@usance/sdk";
import { fundedAccount, trader } from "./connect.ts";

const me = await trader();
const { usance } = me;
const accountId = await fundedAccount(me);
const { bestBid, bestAsk, highestFill } = await usance.getMarket({ market: 1 });

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
