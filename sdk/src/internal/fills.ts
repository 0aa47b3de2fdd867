import { decodeOrderId } from "../units/orderId.ts";
import type { ClearinghouseAbi } from "./contracts.ts";
import { concerns, type EventFilter, type EventRecord } from "./events.ts";
import type { fillEvents } from "./streams.ts";

/** One trade between a resting order and whoever met it. */
export type Fill = {
  market: number;
  /** Price, ticks. */
  tick: bigint;
  /** Signed size as the taker's position changed: above zero the taker bought. */
  lots: bigint;
  /** Account whose resting order was filled. */
  maker: number;
  /** Account whose order met it, or that was liquidated into it. */
  taker: number;
  /** Whether a liquidation took. */
  liquidation: boolean;
  /** Id of the resting order. */
  orderId: bigint;
  /** Tick·lots that the maker paid, below zero earned. */
  makerFee: bigint;
  /** Number that the taker gave its order; 0 for a liquidation. */
  clientOrderId: bigint;
  blockNumber: bigint;
  transactionHash: `0x${string}`;
  logIndex: number;
};

/** Joins each filled order with the event of its taker, which follows in the same transaction. */
export function joinFills(
  events: readonly EventRecord<ClearinghouseAbi, (typeof fillEvents)[number]>[],
  filter: EventFilter,
): Fill[] {
  const fills: Fill[] = [];
  let waiting: EventRecord<ClearinghouseAbi, "OrderFilled">[] = [];
  for (const event of events) {
    if (event.eventName === "OrderFilled") {
      waiting.push(event);
      continue;
    }
    const liquidation = event.eventName === "Liquidated";
    const signed = liquidation ? event.args.closed : event.args.lots;
    for (const { args, blockNumber, transactionHash, logIndex } of waiting) {
      const { market, tick } = decodeOrderId(args.id);
      fills.push({
        market,
        tick,
        lots: signed < 0n ? -args.lots : args.lots,
        maker: args.maker,
        taker: event.args.account,
        liquidation,
        orderId: args.id,
        makerFee: args.makerFee,
        clientOrderId: liquidation ? 0n : event.args.clientOrderId,
        ...{ blockNumber, transactionHash, logIndex },
      });
    }
    waiting = [];
  }
  return fills.filter(
    ({ market, maker, taker }) =>
      concerns({ market, account: maker }, filter) || concerns({ market, account: taker }, filter),
  );
}
