import { abs } from "./numbers.ts";

/**
 * A resting order. `lots` is signed: a bid is above zero.
 */
export interface RestingOrder {
  id: number;
  account: number;
  tick: bigint;
  lots: bigint;
  /** Last second at which it is good; 0 is until cancelled. */
  expiry: bigint;
  reduceOnly: boolean;
  /** Its place in the queue of its tick. */
  place: number;
}

/** The queue of one tick: places from `head` to before `next`; those without an order were cancelled. */
interface Queue {
  head: number;
  next: number;
}

/** The book of one market: two sides in price-time priority, the best order first, and the queue of each tick. */
export interface Book {
  bids: RestingOrder[];
  asks: RestingOrder[];
  queues: Map<bigint, Queue>;
}

/** Cancelled places of a queue count one by one, but three together that stand in one word once. */
const WORD = 3;

export const emptyBook = (): Book => ({ bids: [], asks: [], queues: new Map() });

/** The side that an order of this sign rests on. */
export const sideOf = (book: Book, lots: bigint): RestingOrder[] => (lots > 0n ? book.bids : book.asks);

/** The side that an order of this sign trades against. */
export const oppositeOf = (book: Book, lots: bigint): RestingOrder[] => (lots > 0n ? book.asks : book.bids);

/** Whether an order of the sign of `lots` at `limit` meets a resting order at `tick`. */
export const crosses = (lots: bigint, limit: bigint, tick: bigint): boolean =>
  lots > 0n ? tick <= limit : tick >= limit;

/** Puts an order behind everything at its own or a better price. */
export function insert(book: Book, order: Omit<RestingOrder, "place">): void {
  const side = sideOf(book, order.lots);
  const queue = book.queues.get(order.tick) ?? { head: 0, next: 0 };
  book.queues.set(order.tick, queue);
  const worse = side.findIndex(({ tick }) => (order.lots > 0n ? tick < order.tick : tick > order.tick));
  side.splice(worse === -1 ? side.length : worse, 0, { ...order, place: queue.next++ });
}

/** Takes an order out of its queue. */
export function remove(book: Book, order: RestingOrder): void {
  const side = sideOf(book, order.lots);
  side.splice(side.indexOf(order), 1);
  const queue = book.queues.get(order.tick)!;
  if (!side.some(({ tick }) => tick === order.tick)) book.queues.delete(order.tick);
  else if (queue.head === order.place) queue.head++;
}

/**
 * Goes over cancelled places in front of an order, at most `most` steps. Returns the steps taken; the order is at the head of
 * its queue if they sufficed.
 */
export function passHoles(book: Book, order: RestingOrder, most: number): number {
  const queue = book.queues.get(order.tick)!;
  let steps = 0;
  for (; queue.head < order.place && steps < most; steps++)
    queue.head += queue.head % WORD === 0 && queue.head + WORD <= order.place ? WORD : 1;
  return steps;
}

export function find(book: Book, id: number): RestingOrder | undefined {
  return [...book.bids, ...book.asks].find((order) => order.id === id);
}

export const bestTick = (side: RestingOrder[]): bigint => side[0]?.tick ?? 0n;

/** Levels of one side from the best price away: tick and lots, dead orders included. */
export function levels(side: RestingOrder[]): { tick: bigint; lots: bigint }[] {
  const found: { tick: bigint; lots: bigint }[] = [];
  for (const { tick, lots } of side) {
    const last = found.at(-1);
    if (last?.tick === tick) last.lots += abs(lots);
    else found.push({ tick, lots: abs(lots) });
  }
  return found;
}

/**
 * The standing impact price of one side: the level, among the best two, at which `impactLots` are reached. 0 when the
 * side is too thin.
 */
export function impactTick(side: RestingOrder[], impactLots: bigint): bigint {
  let depth = 0n;
  for (const level of levels(side).slice(0, 2)) {
    depth += level.lots;
    if (depth >= impactLots) return level.tick;
  }
  return 0n;
}
