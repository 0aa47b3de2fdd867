import { ACCOUNTS, type Action, ownerOf } from "./actions.ts";
import { deposit } from "./accounts.ts";
import type { Chain } from "./chain.ts";
import { partsOf } from "./choosing.ts";
import { Clearing } from "./clearing.ts";
import { Clocks } from "./clocks.ts";
import type { FeedState } from "./feed.ts";
import { EFFECTS } from "./figures.ts";
import { claims, FIRST_OWNER } from "./margin.ts";
import { DAY, max } from "./numbers.ts";
import { differences, Lens, type Picture, pictureOfModel } from "./picture.ts";
import { escrowed } from "./shares.ts";
import { idOf, Steps } from "./steps.ts";
import type { Listing } from "./types.ts";

const MARKETS = [1, 2, 3, 4];
const PICTURED = [
  ...MARKETS,
  ...MARKETS.map((id) => 1_024 + id),
  ...Array.from({ length: ACCOUNTS }, (_, i) => idOf(i)),
];

/** A model and a chain that take the same steps and are compared after each of them. */
export class Runner {
  readonly clearing = new Clearing();
  readonly counts = new Map<string, number>();
  private readonly chain: Chain;
  private readonly clocks: Clocks;
  private readonly steps: Steps;
  private readonly lens: Lens;
  private now: bigint;
  private taken = 0n;
  /** What they had brought about after the last one. */
  private seen: Record<string, number> = {};
  /** What was done so far, for the message of a failure. */
  private readonly trail: string[] = [];

  constructor(chain: Chain, listings: Listing[], feed: FeedState, now: bigint, value: bigint) {
    this.chain = chain;
    this.now = now;
    this.clearing.state.now = now;
    for (const listing of listings) this.clearing.list(listing);
    for (let i = 0; i < ACCOUNTS; i++) this.clearing.open(FIRST_OWNER + ownerOf(i));
    this.lens = new Lens(chain, PICTURED, MARKETS);
    this.clocks = new Clocks(chain, this.clearing, feed, now);
    this.steps = new Steps(chain, this.clearing, this.clocks, feed.newestPeriod + 1n, value);
  }

  /** The first deposit of every owner, which opens the accounts. */
  async openAccounts(amount: bigint): Promise<void> {
    const { house, traders, networkHelpers } = this.chain;
    for (let i = 0; i < ACCOUNTS; i++) {
      await networkHelpers.time.setNextBlockTimestamp(this.now);
      const owner = ownerOf(i);
      await house.connect(traders[owner]).deposit(owner === i ? 0 : 1, amount);
      deposit(this.clearing, idOf(i), amount);
    }
    this.compare("first deposits", (await this.lens.latest()).picture);
  }

  /** Takes one step on both sides; throws with every difference. */
  async step(action: Action): Promise<void> {
    this.taken++;
    this.now += this.taken % 3n;
    const parts = partsOf(action, this.clearing.state, this.steps.period);
    if (parts) {
      for (const part of parts) await this.step(part);
      return;
    }
    if (action.type === "wait") this.now += BigInt(action.seconds);
    if (action.type === "skipDay") this.now = max(this.now, this.steps.skipDay() * DAY + 3_600n);
    if (action.type === "print")
      this.now = max(this.now, (this.steps.period + 1n) * DAY + BigInt(action.hour) * 3_600n);
    await this.chain.provider.request({ method: "evm_setNextBlockTimestamp", params: [Number(this.now)] });
    this.clearing.state.now = this.now;
    this.require("before", this.clocks.read(this.now, await this.lens.pending()));
    const performed = await this.steps.perform(action);
    if (!performed) {
      this.countEffects();
      return;
    }
    const { label, chain, model } = performed;
    this.count([action.type, chain.error ?? chain.kind].filter(Boolean).join(" "));
    const agreed =
      model.rule === chain.error || (chain.error !== undefined && model.others.includes(chain.error));
    this.require(label, agreed ? [] : [`outcome: model ${model.text}, chain ${chain.text ?? "done"}`]);
    const pushed = action.type === "print" || action.type === "revise";
    if (pushed) await this.clocks.takePush(this.now);
    const { picture, markets, feed } = await this.lens.latest();
    if (pushed || action.type === "follow") this.require(label, this.clocks.compareFeed(this.now, feed));
    this.clocks.stand(this.now);
    this.require(label, this.clocks.read(this.now, markets));
    this.compare(label, picture);
    this.countEffects();
    this.trail.push(`${this.now} ${label}: ${chain.error ?? "done"}`);
  }

  private compare(label: string, picture: Picture): void {
    const { state } = this.clearing;
    const found = differences(pictureOfModel(this.clearing, PICTURED), picture);
    if (claims(state) !== state.tracked)
      found.push(`conservation: tracked ${state.tracked}, claims ${claims(state)}`);
    for (const market of state.markets.values()) {
      const sizes = [...state.accounts.values()].map(({ positions }) => positions.get(market.id)?.size ?? 0n);
      // What rounds have not closed yet still stands in positions, against the escrow.
      const { size, longs: pending } = escrowed(market);
      const sum = sizes.reduce((a, b) => a + b, size);
      const longs = sizes.reduce((a, b) => a + max(b, 0n), -pending);
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
      `step ${this.taken} at ${this.now}: ${label}\n  ${found.join("\n  ")}\nafter\n  ${before}`,
    );
  }

  private count(name: string, n = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + n);
  }

  /** What comes and goes counts each time that it comes. */
  private countEffects(): void {
    const effects = this.effects();
    for (const [name, n] of Object.entries(effects))
      this.count(name, Math.max(0, n - (this.seen[name] ?? 0)));
    this.seen = effects;
  }

  /** What steps have brought about so far, for the counts. */
  private effects(): Record<string, number> {
    const { accounts, markets } = this.clearing.state;
    const [holders, all] = [[...accounts.values()], [...markets.values()]];
    return {
      [EFFECTS.retired]: holders.filter(({ retired }) => retired).length,
      [EFFECTS.round]: all.reduce((sum, { rounds }) => sum + rounds.length, 0),
      [EFFECTS.deficit]: all.reduce((sum, { deficits }) => sum + deficits, 0),
      [EFFECTS.pending]: holders.filter(({ positions }) =>
        [...positions].some(
          ([id, { round, size }]) => size !== 0n && markets.get(id)!.rounds.length > round + 1,
        ),
      ).length,
      [EFFECTS.served]: Number(
        all.flatMap(({ rounds }) => rounds).reduce((sum, { closed }) => sum + closed, 0n),
      ),
      [EFFECTS.claim]: holders.filter(({ claim }) => claim !== 0n).length,
      [EFFECTS.settled]: all.filter(({ settlementTick }) => settlementTick !== 0n).length,
      [EFFECTS.halt]: all.filter(({ stage }) => stage === "halted").length,
      [EFFECTS.grace]: all.filter(({ stage }) => stage === "grace").length,
    };
  }
}
