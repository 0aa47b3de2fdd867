import { ACCOUNTS, type Action, type OrderShape, ownerOf, OWNERS } from "./actions.ts";
import * as accounts from "./accounts.ts";
import { attempt, type Chain, INDEX, type Outcome, sendingAs, signReports, toCall } from "./chain.ts";
import {
  accountFor,
  amendedOrder,
  malformedOrder,
  marginChange,
  marketHeld,
  nextPrint,
  orderFrom,
  orderText,
  pickOrder,
  restingOrders,
} from "./choosing.ts";
import type { Clearing } from "./clearing.ts";
import type { Clocks } from "./clocks.ts";
import { follow } from "./feed.ts";
import * as funds from "./funds.ts";
import { absorb, cancelRiskRaising, liquidate, settle, settleAccounts } from "./liquidation.ts";
import { FIRST_OWNER, marketOf, phaseOf } from "./margin.ts";
import { abs, DAY } from "./numbers.ts";
import * as orders from "./orders.ts";
import { accountOf, withdrawable } from "./position.ts";
import * as terms from "./terms.ts";
import { applyRounds, deleverage } from "./rounds.ts";
import { applyMargins, cancelMargins, scheduleMargins } from "./schedule.ts";
import { type OrderParameters, Refusal } from "./types.ts";

/** What came of a step on both sides. */
export interface Performed {
  label: string;
  chain: Outcome;
  model: { rule: string | undefined; others: readonly string[]; text: string };
}

type Send = Parameters<typeof attempt>[1];

/** Owners that have two accounts. */
const SECONDS = ACCOUNTS - OWNERS;

/** Account numbers of the model's accounts, by the number that actions use. */
export const idOf = (who: number): number => FIRST_OWNER + who;
/** Number by which the model knows an owner. */
const ownerNumber = (who: number): number => FIRST_OWNER + ownerOf(who);

/** Takes one plain action on the model and on the chain. */
export class Steps {
  private readonly chainIds = new Map<number, bigint>();
  private readonly senders = new Map<string, Chain["house"]>();
  private readonly chain: Chain;
  private readonly clearing: Clearing;
  private readonly clocks: Clocks;
  private readonly index: Chain["index"];
  private nextPeriod: bigint;
  private revision = 1n;
  private value: bigint;

  constructor(chain: Chain, clearing: Clearing, clocks: Clocks, nextPeriod: bigint, value: bigint) {
    this.chain = chain;
    this.clearing = clearing;
    this.clocks = clocks;
    this.index = sendingAs(chain.provider, chain.index, chain.admin.address);
    this.nextPeriod = nextPeriod;
    this.value = value;
  }

  /** The next day that has no print yet. */
  get period(): bigint {
    return this.nextPeriod;
  }

  skipDay(): bigint {
    return ++this.nextPeriod;
  }

