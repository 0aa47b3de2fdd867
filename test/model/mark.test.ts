import { expect } from "chai";
import { bounds, follow, followedOf, push, staleAtOf, type FeedState } from "./feed.ts";
import { DATED, PERPETUAL } from "./listings.ts";
import { advance, clampedMark, followAt, standAt, startMark, toX16, toX20, type MarkState } from "./mark.ts";
import { ceilDiv, DAY, floorDiv, halfEvenDiv } from "./numbers.ts";
import { storedVectors, vectorsJson } from "./vectors.ts";

/** Numbers expected here are worked out by hand from design.md; the comment beside them shows how. */

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
    expect(Number(toX20(state.cumulative)) / 2 ** 20).to.be.closeTo(40, 1e-5);
    advance(state, 24n * 3_600n);
    expect(Number(toX20(state.cumulative)) / 2 ** 20).to.be.closeTo(80, 1e-5);
  });

  it("pays interest when mark is at the index", () => {
    const state = startMark(PERPETUAL, 0n, 2_000n << 16n);
    advance(state, 8n * 3_600n); // 1 bp of 2,000 ticks
    expect(Number(toX20(state.cumulative)) / 2 ** 20).to.be.closeTo(0.2, 1e-5);
  });
});

describe("Model: mark price", () => {
  const quoted = (bid: bigint, ask: bigint, listing = PERPETUAL): MarkState => ({
    ...startMark(listing, 0n, 2_000n << 16n),
    bid,
    ask,
  });
  const ticks = (fine: bigint) => Number(toX16(fine)) / 65_536;
  const resting = (lots: bigint, tick: bigint) => ({
    id: 1,
    account: 1,
    lots,
    tick,
    expiry: 0n,
    reduceOnly: false,
  });

  it("moves by one part in markMinutes of the distance each minute", () => {
    const state = quoted(2_008n, 2_012n);
    advance(state, 600n);
    expect(ticks(state.mean)).to.be.closeTo(2_010 - 10 * 0.9 ** 10, 1e-4);
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
    standAt(state, 45n, { bids: [resting(1_000n, 2_000n)], asks: [resting(-1_000n, 2_000n)] });
    advance(state, 60n);
    // 45 s of +10 and 15 s of 0: +7.5, of which a tenth is taken in one minute
    expect(ticks(state.mean)).to.be.closeTo(2_000 + 0.75, 1e-4);
  });

  it("stays within the clamp and remembers where it would be", () => {
    const state = quoted(2_119n, 2_120n);
    followAt(state, 0n, 1_900n << 16n, 1n << 60n);
    advance(state, 36_000n);
    expect(ticks(clampedMark(state))).to.be.closeTo(1_900 * 1.08, 1e-4);
    expect(ticks(state.mean)).to.be.greaterThan(2_100);
  });

  it("holds without depth: a dated mean for good, a perpetual's decays to the index in a day", () => {
    const dated = { ...quoted(0n, 2_000n, DATED), mean: startMark(DATED, 0n, 2_100n << 16n).mean };
    advance(dated, 86_000n);
    expect(ticks(dated.mean)).to.equal(2_100);
    const perpetual = { ...quoted(0n, 2_000n), mean: dated.mean };
    advance(perpetual, 86_400n);
    expect(ticks(perpetual.mean)).to.be.closeTo(2_000 + 100 * (1 - 1 / 1_440) ** 1_440, 1e-4);
  });

  it("takes the mark at midnight as a dated future's next anchor", () => {
    const state = quoted(2_399n, 2_401n, DATED);
    advance(state, 86_399n);
    expect(ticks(clampedMark(state))).to.be.closeTo(2_200, 1e-4); // + 10 %
    advance(state, 86_400n);
    expect(ticks(state.anchor)).to.be.closeTo(2_200, 1e-4);
    advance(state, 172_800n);
    expect(ticks(state.anchor)).to.be.lessThan(2_400);
  });
});

describe("Model: following the index", () => {
  const feed = (): FeedState => ({
    maxMoveBps: 800n,
    limit1: 108_000n,
    limit2: 194_400n,
    target: 0n,
    newestPeriod: 0n,
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
