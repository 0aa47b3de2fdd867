import { formatLots, formatPrice, getBook } from "@usance/sdk";
import { Command } from "commander";
import { parseWhole } from "../arguments.ts";
import type { Answer } from "../output.ts";
import { action, findMarket, markPrice, type Session } from "../session.ts";

/** `usance book`: what rests in a market. */
export function bookCommand(): Command {
  return new Command("book")
    .description("resting orders of a market by price, asks above bids")
    .argument("<market>", "number or name, such as TUX-PERP")
    .option("--depth <number>", "levels a side", parseWhole({ min: 1, max: 1_000 }), 10)
    .action(action(show));
}

interface Level {
  tick: bigint;
  lots: bigint;
}

async function show(session: Session, name: string, { depth }: { depth: number }): Promise<Answer> {
  const { client, deployment } = session;
  const market = await findMarket(session, name);
  const book = await getBook(client, { deployment, market: market.id, depth: BigInt(depth) });
  const levels = (side: readonly Level[]) =>
    side.map(({ tick, lots }) => ({ price: formatPrice(tick, market), size: formatLots(lots) }));
  const asks = levels(book.asks);
  const bids = levels(book.bids);
  const mark = markPrice(market.markX16, market);
  const row =
    (side: string) =>
    ({ price, size }: { price: string; size: string }) => [side, price, size];
  return {
    json: { market: market.id, symbol: market.symbol, mark, asks, bids },
    text: [
      `${market.symbol}: mark ${mark}`,
      "",
      {
        columns: ["side", "price", "size"],
        rows: [...asks.toReversed().map(row("ask")), ...bids.map(row("bid"))],
        empty: "the book is empty",
      },
    ],
  };
}
