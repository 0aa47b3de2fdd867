import { formatCollateral, formatLots, formatPrice } from "@usance/sdk";
import { Command } from "commander";
import { examples } from "../options.ts";
import type { Answer } from "../output.ts";
import {
  action,
  markPrice,
  readCollateral,
  readMarkets,
  type NamedMarket,
  type Session,
} from "../session.ts";

/** `usance markets`: every market with mark, book and open interest. */
export function marketsCommand(): Command {
  const command = new Command("markets")
    .description("every market: mark, best prices, open interest, end of trading")
    .option("--all", "settled ones too", false)
    .addHelpText(
      "after",
      `
Mark is where positions are valued; anchor is the index of a perpetual and the
daily settlement price of a month. Interest is open contracts, IM/MM initial and
maintenance margin in per cent of the mark. Trading ends at 00:00 UTC of the day
in the last column.`,
    )
    .action(action(list));
  return examples(command, "usance markets", "usance markets --all --json");
}

async function list(session: Session, { all }: { all: boolean }): Promise<Answer> {
  const [markets, { decimals }] = await Promise.all([readMarkets(session), readCollateral(session)]);
  const shown = markets
    .filter(({ phase }) => all || phase !== "settled")
    .map((market) => describe(market, decimals));
  return {
    json: shown,
    text: [
      {
        columns: ["id", "market", "", "mark", "anchor", "bid", "ask", "interest", "IM/MM %", "until"],
        rows: shown.map((market) => [
          String(market.id),
          market.symbol,
          [...(market.phase === "open" ? [] : [market.phase]), ...(market.stale ? ["stale"] : [])].join(", "),
          market.settlementPrice ?? market.mark,
          market.anchor,
          market.bestBid ?? "-",
          market.bestAsk ?? "-",
          market.openInterest,
          `${market.initialMarginBps / 100} / ${market.maintenanceMarginBps / 100}`,
          market.expiry?.slice(0, 10) ?? "",
        ]),
        empty: markets.length === 0 ? "no market is listed yet" : "every market is settled: --all shows them",
      },
    ],
  };
}

function describe(market: NamedMarket, decimals: number) {
  const price = (tick: bigint) => (tick === 0n ? null : formatPrice(tick, market));
  return {
    id: market.id,
    symbol: market.symbol,
    kind: market.kind,
    phase: market.phase,
    stale: market.stale,
    mark: markPrice(market.markX16, market),
    anchor: markPrice(market.anchorX16, market),
    bestBid: price(market.bestBid),
    bestAsk: price(market.bestAsk),
    lowestFill: price(market.lowestFill),
    highestFill: price(market.highestFill),
    openInterest: formatLots(market.openInterest),
    insuranceFund: formatCollateral(market.fundCash, decimals),
    initialMarginBps: Number(market.initialMarginBps),
    maintenanceMarginBps: Number(market.maintenanceMarginBps),
    expiry: market.expiry === 0n ? null : new Date(Number(market.expiry) * 1_000).toISOString(),
    settlementPrice: price(market.settlementTick),
  };
}
