// Writes the fills of a market as CSV: first the whole history, then each new one, without a gap between the two.
// Run: npx tsx examples/09-fills-to-csv.ts [market] [rows after which it ends; it goes on when left out]
import { formatLots, formatPrice, type Fill } from "@usance/sdk";
import { reader } from "./connect.ts";

const market = Number(process.argv[2] ?? 1);
let left = Number(process.argv[3] ?? Infinity);
const usance = await reader();

console.log("block,transaction,side,price,size,maker,taker,liquidation");
const write = (fills: readonly Fill[]) => {
  for (const { blockNumber, transactionHash, tick, lots, maker, taker, liquidation } of fills) {
    const side = lots > 0n ? "buy" : "sell";
    const size = formatLots(lots > 0n ? lots : -lots);
    console.log(
      [blockNumber, transactionHash, side, formatPrice(tick), size, maker, taker, liquidation].join(","),
    );
  }
  left -= fills.length;
};

// The watch starts at the block behind the history, so no fill is missed or told twice.
const toBlock = await usance.getBlockNumber({ cacheTime: 0 });
write(await usance.getFills({ market, toBlock }));
const unwatch = usance.watchFills({
  market,
  fromBlock: toBlock + 1n,
  onFills(fills) {
    write(fills);
    if (left <= 0) unwatch();
  },
});
if (left <= 0) unwatch();
