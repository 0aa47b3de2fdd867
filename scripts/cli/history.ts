import {
  amendOrder,
  decodeOrderId,
  dropReasons,
  formatLots,
  formatPrice,
  getFills,
  getFundingHistory,
  getTransfers,
  placeOrder,
  type Fill,
  type Transfer,
} from "@usance/sdk";
import type { clearinghouseAbi } from "@usance/sdk/abis";
import type { ContractEventArgs, ContractEventName } from "viem";
import { averagePrice, formatPercent, unitsPerTick, type Money } from "./money.ts";
import { pastEvents, type Range } from "./past.ts";
import type { NamedMarket, Session } from "./session.ts";

/** What a search of the past looks for. */
export interface Search {
  session: Session;
  account: number;
  range: Range;
  markets: readonly NamedMarket[];
  money: Money;
  /** Number of the only market that is wanted. */
  market?: number | undefined;
}

/** Something that happened: where, and what by the names of its columns. */
export interface Happening {
  blockNumber: bigint;
  logIndex: number;
  transaction: string;
  cells: Readonly<Record<string, string>>;
}

/** A kind of history: its columns by name, with the title that people see, or none where only programs do. */
export interface History {
  columns: Readonly<Record<string, string | null>>;
  search: (search: Search) => Promise<Happening[]>;
}

/** Digits of a rate of funding: it is charged by the minute. */
const RATE_DIGITS = 6;

const abs = (value: bigint) => (value < 0n ? -value : value);
const sideOf = (lots: bigint) => (lots < 0n ? "sell" : "buy");

type EventName = ContractEventName<typeof clearinghouseAbi>;

/** Events of one kind within the range. */
const eventsOf = <const name extends EventName>(
  { session, range }: Search,
  eventName: name,
  args: ContractEventArgs<typeof clearinghouseAbi, name>,
) => pastEvents(session, eventName, args, range);

function symbolOf({ markets }: Search, id: number): string {
  return markets.find((market) => market.id === id)?.symbol ?? String(id);
}

function marketOf({ markets }: Search, id: number): Pick<NamedMarket, "tickSize"> {
  return markets.find((market) => market.id === id) ?? { tickSize: "0.5" };
}

const isWanted = ({ market }: Search, id: number) => market === undefined || market === id;

type Log = { blockNumber: bigint; logIndex: number; transactionHash: string };

function happening(
  { blockNumber, logIndex, transactionHash }: Log,
  cells: Readonly<Record<string, string>>,
): Happening {
  return { blockNumber, logIndex, transaction: transactionHash, cells };
}

/** Trades of the account on either side. */
async function searchFills(search: Search): Promise<Happening[]> {
  const { session, account, range, market, money } = search;
  const { client, deployment } = session;
  const [fills, taken] = await Promise.all([
    getFills(client, { deployment, accountId: account, market, ...range }),
    eventsOf(search, "OrderTaken", { account }),
  ]);
  const fees = new Map(
    taken.map((log) => [placeOf(log), placeOrder.extract({ logs: [log] }).OrderTaken[0]?.fee ?? 0n]),
  );
  const perTick = new Map(
    await Promise.all(
      [...new Set(fills.map((fill) => fill.market))].map(
        async (id) => [id, await unitsPerTick(session, id, money)] as const,
      ),
    ),
  );
  const shares = shareFees(
    fills.filter(({ taker }) => taker === account),
    fees,
  );
  return fills.flatMap((fill) => {
    const { tick, lots, maker, taker, liquidation, orderId, makerFee, clientOrderId } = fill;
    const own = (isMaker: boolean) =>
      happening(fill, {
        market: symbolOf(search, fill.market),
        side: sideOf(isMaker ? -lots : lots),
        size: formatLots(abs(lots)),
        price: formatPrice(tick, marketOf(search, fill.market)),
        role: isMaker ? "maker" : liquidation ? "liquidated" : "taker",
        fee: money.format(isMaker ? makerFee * (perTick.get(fill.market) ?? 0n) : (shares.get(fill) ?? 0n)),
        order: isMaker ? orderId.toString() : "",
        clientId: isMaker ? "" : clientOrderId.toString(),
        counterparty: String(isMaker ? taker : maker),
      });
    return [...(maker === account ? [own(true)] : []), ...(taker === account ? [own(false)] : [])];
  });
}

