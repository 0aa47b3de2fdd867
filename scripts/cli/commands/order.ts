import {
  amendOrder,
  cancelOrder,
  decodeOrderId,
  formatCollateral,
  formatLots,
  formatPrice,
  formatRatio,
  getOpenOrders,
  getOrder,
  getOrdersAt,
  parseLots,
  parsePrice,
  placeOrder,
  previewOrder,
  type Order,
} from "@usance/sdk";
import { Argument, Command, Option } from "commander";
import { parseId, parseMoment, parseWhole } from "../arguments.ts";
import { averagePrice } from "../money.ts";
import { accountOptions, examples } from "../options.ts";
import { KINDS, orderOf } from "../orders.ts";
import type { Answer } from "../output.ts";
import {
  action,
  findMarket,
  readCollateral,
  readMarkets,
  resolveAccount,
  type AccountOptions,
  type Session,
} from "../session.ts";
import { confirm } from "../transactions.ts";
import { batchCommand } from "./order-batch.ts";
import { cancelAllCommand } from "./order-cancel-all.ts";
import { signedCommands } from "./order-signed.ts";

/** Orders of a level that are read to find a place in its queue. */
const QUEUE = 1_000n;

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
  examples(
    orderArguments(command.command("place").description("trade what crosses, rest the remainder")).action(
      action(place),
    ),
    "usance order place TUX-PERP buy 1.5 3841.5",
    "usance order place TUX-PERP sell 0.5 market --reduce-only",
    "usance order place TUM-2026-06 buy 2 3900 --kind post-only --until 2026-06-01T12:00:00Z",
  );
  examples(
    orderArguments(
      command.command("preview").description("what `order place` would do now, without sending it"),
    ).action(action(preview)),
    "usance order preview TUX-PERP buy 1.5 market",
  );
  examples(
    accountOptions(command.command("list").description("resting orders of an account")).action(action(list)),
    "usance order list",
    "usance order list --account 2048 --json",
  );
  examples(
    command
      .command("show")
      .description("a resting order, and what is before it in its queue")
      .argument("<id>", "id as `order list` shows it", parseId)
      .action(action(show)),
    "usance order show 20282409603651670423947251286016",
  );
  examples(
    command
      .command("amend")
      .description("change size and price of a resting order; fewer contracts keep its place in the queue")
      .argument("<id>", "id as `order list` shows it", parseId)
      .argument("<size>", "contracts that shall be open, such as 0.5")
      .argument("[price]", "in points, or USD of a price; the order's own when left out")
      .action(action(amend)),
    "usance order amend 20282409603651670423947251286016 0.5",
    "usance order amend 20282409603651670423947251286016 1 3842",
  );
  examples(
    command
      .command("cancel")
      .description("cancel resting orders")
      .argument("<ids...>", "ids as `order list` shows them", parseId)
      .action(action(cancel)),
    "usance order cancel 20282409603651670423947251286016",
  );
  command.addCommand(cancelAllCommand());
  command.addCommand(batchCommand());
  for (const one of signedCommands()) command.addCommand(one);
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