  /** Undefined where the action means nothing in the present state. */
  async perform(action: Action): Promise<Performed | undefined> {
    const { clearing, chain } = this;
    const house = this.sending(chain.admin.address);
    const state = clearing.state;
    switch (action.type) {
      case "deposit": {
        const { who } = action;
        const amount = BigInt(action.amount);
        return this.both(
          `deposit ${idOf(who)} ${amount}`,
          (o) => this.as(who).deposit(subaccountOf(who), amount, o),
          () => accounts.deposit(clearing, idOf(who), amount),
        );
      }
      case "withdraw": {
        const id = idOf(action.who);
        const free = withdrawable(state, accountOf(state, id));
        const amount = (free * BigInt(action.share)) / 1_000n + BigInt(action.share % 7);
        return this.both(
          `withdraw ${id} ${amount}`,
          (o) => this.as(action.who).withdraw(id, amount, this.signer(action.who).address, o),
          () => void accounts.withdraw(clearing, id, amount),
        );
      }
      case "transfer": {
        // Most of the time between two accounts of one owner.
        const { share } = action;
        const to = share % 4 === 0 || action.who < OWNERS - SECONDS ? action.to : otherOf(action.who);
        const [from, target] = [idOf(action.who), idOf(to)];
        const free = withdrawable(state, accountOf(state, from));
        const amount = (free * BigInt(share)) / 1_000n + BigInt(share % 3);
        return this.both(
          `transfer ${from} to ${target} ${amount}`,
          (o) => this.as(action.who).transfer(from, target, amount, o),
          () => accounts.transfer(clearing, from, target, amount, ownerNumber(action.who)),
        );
      }
      case "redeem": {
        const id = action.who === ACCOUNTS ? 1 : idOf(action.who);
        return this.both(
          `redeemClaim ${id}`,
          (o) => house.redeemClaim(id, o),
          () => void accounts.redeemClaim(clearing, id),
        );
      }
      case "schedule": {
        const { market } = action;
        const change = marginChange(market, action.moreBps);
        const fromDay = state.now / DAY + BigInt(action.days);
        return this.both(
          `scheduleMargins ${market} +${action.moreBps} from ${fromDay}`,
          (o) => house.scheduleMargins(market, change, fromDay, o),
          () => scheduleMargins(clearing, market, change, fromDay),
        );
      }
      case "cancelMargins":
        return this.both(
          `cancelMargins ${action.market}`,
          (o) => house.cancelMargins(action.market, o),
          () => cancelMargins(clearing, action.market),
        );
      case "applyMargins":
        return this.both(
          `applyMargins ${action.market}`,
          (o) => house.applyMargins(action.market, o),
          () => this.clocks.relist(action.market, applyMargins(clearing, action.market)),
        );
      case "topUp": {
        const amount = BigInt(action.amount);
        return this.both(
          `topUpFund ${action.market} ${amount}`,
          (o) => house.topUpFund(action.market, amount, o),
          () => funds.topUpFund(clearing, action.market, amount),
        );
      }
      case "drain": {
        const { most } = funds.drainable(state, marketOf(state, action.market));
        const amount = (most * BigInt(action.share)) / 1_000n + BigInt(action.share % 2);
        return this.both(
          `drainFund ${action.market} ${amount}`,
          (o) => house.drainFund(action.market, amount, chain.treasury.address, o),
          () => funds.drainFund(clearing, action.market, amount),
        );
      }
      case "operator": {
        const [id, operator] = [idOf(action.who), action.operator];
        const expiry = action.seconds % 5 === 0 ? 0n : state.now + BigInt(action.seconds);
        const { address } = this.signer(operator);
        return this.both(
          `setOperator ${id} ${operator} ${expiry}`,
          (o) => this.as(action.who).setOperator(id, address, expiry, o),
          () => accounts.setOperator(clearing, id, ownerNumber(operator), expiry, ownerNumber(action.who)),
        );
      }
      case "builder": {
        const [id, builder] = [idOf(action.who), idOf(action.builder)];
        return this.both(
          `setBuilder ${id} ${builder} ${action.cap}`,
          (o) => this.as(action.who).setBuilder(id, builder, action.cap, o),
          () => accounts.setBuilder(clearing, id, builder, BigInt(action.cap), ownerNumber(action.who)),
        );
      }
      case "switch": {
        const id = idOf(action.who);
        return this.both(
          `cancelAllAfter ${id} ${action.seconds}`,
          (o) => this.as(action.who).cancelAllAfter(id, action.seconds, o),
          () => void accounts.cancelAllAfter(clearing, id, BigInt(action.seconds)),
        );
      }
      case "place":
        return this.place(action.who, orderFrom(state, idOf(action.who), action.order), action.by);
      case "malformed":
        return this.place(action.who, malformedOrder(state, action.market, action.flaw));
      case "placeThrough": {
        const { who, builder, fee } = action;
        const order = orderFrom(state, idOf(who), action.order);
        return this.placing(
          `placeThrough ${idOf(builder)} for ${fee}: ${idOf(who)} ${orderText(order)}`,
          (o) => this.as(who).placeThrough(idOf(who), toCall(order), { account: idOf(builder), fee }, o),
          () => [
            orders.placeThrough(clearing, idOf(who), order, { account: idOf(builder), fee: BigInt(fee) }).id,
          ],
        );
      }
      case "amend": {
        const found = pickOrder(state, action.pick);
        if (!found) return undefined;
        const who = action.pick % 7 === 0 ? action.who : found.account - FIRST_OWNER;
        const order = amendedOrder(state, found, action.order, action.share);
        return this.placing(
          `amend ${found.lots}@${found.tick} of ${found.account} to ${orderText(order)}`,
          (o) => this.as(who).amend(this.chainIds.get(found.id)!, toCall(order), o),
          () => {
            const { id } = orders.amend(clearing, found.market, found.id, order, ownerNumber(who));
            return id === found.id ? [] : [id];
          },
        );
      }
      case "cancel": {
        const found = pickOrder(state, action.pick);
        if (!found) return undefined;
        const who = action.pick % 5 === 0 ? action.who : found.account - FIRST_OWNER;
        return this.both(
          `cancel ${found.lots}@${found.tick} of ${found.account} by ${idOf(who)}`,
          (o) => this.as(who).cancel(this.chainIds.get(found.id)!, o),
          () => void clearing.cancel(idOf(who), found.market, found.id),
        );
      }
      case "batch":
        return this.batch(action.who, action.picks, action.orders);
      case "sweep":
        return this.both(
          `sweep ${action.bids ? "bids" : "asks"} of ${action.market}, ${action.maxFills} places`,
          (o) => house.sweep(action.market, action.bids, action.maxFills, o),
          () => void orders.sweep(clearing, action.market, action.bids, action.maxFills),
        );
      case "sweepOrders": {
        // Which orders are void by the end of trading reads the phase of the last touch, so they are left out.
        const found = action.picks
          .map((n) => pickOrder(state, n))
          .filter((order) => order !== undefined)
          .filter(({ market }) => !this.isOver(market));
        return this.both(
          `sweepOrders ${found.map(({ lots, tick }) => `${lots}@${tick}`).join(" ")}`,
          (o) => house.sweepOrders(this.idsOf(found), o),
          () => void orders.sweepOrders(clearing, named(found)),
        );
      }
      case "cancelFired": {
        const all = this.ordersOf(idOf(action.who));
        return this.both(
          `cancelFired ${idOf(action.who)}`,
          (o) => house.cancelFired(idOf(action.who), this.idsOf(all), o),
          () => void orders.cancelFired(clearing, idOf(action.who), named(all)),
        );
      }
      case "print":
      case "revise":
        return this.print(action);
      case "sync":
        return this.both(
          `sync ${action.market}`,
          (o) => house.sync(action.market, o),
          () => funds.sync(clearing, action.market),
        );
      case "follow":
        return this.both(
          "follow",
          (o) => house.follow(1, o),
          () => follow(this.clocks.feed, state.now),
        );
      case "cancelRiskRaising": {
        const id = accountFor(state, action.who);
        const all = this.ordersOf(id);
        return this.both(
          `cancelRiskRaising ${id} ${all.map((order) => `${order.lots}@${order.tick}`).join(" ")}`,
          (o) => house.cancelRiskRaising(id, this.idsOf(all), o),
          () => void cancelRiskRaising(clearing, id, named(all)),
        );
      }
      case "liquidate": {
        const id = accountFor(state, action.who);
        const market = marketHeld(state, id, action.market);
        const size = abs(accountOf(state, id).positions.get(market)?.size ?? 0n);
        const takeOverLots = (size * BigInt(action.takeOver)) / 1_000n;
        const keeper = idOf(action.keeper);
        return this.both(
          `liquidate ${id} in ${market} for ${keeper}, ${action.maxFills} fills, takes over ${takeOverLots}`,
          (o) => this.as(action.keeper).liquidate(id, market, action.maxFills, keeper, takeOverLots, o),
          () => {
            const { closed, takenOver } = liquidate(clearing, {
              id,
              market,
              maxFills: action.maxFills,
              keeper,
              takeOverLots,
            });
            if (takenOver !== 0n) return "takeover";
            return closed === 0n ? "auction" : undefined;
          },
        );
      }
      case "absorb": {
        const id = accountFor(state, action.who);
        return this.both(
          `absorb ${id}`,
          (o) => house.absorb(id, o),
          () => void absorb(clearing, id),
        );
      }
      case "unwind":
        return this.both(
          `unwind ${action.market}, ${action.maxFills} fills`,
          (o) => house.unwind(action.market, action.maxFills, o),
          () => void funds.unwind(clearing, action.market, action.maxFills),
        );
      case "deleverage":
        return this.both(
          `deleverage ${action.market}`,
          (o) => house.deleverage(action.market, o),
          () => void deleverage(state, action.market),
        );
      case "applyRounds": {
        const ids = action.who.map(idOf);
        return this.both(
          `applyRounds ${action.market} ${ids.join(" ")}`,
          (o) => house.applyRounds(action.market, ids, o),
          () => void applyRounds(state, action.market, ids),
        );
      }
      case "settle":
        return this.settle(action.market);
      case "settleAccounts": {
        const { market } = action;
        const ids = action.who.map((n) => (n === ACCOUNTS ? market : idOf(n)));
        return this.both(
          `settleAccounts ${market} ${ids.join(" ")}`,
          (o) => house.settleAccounts(market, ids, o),
          () => void settleAccounts(clearing, market, ids),
        );
      }
      case "collectFees":
        return this.both(
          `collectFees ${action.market}`,
          (o) => house.collectFees(action.market, chain.treasury.address, o),
          () => void funds.collectFees(clearing, action.market),
        );
      case "fees": {
        const { market, taker, maker } = action;
        return this.both(
          `setFees ${market} ${taker} ${maker}`,
          (o) => house.setFees(market, taker, maker, o),
          () => terms.setFees(clearing, market, BigInt(taker), BigInt(maker)),
        );
      }
      case "limits": {
        const [market, openInterest] = [action.market, BigInt(action.openInterest)];
        const positions = BigInt(action.units) * 8_192n;
        return this.both(
          `setLimits ${market} ${positions} ${openInterest}`,
          (o) => house.setLimits(market, positions, openInterest, o),
          () => terms.setLimits(clearing, market, positions, openInterest),
        );
      }
      case "fundTerms": {
        const { market } = action;
        const [base, cover, share, fee] = [action.base, action.coverBps, action.shareBps, action.feeBps].map(
          BigInt,
        ) as [bigint, bigint, bigint, bigint];
        const changed = {
          openInterestBaseLots: base,
          fundCoverBps: cover,
          insuranceShareBps: share,
          liquidationFeeBps: fee,
        };
        return this.both(
          `setFundTerms ${market} ${Object.values(changed).join(" ")}`,
          (o) => house.setFundTerms(market, base, cover, share, fee, o),
          () => terms.setFundTerms(clearing, market, changed),
        );
      }
      case "multicall":
        return this.multicall(action);
      case "stopNewRisk":
        if (this.isOver(action.market)) return undefined;
        return this.both(
          `stopNewRisk ${action.market}`,
          (o) => house.stopNewRisk(action.market, o),
          () => funds.stopNewRisk(clearing, action.market),
        );
      case "resumeNewRisk":
        if (this.isOver(action.market)) return undefined;
        return this.both(
          `resumeNewRisk ${action.market}`,
          (o) => house.resumeNewRisk(action.market, o),
          () => funds.resumeNewRisk(clearing, action.market),
        );
      case "wait":
      case "skipDay":
      case "days":
      case "pair":
      case "quote":
      case "spread":
      case "crash":
      case "silence":
        return undefined;
    }
  }

