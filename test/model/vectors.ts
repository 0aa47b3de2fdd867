import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pairUp } from "./credit.ts";
import { settlementTick } from "./liquidation.ts";
import { DATED, PERPETUAL } from "./listings.ts";
import { bandAround, emptyPosition, equityOf, exposure, initialMargin, maintenanceMargin } from "./margin.ts";
import { advance, clampedMark, followAt, fundingOfMinute, startMark, toX16, toX20 } from "./mark.ts";
import { DAY, FINE_BITS } from "./numbers.ts";
import { makerFeeOf, positionOf, settleFunding, takerFeeOf } from "./position.ts";
import { shareOf } from "./shares.ts";
import { scaledTier } from "./window.ts";
import { world } from "./world.ts";

/**
 * Vectors of margin, funding, rounds and credit as JSON, for tests in any language: `tsx test/model/vectors.ts` writes vectors.json beside
 * this file, and a test of the model fails when it no longer matches. Whole numbers are decimal strings; marks are ticks ×
 * 2^16, cumulative funding ticks × 2^20, amounts collateral units of a 6-decimal token.
 */
const FILE = fileURLToPath(new URL("vectors.json", import.meta.url));

/** Numbers of a small linear congruential generator: the same vectors every time. */
function generator(seed: bigint) {
  let state = seed;
  return (bound: bigint): bigint => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % (1n << 64n);
    return (state >> 16n) % bound;
  };
}

/** Equity and requirements of accounts with a position and orders in both reference markets. */
function marginVectors() {
  const random = generator(1n);
  return Array.from({ length: 40 }, () => {
    const { clearing, alice, account } = world();
    const state = clearing.state;
    const owner = account(alice);
    owner.cash = random(2_000_000_000n) - 500_000_000n;
    const positions = [1, 2].map((market) => {
      const markX16 = (1_500n << 16n) + random(1_000n << 16n);
      const cumulativeFunding = market === 1 ? random(200n << 20n) - (100n << 20n) : 0n;
      clearing.observe(market, { markX16, cumulativeFunding });
      const size = random(20_001n) - 10_000n;
      const position = {
        ...emptyPosition(),
        size,
        quote: -size * (1_600n + random(800n)),
        bidLots: random(3n) * random(6_000n),
        askLots: random(3n) * random(6_000n),
      };
      owner.positions.set(market, position);
      const { quote, snapshot, bidLots, askLots, openOrders } = position;
      const stored = { size, quote, snapshot, bidLots, askLots, openOrders };
      return { market, markX16, cumulativeFunding, ...stored, exposure: exposure(position) };
    });
    return {
      cash: owner.cash,
      positions,
      equity: equityOf(state, owner),
      initialMargin: initialMargin(state, owner),
      maintenanceMargin: maintenanceMargin(state, owner),
    };
  });
}

/** Settlements of funding into quote: floored for each side, the rest to the pool. */
function fundingSettlements() {
  const random = generator(2n);
  return Array.from({ length: 40 }, () => {
    const { clearing, alice, account, market } = world();
    const size = random(4_000_001n) - 2_000_000n;
    const snapshot = random(1n << 40n) - (1n << 39n);
    const cumulativeFunding = snapshot + random(1n << 24n) - (1n << 23n);
    clearing.observe(1, { cumulativeFunding });
    const position = Object.assign(positionOf(account(alice), market(1)), { size, snapshot });
    settleFunding(market(1), position);
    return { size, snapshot, cumulativeFunding, quote: position.quote, fundingPool: market(1).fundingPool };
  });
}

/** Funding of one minute at a mark and an index: the rate before any summing. */
function fundingMinutes() {
  const random = generator(3n);
  return Array.from({ length: 40 }, () => {
    const indexX16 = (1_800n << 16n) + random(400n << 16n);
    const markX16 = (indexX16 * (9_200n + random(1_601n))) / 10_000n;
    const fine = fundingOfMinute(PERPETUAL, markX16 << (FINE_BITS - 16n), indexX16 << (FINE_BITS - 16n));
    return {
      markX16,
      indexX16,
      fundingX20Floored: toX20(fine),
      fundingX64Floored: fine >> (FINE_BITS - 64n),
    };
  });
}

