import { type Action, OWNERS } from "./actions.ts";
import { attempt, type Chain, INDEX, type Outcome, signReports, toCall } from "./chain.ts";
import {
  accountFor,
  malformedOrder,
  marketHeld,
  nextPrint,
  orderFrom,
  orderText,
  partsOf,
  pickOrder,
  restingOrders,
} from "./choosing.ts";
import { Clearing } from "./clearing.ts";
import { Clocks } from "./clocks.ts";
import { type FeedState, follow } from "./feed.ts";
import { absorb, cancelRiskRaising, liquidate, settle, settleAccounts } from "./liquidation.ts";
import { FIRST_OWNER, marketOf, phaseOf } from "./margin.ts";
import { DAY, max } from "./numbers.ts";
import { differences, pictureOfChain, pictureOfModel } from "./picture.ts";
import { accountOf, withdrawable } from "./position.ts";
import { type Listing, type OrderParameters, Refusal } from "./types.ts";

const MARKETS = [1, 2];
const ACCOUNTS = [1, 2, 1_025, 1_026, ...Array.from({ length: OWNERS }, (_, i) => FIRST_OWNER + i)];

/** A model and a chain that take the same steps and are compared after each of them. */
export class Runner {
  readonly clearing = new Clearing();
  readonly counts = new Map<string, number>();
  private readonly chain: Chain;
  private readonly clocks: Clocks;
  private readonly chainIds = new Map<number, bigint>();
  private now: bigint;
  private nextPeriod: bigint;
  private revision = 1n;
  private value: bigint;
  private steps = 0n;
  /** What was done so far, for the message of a failure. */
  private readonly trail: string[] = [];

  constructor(chain: Chain, listings: Listing[], feed: FeedState, now: bigint, value: bigint) {
    this.chain = chain;
    this.now = now;
    this.value = value;
    this.nextPeriod = feed.newestPeriod + 1n;
    this.clearing.state.now = now;
    for (const listing of listings) this.clearing.list(listing);
    for (let i = 0; i < OWNERS; i++) this.clearing.open();
    this.clocks = new Clocks(chain, this.clearing, feed, now);
  }

  /** The first deposit of every owner, which opens the accounts. */
  async openAccounts(amount: bigint): Promise<void> {
    const { house, traders, networkHelpers } = this.chain;
    for (const [i, trader] of traders.entries()) {
      await networkHelpers.time.setNextBlockTimestamp(this.now);
      await house.connect(trader).deposit(0, amount);
      this.clearing.deposit(FIRST_OWNER + i, amount);
    }
    await this.compare("first deposits");
  }

  /** Takes one step on both sides; throws with every difference. */
  async step(action: Action): Promise<void> {
    this.steps++;
    this.now += this.steps % 3n;
    const parts = partsOf(action);
    if (parts) {
      for (const part of parts) await this.step(part);
      return;
    }
    if (action.type === "wait") this.now += BigInt(action.seconds);
    if (action.type === "skipDay") this.now = max(this.now, ++this.nextPeriod * DAY + 3_600n);
    if (action.type === "print")
      this.now = max(this.now, (this.nextPeriod + 1n) * DAY + BigInt(action.hour) * 3_600n);
    await this.chain.networkHelpers.time.setNextBlockTimestamp(this.now);
    this.clearing.state.now = this.now;
    this.require("before", await this.clocks.read(this.now, "pending"));
    const performed = await this.perform(action);
    if (!performed) return;
    const { label, chain, model } = performed;
    this.count(`${action.type}${chain.error ? ` ${chain.error}` : ""}`);
    const agreed =
      model.rule === chain.error || (chain.error !== undefined && model.others.includes(chain.error));
    this.require(label, agreed ? [] : [`outcome: model ${model.text}, chain ${chain.text ?? "done"}`]);
    if (action.type === "print" || action.type === "revise")
      this.require(label, await this.clocks.takePush(this.now));
    if (action.type === "follow") this.require(label, await this.clocks.compareFeed(this.now));
    this.clocks.stand(this.now);
    this.require(label, await this.clocks.read(this.now, "latest"));
    await this.compare(label);
    this.trail.push(`${this.now} ${label}: ${chain.error ?? "done"}`);
  }