  private signer(who: number) {
    return this.chain.traders[ownerOf(who)]!;
  }

  private as(who: number) {
    return this.sending(this.signer(who).address);
  }

  /** The clearing house as a sender calls it. */
  private sending(from: string): Chain["house"] {
    const known = this.senders.get(from) ?? sendingAs(this.chain.provider, this.chain.house, from);
    this.senders.set(from, known);
    return known;
  }

  /** Whether trading has ended. The guardian's calls read the phase of the last touch, so they are left out then. */
  private isOver(market: number): boolean {
    const { state } = this.clearing;
    return ["expired", "settled"].includes(phaseOf(marketOf(state, market), state.now));
  }

  private ordersOf(id: number) {
    return restingOrders(this.clearing.state).filter(({ account }) => account === id);
  }

  private idsOf(found: { id: number }[]): bigint[] {
    return found.map(({ id }) => this.chainIds.get(id)!);
  }

  /** Runs one step on both sides; `step` may name what kind of success it was, for the counts. */
  private async both(
    label: string,
    send: Send,
    step: () => string | undefined | void,
    wantsEvents = false,
  ): Promise<Performed> {
    const chain = await attempt(this.chain, send, wantsEvents);
    const model: Performed["model"] = { rule: undefined, others: [], text: "done" };
    try {
      chain.kind = this.clearing.atomically(step) ?? undefined;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      Object.assign(model, { rule: error.rule, others: error.others, text: error.message });
    }
    return { label, chain, model };
  }

