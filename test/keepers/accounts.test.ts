import { getAccounts, type Deployment } from "@usance/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { pino } from "pino";
import { createClient, custom, zeroAddress, type Address } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { AccountBook } from "../../scripts/keepers/accounts/book.ts";
import { FIRST_ACCOUNT } from "../../scripts/keepers/accounts/shard.ts";
import { contextOf, type KeeperContext } from "../../scripts/keepers/context.ts";
import { ACCOUNTS, action, OWNERS, type Action } from "../model/actions.ts";
import { deployChain, INDEX, listFeed, listMarket, signReports, type Chain } from "../model/chain.ts";
import { push, type FeedState } from "../model/feed.ts";
import { DATED, PERPETUAL } from "../model/listings.ts";
import { DAY } from "../model/numbers.ts";
import { REPLAYED } from "../model/replayed.ts";
import { Runner } from "../model/runner.ts";
import type { Listing } from "../model/types.ts";

/**
 * What memory says beside what the lens says, while the model's random sequences run: everything that users, keepers and
 * reporters do, with rounds, halts, windows and settlements. USANCE_BOOK_STEPS says how many random steps are taken, USANCE_BOOK_SEED
 * the seed of the first sequence.
 */
const STEPS = Number(process.env.USANCE_BOOK_STEPS ?? "100");
const SEED = Number(process.env.USANCE_BOOK_SEED ?? "7");

const FIRST_DAY = 20_458n;
const FIRST_VALUE = 1_000n * 10n ** 18n;
const START = FIRST_DAY * DAY + 6n * 3_600n;
const FEED = { maxMoveBps: 800n, limit1: 108_000n, limit2: 194_400n, limit3: 604_800n };
const LIMITS = {
  maxPositionLots: 49_152n,
  maxOpenInterestLots: 65_536n,
  openInterestBaseLots: 60_000n,
  concentrationLots: 16_384n,
};
const month = (firstPeriod: bigint): Listing => ({
  ...DATED,
  ...LIMITS,
  nextFromPeriod: firstPeriod - 3n,
  firstPeriod,
  lastPeriod: firstPeriod + 7n,
});
const LISTINGS: Listing[] = [
  { ...PERPETUAL, ...LIMITS },
  month(FIRST_DAY + 4n),
  month(FIRST_DAY + 12n),
  { ...PERPETUAL, ...LIMITS, indexPerTick: 117_647_058_823_529n, tickValue: 1n },
];

const log = pino({ level: "silent" });
const ALL = Array.from({ length: ACCOUNTS }, (_, i) => FIRST_ACCOUNT + i);

/** Accounts that need a step of the ladder, by the lens alone. */
async function shortByLens({ client, deployment }: KeeperContext, blockNumber: bigint): Promise<number[]> {
  const accounts = await getAccounts(client, { deployment, accountIds: ALL, blockNumber });
  return accounts
    .filter(({ retired, equity, initialMargin, maintenanceMargin, positions }) => {
      const holds = positions.some(({ size }) => size !== 0n);
      const rests = positions.some(({ openOrders }) => openOrders !== 0n);
      const short =
        (holds && (equity <= 0n || equity < maintenanceMargin)) || (rests && equity < initialMargin);
      return !retired && short;
    })
    .map(({ id }) => id);
}

describe("Accounts in memory beside the chain", function () {
  this.timeout(600_000 + 5_000 * STEPS);
  let chain: Chain;
  let fresh: Awaited<ReturnType<Chain["networkHelpers"]["takeSnapshot"]>>;
  let context: KeeperContext;
  let book: AccountBook;
  const seen = { looks: 0, short: 0, screened: 0 };
  let last: bigint | undefined;

  /** A model beside the chain, with the book beside both: looked at after every step that made a block. */
  class Watched extends Runner {
    override async step(one: Action): Promise<void> {
      await super.step(one);
      await look(one);
    }
  }

  async function look(after: unknown): Promise<void> {
    const { block, found } = await book.use(async (view) => ({
      block: view.block,
      found: (await view.shortfalls()).map(({ id }) => id),
    }));
    if (block === last) return;
    last = block;
    const expected = await shortByLens(context, block);
    expect(found, `block ${block}, after ${JSON.stringify(after)}`).to.deep.equal(expected);
    expect(await book.recount(ACCOUNTS), `memory, after ${JSON.stringify(after)}`).to.deep.equal([]);
    seen.looks += ACCOUNTS;
    seen.short += expected.length;
    seen.screened += book.figures.screened;
  }

  async function started(): Promise<Watched> {
    const feed: FeedState = { ...FEED, target: 0n, newestPeriod: 0n, halts: [], history: [] };
    push(feed, START, FIRST_VALUE, FIRST_DAY - 1n);
    const runner = new Watched(chain, LISTINGS, feed, START + 60n, FIRST_VALUE);
    await runner.openAccounts(3_000_000_000n);
    return runner;
  }

  async function run(actions: readonly Action[]): Promise<void> {
    await fresh.restore();
    const runner = await started();
    for (const one of actions) await runner.step(one);
  }

  before(async () => {
    chain = await deployChain(new Date(Number(START - 1_000n) * 1_000), OWNERS);
    await listFeed(chain, FIRST_DAY - 5n, FEED);
    const { time } = chain.networkHelpers;
    await time.setNextBlockTimestamp(START);
    await chain.index.post(
      INDEX,
      FIRST_DAY - 1n,
      1,
      await signReports(chain, FIRST_DAY - 1n, 1n, FIRST_VALUE),
    );
    for (const listing of LISTINGS) {
      await time.setNextBlockTimestamp(START + 60n);
      await listMarket(chain, listing);
    }
    fresh = await chain.networkHelpers.takeSnapshot();
    const deployment: Deployment = {
      chainId: 31_337,
      block: 0,
      accessManager: zeroAddress,
      collateral: (await chain.token.getAddress()) as Address,
      usageIndex: (await chain.index.getAddress()) as Address,
      clearinghouse: (await chain.house.getAddress()) as Address,
      reporterBonds: zeroAddress,
    };
    const account = privateKeyToAccount(`0x${"1".padStart(64, "0")}`);
    const client = createClient({ account, transport: custom(chain.provider), cacheTime: 0 });
    context = contextOf({ client, deployment, log });
    book = new AccountBook(context);
  });

  // A snapshot that is restored undoes blocks: the same book goes through all of them.
  for (const { name, actions } of REPLAYED) it(`agrees on ${name}`, () => run(actions));

  it(`agrees after every step of random sequences (seed ${SEED})`, async () => {
    const length = 50;
    const sequence = fc.array(action, { minLength: length, maxLength: length, size: "max" });
    for (let taken = 0, seed = SEED; taken < STEPS; taken += length, seed++)
      await fc.assert(fc.asyncProperty(sequence, run), { seed, numRuns: 1, endOnFailure: true });
  });

  it("reads only a few accounts that are healthy", () => {
    expect(seen.short, "accounts that fell short").to.be.greaterThan(50);
    expect((seen.screened - seen.short) / seen.looks).to.be.lessThan(0.02);
    expect(book.figures.corrected).to.equal(0);
  });
});