  private async compare(label: string): Promise<void> {
    const chain = await pictureOfChain(this.chain, ACCOUNTS, MARKETS);
    const found = differences(pictureOfModel(this.clearing, ACCOUNTS), chain);
    if (chain.claims !== chain.tracked)
      found.push(`conservation: tracked ${chain.tracked}, claims ${chain.claims}`);
    for (const market of this.clearing.state.markets.values()) {
      const sizes = [...this.clearing.state.accounts.values()].map(
        ({ positions }) => positions.get(market.id)?.size ?? 0n,
      );
      const sum = sizes.reduce((a, b) => a + b, 0n);
      const longs = sizes.reduce((a, b) => a + max(b, 0n), 0n);
      if (market.settlementTick === 0n && sum !== 0n) found.push(`market ${market.id}: sum of sizes ${sum}`);
      if (market.openInterest !== longs) found.push(`market ${market.id}: longs ${longs}`);
    }
    this.require(label, found);
  }

  /** Throws unless there is nothing to say. */
  private require(label: string, found: string[]): void {
    if (found.length === 0) return;
    const before = this.trail.slice(-12).join("\n  ");
    throw new Error(
      `step ${this.steps} at ${this.now}: ${label}\n  ${found.join("\n  ")}\nafter\n  ${before}`,
    );
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  // --------------------------------------------------------------------------------------------------------- actions

  private async perform(action: Action) {
    const { clearing, chain } = this;
    const { house, index, traders } = chain;
    const state = clearing.state;
    const on = this.both.bind(this);
    switch (action.type) {
      case "deposit": {
        const amount = BigInt(action.amount);
        const id = FIRST_OWNER + action.who;
        const sender = house.connect(traders[action.who]);
        return on(
          `deposit ${id} ${amount}`,
          (o) => sender.deposit(0, amount, o),
          () => clearing.deposit(id, amount),
        );
      }
      case "withdraw": {
        const id = FIRST_OWNER + action.who;
        const amount =
          (withdrawable(state, accountOf(state, id)) * BigInt(action.share)) / 1_000n +
          BigInt(action.share % 7);
        const trader = traders[action.who]!;
        return on(
          `withdraw ${id} ${amount}`,
          (o) => house.connect(trader).withdraw(id, amount, trader.address, o),
          () => clearing.withdraw(id, amount),
        );
      }
      case "place":
        return this.place(action.who, orderFrom(state, FIRST_OWNER + action.who, action.order));
      case "malformed":
        return this.place(action.who, malformedOrder(state, action.market, action.flaw));
      case "cancel": {
        const found = pickOrder(state, action.pick);
        if (!found) return undefined;
        const id = FIRST_OWNER + (action.pick % 5 === 0 ? action.who : found.account - FIRST_OWNER);
        const sender = house.connect(traders[id - FIRST_OWNER]);
        return on(
          `cancel ${found.lots}@${found.tick} of ${found.account} by ${id}`,
          (o) => sender.cancel(this.chainIds.get(found.id)!, o),
          () => clearing.cancel(id, found.market, found.id),
        );
      }
      case "batch": {
        const id = FIRST_OWNER + action.who;
        const cancels = action.picks
          .map((n) => pickOrder(state, n, id))
          .filter((order) => order !== undefined);
        const orders = action.orders.map((shape) => orderFrom(state, id, shape));
        const placed: number[] = [];
        const performed = await on(
          `batch ${id} cancels ${cancels.length} ${orders.map(orderText).join("; ")}`,
          (o) =>
            house.connect(traders[action.who]).batch(
              id,
              cancels.map((order) => this.chainIds.get(order.id)!),
              orders.map(toCall),
              o,
            ),
          () => {
            const made = clearing.batch(
              id,
              cancels.map((order) => ({ market: order.market, order: order.id })),
              orders,
            );
            placed.push(...made.map((one) => one.id));
          },
        );
        this.link(placed, performed.chain);
        return performed;
      }
      case "print": {
        this.value = nextPrint(this.value, action.moveBps);
        const period = this.nextPeriod++;
        const reports = await signReports(chain, period, 1n, this.value);
        return on(
          `print ${period} ${this.value}`,
          (o) => index.post(INDEX, period, 1, reports, o),
          () => undefined,
        );
      }
      case "revise": {
        this.value = nextPrint(this.value, action.moveBps);
        const period = this.nextPeriod - 1n;
        const reports = await signReports(chain, period, ++this.revision, this.value);
        const performed = await on(
          `revise ${period} ${this.value}`,
          (o) => index.post(INDEX, period, this.revision, reports, o),
          () => undefined,
        );
        // Whether a print may still be revised is the index's to say.
        performed.model.rule = performed.chain.error;
        return performed;
      }
      case "sync":
        return on(
          `sync ${action.market}`,
          (o) => house.sync(action.market, o),
          () => undefined,
        );
      case "follow": {
        return on(
          "follow",
          (o) => house.follow(1, o),
          () => follow(this.clocks.feed, this.now),
        );
      }
      case "cancelRiskRaising": {
        const id = accountFor(state, action.who);
        const all = restingOrders(state).filter(({ account }) => account === id);
        return on(
          `cancelRiskRaising ${id} ${all.map((order) => `${order.lots}@${order.tick}`).join(" ")}`,
          (o) =>
            house.cancelRiskRaising(
              id,
              all.map((order) => this.chainIds.get(order.id)!),
              o,
            ),
          () =>
            void cancelRiskRaising(
              clearing,
              id,
              all.map((order) => ({ market: order.market, order: order.id })),
            ),
        );
      }
      case "liquidate": {
        const id = accountFor(state, action.who);
        const keeper = FIRST_OWNER + action.keeper;
        const market = marketHeld(state, id, action.market);
        return on(
          `liquidate ${id} in ${market} for ${keeper}, ${action.maxFills} fills`,
          (o) => house.liquidate(id, market, action.maxFills, keeper, 0, o),
          () => void liquidate(clearing, id, market, action.maxFills, keeper),
        );
      }
      case "absorb": {
        const id = accountFor(state, action.who);
        return on(
          `absorb ${id}`,
          (o) => house.absorb(id, o),
          () => void absorb(clearing, id),
        );
      }
      case "settle":
        return this.settle(action.market);
      case "settleAccounts": {
        const ids = action.who.map((n) => (n === OWNERS ? 2 : FIRST_OWNER + n));
        return on(
          `settleAccounts ${ids.join(" ")}`,
          (o) => house.settleAccounts(2, ids, o),
          () => void settleAccounts(clearing, 2, ids),
        );
      }
      case "collectFees":
        return on(
          `collectFees ${action.market}`,
          (o) => house.connect(chain.admin).collectFees(action.market, chain.treasury.address, o),
          () => void clearing.collectFees(action.market),
        );
      case "stopNewRisk":
        if (this.isOver(action.market)) return undefined;
        return on(
          `stopNewRisk ${action.market}`,
          (o) => house.stopNewRisk(action.market, o),
          () => clearing.stopNewRisk(action.market),
        );
      case "resumeNewRisk":
        if (this.isOver(action.market)) return undefined;
        return on(
          `resumeNewRisk ${action.market}`,
          (o) => house.resumeNewRisk(action.market, o),
          () => clearing.resumeNewRisk(action.market),
        );
      case "wait":
      case "skipDay":
      case "days":
      case "pair":
      case "quote":
        return undefined;
    }
  }

  /** Whether trading has ended. The guardian's calls read the phase of the last touch, so they are left out then. */
  private isOver(market: number): boolean {
    return ["expired", "settled"].includes(phaseOf(marketOf(this.clearing.state, market), this.now));
  }

  /** Runs one step on both sides. */
  private async both(label: string, send: Parameters<typeof attempt>[1], step: () => void) {
    const chain = await attempt(this.chain, send);
    const model = { rule: undefined as string | undefined, others: [] as readonly string[], text: "done" };
    try {
      this.clearing.atomically(step);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      Object.assign(model, { rule: error.rule, others: error.others, text: error.message });
    }
    return { label, chain, model };
  }

  private async place(who: number, order: OrderParameters) {
    const id = FIRST_OWNER + who;
    const sender = this.chain.house.connect(this.chain.traders[who]);
    const placed: number[] = [];
    const performed = await this.both(
      `place ${id} ${orderText(order)}`,
      (o) => sender.place(id, toCall(order), o),
      () => placed.push(this.clearing.place(id, order).id),
    );
    this.link(placed, performed.chain);
    return performed;
  }

  /** Remembers the chain's ids of orders that rest. */
  private link(placed: number[], { events }: Outcome): void {
    const ids = events.filter(({ name }) => name === "OrderPlaced").map(({ args }) => args.id as bigint);
    placed.filter((id) => id !== 0).forEach((id, i) => this.chainIds.set(id, ids[i] ?? 0n));
  }

  private async settle(market: number) {
    const { firstPeriod, lastPeriod } = marketOf(this.clearing.state, 2).listing;
    const preview = await this.chain.index.previewSettlement(INDEX, firstPeriod, lastPeriod, {
      blockTag: "pending",
    });
    return this.both(
      `settle ${market}`,
      (o) => this.chain.house.settle(market, o),
      () => {
        settle(this.clearing, market, preview.sum, preview.days_);
        if (!preview.ready) throw new Refusal("WindowNotFinal", [], ["DayStillMissing", "NoKnownNeighbour"]);
      },
    );
  }
}
