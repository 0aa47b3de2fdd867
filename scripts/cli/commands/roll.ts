import {
  batchOrders,
  decodeOrderId,
  formatLots,
  formatPrice,
  getAccount,
  getBook,
  getListing,
  getOpenOrders,
  parsePrice,
  type Order,
} from "@usance/sdk";
import { Command } from "commander";
import { averagePrice, readMoney, unitsPerTick } from "../money.ts";
import { accountOptions, dryRunOption, examples } from "../options.ts";
import { tradesOf, tradesText } from "../orders.ts";
import { formatTable, type Answer, type Table } from "../output.ts";
import { legLimits, spreadOf, walk, type RollBounds, type Walk } from "../roll.ts";
import {
  action,
  marketOf,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type NamedMarket,
  type Session,
} from "../session.ts";
import { confirm } from "../transactions.ts";

/** Levels of a book that a roll looks at. */
const DEPTH = 500n;
const X16 = 65_536n;
/** A fee is in tenths of a basis point. */
const FEE_UNIT = 100_000n;

interface RollOptions extends AccountOptions {
  lots: string;
  spread?: string;
  dryRun: boolean;
}

/** `usance roll`: out of one month and into another, both or neither. */
export function rollCommand(): Command {
  return examples(
    dryRunOption(
      accountOptions(
        new Command("roll")
          .description("take a position out of one market and into another, both legs or neither")
          .argument("<from>", "market that the position is in, such as TUM-2026-06")
          .argument("<to>", "market that it goes to, such as TUM-2026-07")
          .option("--lots <number>", "lots to move, each a thousandth of a contract, or `all`", "all")
          .option(
            "--spread <points>",
            "worst price difference accepted, new less old (default: what the books show now)",
          ),
      ),
    )
      .addHelpText(
        "after",
        `
Says first what it costs. A long position sells the old month and buys the new
one, and the spread is what it pays; a short one gets it. Both legs fill whole
in one transaction, or nothing happens.`,
      )
      .action(action(roll)),
    "usance roll TUM-2026-06 TUM-2026-07 --dry-run",
    "usance roll TUM-2026-06 TUM-2026-07 --lots all --spread 120.5",
    "usance roll TUM-2026-06 TUM-2026-07 --lots 500 --spread -3",
  );
}

