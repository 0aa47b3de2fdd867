import { formatCollateral, formatLots, formatPrice } from "@usance/sdk";
import { Command } from "commander";
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
  return new Command("markets")
    .description("every market: mark, best prices, open interest, end of trading")
    .option("--all", "settled ones too", false)
    .action(action(list));
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
        columns: [
          "id",
          "market",
          "phase",
          "mark",
          "anchor",
          "bid",
          "ask",
          "open interest",
          "IM/MM %",
          "trades until",
        ],
        rows: shown.map((market) => [
          String(market.id),
          market.symbol,
          market.stale ? `${market.phase}, stale` : market.phase,
          market.settlementPrice ?? market.mark,
          market.anchor,
          market.bestBid ?? "-",
          market.bestAsk ?? "-",
          market.openInterest,
          `${market.initialMarginBps / 100} / ${market.maintenanceMarginBps / 100}`,
          market.expiry?.slice(0, 16) ?? "",
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
