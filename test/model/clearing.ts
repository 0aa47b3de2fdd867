import { crosses, emptyBook, find, oppositeOf, type RestingOrder } from "./book.ts";
import { equityOf, expiryOf, exposure, fillBand, initialMargin, marketOf, phaseOf } from "./margin.ts";
import { deadBecause, drop, match, type Matched, requireTrading, rest } from "./matching.ts";
import { abs, min, sign } from "./numbers.ts";
import { accountOf, convertSettled, FIRST_OWNER, fundOf, positionOf, prune } from "./position.ts";
import {
  type Account,
  type Listing,
  type Market,
  type OrderParameters,
  Refusal,
  refuse,
  type State,
} from "./types.ts";

export const EXPIRY_UNIT = 300n;
export const MAX_TICK = (1n << 24n) - 2n;
export const MAX_ORDERS = 200;
export const MAX_ORDER_LOTS = (1n << 32n) - 1n;

export interface Placed extends Matched {
  /** Model's number of the resting remainder; 0 when nothing rests. */
  id: number;
}

/**
 * The clearing house in whole numbers. Every operation either happens or throws a `Refusal` and changes nothing. Marks
 * and cumulative funding are observed from outside (`observe`), everything else is computed here.
 */
export class Clearing {
  state: State = { now: 0n, tracked: 0n, nextOrder: 1, accounts: new Map(), markets: new Map() };

  /** Runs `step`; a refusal restores the state. */
  atomically<T>(step: () => T): T {
    const saved = structuredClone(this.state);
    try {
      return step();
    } catch (error) {
      this.state = saved;
      throw error;
    }
  }

  list(listing: Listing): number {
    const id = this.state.markets.size + 1;
    this.state.markets.set(id, {
      id,
      listing,
      book: emptyBook(),
      reduceOnly: false,
      openInterest: 0n,
      fundingPool: 0n,
      feesPayable: 0n,
      settlementTick: 0n,
      markX16: listing.firstMarkTick << 16n,
      cumulativeFunding: 0n,
      staleAt: (1n << 63n) - 1n,
    });
    return id;
  }

  /** Sets what the clock of a market says now. */
  observe(
    id: number,
    seen: Partial<Pick<Market, "markX16" | "cumulativeFunding" | "staleAt" | "reduceOnly">>,
  ): void {
    Object.assign(marketOf(this.state, id), seen);
  }

  open(): number {
    const owners = [...this.state.accounts.keys()].filter((id) => id >= FIRST_OWNER);
    const id = FIRST_OWNER + owners.length;
    this.state.accounts.set(id, { id, cash: 0n, retired: false, positions: new Map() });
    return id;
  }

  deposit(id: number, amount: bigint): void {
    if (amount === 0n) throw new Refusal("ZeroAmount");
    const account = accountOf(this.state, id);
    if (account.retired) throw new Refusal("AccountIsRetired", [BigInt(id)]);
    account.cash += amount;
    this.state.tracked += amount;
  }

  withdraw(id: number, amount: bigint): void {
    this.atomically(() => {
      if (amount === 0n) throw new Refusal("ZeroAmount");
      const account = accountOf(this.state, id);
      convertSettled(this.state, account);
      account.cash -= amount;
      this.state.tracked -= amount;
      const equity = equityOf(this.state, account, true);
      const required = initialMargin(this.state, account);
      const broken: Refusal[] = [];
      if (equity < required) broken.push(new Refusal("InsufficientMargin", [equity, required]));
      if (account.cash < 0n) broken.push(new Refusal("InsufficientCash", [account.cash + amount, amount]));
      refuse(broken);
    });
  }

  place(id: number, order: OrderParameters): Placed {
    return this.atomically(() => {
      const account = this.trader(id);
      const { placed, raised } = this.placeOne(account, order);
      if (raised) this.requireMargin(account);
      prune(account);
      return placed;
    });
  }

  /** Cancels, then places: all or nothing, margin checked once at the end if any step raised exposure. */
  batch(id: number, cancels: { market: number; order: number }[], orders: OrderParameters[]): Placed[] {
    return this.atomically(() => {
      const account = this.trader(id);
      for (const { market, order } of cancels) this.cancelFound(id, market, order);
      let anyRaised = false;
      const placed: Placed[] = [];
      for (const order of orders) {
        const one = this.placeOne(account, order);
        anyRaised ||= one.raised;
        placed.push(one.placed);
      }
      if (anyRaised) this.requireMargin(account);
      prune(account);
      return placed;
    });
  }

  /** Cancels one order of the sender's accounts. */
  cancel(id: number, marketId: number, orderId: number): bigint {
    const market = marketOf(this.state, marketId);
    const order = find(market.book, orderId);
    if (!order) throw new Refusal("OrderNotFound");
    if (order.account !== id) throw new Refusal("NotAuthorised");
    const lots = abs(order.lots);
    drop(this.state, market, order);
    return lots;
  }

  collectFees(marketId: number): { toFund: bigint; toTreasury: bigint } {
    const market = marketOf(this.state, marketId);
    const toFund = (market.feesPayable * market.listing.insuranceShareBps) / 10_000n;
    const toTreasury = market.feesPayable - toFund;
    market.feesPayable = 0n;
    fundOf(this.state, market).cash += toFund;
    this.state.tracked -= toTreasury;
    return { toFund, toTreasury };
  }

