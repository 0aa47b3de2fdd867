// Makes a market: keeps post-only orders on both sides of mark, leans against its own position, moves with mark, and
// leaves nothing behind, whether it ends by itself, by Ctrl-C, or by losing its connection (the dead-man switch).
// Run: npx tsx examples/10-market-maker-in-100-lines.ts [market] [rounds]
import { setTimeout } from "node:timers/promises";
import { formatLots, formatPrice, isContractError, parseLots, pointsOfMark, type Order } from "@usance/sdk";
import { fundedAccount, trader } from "./connect.ts";

const market = Number(process.argv[2] ?? 1);
const rounds = Number(process.argv[3] ?? Infinity);

/** Basis points from fair value to the nearest quote, and from one quote to the next. */
const SPREAD = 20n;
const STEP = 15n;
const LEVELS = 3n;
const SIZE = parseLots("0.2");
/** Position at which quotes have moved by one spread against it; at thrice that, one side stops. */
const LEAN = parseLots("2");
/** Quotes stay while fair value is within this many basis points of what they were made for. */
const STILL_GOOD = 5n;
const PAUSE_MS = 500;

const me = await trader();
const { usance, mined } = me;
const accountId = await fundedAccount(me);

let standing: bigint[] = [];
let quotedAt = 0n;
let held = 0n;

/** A ladder around fair value, in ticks, that never crosses the book or leaves the fill band. */
function ladder(fair: bigint, view: Awaited<ReturnType<typeof usance.getMarket>>, position: bigint): Order[] {
  const orders: Order[] = [];
  const lean = (fair * SPREAD * position) / LEAN / 10_000n;
  for (let level = 0n; level < LEVELS; level++) {
    const away = (fair * (SPREAD + STEP * level)) / 10_000n + 1n;
    const bid = min(fair - lean - away, view.highestFill, ...(view.bestAsk > 0n ? [view.bestAsk - 1n] : []));
    const ask = max(fair - lean + away, view.lowestFill, view.bestBid + 1n);
    const common = { market, kind: "postOnly" } as const;
    if (position < 3n * LEAN) orders.push({ ...common, lots: SIZE, tick: bid });
    if (position > -3n * LEAN) orders.push({ ...common, lots: -SIZE, tick: ask });
  }
  return orders;
}

/** Looks at the market and replaces the quotes where it has moved or one was filled. */
async function quote(): Promise<void> {
  const [view, account] = await Promise.all([usance.getMarket({ market }), usance.getAccount({ accountId })]);
  const position = account.positions.find((item) => item.market === market)?.size ?? 0n;
  const fair = view.markX16 >> 16n;
  const moved = fair > quotedAt ? fair - quotedAt : quotedAt - fair;
  if (standing.length > 0 && position === held && moved * 10_000n <= fair * STILL_GOOD) return;
  const orders = ladder(fair, view, position);
  // One transaction: the old quotes go and the new ones come, so there is no moment with both.
  const receipt = await mined(usance.batchOrders({ accountId, cancels: standing, orders }));
  standing = usance.batchOrders.extract(receipt).OrderPlaced.map(({ id }) => id);
  [quotedAt, held] = [fair, position];
  const prices = orders.map(({ lots, tick }) => `${lots > 0n ? "bid" : "ask"} ${formatPrice(tick)}`);
  console.log(
    `mark ${pointsOfMark(view.markX16, { digits: 2 })}, position ${formatLots(position)}: ${prices.join(", ")}`,
  );
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

for (let round = 0; round < rounds && !stop.signal.aborted; round++) {
  try {
    // Unless this is repeated within a minute, the exchange treats all orders of the account as cancelled.
    await mined(usance.cancelAllAfter({ accountId, seconds: 60 }));
    await quote();
  } catch (error) {
    // A book that moved meanwhile, a stale index: the next round looks again.
    if (!isContractError(error)) throw error;
    console.error(`no quotes: ${error.message}`);
  }
  await setTimeout(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
}
await mined(usance.batchOrders({ accountId, cancels: standing }));
await mined(usance.cancelAllAfter({ accountId, seconds: 0 }));
console.log("quotes cancelled");

function min(...values: bigint[]): bigint {
  return values.reduce((a, b) => (a < b ? a : b));
}

function max(...values: bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}
