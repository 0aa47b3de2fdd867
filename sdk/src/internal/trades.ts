import type { ClearinghouseAbi } from "./contracts.ts";
import type { EventRecord } from "./events.ts";
import { joinFills } from "./fills.ts";
import { fillEvents } from "./streams.ts";

/** Events that change positions at a price. */
export const tradeEvents = [...fillEvents, "TakenOver", "Deleveraged"] as const;

type TradeEvent = EventRecord<ClearinghouseAbi, (typeof tradeEvents)[number]>;

/** A change of one account's position. */
export type PositionChange = {
  market: number;
  /** Signed lots: above zero bought. */
  lots: bigint;
  tick: bigint;
  blockNumber: bigint;
  logIndex: number;
};

/** The average at which lots were bought or sold that are still held. */
export type Holding = {
  /** Signed lots. */
  size: bigint;
  /** Average price of them in ticks, a fraction. */
  numerator: bigint;
  denominator: bigint;
};

/** What an account traded, in the order of the chain. */
export function changesOf(events: readonly TradeEvent[], accountId: number): PositionChange[] {
  const fills = joinFills(
    events.filter((event) => isFillEvent(event)),
    { accountId },
  ).map(({ market, tick, lots, taker, blockNumber, logIndex }): PositionChange => ({
    ...{ market, tick, blockNumber, logIndex },
    lots: taker === accountId ? lots : -lots,
  }));
  const others = events.flatMap((event): PositionChange[] => {
    const { eventName, args, blockNumber, logIndex } = event;
    if (eventName !== "TakenOver" && eventName !== "Deleveraged") return [];
    const { market, lots } = args;
    const place = { market, tick: BigInt(args.tick), blockNumber, logIndex };
    if (eventName === "Deleveraged") return args.account === accountId ? [{ ...place, lots }] : [];
    if (args.keeper === accountId) return [{ ...place, lots }];
    return args.account === accountId ? [{ ...place, lots: -lots }] : [];
  });
  // Fills of one order share their event, and keep their order.
  return [...fills, ...others].sort((a, b) =>
    a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : a.blockNumber < b.blockNumber ? -1 : 1,
  );
}

function isFillEvent(event: TradeEvent): event is EventRecord<ClearinghouseAbi, (typeof fillEvents)[number]> {
  return (fillEvents as readonly string[]).includes(event.eventName);
}

const nothing: Holding = { size: 0n, numerator: 0n, denominator: 1n };
const magnitude = (number: bigint) => (number < 0n ? -number : number);

/** What is held in one market after its trades: adding averages the price, closing leaves it. */
export function holdingAfter(changes: readonly PositionChange[]): Holding {
  return changes.reduce((held, { lots, tick }): Holding => {
    const size = held.size + lots;
    if (size === 0n) return nothing;
    if (held.size === 0n || held.size > 0n !== size > 0n) return { size, numerator: tick, denominator: 1n };
    // Nearer to zero.
    if (magnitude(size) <= magnitude(held.size)) return { ...held, size };
    return {
      size,
      numerator: held.numerator * magnitude(held.size) + tick * magnitude(lots) * held.denominator,
      denominator: held.denominator * magnitude(size),
    };
  }, nothing);
}