  /** The same for a step that may leave orders behind, whose numbers it returns. */
  private async placing(label: string, send: Send, step: () => number[]): Promise<Performed> {
    const placed: number[] = [];
    const performed = await this.both(label, send, () => void placed.push(...step()), true);
    const { events } = performed.chain;
    const ids = events.filter(({ name }) => name === "OrderPlaced").map(({ args }) => args.id as bigint);
    placed.filter((id) => id !== 0).forEach((id, i) => this.chainIds.set(id, ids[i] ?? 0n));
    return performed;
  }

  private async place(who: number, order: OrderParameters, by?: number): Promise<Performed> {
    const id = idOf(who);
    const sender = by ?? who;
    const performed = await this.placing(
      `place ${id} ${orderText(order)}${by === undefined ? "" : ` by ${by}`}`,
      (o) => this.as(sender).place(id, toCall(order), o),
      () => [this.clearing.place(id, order, ownerNumber(sender)).id],
    );
    if (by !== undefined && ownerOf(by) !== ownerOf(who)) performed.chain.kind = "by operator";
    return performed;
  }

  private batch(who: number, picks: number[], shapes: OrderShape[]): Promise<Performed> {
    const { state } = this.clearing;
    const id = idOf(who);
    const cancels = picks.map((n) => pickOrder(state, n, id)).filter((order) => order !== undefined);
    const wanted = shapes.map((shape) => orderFrom(state, id, shape));
    return this.placing(
      `batch ${id} cancels ${cancels.length} ${wanted.map(orderText).join("; ")}`,
      (o) => this.as(who).batch(id, this.idsOf(cancels), wanted.map(toCall), o),
      () => this.clearing.batch(id, named(cancels), wanted).map((one) => one.id),
    );
  }