async function place(
  session: Session,
  name: string,
  side: string,
  size: string,
  price: string,
  options: OrderOptions,
): Promise<Answer> {
  const { deployment } = session;
  const client = await session.signer();
  const market = await findMarket(session, name);
  const accountId = await resolveAccount(session, options);
  const { decimals, symbol } = await readCollateral(session);
  const order = orderOf(market, { side, size, price, ...options });
  const hash = await placeOrder(client, { deployment, accountId, ...order });
  const { OrderPlaced, OrderTaken } = placeOrder.extract(await confirm(session, hash));
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
      taken && filled
        ? `${taken.lots < 0n ? "sold" : "bought"} ${formatLots(abs(taken.lots))} at ${filled.averagePrice} on average, fee ${filled.fee} ${symbol}`
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
  const order = orderOf(market, { side, size, price, ...options });
  const { decimals, symbol } = await readCollateral(session);
  const result = await previewOrder(client, { deployment, accountId, ...order });
  const after = result.liquidation?.find((one) => one.market === market.id);
  const json = {
    market: market.id,
    account: accountId,
    filledSize: formatLots(result.filledLots),
    averagePrice: averagePrice(result.quote, result.filledLots, market),
    fee: formatCollateral(result.fee, decimals),
    restingSize: formatLots(result.restingLots),
    impactBps: result.priceImpact && formatRatio(result.priceImpact.fromMark, { digits: 2 }),
    fundingDay: formatCollateral(result.fundingEstimate, decimals),
    equity: formatCollateral(result.equity, decimals),
    initialMargin: formatCollateral(result.initialMargin, decimals),
    maintenanceMargin: formatCollateral(result.maintenanceMargin, decimals),
    liquidation: after && {
      below: after.below === null ? null : formatPrice(after.below, market),
      above: after.above === null ? null : formatPrice(after.above, market),
    },
  };
  const liquidated = [json.liquidation?.below, json.liquidation?.above].filter(Boolean).join(", ");
  return {
    json,
    text: [
      {
        columns: ["would be", ""],
        rows: [
          ["filled", json.filledSize],
          ["at, on average", json.averagePrice ?? "-"],
          [`fee, ${symbol}`, json.fee],
          ["worse than mark by, basis points", json.impactBps ?? "-"],
          ["resting", json.restingSize],
          [`funding of a day as it is now, ${symbol}`, json.fundingDay],
          [`equity after, ${symbol}`, json.equity],
          [`initial margin after, ${symbol}`, json.initialMargin],
          [`maintenance margin after, ${symbol}`, json.maintenanceMargin],
          [`mark of ${market.symbol} at liquidation`, liquidated || "-"],
        ],
      },
    ],
  };
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
      size: formatLots(abs(lots)),
      price: formatPrice(tick, named),
      until: expiry === 0n ? null : new Date(Number(expiry) * 1_000).toISOString(),
      reduceOnly,
    };
  });
  return {
    json: { account: accountId, orders: rows },
    text: [
      {
        columns: ["market", "side", "size", "price", "until", "", "order"],
        rows: rows.map((order) => [
          order.symbol,
          order.side,
          order.size,
          order.price,
          order.until?.slice(0, 16) ?? "",
          order.reduceOnly ? "reduce-only" : "",
          order.id.toString(),
        ]),
        empty: "no resting orders",
      },
    ],
  };
}

async function show(session: Session, [id]: readonly [bigint]): Promise<Answer> {
  const { client, deployment } = session;
  const { account, lots, expiry, reduceOnly } = await getOrder(client, { deployment, id });
  const { market, tick } = decodeOrderId(id);
  const [named, queue] = await Promise.all([
    findMarket(session, String(market)),
    getOrdersAt(client, { deployment, market, tick, most: QUEUE }),
  ]);
  const place = queue.findIndex((order) => order.id === id);
  const before = queue.slice(0, place).reduce((sum, order) => sum + abs(order.lots), 0n);
  const json = {
    id,
    account,
    market,
    symbol: named.symbol,
    side: lots > 0n ? "buy" : "sell",
    size: formatLots(abs(lots)),
    price: formatPrice(tick, named),
    until: expiry === 0n ? null : new Date(Number(expiry) * 1_000).toISOString(),
    reduceOnly,
    ordersBefore: place < 0 ? null : place,
    sizeBefore: place < 0 ? null : formatLots(before),
  };
  return {
    json,
    text: [
      `order ${id} of account ${account}`,
      "",
      {
        columns: ["", json.symbol],
        rows: [
          ["side", json.side],
          ["open size", json.size],
          ["price", json.price],
          ["until", json.until ?? "cancelled"],
          ["reduce-only", reduceOnly ? "yes" : "no"],
          [
            "before it at its price",
            place < 0 ? `more than ${QUEUE} orders` : `${json.sizeBefore} in ${place} orders`,
          ],
        ],
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
  const signer = await session.signer();
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
  const client = await session.signer();
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

function abs(lots: bigint): bigint {
  return lots < 0n ? -lots : lots;
}
