import { expect } from "chai";
import fc from "fast-check";
import { ACCOUNTS, type Action, action, OWNERS } from "./actions.ts";
import { type Chain, deployChain, INDEX, listFeed, listMarket, signReports } from "./chain.ts";
import { type FeedState, push } from "./feed.ts";
import { figuresOf, operationsOf, shardLine, tooSeldom } from "./figures.ts";
import { DATED, PERPETUAL } from "./listings.ts";
import { DAY } from "./numbers.ts";
import { REPLAYED } from "./replayed.ts";
import { Runner } from "./runner.ts";
import type { Listing } from "./types.ts";

/**
 * The model beside the chain: random sequences of everything that users, keepers and reporters do, with the same result
 * on both sides after every step. USANCE_MODEL_OPERATIONS says how many steps in all (`npm run campaign:model` takes 100,000),
 * USANCE_MODEL_SEED the seed of the first sequence (the next one has the next), USANCE_MODEL_COUNTS shows what was done how often.
 */
const OPERATIONS = Number(process.env.USANCE_MODEL_OPERATIONS ?? "2000");
const SEED = Number(process.env.USANCE_MODEL_SEED ?? "20250101");
const SHARD = process.env.USANCE_MODEL_SHARD !== undefined;
const LENGTH = 160;

const FIRST_DAY = 20_458n;
const FIRST_VALUE = 1_000n * 10n ** 18n;
const FEED = { maxMoveBps: 800n, limit1: 108_000n, limit2: 194_400n, limit3: 604_800n };
const LIMITS = { maxPositionLots: 49_152n, maxOpenInterestLots: 65_536n, openInterestBaseLots: 60_000n };
const LISTINGS: Listing[] = [
  { ...PERPETUAL, ...LIMITS },
  ...[FIRST_DAY + 4n, FIRST_DAY + 12n].map((firstPeriod) => ({
    ...DATED,
    ...LIMITS,
    nextFromPeriod: firstPeriod - 3n,
    firstPeriod,
    lastPeriod: firstPeriod + 7n,
  })),
  // Comes near the end of the tick range when prints rise by more than half.
  { ...PERPETUAL, ...LIMITS, indexPerTick: 117_647_058_823_529n, tickValue: 1n },
];

/**
 * How every sequence ends, since chance seldom gets there: prints until the window is final, gaps filled, then settlement
 * and one account after the other converted (number ACCOUNTS is the fund).
 */
const ENDING: Action[] = [
  ...[2, 3].map((market): Action => ({ type: "quote", who: market, market, spread: 30, share: 50 })),
  ...Array.from({ length: 24 }, (_, i): Action => ({
    type: "print",
    moveBps: i % 2 === 0 ? 900 : -800,
    hour: 1,
  })),
  ...[2, 3].flatMap((market): Action[] => [
    { type: "settle", market },
    ...Array.from({ length: ACCOUNTS + 1 }, (_, i): Action => ({ type: "settleAccounts", market, who: [i] })),
  ]),
  ...Array.from({ length: ACCOUNTS }, (_, who): Action => ({ type: "withdraw", who, share: 900 })),
];

/** The other end: an index that falls silent for good. */
const SILENT_ENDING: Action[] = [{ type: "silence", who: 0, against: 3, market: 1, limit: 3 }];

const sequence = fc
  .tuple(
    fc.array(action, { minLength: LENGTH / 2, maxLength: LENGTH, size: "max" }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([actions, end]) => [...actions, ...(end === 0 ? SILENT_ENDING : ENDING)]);

const START = FIRST_DAY * DAY + 6n * 3_600n;

/** The contracts with their markets, once; every sequence goes on from here. */
async function deployed(): Promise<Chain> {
  const chain = await deployChain(new Date(Number(START - 1_000n) * 1_000), OWNERS);
  await listFeed(chain, FIRST_DAY - 5n, FEED);
  await chain.networkHelpers.time.setNextBlockTimestamp(START);
  await chain.index.post(INDEX, FIRST_DAY - 1n, 1, await signReports(chain, FIRST_DAY - 1n, 1n, FIRST_VALUE));
  for (const listing of LISTINGS) {
    await chain.networkHelpers.time.setNextBlockTimestamp(START + 60n);
    await listMarket(chain, listing);
  }
  return chain;
}

/** A model and accounts on a fresh chain. */
async function started(chain: Chain): Promise<Runner> {
  const feed: FeedState = { ...FEED, target: 0n, newestPeriod: 0n, halts: [], history: [] };
  push(feed, START, FIRST_VALUE, FIRST_DAY - 1n);
  const runner = new Runner(chain, LISTINGS, feed, START + 60n, FIRST_VALUE);
  await runner.openAccounts(3_000_000_000n);
  return runner;
}

describe("Model beside the chain", function () {
  // To shrink a failure takes as long as it takes.
  this.timeout(process.env.USANCE_MODEL_SHRINK === undefined ? 600_000 + 500 * OPERATIONS : 0);
  let chain: Chain;
  let fresh: Awaited<ReturnType<Chain["networkHelpers"]["takeSnapshot"]>>;
  before(async () => {
    chain = await deployed();
    fresh = await chain.networkHelpers.takeSnapshot();
  });

  async function run(actions: Action[], counts = new Map<string, number>()): Promise<void> {
    await fresh.restore();
    const runner = await started(chain);
    try {
      for (const one of actions) await runner.step(one);
    } finally {
      for (const [name, n] of runner.counts) counts.set(name, (counts.get(name) ?? 0) + n);
    }
  }

  for (const { name, actions } of REPLAYED) it(`agrees on ${name}`, () => run(actions));

  it(`agrees on every step of random sequences (seed ${SEED})`, async () => {
    const counts = new Map<string, number>();
    let seed = SEED;
    try {
      for (; operationsOf(counts) < OPERATIONS; seed++) {
        // Each sequence has a seed of its own, so that one alone can be run again.
        await fc.assert(
          fc.asyncProperty(sequence, (actions) => run(actions, counts)),
          { seed, numRuns: 1, endOnFailure: process.env.USANCE_MODEL_SHRINK === undefined },
        );
      }
    } finally {
      if (process.env.USANCE_MODEL_COUNTS) console.table(Object.fromEntries([...counts].sort()));
      console.log(figuresOf(counts, `${SEED} to ${seed - 1}`));
      if (SHARD) console.log(shardLine(counts));
    }
    // A campaign asks it of all its shards together.
    const missing = SHARD ? [] : tooSeldom(counts);
    expect(missing, "actions that succeeded too seldom").to.deep.equal([]);
  });
});
