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

/** Joins each filled order with the event of its taker, which follows; where a liquidation took, it says so after that. */
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
    if (event.eventName === "Liquidated") {
      const { args, transactionHash } = event;
      for (const fill of [...fills].reverse()) {
        const its = fill.taker === args.account && fill.market === args.market;
        if (!its || fill.transactionHash !== transactionHash) break;
        fill.liquidation = true;
      }
      continue;
    }
    const { account, lots, clientOrderId } = event.args;
    for (const { args, blockNumber, transactionHash, logIndex } of waiting) {
      const { market, tick } = decodeOrderId(args.id);
      fills.push({
        market,
        tick,
        lots: lots < 0n ? -args.lots : args.lots,
        maker: args.maker,
        taker: account,
        liquidation: false,
        orderId: args.id,
        makerFee: args.makerFee,
        clientOrderId,
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
