// Lists the markets and shows the best levels of each book.
// Run: npx tsx examples/02-markets-and-book.ts
import { formatLots, formatPrice, pointsOfMark } from "@usance/sdk";
import { nameOf, reader } from "./connect.ts";

const usance = await reader();
for (const market of await usance.getMarkets()) {
  console.log(
    `market ${market.id}, ${nameOf(market)}, ${market.phase}:`,
    `mark ${pointsOfMark(market.markX16, { digits: 2 })},`,
    `open interest ${formatLots(market.openInterest)},`,
    `margin ${Number(market.initialMarginBps) / 100} % to open, ${Number(market.maintenanceMarginBps) / 100} % to keep`,
  );
  const { bids, asks } = await usance.getBook({ market: market.id, depth: 3n });
  for (const { tick, lots } of [...asks].reverse())
    console.log(`  ask ${formatPrice(tick)}  ${formatLots(lots)}`);
  for (const { tick, lots } of bids) console.log(`  bid ${formatPrice(tick)}  ${formatLots(lots)}`);
}
