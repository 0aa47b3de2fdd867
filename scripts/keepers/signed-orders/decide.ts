import type { Hash } from "viem";
import { CONFIRMATIONS, REMEMBERED, type KeptOrder } from "./store.ts";
import { follow, type Followed } from "./trail.ts";

/** What the executor of signed orders looks at. */
export interface SignedOrdersState {
  /** Block, and its time (Unix time). */
  block: bigint;
  now: number;
  /** Unix time in milliseconds, for tries that failed. */
  clock: number;
  /** Mark of each market, ticks × 2^16. */
  marks: ReadonlyMap<number, bigint>;
  open: readonly KeptOrder[];
  ended: readonly KeptOrder[];
  /** Most orders that are executed in one round. */
  most: number;
  /** Orders that are looked at although nothing is to be done: they may have been cancelled. */
  looks: number;
}

/** What one round does. */
export interface SignedOrdersPlan {
  /** Trails that have moved. */
  followed: { hash: Hash; followed: Followed }[];
  /** Orders that may be executed now, the best paid first. */
  due: KeptOrder[];
  /** Orders that are only looked at, the longest unseen first. */
  looks: KeptOrder[];
  /** Ended orders to look at again: a reorganisation may have brought them back. */
  confirm: KeptOrder[];
  /** Ended orders that nobody needs to be told of any more. */
  forget: Hash[];
}

/** Decides on what to execute: time, trigger, trail, and the pause after a try that failed. */
export function decideSignedOrders(state: SignedOrdersState): SignedOrdersPlan {
  const { block, now, clock, marks, ended } = state;
  const followed: SignedOrdersPlan["followed"] = [];
  const due: KeptOrder[] = [];
  const rest: KeptOrder[] = [];
  for (const kept of state.open) {
    const mark = marks.get(kept.order.market);
    const moved = mark === undefined ? kept.followed : followedAt(kept, now, mark);
    if (moved !== kept.followed) followed.push({ hash: kept.hash, followed: moved });
    const isDue = isTimely(kept, now) && kept.retryAt <= clock && mayAct(kept, moved, mark);
    (isDue ? due : rest).push(kept);
  }
  due.sort((a, b) => compare(b.order.fee, a.order.fee) || a.acceptedAt - b.acceptedAt);
  // Those that are over come first: no event of the chain tells of them.
  const isOver = ({ order }: KeptOrder) => BigInt(now) > order.expiry;
  rest.sort((a, b) => Number(isOver(b)) - Number(isOver(a)) || compare(a.lookedAt, b.lookedAt));
  const age = ({ ended }: KeptOrder) => block - (ended?.block ?? block);
  return {
    followed,
    due: due.slice(0, state.most),
    looks: rest.slice(0, state.looks),
    confirm: ended.filter((kept) => kept.ended?.isConfirmed === false && age(kept) >= CONFIRMATIONS),
    forget: ended
      .filter((kept) => kept.ended?.isConfirmed && age(kept) >= REMEMBERED)
      .map(({ hash }) => hash),
  };
}

/** Markets whose mark a round needs. */
export function marketsOf(open: readonly KeptOrder[]): number[] {
  const waiting = open.filter(({ order, trail }) => order.trigger !== "none" || trail !== undefined);
  return [...new Set(waiting.map(({ order }) => order.market))];
}

/** Pause after a number of tries in a row that failed, milliseconds. */
export function pauseAfter(failures: number, { first, longest }: { first: number; longest: number }): number {
  return Math.min(longest, first * 2 ** Math.min(failures - 1, 30));
}

/** Mark counts from the order's start on: before it the order could not be executed either. */
function followedAt({ order, trail, followed }: KeptOrder, now: number, mark: bigint): Followed {
  if (trail === undefined || BigInt(now) < order.start) return followed;
  const next = follow(trail, order.lots, followed, mark);
  const isSame = next.fired === followed.fired && next.extremeX16 === followed.extremeX16;
  return isSame ? followed : next;
}

function isTimely({ order }: KeptOrder, now: number): boolean {
  return BigInt(now) >= order.start && BigInt(now) <= order.expiry;
}

function mayAct({ order, trail }: KeptOrder, { fired }: Followed, mark: bigint | undefined): boolean {
  if (trail !== undefined && !fired) return false;
  if (order.trigger === "none") return true;
  if (mark === undefined) return false;
  return order.trigger === "atOrAbove" ? mark >= order.triggerX16 : mark <= order.triggerX16;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
