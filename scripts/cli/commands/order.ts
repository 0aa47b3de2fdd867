import {
  amendOrder,
  cancelOrder,
  decodeOrderId,
  formatCollateral,
  formatLots,
  formatPrice,
  getOpenOrders,
  getOrder,
  parseLots,
  parsePrice,
  placeOrder,
  previewOrder,
  type Order,
  type OrderKind,
} from "@usance/sdk";
import { Argument, Command, Option } from "commander";
import { parseId, parseMoment, parseWhole } from "../arguments.ts";
import { accountOptions } from "../options.ts";
import type { Answer } from "../output.ts";
import {
  action,
  findMarket,
  readCollateral,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type NamedMarket,
  type Session,
} from "../session.ts";
import { confirm } from "../transactions.ts";

const KINDS: Record<string, OrderKind> = {
  limit: "limit",
  "post-only": "postOnly",
  ioc: "immediateOrCancel",
  fok: "fillOrKill",
};

interface OrderOptions extends AccountOptions {
  kind: string;
  reduceOnly: boolean;
  until?: bigint;
  maxFills: number;
  clientId?: number;
}

/** `usance order`: place, preview, list, amend and cancel. */
export function orderCommand(): Command {
  const command = new Command("order").description("place, preview, list, amend and cancel orders");
  orderArguments(command.command("place").description("trade what crosses, rest the remainder")).action(
    action(place),
  );
  orderArguments(
    command.command("preview").description("what `order place` would do now, without sending it"),
  ).action(action(preview));
  accountOptions(command.command("list").description("resting orders of an account")).action(action(list));
  command
    .command("amend")
    .description("change size and price of a resting order; fewer contracts keep its place in the queue")
    .argument("<id>", "id as `order list` shows it", parseId)
    .argument("<size>", "contracts that shall be open, such as 0.5")
    .argument("[price]", "in points, or USD of a price; the order's own when left out")
    .action(action(amend));
  command
    .command("cancel")
    .description("cancel resting orders")
    .argument("<ids...>", "ids as `order list` shows them", parseId)
    .action(action(cancel));
  return command;
}

