import {
  decodeOrderId,
  formatLots,
  formatPrice,
  parseLots,
  parsePrice,
  type BatchOrdersEvents,
  type Order,
  type OrderKind,
} from "@usance/sdk";
import { averagePrice, type Money } from "./money.ts";
import type { Table } from "./output.ts";
import type { NamedMarket } from "./session.ts";

/** Kinds of orders by the names that people use. */
export const KINDS: Record<string, OrderKind> = {
  limit: "limit",
  "post-only": "postOnly",
  ioc: "immediateOrCancel",
  fok: "fillOrKill",
};

/** An order as a person writes it. */
export interface WrittenOrder {
  side: string;
  /** Contracts, a decimal text. */
  size: string;
  /** Price, a decimal text, or `market`. */
  price: string;
  kind?: string | undefined;
  reduceOnly?: boolean | undefined;
  until?: bigint | undefined;
  maxFills?: number | undefined;
  clientId?: number | undefined;
}

/**
 * Makes the order of the contracts from what a person wrote. At `market` it goes as far as the fill band does, and rests nothing.
 * @throws Error where the size is not above zero, or size or price lie between two steps.
 */
export function orderOf(market: NamedMarket, written: WrittenOrder): Order {
  const { side, size, price, kind = "limit", reduceOnly, until, maxFills, clientId } = written;
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

/** What orders of an account have done, from the events of their transaction. */
export interface Trades {
  filled: {
    symbol: string;
    side: string;
    size: string;
    averagePrice: string | null;
    fee: string;
    clientId: string;
  }[];
  resting: { id: bigint; symbol: string; side: string; size: string; price: string; clientId: string }[];
  cancelled: { id: bigint; symbol: string; size: string }[];
}

/** Reads what the orders of an account have done. */
export function tradesOf(
  account: number,
  events: BatchOrdersEvents,
  { markets, money }: { markets: readonly NamedMarket[]; money: Money },
): Trades {
  const named = (id: number) => markets.find((market) => market.id === id);
  const symbol = (id: number) => named(id)?.symbol ?? String(id);
  const own = (event: { account: number }) => event.account === account;
  return {
    filled: events.OrderTaken.filter(own).map(({ market, lots, quote, fee, clientOrderId }) => ({
      symbol: symbol(market),
      side: lots < 0n ? "sell" : "buy",
      size: formatLots(lots < 0n ? -lots : lots),
      averagePrice: averagePrice(quote, lots, named(market) ?? { tickSize: "1" }),
      fee: money.format(fee),
      clientId: clientOrderId.toString(),
    })),
    resting: events.OrderPlaced.filter(own).map(({ id, lots, clientOrderId }) => {
      const { market, tick } = decodeOrderId(id);
      return {
        id,
        symbol: symbol(market),
        side: lots < 0n ? "sell" : "buy",
        size: formatLots(lots < 0n ? -lots : lots),
        price: formatPrice(tick, named(market)),
        clientId: clientOrderId.toString(),
      };
    }),
    cancelled: events.OrderDropped.filter(own).map(({ id, lots }) => ({
      id,
      symbol: symbol(decodeOrderId(id).market),
      size: formatLots(lots),
    })),
  };
}

/** Tables of what orders have done; those without rows are left out. */
export function tradesText({ filled, resting, cancelled }: Trades, money: Money): (string | Table)[] {
  const tables: Table[] = [
    {
      columns: ["filled", "side", "size", "average price", `fee, ${money.symbol}`],
      rows: filled.map((fill) => [fill.symbol, fill.side, fill.size, fill.averagePrice ?? "-", fill.fee]),
    },
    {
      columns: ["resting", "side", "size", "price", "order"],
      rows: resting.map((order) => [order.symbol, order.side, order.size, order.price, order.id.toString()]),
    },
    {
      columns: ["cancelled", "size", "order"],
      rows: cancelled.map((order) => [order.symbol, order.size, order.id.toString()]),
    },
  ];
  const shown = tables.filter(({ rows }) => rows.length > 0);
  if (shown.length === 0) return ["nothing was filled, nothing rests, nothing was cancelled"];
  return shown.flatMap((table, position) => (position === 0 ? [table] : ["", table]));
}
