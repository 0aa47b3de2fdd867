import { expect } from "chai";
import { emptyBook } from "./book.ts";
import { bounds, follow, followedOf, push, staleAtOf, type FeedState } from "./feed.ts";
import { DATED, PERPETUAL } from "./listings.ts";
import { advance, clampedMark, followAt, standAt, startMark, type MarkState } from "./mark.ts";
import { abs, ceilDiv, DAY, FINE_BITS, floorDiv, halfEvenDiv } from "./numbers.ts";
import { storedVectors, vectorsJson } from "./vectors.ts";

/** Numbers expected here are worked out by hand from design.md; the comment beside them shows how. */

/** A price of the reference in millionths of a tick, floored. */
const millionths = (fine: bigint): bigint => (fine * 1_000_000n) >> FINE_BITS;

/** Within ten millionths of a tick. */
const near = (fine: bigint, expected: bigint): void => {
  const actual = millionths(fine);
  expect(abs(actual - expected) <= 10n, `${actual} is not near ${expected}`).to.equal(true);
};

describe("Model: numbers", () => {
  it("rounds negatives to the side that it names", () => {
    expect([floorDiv(-7n, 2n), floorDiv(7n, 2n), floorDiv(-8n, 2n)]).to.deep.equal([-4n, 3n, -4n]);
    expect([ceilDiv(-7n, 2n), ceilDiv(7n, 2n), ceilDiv(8n, 2n)]).to.deep.equal([-3n, 4n, 4n]);
  });

  it("rounds a tie to the even neighbour and nothing else", () => {
    expect([5n, 7n, 6n].map((a) => halfEvenDiv(a, 2n))).to.deep.equal([2n, 4n, 3n]);
    expect([4n, 5n].map((a) => halfEvenDiv(a, 3n))).to.deep.equal([1n, 2n]);
  });
});

describe("Model: rate of funding", () => {
  it("is capped per period and frozen while the index is stale", () => {
    const state = startMark({ ...PERPETUAL, fundingInterestBps: 0n }, 0n, 2_000n << 16n);
    state.mean = state.mean * 2n; // mark stands at the clamp: 160 ticks over the index, far above the cap of 40
    state.staleAt = 16n * 3_600n;
    advance(state, 8n * 3_600n);
    near(state.cumulative, 40_000_000n);
    advance(state, 24n * 3_600n);
    near(state.cumulative, 80_000_000n);
  });

  it("pays interest when mark is at the index", () => {
    const state = startMark(PERPETUAL, 0n, 2_000n << 16n);
    advance(state, 8n * 3_600n); // 1 bp of 2,000 ticks
    near(state.cumulative, 200_000n);
  });
});

describe("Model: mark price", () => {
  const quoted = (bid: bigint, ask: bigint, listing = PERPETUAL): MarkState => ({
    ...startMark(listing, 0n, 2_000n << 16n),
    bid,
    ask,
  });
  const resting = (lots: bigint, tick: bigint) => ({
    id: 1,
    account: 1,
    lots,
    tick,
    expiry: 0n,
    reduceOnly: false,
    place: 0,
  });

  it("moves by one part in markMinutes of the distance each minute", () => {
    const state = quoted(2_008n, 2_012n);
    advance(state, 600n);
    near(state.mean, 2_006_513_215n); // 2,010 − 10 × 0.9^10
  });

  it("does not depend on how often it is asked", () => {
    const [once, often] = [quoted(1_950n, 2_101n), quoted(1_950n, 2_101n)];
    for (let now = 7n; now < 3_600n; now += 7n) advance(often, now);
    advance(often, 3_600n);
    advance(once, 3_600n);
    expect(often).to.deep.equal(once);
  });

  it("weighs a mid by the seconds that it stood", () => {
    const state = quoted(2_000n, 2_020n);
    advance(state, 45n);
    standAt(state, 45n, {
      ...emptyBook(),
      bids: [resting(1_000n, 2_000n)],
      asks: [resting(-1_000n, 2_000n)],
    });
    advance(state, 60n);
    // 45 s of +10 and 15 s of 0: +7.5, of which a tenth is taken in one minute
    near(state.mean, 2_000_750_000n);
  });

  it("stays within the clamp and remembers where it would be", () => {
    const state = quoted(2_119n, 2_120n);
    followAt(state, 0n, 1_900n << 16n, 1n << 60n);
    advance(state, 36_000n);
    near(clampedMark(state), 2_052_000_000n); // 1,900 × 1.08
    expect(millionths(state.mean) > 2_100_000_000n).to.equal(true);
  });

  it("holds without depth: a dated mean for good, a perpetual's decays to the index in a day", () => {
    const dated = { ...quoted(0n, 2_000n, DATED), mean: startMark(DATED, 0n, 2_100n << 16n).mean };
    advance(dated, 86_000n);
    expect(dated.mean).to.equal(startMark(DATED, 0n, 2_100n << 16n).mean);
    const perpetual = { ...quoted(0n, 2_000n), mean: dated.mean };
    advance(perpetual, 86_400n);
    near(perpetual.mean, 2_036_775_166n); // 2,000 + 100 × (1,439 / 1,440)^1,440
  });

  it("takes the mark at midnight as a dated future's next anchor", () => {
    const state = quoted(2_399n, 2_401n, DATED);
    advance(state, 86_399n);
    near(clampedMark(state), 2_200_000_000n); // + 10 %
    advance(state, 86_400n);
    near(state.anchor, 2_200_000_000n);
    advance(state, 172_800n);
    expect(millionths(state.anchor) < 2_400_000_000n).to.equal(true);
  });
});

describe("Model: following the index", () => {
  const feed = (): FeedState => ({
    maxMoveBps: 800n,
    limit1: 108_000n,
    limit2: 194_400n,
    limit3: 604_800n,
    target: 0n,
    newestPeriod: 0n,
    halts: [],
    history: [],
  });

  it("moves at most 8 % from anything followed in the last day", () => {
    const state = feed();
    push(state, 0n, 1_000n, 20_000n);
    push(state, 1_000n, 1_200n, 20_000n);
    expect(followedOf(state)).to.equal(1_080n);
    follow(state, 86_400n);
    expect(followedOf(state), "the first value still counts").to.equal(1_080n);
    follow(state, 87_399n);
    expect(followedOf(state)).to.equal(1_080n);
    follow(state, 87_400n);
    expect(followedOf(state)).to.equal(1_166n); // 1,080 × 1.08 = 1,166.4
    expect(bounds(state, 87_401n)).to.deep.equal({ low: 1_073n, high: 1_166n });
  });

  it("is stale 24 hours and the first limit after the end of the newest day", () => {
    expect(staleAtOf({ ...feed(), newestPeriod: 20_000n })).to.equal(20_002n * DAY + 108_000n);
  });
});

describe("Model: vectors", () => {
  it("are those in vectors.json (npx tsx test/model/vectors.ts writes them)", () => {
    expect(vectorsJson()).to.equal(storedVectors());
  });
});
