import { type Chain, INDEX, read } from "./chain.ts";
import type { Clearing } from "./clearing.ts";
import { decoderOf } from "./decoding.ts";
import { type FeedState, followedOf, push, staleAtOf } from "./feed.ts";
import { marketOf, phaseOf, tierOfMonth } from "./margin.ts";
import {
  advance,
  clampedMark,
  followAt,
  fromX16,
  indexToX16,
  type MarkState,
  standAt,
  startMark,
  toX16,
  toX20,
} from "./mark.ts";
import { abs, DAY, FINE_BITS } from "./numbers.ts";
import { minuteOf, runOff, stageAt } from "./ladder.ts";
import { differences, type FeedSeen, type MarketSeen } from "./picture.ts";
import type { Listing, Stage } from "./types.ts";
import type { Prints } from "./window.ts";

/** Furthest that chain and reference may differ, in ticks × 2^16 (marks) and ticks × 2^20 a minute (funding). */
const MARK_TOLERANCE = 4n;
const FUNDING_TOLERANCE = 2n;

const STAGES: readonly Stage[] = ["fresh", "stale", "halted", "grace"];

/**
 * Marks and funding of the reference loop and the followed index, held against the chain's. What the chain says is then
 * taken over, so that differences within the tolerance do not add up and everything else can be compared exactly.
 */
export class Clocks {
  private readonly marks = new Map<number, MarkState>();
  private readonly chain: Chain;
  private readonly clearing: Clearing;
  readonly feed: FeedState;
  /** Prints of the index, as they were accepted. */
  readonly prints: Prints = new Map();
  private pushedAt = 0n;
  private sequence = 1n;

  constructor(chain: Chain, clearing: Clearing, feed: FeedState, now: bigint) {
    this.chain = chain;
    this.clearing = clearing;
    this.feed = feed;
    for (const { id, listing } of clearing.state.markets.values()) {
      const first =
        listing.kind === "perpetual"
          ? indexToX16(followedOf(feed), listing.indexPerTick)
          : listing.firstMarkTick << 16n;
      this.marks.set(id, Object.assign(startMark(listing, now, first), { feed, prints: this.prints }));
      clearing.observe(id, { markX16: first });
    }
    this.followIndex(now);
  }

  /** Differences of the clocks at `now`, beyond the tolerances. */
  read(now: bigint, seen: MarketSeen[]): string[] {
    const found: string[] = [];
    for (const [i, [id, mark]] of [...this.marks].entries()) {
      const view = seen[i]!;
      const minutes = now / 60n - mark.time / 60n + 1n;
      advance(mark, now);
      const check = (name: string, model: bigint, seen: bigint, tolerance: bigint): void => {
        if (abs(model - seen) > tolerance)
          found.push(`market ${id} ${name}: reference ${model}, chain ${seen}, ${minutes} minutes`);
      };
      if (["open", "reduceOnly"].includes(phaseOf(marketOf(this.clearing.state, id), now))) {
        check("mean", toX16(mark.mean), view.meanX16, MARK_TOLERANCE);
        check("anchor", toX16(mark.anchor), view.anchorX16, MARK_TOLERANCE);
        // A basis point more or less where the window's clamp was nearly the next.
        const slack = mark.close ? view.anchorX16 / 10_000n : 0n;
        check("mark", toX16(clampedMark(mark)), view.markX16, MARK_TOLERANCE + slack);
        this.compareStage(id, now, STAGES[Number(view.stage)]!, found);
        check("funding", toX20(mark.cumulative), view.cumulativeFunding, FUNDING_TOLERANCE * minutes);
      }
      mark.mean = fromX16(view.meanX16);
      mark.anchor = fromX16(view.anchorX16);
      mark.cumulative = view.cumulativeFunding << (FINE_BITS - 20n);
      const { tier, window } = mark;
      const stage = STAGES[Number(view.stage)]!;
      const { markX16, cumulativeFunding } = view;
      this.clearing.observe(id, { markX16, cumulativeFunding, tier, window, stage });
    }
    return found;
  }

  /** New margins from this minute on; inside a delivery window they follow at the next 00:00 UTC. */
  relist(id: number, listing: Listing): void {
    const mark = this.marks.get(id)!;
    mark.listing = listing;
    if (listing.kind === "dated" && mark.time / DAY >= listing.firstPeriod) return;
    Object.assign(mark, { tier: tierOfMonth(listing, mark.time), clampBps: listing.clampBps });
  }

  /** A push takes effect on the stage of a dated future that was touched before in its minute only in the next one. */
  private compareStage(id: number, now: bigint, seen: Stage, found: string[]): void {
    const stage = stageAt(this.feed, minuteOf(now));
    if (stage !== seen && minuteOf(this.pushedAt) !== minuteOf(now))
      found.push(`market ${id} stage: reference ${stage}, chain ${seen}`);
  }

  /** Tells the reference what stands in the books from now on. */
  stand(now: bigint): void {
    for (const [id, mark] of this.marks) standAt(mark, now, marketOf(this.clearing.state, id).book);
  }

  /** Takes what the index contract says that it pushed; how far it is followed is the model's to say. */
  async takePush(now: bigint): Promise<void> {
    const { index, provider } = this.chain;
    const data = await read(provider, index, index.interface.encodeFunctionData("pushed", [INDEX]), "latest");
    const [value, sequence, newestPeriod] = decoderOf(index.interface, "pushed")(data) as [
      bigint,
      bigint,
      bigint,
    ];
    if (sequence > this.sequence) {
      push(this.feed, now, value, newestPeriod);
      this.pushedAt = now;
    }
    this.sequence = sequence;
  }

  /** Differences of the followed index; the reference goes on with it. */
  compareFeed(now: bigint, { target, followed, newestPeriod, staleAt }: FeedSeen): string[] {
    this.followIndex(now);
    const model = {
      target: this.feed.target,
      followed: followedOf(this.feed),
      newestPeriod: this.feed.newestPeriod,
      staleAt: staleAtOf(this.feed),
    };
    return differences(model, { target, followed, newestPeriod, staleAt });
  }

  private followIndex(now: bigint): void {
    const staleAt = staleAtOf(this.feed);
    for (const [id, mark] of this.marks) {
      const { listing } = marketOf(this.clearing.state, id);
      if (listing.kind !== "perpetual") continue;
      const indexX16 = indexToX16(followedOf(this.feed), listing.indexPerTick);
      followAt(mark, now, indexX16, staleAt);
      runOff(marketOf(this.clearing.state, id), now, indexX16);
    }
  }
}