  private trader(id: number): Account {
    const account = accountOf(this.state, id);
    if (account.retired) throw new Refusal("AccountIsRetired", [BigInt(id)]);
    convertSettled(this.state, account);
    return account;
  }

  private cancelFound(id: number, marketId: number, orderId: number): void {
    const market = marketOf(this.state, marketId);
    const order = find(market.book, orderId);
    if (!order) return;
    if (order.account !== id) throw new Refusal("WrongAccount");
    drop(this.state, market, order);
  }

  private placeOne(account: Account, order: OrderParameters): { placed: Placed; raised: boolean } {
    const state = this.state;
    const market = marketOf(state, order.market);
    const position = positionOf(account, market);
    refuse(this.brokenInputs(market, position.size, order));

    const before = exposure(position);
    const openInterest = market.openInterest;
    // A reduce-only order is never larger than what is left to reduce.
    const lots = order.reduceOnly ? sign(order.lots) * min(abs(order.lots), abs(position.size)) : order.lots;
    const matched = match(state, market.id, {
      account,
      lots,
      limit: order.tick,
      maxFills: order.maxFills,
      postOnly: order.kind === "postOnly",
    });
    if (order.kind === "fillOrKill" && matched.rest !== 0n)
      throw new Refusal("NotFilled", [abs(matched.lots), abs(lots)]);

    const rests = order.kind === "limit" || order.kind === "postOnly";
    const placed: Placed = { ...matched, id: 0 };
    if (rests && matched.rest !== 0n && !matched.exhausted) {
      placed.id = state.nextOrder++;
      const resting: RestingOrder = {
        id: placed.id,
        account: account.id,
        tick: order.tick,
        lots: matched.rest,
        expiry: order.expiry,
        reduceOnly: order.reduceOnly,
      };
      rest(state, market, resting);
    }

    const after = exposure(positionOf(account, market));
    const raised = after > before;
    const { maxPositionLots, maxOpenInterestLots } = market.listing;
    const broken: Refusal[] = [];
    if (raised && after > maxPositionLots)
      broken.push(new Refusal("PositionLimit", [after, maxPositionLots]));
    if (market.openInterest > openInterest && market.openInterest > maxOpenInterestLots)
      broken.push(new Refusal("OpenInterestLimit", [market.openInterest, maxOpenInterestLots]));
    if (positionOf(account, market).openOrders > MAX_ORDERS) broken.push(new Refusal("TooManyOrders"));
    refuse(broken);
    return { placed, raised };
  }

  /** Rules that the order breaks before it meets the book. */
  private brokenInputs(market: Market, size: bigint, order: OrderParameters): Refusal[] {
    const { now } = this.state;
    requireTrading(this.state, market);
    const { lots, tick, expiry } = order;
    const { lowest, highest } = fillBand(market, now);
    const reduces = sign(lots) * sign(size) < 0n;
    const broken: Refusal[] = [];
    const check = (bad: boolean, rule: string, ...operands: bigint[]): void => {
      if (bad) broken.push(new Refusal(rule, operands));
    };
    const onlyReduces = reduces && (order.reduceOnly || abs(lots) <= abs(size));
    check(phaseOf(market, now) === "reduceOnly" && !onlyReduces, "OnlyReducing");
    check(abs(lots) < market.listing.minLots, "OrderTooSmall", abs(lots), market.listing.minLots);
    check(abs(lots) > MAX_ORDER_LOTS, "OrderTooLarge", abs(lots), MAX_ORDER_LOTS);
    check(tick < 1n || tick > MAX_TICK, "TickOutOfRange", tick, MAX_TICK);
    check(lots > 0n ? tick > highest : tick < lowest, "TickOutsideBand", tick, lowest, highest);
    check(expiry % EXPIRY_UNIT !== 0n, "ExpiryNotAligned", expiry, EXPIRY_UNIT);
    const rests = order.kind === "limit" || order.kind === "postOnly";
    check(expiry !== 0n && expiry < now, "ExpiryInPast", expiry, now);
    check(expiry !== 0n && !rests, "ExpiryNotUsed", expiry);
    check(order.maxFills < 1, "ZeroMaxFills");
    check(order.reduceOnly && !reduces, "WouldNotReduce", lots, size);
    check(now >= market.staleAt && !onlyReduces && this.takes(market, order), "IndexStale");
    return broken;
  }

  /** Whether the order would meet a live order. */
  private takes(market: Market, { lots, tick }: OrderParameters): boolean {
    return oppositeOf(market.book, lots).some(
      (order) => crosses(lots, tick, order.tick) && !deadBecause(this.state, market, order, 0),
    );
  }

  private requireMargin(account: Account): void {
    const equity = equityOf(this.state, account);
    const required = initialMargin(this.state, account);
    if (equity < required) throw new Refusal("InsufficientMargin", [equity, required]);
  }

  /** Seconds until trading ends; for schedules of tests. */
  secondsLeft(marketId: number): bigint {
    return expiryOf(marketOf(this.state, marketId)) - this.state.now;
  }
}