function orderArguments(command: Command): Command {
  command
    .argument("<market>", "number or name, such as TUX-PERP")
    .addArgument(new Argument("<side>").choices(["buy", "sell"]))
    .argument("<size>", "contracts, such as 1.5")
    .argument(
      "<price>",
      "points (USD in a market on a price), such as 3841.5, or `market`: the edge of the fill band, nothing rests",
    )
    .addOption(
      new Option("--kind <kind>", "how it meets the book").choices(Object.keys(KINDS)).default("limit"),
    )
    .option("--reduce-only", "only bring the position nearer to zero", false)
    .option("--until <time>", "end of a resting order, a multiple of five minutes", parseMoment)
    .option("--max-fills <number>", "resting orders it may meet", parseWhole({ min: 1, max: 65_535 }), 50)
    .option(
      "--client-id <number>",
      "your number, repeated in events",
      parseWhole({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    );
  return accountOptions(command);
}

function orderOf(
  market: NamedMarket,
  [side, size, price]: readonly [string, string, string],
  { kind, reduceOnly, until, maxFills, clientId }: OrderOptions,
): Order {
  const lots = parseLots(size);
  if (lots <= 0n) throw new Error("The size must be above zero: the side says buy or sell.");
  const buys = side === "buy";
  const atMarket = price === "market";
  return {
    market: market.id,
    lots: buys ? lots : -lots,
    tick: atMarket ? (buys ? market.highestFill : market.lowestFill) : parsePrice(price, market),
    kind: atMarket && kind === "limit" ? "immediateOrCancel" : KINDS[kind],
    reduceOnly,
    expiry: until,
    maxFills,
    clientOrderId: clientId === undefined ? undefined : BigInt(clientId),
  };
}

async function place(
  session: Session,
  name: string,
  side: string,
  size: string,
  price: string,
  options: OrderOptions,
): Promise<Answer> {
  const { deployment } = session;
  const client = session.signer();
  const market = await findMarket(session, name);
  const accountId = await resolveAccount(session, options);
  const order = orderOf(market, [side, size, price], options);
  const hash = await placeOrder(client, { deployment, accountId, ...order });
  const { OrderPlaced, OrderTaken } = placeOrder.extract(await confirm(session, hash));
  const { decimals, symbol } = await readCollateral(session);
  const [resting] = OrderPlaced;
  const [taken] = OrderTaken;
  const filled = taken && {
    size: formatLots(taken.lots),
    averagePrice: averagePrice(taken.quote, taken.lots, market),
    fee: formatCollateral(taken.fee, decimals),
  };
  const rests = resting && {
    id: resting.id,
    size: formatLots(resting.lots),
    price: formatPrice(order.tick, market),
  };
  return {
    json: {
      market: market.id,
      account: accountId,
      filled: filled ?? null,
      resting: rests ?? null,
      transaction: hash,
    },
    text: [
      filled
        ? `filled ${filled.size} at ${filled.averagePrice} on average, fee ${filled.fee} ${symbol}`
        : "nothing filled",
      ...(rests ? [`resting ${rests.size} at ${rests.price} as order ${rests.id}`] : []),
    ],
  };
}

async function preview(
  session: Session,
  name: string,
  side: string,
  size: string,
  price: string,
  options: OrderOptions,
): Promise<Answer> {
  const { client, deployment } = session;
  const market = await findMarket(session, name);
  const accountId = await resolveAccount(session, options);
  const order = orderOf(market, [side, size, price], options);
  const { decimals, symbol } = await readCollateral(session);
  const result = await previewOrder(client, { deployment, accountId, ...order });
  const json = {
    market: market.id,
    account: accountId,
    filledSize: formatLots(result.filledLots),
    averagePrice: averagePrice(result.quote, result.filledLots, market),
    fee: formatCollateral(result.fee, decimals),
    restingSize: formatLots(result.restingLots),
    equity: formatCollateral(result.equity, decimals),
    initialMargin: formatCollateral(result.initialMargin, decimals),
  };
  return {
    json,
    text: [
      {
        columns: ["would be", ""],
        rows: [
          ["filled", json.filledSize],
          ["at, on average", json.averagePrice ?? "-"],
          [`fee, ${symbol}`, json.fee],
          ["resting", json.restingSize],
          [`equity after, ${symbol}`, json.equity],
          [`initial margin after, ${symbol}`, json.initialMargin],
        ],
      },
    ],
  };
}

/** Price to a tenth of a tick; the exact quote is in the events. */
function averagePrice(quote: bigint, lots: bigint, { tickSize }: NamedMarket): string | null {
  if (lots === 0n) return null;
  const tenths = (-quote * 10n) / lots;
  // Every tick size is below one.
  return formatPrice(tenths, { tickSize: tickSize.replace(".", ".0") });
}

async function list(session: Session, options: AccountOptions): Promise<Answer> {
  const { client, deployment } = session;
  const accountId = await resolveAccount(session, options);
  const [orders, markets] = await Promise.all([
    getOpenOrders(client, { deployment, accountId }),
    readMarkets(session),
  ]);
  const rows = orders.map(({ id, lots, expiry, reduceOnly }) => {
    const { market, tick } = decodeOrderId(id);
    const named = markets.find((candidate) => candidate.id === market);
    return {
      id,
      market,
      symbol: named?.symbol ?? String(market),
      side: lots > 0n ? "buy" : "sell",
      size: formatLots(lots < 0n ? -lots : lots),
      price: formatPrice(tick, named),
      until: expiry === 0n ? null : new Date(Number(expiry) * 1_000).toISOString(),
      reduceOnly,
    };
  });
  return {
    json: { account: accountId, orders: rows },
    text: [
      {
        columns: ["id", "market", "side", "size", "price", "until", ""],
        rows: rows.map((order) => [
          order.id.toString(),
          order.symbol,
          order.side,
          order.size,
          order.price,
          order.until?.slice(0, 16) ?? "",
          order.reduceOnly ? "reduce-only" : "",
        ]),
        empty: "no resting orders",
      },
    ],
  };
}

async function amend(
  session: Session,
  [id]: readonly [bigint],
  size: string,
  price?: string,
): Promise<Answer> {
  const { client, deployment } = session;
  const signer = session.signer();
  const { lots, expiry, reduceOnly } = await getOrder(client, { deployment, id });
  const { market, tick } = decodeOrderId(id);
  const named = await findMarket(session, String(market));
  const wanted = parseLots(size);
  if (wanted <= 0n) throw new Error("The size must be above zero: `order cancel` takes the order out.");
  const order: Order = {
    market,
    lots: lots > 0n ? wanted : -wanted,
    tick: price === undefined ? tick : parsePrice(price, named),
    reduceOnly,
    expiry,
  };
  const hash = await amendOrder(signer, { deployment, id, ...order });
  const { OrderAmended, OrderPlaced, OrderTaken } = amendOrder.extract(await confirm(session, hash));
  const [rests] = [...OrderAmended, ...OrderPlaced];
  const filled = formatLots(OrderTaken[0]?.lots ?? 0n);
  const resting = rests && {
    id: rests.id,
    size: formatLots(rests.lots),
    price: formatPrice(order.tick, named),
    keptItsPlace: rests.id === id,
  };
  return {
    json: { market, filledSize: filled, resting: resting ?? null, transaction: hash },
    text: [
      ...(OrderTaken.length === 0 ? [] : [`filled ${filled}`]),
      resting
        ? `resting ${resting.size} at ${resting.price} as order ${resting.id}${resting.keptItsPlace ? ", in its place" : ""}`
        : "nothing rests",
    ],
  };
}

async function cancel(session: Session, ids: readonly bigint[]): Promise<Answer> {
  const { deployment } = session;
  const client = session.signer();
  const cancelled = [];
  for (const id of ids) {
    const hash = await cancelOrder(client, { deployment, id });
    const [dropped] = cancelOrder.extract(await confirm(session, hash)).OrderDropped;
    cancelled.push({ id, size: formatLots(dropped?.lots ?? 0n), transaction: hash });
  }
  return {
    json: { cancelled },
    text: cancelled.map(({ id, size }) => `cancelled order ${id}: ${size} were open`),
  };
}
