import { decodeOrderId, formatLots, formatPrice, getBook, getOpenOrders } from "@usance/sdk";
import { Command } from "commander";
import { parseWhole } from "../arguments.ts";
import { accountOptions, examples } from "../options.ts";
import { formatAnswer, type Answer } from "../output.ts";
import {
  answer,
  findMarket,
  markPrice,
  openSession,
  resolveAccount,
  type AccountOptions,
  type GlobalOptions,
  type Session,
} from "../session.ts";
import { follow } from "../watch.ts";

interface BookOptions extends AccountOptions {
  depth: number;
  watch: boolean;
  own: boolean;
}

/** `usance book`: what rests in a market. */
export function bookCommand(): Command {
  return examples(
    accountOptions(
      new Command("book")
        .description("resting orders of a market by price, asks above bids")
        .argument("<market>", "number or name, such as TUX-PERP")
        .option("--depth <number>", "levels a side", parseWhole({ min: 1, max: 1_000 }), 10)
        .option(
          "--watch",
          "go on with every block until interrupted; a line for each change in a pipe",
          false,
        )
        .option("--own", "mark the orders of your account, or of --account", false),
    ).action((name: string, options: BookOptions, self: Command) => book(name, options, self)),
    "usance book TUX-PERP",
    "usance book TUX-PERP --watch --depth 5",
    "usance book TUM-2026-06 --own --json",
  );
}

async function book(name: string, options: BookOptions, command: Command): Promise<void> {
  const globals = command.optsWithGlobals<GlobalOptions>();
  const session = await openSession(globals);
  const isOwn = options.own || options.account !== undefined;
  const account = isOwn ? await resolveAccount(session, options) : undefined;
  const read = () => readBook(session, name, { depth: options.depth, account });
  if (!options.watch) return answer(command, describe(await read()));
  const redraw = !globals.json && process.stdout.isTTY;
  await follow({
    client: session.client,
    read: async () => {
      const picture = await read();
      if (globals.json) return `${JSON.stringify(picture)}\n`;
      return redraw ? formatAnswer(describe(picture), false) : line(picture);
    },
    write: (text) => command.configureOutput().writeOut?.(text),
    redraw,
  });
}

interface Level {
  price: string;
  size: string;
  /** Contracts from the best price down to this one. */
  total: string;
  /** Contracts of the account, where one was asked about. */
  own?: string;
}

interface Picture {
  market: number;
  symbol: string;
  mark: string;
  spread: string | null;
  fills: { from: string; to: string };
  asks: Level[];
  bids: Level[];
}

async function readBook(
  session: Session,
  name: string,
  { depth, account }: { depth: number; account: number | undefined },
): Promise<Picture> {
  const { client, deployment } = session;
  const market = await findMarket(session, name);
  const [book, resting] = await Promise.all([
    getBook(client, { deployment, market: market.id, depth: BigInt(depth) }),
    account === undefined ? [] : getOpenOrders(client, { deployment, accountId: account, market: market.id }),
  ]);
  const own = new Map<bigint, bigint>();
  for (const { id, lots } of resting) {
    const { tick } = decodeOrderId(id);
    own.set(tick, (own.get(tick) ?? 0n) + (lots > 0n ? lots : -lots));
  }
  const levels = (side: readonly { tick: bigint; lots: bigint }[]): Level[] => {
    let sum = 0n;
    return side.map(({ tick, lots }) => {
      sum += lots;
      const level = { price: formatPrice(tick, market), size: formatLots(lots), total: formatLots(sum) };
      return account === undefined ? level : { ...level, own: formatLots(own.get(tick) ?? 0n) };
    });
  };
  const price = (tick: bigint) => formatPrice(tick, market);
  const [[bid], [ask]] = [book.bids, book.asks];
  return {
    market: market.id,
    symbol: market.symbol,
    mark: markPrice(market.markX16, market),
    spread: ask && bid ? price(ask.tick - bid.tick) : null,
    fills: { from: price(market.lowestFill), to: price(market.highestFill) },
    asks: levels(book.asks),
    bids: levels(book.bids),
  };
}

function describe(picture: Picture): Answer {
  const { symbol, mark, spread, fills, asks, bids } = picture;
  const row =
    (side: string) =>
    ({ price, size, total, own = "0" }: Level) => [
      side,
      price,
      size,
      total,
      own === "0" ? "" : `${own} of yours`,
    ];
  return {
    json: picture,
    text: [
      `${symbol}: mark ${mark}, spread ${spread ?? "-"}, fills from ${fills.from} to ${fills.to}`,
      "",
      {
        columns: ["side", "price", "size", "total", ""],
        rows: [...asks.toReversed().map(row("ask")), ...bids.map(row("bid"))],
        empty: "the book is empty",
      },
    ],
  };
}

/** The best of a book in a line. */
function line({ symbol, mark, asks: [ask], bids: [bid] }: Picture): string {
  const side = (level: Level | undefined) => (level ? `${level.size} at ${level.price}` : "-");
  return `${symbol}  mark ${mark}  bid ${side(bid)}  ask ${side(ask)}\n`;
}
