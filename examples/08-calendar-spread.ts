// Trades the difference between two months as one atomic batch, sees the margin credit of the hedge, and closes it again.
// Run: npx tsx examples/08-calendar-spread.ts
import { formatCollateral, isContractError, marketOrder, parseLots } from "@usance/sdk";
import { fundedAccount, nameOf, trader } from "./connect.ts";

const me = await trader();
const { usance, mined } = me;
// A subaccount of its own: its margin is that of the spread alone.
const accountId = await fundedAccount(me, "5000", 2);
const margin = async () => (await usance.getAccount({ accountId })).initialMargin;

const months = (await usance.getMarkets()).filter(({ kind, phase }) => kind === "dated" && phase === "open");
const [near, far] = months;
if (near === undefined || far === undefined) throw new Error("A spread needs two open months.");
const lots = parseLots("1");

// All or nothing: where one leg cannot be filled, neither is.
const impossible = { ...marketOrder(far, -lots), tick: far.highestFill };
await mined(usance.batchOrders({ accountId, orders: [marketOrder(near, lots), impossible] })).catch(
  (error: unknown) => {
    if (!isContractError(error, "NotFilled")) throw error;
    console.log(`refused whole: ${error.message}`);
  },
);

await mined(usance.batchOrders({ accountId, orders: [marketOrder(near, lots), marketOrder(far, -lots)] }));
console.log(`long ${nameOf(near)}, short ${nameOf(far)}`);
const apart = (await alone(near)) + (await alone(far));
console.log(
  `margin of the legs apart ${formatCollateral(apart)}, of the spread ${formatCollateral(await margin())}`,
);

const back = [marketOrder(near, -lots, { reduceOnly: true }), marketOrder(far, lots, { reduceOnly: true })];
await mined(usance.batchOrders({ accountId, orders: back }));
console.log(`closed, margin ${formatCollateral(await margin())}`);

/** Initial margin of a leg without the other, collateral units. */
async function alone({ id, markX16, initialMarginBps }: (typeof months)[number]): Promise<bigint> {
  const { tickValue } = await usance.getListing({ market: id });
  return ((lots * markX16 * BigInt(tickValue) * BigInt(initialMarginBps)) / 10_000n) >> 16n;
}
