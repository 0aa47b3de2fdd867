import { raisesInitial, surviving } from "./credit.ts";
import { crosses, emptyBook, find, oppositeOf } from "./book.ts";
import {
  equityOf,
  exposure,
  fillBand,
  FIRST_OWNER,
  initialMargin,
  marketOf,
  opens,
  phaseOf,
  tierOf,
  withdrawalEquity,
} from "./margin.ts";
import { drop, hasFired, match, type Matched, requireTrading, rest } from "./matching.ts";
import { brokenStage } from "./ladder.ts";
import { abs, BPS, ceilDiv, min, sign } from "./numbers.ts";
import { accountOf, convertSettled, forgetEmpty, newAccount, positionOf } from "./position.ts";
import { serve, serveAll } from "./rounds.ts";
import { NO_WINDOW } from "./window.ts";
import {
  type Account,
  type Listing,
  type Market,
  type OrderParameters,
  type Position,
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

/** One placed order; `raised` if it may do more than close, `reserve` what its side could lose where it rests. */
export interface Step {
  placed: Placed;
  raised: boolean;
  reserve: bigint;
}

/**
 * What the resting orders of a closing side could lose against mark, if this one rests at a price worse than mark or has
 * traded: the side at the edge of the fill band, with twice the maker fee, ceiled.
 */
function closingCost(
  market: Market,
  now: bigint,
  position: Position,
  { lots, tick }: OrderParameters,
  traded: boolean,
): bigint {
  const price = tick << 16n;
  if (!traded && (lots > 0n ? price <= market.markX16 : price >= market.markX16)) return 0n;
  const { makerFee, tickValue } = market.listing;
  const bps = tierOf(market, now).fillBandBps + (makerFee > 0n ? makerFee / 5n + 1n : 0n);
  const side = lots > 0n ? position.bidLots : position.askLots;
  return ceilDiv(side * market.markX16 * tickValue * bps, BPS << 16n);
}

/**
 * Whether an order only brings the position nearer to zero. What already rests on its side counts with an order that is not
 * reduce-only.
 */
function reducesOnly({ size, bidLots, askLots }: Position, { lots, reduceOnly }: OrderParameters): boolean {
  const all = reduceOnly ? lots : lots > 0n ? lots + bidLots : lots - askLots;
  return sign(all) * sign(size) < 0n && abs(all) <= abs(size);
}

/**
 * The clearing house in whole numbers. Every operation either happens or throws a `Refusal` and changes nothing. Marks
 * and cumulative funding are observed from outside (`observe`), everything else is computed here.
 */
export class Clearing {
  state: State = {
    now: 0n,
    tracked: 0n,
    nextOrder: 1,
    accounts: new Map(),
    markets: new Map(),
    spent: new Set(),
  };

  /** Whether what runs is part of something that restores the state. */
  private saved = false;

  /** Runs `step`; a refusal restores the state. A step of a step leaves that to the whole. */
  atomically<T>(step: () => T): T {
    if (this.saved) return step();
    const before = structuredClone(this.state);
    this.saved = true;
    try {
      return step();
    } catch (error) {
      this.state = before;
      throw error;
    } finally {
      this.saved = false;
    }
  }

  list(listing: Listing): number {
    const id = this.state.markets.size + 1;
    this.state.markets.set(id, {
      id,
      listing: structuredClone(listing),
      book: emptyBook(),
      reduceOnly: false,
      openInterest: 0n,
      openInterestLimit: min(listing.openInterestBaseLots, listing.maxOpenInterestLots),
      fundingPool: 0n,
      feesPayable: 0n,
      settlementTick: 0n,
      end: 0n,
      rounds: [],
      window: NO_WINDOW,
      deficit: 0n,
      deficits: 0,
      unwinding: { day: -1n, budget: 0n, spent: 0n },
      draining: { day: -1n, budget: 0n, spent: 0n },
      markX16: listing.firstMarkTick << 16n,
      cumulativeFunding: 0n,
      stage: "fresh",
    });
    return id;
  }

  /** Sets what the clock of a market says now. */
  observe(
    id: number,
    seen: Partial<Pick<Market, "markX16" | "cumulativeFunding" | "stage" | "reduceOnly" | "tier" | "window">>,
  ): void {
    Object.assign(marketOf(this.state, id), seen);
  }

  /** Opens an account, of an owner of its own unless one is named. */
  open(owner?: number): number {
    const owners = [...this.state.accounts.keys()].filter((id) => id >= FIRST_OWNER);
    const id = FIRST_OWNER + owners.length;
    this.state.accounts.set(id, newAccount(id, owner ?? id));
    return id;
  }

  place(id: number, order: OrderParameters, by?: number): Placed {
    return this.atomically(() => {
      const account = this.placer(id, by);
      const step = this.placeOne(account, order);
      this.requireMargin(account, [step]);
      return step.placed;
    });
  }

  /** Cancels, then places: all or nothing, margin checked once at the end if any step raised exposure. */
  batch(
    id: number,
    cancels: { market: number; order: number }[],
    orders: OrderParameters[],
    by?: number,
  ): Placed[] {
    return this.atomically(() => {
      const account = this.trader(id, by);
      for (const { market, order } of cancels) this.cancelFound(id, market, order);
      if (orders.length !== 0) {
        this.placer(id, by);
        // A loss that waits is realised before an earlier step can spend what stands against it.
        serveAll(this.state, account);
        convertSettled(this.state, account);
      }
      const steps = orders.map((order) => this.placePart(account, order));
      this.requireMargin(account, steps);
      return steps.map(({ placed }) => placed);
    });
  }

  /** Cancels one order; its owner or an operator may. */
  cancel(id: number, marketId: number, orderId: number): bigint {
    const market = marketOf(this.state, marketId);
    const order = find(market.book, orderId);
    if (!order) throw new Refusal("OrderNotFound");
    this.trader(order.account, accountOf(this.state, id).owner);
    const lots = abs(order.lots);
    drop(this.state, market, order);
    return lots;
  }

  /** The account, if the sender may trade for it: its owner, or an operator until his time is over. */
  trader(id: number, by?: number): Account {
    const account = accountOf(this.state, id);
    const broken: Refusal[] = [];
    if (account.retired) broken.push(new Refusal("AccountIsRetired", [BigInt(id)]));
    const sender = by ?? account.owner;
    if (sender !== account.owner && (account.operators.get(sender) ?? 0n) < this.state.now)
      broken.push(new Refusal("NotAuthorised", [BigInt(sender), BigInt(id)]));
    refuse(broken);
    return account;
  }

  /** The same for new orders: not after the account's dead-man switch has fired. */
  placer(id: number, by?: number): Account {
    const account = this.trader(id, by);
    if (hasFired(account, this.state.now)) throw new Refusal("SwitchFired", [BigInt(id), account.deadline]);
    return account;
  }

  private cancelFound(id: number, marketId: number, orderId: number): void {
    const market = marketOf(this.state, marketId);
    const order = find(market.book, orderId);
    if (!order) return;
    if (order.account !== id) throw new Refusal("WrongAccount");
    drop(this.state, market, order);
  }

  /** One of several steps: margin is asked at their end, but a debt is nothing for a later one, in which a fund might pay it. */
  placePart(account: Account, order: OrderParameters): Step {
    const step = this.placeOne(account, order);
    if (account.cash < 0n) this.requireMargin(account, [{ ...step, raised: false, reserve: 0n }]);
    return step;
  }

  /** Places one order and says what margin must be asked of it. */
  placeOne(account: Account, order: OrderParameters): Step {
    const state = this.state;
    const market = marketOf(state, order.market);
    serve(state, market, account);
    const position = positionOf(account, market);
    if (position.openOrders === 0) position.reducing = false;
    const reduces = reducesOnly(position, order);
    const broken = this.brokenTerms(market, order);
    if (phaseOf(market, state.now) === "reduceOnly" && !reduces) broken.unshift(new Refusal("OnlyReducing"));
    if (order.reduceOnly && !reduces) broken.push(new Refusal("WouldNotReduce", [order.lots, position.size]));
    const { lots } = order;
    // What crosses, be it a dead order, takes.
    const head = oppositeOf(market.book, lots)[0];
    const crossing = head !== undefined && crosses(lots, order.tick, head.tick);
    broken.push(...brokenStage(market, { reduces, postOnly: order.kind === "postOnly", crosses: crossing }));
    refuse(broken);

    const before = { ...position };
    const openInterest = market.openInterest;
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
      const resting = {
        id: placed.id,
        account: account.id,
        tick: order.tick,
        lots: matched.rest,
        expiry: order.expiry,
        reduceOnly: order.reduceOnly,
      };
      rest(state, market, resting);
    }

    const after = positionOf(account, market);
    const larger = exposure(after) > exposure(before);
    const flipped = before.size === 0n ? after.size !== 0n : sign(before.size) * sign(after.size) < 0n;
    const { maxPositionLots } = market.listing;
    if (larger && exposure(after) > maxPositionLots)
      broken.push(new Refusal("PositionLimit", [exposure(after), maxPositionLots]));
    if (market.openInterest > openInterest && market.openInterest > market.openInterestLimit)
      broken.push(new Refusal("OpenInterestLimit", [market.openInterest, market.openInterestLimit]));
    if (after.openOrders > MAX_ORDERS) broken.push(new Refusal("TooManyOrders"));
    refuse(broken);
    const { positions } = account;
    const unhedges =
      positions.size > 1 &&
      abs(surviving(after)) < abs(surviving(before)) &&
      raisesInitial(state, account, market, before, after);
    const raised = larger || flipped || opens(after, lots > 0n) || unhedges;
    // Orders that a round had bound to reducing are covered by IM again.
    if (raised) after.reducing = false;
    // A trade that ends in debt is refused by the caller: no fund pays for what a taker did to itself.
    forgetEmpty(account);
    const reserve =
      raised || (placed.id === 0 && placed.lots === 0n)
        ? 0n
        : closingCost(market, state.now, after, order, placed.lots !== 0n);
    return { placed, raised, reserve };
  }

  /** Rules that the order breaks whoever places it. */
  brokenTerms(market: Market, order: OrderParameters): Refusal[] {
    const { now } = this.state;
    requireTrading(this.state, market);
    const { lots, tick, expiry } = order;
    const { lowest, highest } = fillBand(market, now);
    const broken: Refusal[] = [];
    const check = (bad: boolean, rule: string, ...operands: bigint[]): void => {
      if (bad) broken.push(new Refusal(rule, operands));
    };
    check(abs(lots) < market.listing.minLots, "OrderTooSmall", abs(lots), market.listing.minLots);
    check(abs(lots) > MAX_ORDER_LOTS, "OrderTooLarge", abs(lots), MAX_ORDER_LOTS);
    check(tick < 1n || tick > MAX_TICK, "TickOutOfRange", tick, MAX_TICK);
    check(lots > 0n ? tick > highest : tick < lowest, "TickOutsideBand", tick, lowest, highest);
    check(expiry % EXPIRY_UNIT !== 0n, "ExpiryNotAligned", expiry, EXPIRY_UNIT);
    const rests = order.kind === "limit" || order.kind === "postOnly";
    check(expiry !== 0n && expiry <= now, "ExpiryInPast", expiry, now);
    check(expiry !== 0n && !rests, "ExpiryNotUsed", expiry);
    check(order.maxFills < 1, "ZeroMaxFills");
    return broken;
  }

  /** New risk needs IM afterwards. What only closes must leave no debt, nor be able to when it is filled where it rests. */
  requireMargin(account: Account, steps: Step[]): void {
    const raised = steps.some((step) => step.raised);
    const reserve = steps.reduce((sum, step) => sum + step.reserve, 0n);
    if (!raised && reserve === 0n && steps.every(({ placed }) => placed.lots === 0n)) return;
    // Gains in a market whose trading has ended could leave through trades with a partner before they are final.
    const equity = raised ? withdrawalEquity(this.state, account) : equityOf(this.state, account);
    const required = raised ? initialMargin(this.state, account) : reserve;
    if (equity < required) throw new Refusal("InsufficientMargin", [equity, required]);
  }
}