async function roll(session: Session, from: string, to: string, options: RollOptions): Promise<Answer> {
  const { client: reader, deployment } = session;
  const [accountId, markets, money] = await Promise.all([
    resolveAccount(session, options),
    readMarkets(session),
    readMoney(session),
  ]);
  const [old, next] = [marketOf(markets, from), marketOf(markets, to)];
  const [before, perTick, listing, nextListing] = await Promise.all([
    getAccount(reader, { deployment, accountId }),
    unitsPerTick(session, old.id, money),
    getListing(reader, { deployment, market: old.id }),
    getListing(reader, { deployment, market: next.id }),
  ]);
  if (old.id === next.id) throw new Error(`A roll needs two markets; ${old.symbol} was named twice.`);
  const same =
    old.index === next.index &&
    listing.indexPerTick === nextListing.indexPerTick &&
    listing.tickValue === nextListing.tickValue;
  if (!same)
    throw new Error(
      `A contract of ${old.symbol} is not worth what one of ${next.symbol} is: close the one and open the other by \`usance order place\`.`,
    );
  const size = before.positions.find(({ market }) => market === old.id)?.size ?? 0n;
  if (size === 0n) throw new Error(`Account ${accountId} has no position in ${old.symbol}.`);
  const lots = lotsOf(options.lots, size);
  const long = size > 0n;
  session.units.tickSize = old.tickSize;

  const [leaving, entering] = await Promise.all([
    walkOf(session, accountId, old, { lots, bids: long }),
    walkOf(session, accountId, next, { lots, bids: !long }),
  ]);
  const bounds: RollBounds = {
    long,
    worst: { old: leaving.worst, new: entering.worst },
    edge: long
      ? { old: old.lowestFill, new: next.highestFill }
      : { old: old.highestFill, new: next.lowestFill },
    spread: options.spread === undefined ? undefined : ticksOf(options.spread, old),
  };
  const { shown, slack } = spreadOf(bounds);
  const points = (ticks: bigint) => formatPrice(ticks, old);
  if (slack < 0n)
    throw new Error(
      `The books show a spread of ${points(shown)} for ${formatLots(lots)} contracts, worse than ${options.spread}: wait, or accept it by --spread ${points(shown)}.`,
    );
  const limits = legLimits(bounds);
  const signed = long ? lots : -lots;
  const legs: Order[] = [
    { market: old.id, lots: -signed, tick: limits.old, kind: "fillOrKill", reduceOnly: true },
    { market: next.id, lots: signed, tick: limits.new, kind: "fillOrKill" },
  ];

  const fees = [leaving, entering].map(
    ({ notional }) => (notional * perTick * BigInt(listing.takerFee) + FEE_UNIT - 1n) / FEE_UNIT,
  );
  // What the two legs get less than the marks say that they are worth.
  const byMarks = signed * (next.markX16 - old.markX16) * perTick;
  const byBooks = (entering.notional - leaving.notional) * (long ? 1n : -1n) * perTick;
  const cost = byBooks - byMarks / X16;
  const legOf = (market: NamedMarket, { notional }: Walk, side: string, limit: bigint, fee: bigint) => ({
    symbol: market.symbol,
    side,
    size: formatLots(lots),
    averagePrice: averagePrice(-notional, lots, market),
    limitPrice: formatPrice(limit, market),
    fee: money.format(fee),
  });
  const preview = {
    account: accountId,
    from: old.symbol,
    to: next.symbol,
    size: formatLots(lots),
    spread: points(shown),
    spreadLimit: bounds.spread === undefined ? points(shown) : points(bounds.spread),
    costAgainstMarks: money.format(cost),
    fees: money.format(fees.reduce((sum, fee) => sum + fee, 0n)),
    legs: [
      legOf(old, leaving, long ? "sell" : "buy", limits.old, fees[0] ?? 0n),
      legOf(next, entering, long ? "buy" : "sell", limits.new, fees[1] ?? 0n),
    ],
  };
  const parameters = { deployment, accountId, orders: legs };
  await batchOrders.simulate(reader, { ...parameters, account: await session.sender() });
  const said: (string | Table)[] = [
    {
      columns: ["would trade", "side", "size", "average price", "limit", `fee, ${money.symbol}`],
      rows: preview.legs.map((leg) => [
        leg.symbol,
        leg.side,
        leg.size,
        leg.averagePrice ?? "-",
        leg.limitPrice,
        leg.fee,
      ]),
    },
    `spread ${preview.spread}, at worst ${preview.spreadLimit}; costs ${preview.costAgainstMarks} ${money.symbol} against the marks and ${preview.fees} of fees`,
  ];
  if (options.dryRun) return { json: { ...preview, dryRun: true }, text: [...said, "nothing was sent"] };
  for (const part of said) session.say(typeof part === "string" ? part : formatTable(part));
  const hash = await batchOrders(await session.signer(), parameters);
  const trades = tradesOf(accountId, batchOrders.extract(await confirm(session, hash)), { markets, money });
  const { filled } = trades;
  return { json: { ...preview, filled, transaction: hash }, text: ["", ...tradesText(trades, money)] };
}

/** Walks what a market offers the account: its own orders are cancelled when they are met, not filled. */
async function walkOf(
  { client, deployment }: Session,
  accountId: number,
  market: NamedMarket,
  { lots, bids }: { lots: bigint; bids: boolean },
): Promise<Walk> {
  const [book, own] = await Promise.all([
    getBook(client, { deployment, market: market.id, depth: DEPTH }),
    getOpenOrders(client, { deployment, accountId, market: market.id }),
  ]);
  const ownAt = (tick: bigint) =>
    own
      .filter(({ id }) => decodeOrderId(id).tick === tick)
      .reduce((sum, order) => sum + (order.lots < 0n ? -order.lots : order.lots), 0n);
  const levels = (bids ? book.bids : book.asks)
    .filter(({ tick }) => (bids ? tick >= market.lowestFill : tick <= market.highestFill))
    .map((level) => ({ tick: level.tick, lots: level.lots - ownAt(level.tick) }))
    .filter((level) => level.lots > 0n);
  const found = walk(levels, lots);
  if ("worst" in found) return found;
  throw new Error(
    `The ${bids ? "bids" : "asks"} of ${market.symbol} within the fill band are ${formatLots(found.available)} contracts, fewer than ${formatLots(lots)}: roll fewer by --lots.`,
  );
}

function lotsOf(text: string, size: bigint): bigint {
  const held = size < 0n ? -size : size;
  if (text === "all") return held;
  if (!/^\d+$/.test(text) || BigInt(text) === 0n)
    throw new Error(
      `--lots takes a whole number of lots, each a thousandth of a contract, or all; not ${text}.`,
    );
  const lots = BigInt(text);
  if (lots > held) throw new Error(`The position is ${held} lots, fewer than ${lots}.`);
  return lots;
}

/** Difference of two prices in ticks, of either sign. */
function ticksOf(text: string, market: NamedMarket): bigint {
  if (/^-?0+(\.0+)?$/.test(text)) return 0n;
  const negative = text.startsWith("-");
  const ticks = parsePrice(negative ? text.slice(1) : text, market);
  return negative ? -ticks : ticks;
}