  /** Orders, a dead-man switch and a withdrawal in one call: each as if it stood alone, but all or none. */
  private multicall(action: Action & { type: "multicall" }): Promise<Performed> {
    const { clearing, chain } = this;
    const { state } = clearing;
    const { who, share, seconds } = action;
    const id = idOf(who);
    const wanted = action.orders.map((shape) => orderFrom(state, id, shape));
    const amount = (withdrawable(state, accountOf(state, id)) * BigInt(share)) / 1_000n + 1n;
    const { address } = this.signer(who);
    const abi = chain.house.interface;
    const calls = [
      ...wanted.map((order) => abi.encodeFunctionData("place", [id, toCall(order)])),
      abi.encodeFunctionData("cancelAllAfter", [id, seconds]),
      abi.encodeFunctionData("withdraw", [id, amount, address]),
    ];
    return this.placing(
      `multicall ${id} ${wanted.map(orderText).join("; ")}, switch ${seconds}, withdraw ${amount}`,
      (o) => this.as(who).multicall(calls, o),
      () => {
        const placed = wanted.map((order) => clearing.place(id, order).id);
        accounts.cancelAllAfter(clearing, id, BigInt(seconds));
        accounts.withdraw(clearing, id, amount);
        return placed;
      },
    );
  }

  private async print(action: { type: "print" | "revise"; moveBps: number }): Promise<Performed> {
    const first = action.type === "print";
    this.value = nextPrint(this.value, action.moveBps);
    const period = first ? this.nextPeriod++ : this.nextPeriod - 1n;
    const revision = first ? 1n : ++this.revision;
    const reports = await signReports(this.chain, period, revision, this.value);
    const performed = await this.both(
      `${action.type} ${period} ${this.value}`,
      (o) => this.index.post(INDEX, period, revision, reports, o),
      () => undefined,
    );
    if (!performed.chain.error)
      this.clocks.prints.set(period, { value: this.value, revisedAt: this.clearing.state.now });
    // Whether a print may still be revised is the index's to say.
    if (!first) performed.model.rule = performed.chain.error;
    return performed;
  }

  /** What the index says of the window is taken as it is: its own rules have tests of their own. */
  private async settle(market: number): Promise<Performed> {
    const { state } = this.clearing;
    const { firstPeriod, lastPeriod, kind } = marketOf(state, market).listing;
    const { index } = this.chain;
    const { limit3, newestPeriod } = this.clocks.feed;
    const silent = state.now >= (newestPeriod + 2n) * DAY + limit3;
    const lastMark = { sum: 0n, days: 0n };
    let window = lastMark;
    let ready = true;
    if (kind === "dated") {
      const pending = { blockTag: "pending" };
      const preview = await index.previewSettlement(INDEX, firstPeriod, lastPeriod, pending);
      const { present, allFinal } = await index.windowMean(INDEX, firstPeriod, lastPeriod, pending);
      const known = { sum: preview.sum, days: preview.days_ };
      // Once silent, days that have not come yet are filled like missing ones, if they can be reached.
      const never = preview.readyAt === (1n << 64n) - 1n;
      window = silent && (present === 0n || (allFinal && never)) ? lastMark : known;
      ready = preview.ready || window === lastMark || (silent && allFinal);
    }
    return this.both(
      `settle ${market}`,
      (o) => this.sending(this.chain.admin.address).settle(market, o),
      () => {
        settle(this.clearing, market, window, silent);
        if (!ready) throw new Refusal("WindowNotFinal", [], ["DayStillMissing", "NoKnownNeighbour"]);
      },
    );
  }
}

const named = (found: { market: number; id: number }[]) =>
  found.map(({ market, id }) => ({ market, order: id }));

const subaccountOf = (who: number): number => (ownerOf(who) === who ? 0 : 1);

/** The other account of an owner of two. */
const otherOf = (who: number): number => (who < OWNERS ? who + SECONDS : who - SECONDS);
