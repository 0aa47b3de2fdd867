import type { Client, Hash } from "viem";
import { dropReasons, type DropReason } from "../enums.ts";
import type { ActionErrorType } from "../errors/ContractError.ts";
import { clearinghouse } from "../internal/contracts.ts";
import { getEvents, type EventFilter, type PastParameters } from "../internal/events.ts";
import { timesOf } from "../internal/logs.ts";
import { decodeOrderId } from "../units/orderId.ts";
import { toRatio, type Ratio } from "../units/ratio.ts";

export type GetOrderHistoryParameters = PastParameters & {
  /** Number of the account. */
  accountId: number;
  /** Number of the market; all when left out. */
  market?: number | undefined;
};

type Placed = {
  market: number;
  /** Signed lots: above zero buys. Those that rested, or those that were taken. */
  lots: bigint;
  /** Number that the sender gave the order. */
  clientOrderId: bigint;
  /** Unix time of the block. */
  timestamp: bigint;
  blockNumber: bigint;
  transactionHash: Hash;
  logIndex: number;
};

/** What an order took from the book on its way. */
export type TakenOrder = Placed & {
  type: "taken";
  /** Average price, ticks. */
  averagePrice: Ratio;
  /** Taker fee, collateral units. */
  fee: bigint;
};

/** An order, or the remainder of one, that rested in the book. */
export type RestedOrder = Placed & {
  type: "rested";
  id: bigint;
  /** Price, ticks. */
  tick: bigint;
  /** Lots that were filled, unsigned. */
  filledLots: bigint;
  /** Lots by which its owner made it smaller, unsigned. */
  amendedLots: bigint;
  /** Tick·lots of maker fees, below zero earned. */
  makerFee: bigint;
  /** Unix time of its last second; 0 is until cancelled. */
  expiry: bigint;
  reduceOnly: boolean;
  /** "open", "filled", or why it left the book with lots in it. */
  status: "open" | "filled" | DropReason;
};

export type GetOrderHistoryReturnType = (TakenOrder | RestedOrder)[];

export type GetOrderHistoryErrorType = ActionErrorType;

/**
 * Find an account's orders with what became of them, oldest first: each that took from the book, and each that rested in it. An
 * order that did both is there twice, with one `clientOrderId`.
 *
 * @throws `CallFailedError` when the node does not answer
 *
 * @example
 * import { formatLots, getOrderHistory, type Deployment } from "@usance/sdk";
 * import { createPublicClient, http } from "viem";
 *
 * async function show(deployment: Deployment) {
 *   const client = createPublicClient({ transport: http("http://127.0.0.1:8545") });
 *   for (const order of await getOrderHistory(client, { deployment, accountId: 2048 })) {
 *     const outcome = order.type === "rested" ? order.status : `at tick ${order.averagePrice.text}`;
 *     console.log(formatLots(order.lots), outcome);
 *   }
 * }
 */
export async function getOrderHistory(
  client: Client,
  parameters: GetOrderHistoryParameters,
): Promise<GetOrderHistoryReturnType> {
  const { accountId, market } = parameters;
  const names = ["OrderPlaced", "OrderAmended", "OrderFilled", "OrderTaken", "OrderDropped"] as const;
  const filter: EventFilter = { accountId, market };
  const events = await getEvents(client, parameters, clearinghouse, names, filter);
  const timestamp = await timesOf(
    client,
    events.filter(({ eventName }) => eventName === "OrderPlaced" || eventName === "OrderTaken"),
  );
  const history: GetOrderHistoryReturnType = [];
  const resting = new Map<bigint, RestedOrder>();
  for (const event of events) {
    const { eventName, args, blockNumber, transactionHash, logIndex } = event;
    const place = () => ({ timestamp: timestamp(blockNumber), blockNumber, transactionHash, logIndex });
    if (eventName === "OrderTaken") {
      const { market, lots, quote, fee, clientOrderId } = args;
      const averagePrice = toRatio(-quote, lots);
      history.push({ type: "taken", market, lots, averagePrice, fee, clientOrderId, ...place() });
      continue;
    }
    if (eventName === "OrderPlaced") {
      const { id, lots, expiry, reduceOnly, clientOrderId } = args;
      const { market, tick } = decodeOrderId(id);
      const order: RestedOrder = {
        ...{ type: "rested", id, market, tick, lots, expiry, reduceOnly, clientOrderId },
        ...{ filledLots: 0n, amendedLots: 0n, makerFee: 0n, status: "open", ...place() },
      };
      resting.set(id, order);
      history.push(order);
      continue;
    }
    // One that was placed before the blocks that were searched.
    const order = resting.get(args.id);
    if (!order) continue;
    const whole = order.lots < 0n ? -order.lots : order.lots;
    if (eventName === "OrderFilled") {
      order.filledLots += args.lots;
      order.makerFee += args.makerFee;
      if (order.filledLots + order.amendedLots === whole) order.status = "filled";
    } else if (eventName === "OrderAmended") {
      const open = args.lots < 0n ? -args.lots : args.lots;
      order.amendedLots = whole - order.filledLots - open;
    } else {
      order.status = dropReasons[args.reason] ?? "cancelled";
    }
  }
  return history;
}