const placeOf = ({ transactionHash, logIndex }: Log) => `${transactionHash} ${logIndex}`;

/** Divides the fee of each order among its fills by what they are worth, to the last unit. */
function shareFees(fills: readonly Fill[], fees: ReadonlyMap<string, bigint>): Map<Fill, bigint> {
  const orders = new Map<string, Fill[]>();
  for (const fill of fills) orders.set(placeOf(fill), [...(orders.get(placeOf(fill)) ?? []), fill]);
  const shares = new Map<Fill, bigint>();
  for (const [place, together] of orders) {
    const worth = (fill: Fill) => abs(fill.lots) * fill.tick;
    const whole = together.reduce((sum, fill) => sum + worth(fill), 0n);
    const fee = fees.get(place) ?? 0n;
    let before = 0n;
    for (const fill of together) {
      const after = before + worth(fill);
      shares.set(fill, (fee * after) / whole - (fee * before) / whole);
      before = after;
    }
  }
  return shares;
}

/** What the account's orders did: placed, amended, taken, dropped. */
async function searchOrders(search: Search): Promise<Happening[]> {
  const { account } = search;
  const by = { account };
  const [placed, amended, taken, dropped] = await Promise.all([
    eventsOf(search, "OrderPlaced", by),
    eventsOf(search, "OrderAmended", by),
    eventsOf(search, "OrderTaken", by),
    eventsOf(search, "OrderDropped", by),
  ]);
  const resting = (log: Log, event: string, id: bigint, lots: bigint, side: string, clientId = "") => {
    const { market, tick } = decodeOrderId(id);
    if (!isWanted(search, market)) return [];
    return happening(log, {
      event,
      market: symbolOf(search, market),
      side,
      size: formatLots(abs(lots)),
      price: formatPrice(tick, marketOf(search, market)),
      order: id.toString(),
      clientId,
    });
  };
  const sides = new Map<bigint, string>();
  return [
    ...placed.flatMap((log) =>
      placeOrder.extract({ logs: [log] }).OrderPlaced.flatMap(({ id, lots, clientOrderId }) => {
        sides.set(id, sideOf(lots));
        return resting(log, "rests", id, lots, sideOf(lots), clientOrderId.toString());
      }),
    ),
    ...amended.flatMap((log) =>
      amendOrder
        .extract({ logs: [log] })
        .OrderAmended.flatMap(({ id, lots }) => resting(log, "amended", id, lots, sideOf(lots))),
    ),
    ...taken.flatMap((log) =>
      placeOrder.extract({ logs: [log] }).OrderTaken.flatMap(({ market, lots, quote, clientOrderId }) =>
        isWanted(search, market)
          ? happening(log, {
              event: "took",
              market: symbolOf(search, market),
              side: sideOf(lots),
              size: formatLots(abs(lots)),
              price: averagePrice(quote, lots, marketOf(search, market)) ?? "",
              order: "",
              clientId: clientOrderId.toString(),
            })
          : [],
      ),
    ),
    ...dropped.flatMap((log) => {
      const { id, lots, reason } = log.args;
      return resting(log, dropReasons[reason] ?? "dropped", id, lots, sides.get(id) ?? "");
    }),
  ];
}

/** What came into the account and went out of it. */
async function searchTransfers(search: Search): Promise<Happening[]> {
  const { session, account, range, money } = search;
  const [transfers, earned, paid] = await Promise.all([
    getTransfers(session.client, { deployment: session.deployment, accountId: account, ...range }),
    eventsOf(search, "BuilderPaid", { builder: account }),
    eventsOf(search, "BuilderPaid", { account }),
  ]);
  const row = (log: Log, kind: string, amount: bigint, counterparty: string | number) =>
    happening(log, { kind, amount: money.format(amount), counterparty: String(counterparty) });
  return [
    ...transfers.map((transfer) => {
      const { kind, amount, address, otherAccountId } = transfer;
      return row(transfer, kindOf(kind, amount), amount, address ?? otherAccountId ?? "");
    }),
    ...earned.map((log) => row(log, "builder fee earned", log.args.amount, log.args.account)),
    ...paid.map((log) => row(log, "builder fee paid", -log.args.amount, log.args.builder)),
  ];
}