/** A perpetual left alone for a while with a standing mid: mean, mark and funding, minute by minute summed. */
function markRuns() {
  const random = generator(4n);
  return [1n, 2n, 7n, 10n, 59n, 60n, 61n, 480n, 1_440n, 4_320n, 10_080n].map((minutes) => {
    const startX16 = 2_000n << 16n;
    const indexX16 = (1_850n << 16n) + random(300n << 16n);
    const bid = 1_900n + random(150n);
    const ask = bid + 1n + random(60n);
    const state = { ...startMark(PERPETUAL, 0n, startX16), bid, ask };
    followAt(state, 0n, indexX16, 1n << 60n);
    advance(state, minutes * 60n);
    return {
      startX16,
      indexX16,
      bid,
      ask,
      minutes,
      meanX16: toX16(state.mean),
      markX16: toX16(clampedMark(state)),
      cumulativeFunding: toX20(state.cumulative),
    };
  });
}

/** Fees of a fill, fill bands and settlement prices. */
function roundings() {
  const random = generator(5n);
  const { market } = world();
  const fees = Array.from({ length: 20 }, () => {
    const lots = 100n + random(100_000n);
    const tick = 1n + random(10_000n);
    const takerFee = takerFeeOf(market(1), lots, tick);
    return {
      lots,
      tick,
      takerFee,
      makerFee: makerFeeOf(market(1), lots, tick, takerFee),
      makerRebate: makerFeeOf(market(2), lots, tick, takerFee),
    };
  });
  const bands = Array.from({ length: 10 }, () => {
    const markX16 = (1_000n << 16n) + random(2_000n << 16n);
    return { markX16, bandBps: 250n, ...bandAround(markX16, 16n, 250n) };
  });
  const settlements = Array.from({ length: 20 }, () => {
    const days = 28n + random(4n);
    const halves = days * 2n * (2_000n + random(500n)) + random(3n) - 1n;
    const sum = (halves * DATED.indexPerTick) / 2n;
    return {
      sum,
      days,
      indexPerTick: DATED.indexPerTick,
      settlementTick: settlementTick(sum, days, DATED.indexPerTick),
    };
  });
  return { fees, bands, settlements };
}

/** What positions close in a deleveraging round, in the order in which they are touched. */
function roundVectors() {
  const random = generator(6n);
  return Array.from({ length: 30 }, (_, i) => {
    const sizes = Array.from({ length: 1 + i }, () => 1n + random(i % 2 === 0 ? 5_000n : 12n));
    const side = sizes.reduce((a, b) => a + b);
    const lots = 1n + random(side);
    const round = { lots, side, tick: 1n, longs: false, funding: 0n, served: 0n, closed: 0n };
    const closed = sizes.map((size) => {
      const share = shareOf(round, size);
      round.served += size;
      return share;
    });
    return { lots, side, sizes, closed };
  });
}

/** The largest credit that a row of months can have. */
function creditVectors() {
  const random = generator(7n);
  return Array.from({ length: 40 }, (_, i) => {
    const lots = Array.from({ length: 2 + (i % 7) }, () => random(2_000n));
    const gains = lots.slice(1).map(() => random(4n) * random(900n));
    const pairs = gains.map((gain, a) => ({ a, b: a + 1, gain, lots: 0n }));
    return { lots, gains, credit: pairUp(pairs, [...lots]) };
  });
}

/** Margins and bands of days of the window. */
function windowVectors() {
  const random = generator(8n);
  const [front] = DATED.tiers;
  return Array.from({ length: 30 }, () => {
    const days = 1n + random(31n);
    const unlocked = 1n + random(days);
    return { front, unlocked, days, tier: scaledTier(front, unlocked, days) };
  });
}

export function vectorsJson(): string {
  const day = 20_000n * DAY;
  const vectors = {
    at: day,
    markets: { 1: PERPETUAL, 2: DATED },
    margin: marginVectors(),
    fundingMinutes: fundingMinutes(),
    fundingSettlements: fundingSettlements(),
    markRuns: markRuns(),
    ...roundings(),
    rounds: roundVectors(),
    credits: creditVectors(),
    windows: windowVectors(),
  };
  const text = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return `${JSON.stringify(vectors, text, 2)}\n`;
}

export const storedVectors = (): string => readFileSync(FILE, "utf8");

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, vectorsJson());