/** What people read of a movement. */
function kindOf(kind: Transfer["kind"], amount: bigint): string {
  switch (kind) {
    case "transfer":
      return amount < 0n ? "transfer out" : "transfer in";
    case "claimLeft":
      return "left as a claim";
    case "claimRedeemed":
      return "claim redeemed";
    case "deposit":
    case "withdrawal":
      return kind;
  }
}

/** What was closed against the owner's will. */
async function searchLiquidations(search: Search): Promise<Happening[]> {
  const { account, market, money } = search;
  const by = { account, ...(market !== undefined && { market }) };
  const [liquidated, absorbed, deleveraged, retired] = await Promise.all([
    eventsOf(search, "Liquidated", by),
    eventsOf(search, "Absorbed", by),
    eventsOf(search, "Deleveraged", by),
    eventsOf(search, "AccountRetired", { account }),
  ]);
  const row = (
    log: Log,
    kind: string,
    id: number | null,
    change: bigint,
    price: string | null,
    fee: bigint,
  ) =>
    happening(log, {
      kind,
      market: id === null ? "" : symbolOf(search, id),
      change: formatLots(change),
      price: price ?? "",
      fee: money.format(fee),
    });
  return [
    ...liquidated.map((log) => {
      const { market: id, closed, quote, keeperFee, fundFee } = log.args;
      const price = averagePrice(quote, closed, marketOf(search, id));
      return row(log, "liquidated", id, closed, price, keeperFee + fundFee);
    }),
    ...absorbed.map((log) => row(log, "absorbed", log.args.market, -log.args.size, null, 0n)),
    ...deleveraged.map((log) => {
      const { market: id, lots, tick } = log.args;
      return row(log, "deleveraged", id, lots, formatPrice(BigInt(tick), marketOf(search, id)), 0n);
    }),
    ...retired.map((log) => row(log, "retired", null, 0n, null, 0n)),
  ];
}

/** Results that became cash. */
async function searchRealised(search: Search): Promise<Happening[]> {
  const { account, market, money } = search;
  const logs = await eventsOf(search, "Realised", { account, ...(market !== undefined && { market }) });
  return logs.map((log) =>
    happening(log, { market: symbolOf(search, log.args.market), result: money.format(log.args.amount) }),
  );
}

/** What the account paid and got of funding, perpetual by perpetual. */
async function searchFunding(search: Search): Promise<Happening[]> {
  const { session, account, range, money } = search;
  const { client, deployment } = session;
  const perpetuals = search.markets.filter(({ kind, id }) => kind === "perpetual" && isWanted(search, id));
  const found = await Promise.all(
    perpetuals.map(async (market) => {
      const entries = await getFundingHistory(client, {
        deployment,
        market: market.id,
        accountId: account,
        ...range,
      });
      return entries
        .filter(({ size }) => size !== 0n)
        .map(({ blockNumber, transactionHash, size, change, indexX16, amount }) =>
          happening(
            { blockNumber, transactionHash, logIndex: 0 },
            {
              market: market.symbol,
              size: formatLots(size),
              // Funding has 20 binary places behind the tick, an index 16.
              rate: formatPercent(change, indexX16 << 4n, RATE_DIGITS),
              amount: money.format(amount),
            },
          ),
        );
    }),
  );
  return found.flat();
}

/** Every kind of history by its name. */
export const HISTORIES: Readonly<Record<string, History>> = {
  fills: {
    columns: {
      market: "market",
      side: "side",
      size: "size",
      price: "price",
      role: "role",
      fee: "fee",
      order: null,
      clientId: null,
      counterparty: null,
    },
    search: searchFills,
  },
  orders: {
    columns: {
      event: "event",
      market: "market",
      side: "side",
      size: "size",
      price: "price",
      order: null,
      clientId: "your number",
    },
    search: searchOrders,
  },
  funding: {
    columns: { market: "market", size: "size", rate: "rate %", amount: "amount" },
    search: searchFunding,
  },
  transfers: {
    columns: { kind: "kind", amount: "amount", counterparty: "from or to" },
    search: searchTransfers,
  },
  liquidations: {
    columns: { kind: "kind", market: "market", change: "change", price: "price", fee: "fee" },
    search: searchLiquidations,
  },
  realised: { columns: { market: "market", result: "result" }, search: searchRealised },
};
