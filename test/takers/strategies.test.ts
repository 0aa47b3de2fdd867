import { expect } from "chai";
import { PrintHistory } from "../../scripts/maker/history.ts";
import type { AccountSnapshot, MarketSnapshot } from "../../scripts/maker/snapshot.ts";
import { createHedger } from "../../scripts/takers/hedger.ts";
import { createNoise } from "../../scripts/takers/noise.ts";
import { decideOverleveraged, type OverleveragedParameters } from "../../scripts/takers/overleveraged.ts";
import { seededRandom, seedOf } from "../../scripts/takers/random.ts";
import { takeOrder, type TakerState } from "../../scripts/takers/taker.ts";
import { createTrendFollower, type TrendParameters } from "../../scripts/takers/trend.ts";
import { account, market } from "./paper.ts";
import { near } from "../maker/near.ts";

const month = (id: number, fields: Partial<MarketSnapshot> = {}) =>
  market({ id, name: `TUM ${id}`, kind: "dated", firstPeriod: 30 * id, lastPeriod: 30 * id + 29, ...fields });
const markets = [market({ id: 1 }), month(2), month(3), month(4)];

function historyOf(growth: number, days = 40): PrintHistory {
  const history = new PrintHistory();
  for (let day = 0; day < days; day++) history.record(day, 1_000 * (1 + growth) ** day);
  return history;
}

function state(fields: Partial<TakerState> = {}): TakerState {
  const round = { round: 0, today: 40, markets, account: undefined };
  return { ...round, history: historyOf(0.02), random: seededRandom(1), ...fields };
}

const holding = (positions: [number, number][], fields: Partial<AccountSnapshot> = {}) =>
  account({ equity: 1_000, positions: new Map(positions), ...fields });

describe("orders of takers", () => {
  it("reach from the best price as far as slippage and band allow", () => {
    expect(takeOrder(market(), 500)).to.deep.equal({ market: 1, lots: 500, tick: 2_043, reduceOnly: false });
    expect(takeOrder(market({ highestFill: 2_010 }), 500)?.tick).to.equal(2_010);
    expect(takeOrder(market(), -500)?.tick).to.equal(1_958);
    expect(takeOrder(market({ lowestFill: 1_980 }), -500)?.tick).to.equal(1_980);
  });

  it("are left out where nothing could come of them", () => {
    expect(takeOrder(market(), 99)).to.equal(undefined);
    expect(takeOrder(market({ bestAsk: 0 }), 500)).to.equal(undefined);
    expect(takeOrder(market({ highestFill: 1_990 }), 500)).to.equal(undefined);
    expect(takeOrder(market({ open: false }), 500)).to.equal(undefined);
    expect(takeOrder(market({ open: false }), 500, { reduceOnly: true })).to.not.equal(undefined);
  });

  it("come from numbers that a seed fixes", () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(7)).to.deep.equal(draw(7));
    expect(draw(7)).to.not.deep.equal(draw(8));
    for (const value of draw(7)) expect(value).to.be.within(0, 1);
    expect(seedOf(1, "bull")).to.not.equal(seedOf(1, "bear"));
  });
});

describe("hedger", () => {
  const parameters = {
    name: "buyer",
    side: 1 as const,
    exposure: 40,
    growth: 0,
    coverage: [1, 0.5, 0.25],
    pace: 10,
    cushion: 2,
    since: 40,
  };
  const hedger = createHedger(parameters);

  it("buys months ahead in slices and brings the margin along", () => {
    const { deposit, orders } = hedger.decide(state());
    // 40 USD a point are 40,000 lots of a contract without divisor.
    expect(orders.map(({ market, lots }) => [market, lots])).to.deep.equal([
      [2, 4_000],
      [3, 2_000],
      [4, 1_000],
    ]);
    expect(deposit).to.satisfy(near(2 * 7_000 * 0.2, 1e-6));
  });

  it("hedges the other side as a provider", () => {
    const provider = createHedger({ ...parameters, side: -1 });
    expect(provider.decide(state()).orders[0]).to.include({ market: 2, lots: -4_000 });
  });

  it("carries what it has into settlement", () => {
    const held = holding([
      [2, 50_000],
      [3, 20_000],
      [4, 10_000],
    ]);
    expect(hedger.decide(state({ account: held })).orders).to.deep.equal([]);
  });

  it("counts a divisor in", () => {
    const divided = [month(2, { ticksPerPoint: 1 })];
    expect(hedger.decide(state({ markets: divided })).orders[0]?.lots).to.equal(8_000);
  });

  it("trades once a day", () => {
    expect(hedger.decide(state({ round: 1 })).orders).to.deep.equal([]);
  });
});

describe("trend follower", () => {
  const parameters: TrendParameters = {
    name: "trend",
    capital: 1_000,
    maxEquity: 2_000,
    lookback: 14,
    threshold: 0.05,
    leverage: 2,
    tolerance: 0.2,
    venue: "perpetual",
  };
  const trend = createTrendFollower(parameters);
  const decide = (growth: number, held: AccountSnapshot | undefined) =>
    trend.decide(state({ round: 1, history: historyOf(growth), account: held }));

  it("brings its capital first", () => {
    expect(decide(0.02, undefined)).to.deep.equal({ deposit: 1_000, orders: [], withdraw: 0 });
  });

  it("is long in rising, short in falling and flat in quiet usage", () => {
    expect(decide(0.02, holding([])).orders).to.have.lengthOf(1);
    expect(decide(0.02, holding([])).orders[0]).to.include({ market: 1, lots: 2_000 });
    expect(decide(-0.02, holding([])).orders[0]).to.include({ lots: -2_000 });
    expect(decide(0, holding([[1, 2_000]])).orders[0]).to.include({ lots: -2_000, reduceOnly: true });
  });

  it("leaves a position alone that is near its target", () => {
    expect(decide(0.02, holding([[1, 1_800]])).orders).to.deep.equal([]);
  });

  it("trades no more than its largest equity and takes the rest out", () => {
    const rich = holding([[1, 4_000]], { equity: 5_000, withdrawable: 4_000 });
    expect(decide(0.02, rich)).to.deep.equal({ deposit: 0, orders: [], withdraw: 2_000 });
  });

  it("rolls out of a month that is no longer its own", () => {
    const next = createTrendFollower({ ...parameters, venue: "next" });
    const { orders } = next.decide(state({ round: 1, account: holding([[2, 2_000]]) }));
    expect(orders.map(({ market, lots }) => [market, Math.sign(lots)])).to.deep.equal([
      [2, -1],
      [3, 1],
    ]);
  });
});

describe("noise trader", () => {
  const noise = createNoise({ name: "noise", capital: 1_000, activity: 1, maxOrder: 0.5, maxPosition: 1 });

  it("trades both sides of every market and stays small", () => {
    const random = seededRandom(3);
    const seen = new Set<string>();
    for (let round = 0; round < 200; round++)
      for (const { market, lots } of noise.decide(state({ random, account: holding([]) })).orders) {
        seen.add(`${market} ${Math.sign(lots)}`);
        expect(Math.abs(lots)).to.be.within(100, 500);
      }
    expect(seen.size).to.equal(8);
  });

  it("turns around at its limit", () => {
    const all = markets.map(({ id }): [number, number] => [id, 900]);
    const random = seededRandom(3);
    for (let round = 0; round < 50; round++)
      for (const { lots } of noise.decide(state({ random, account: holding(all) })).orders)
        expect(lots).to.be.lessThan(0);
  });
});

describe("over-leveraged trader", () => {
  const parameters: OverleveragedParameters = {
    name: "bull",
    stake: 1_000,
    side: 1,
    conviction: 0.05,
    appetite: 0.95,
    goal: 3,
    pause: 4,
  };
  const decide = (fields: Partial<TakerState>, memory = {}) =>
    decideOverleveraged(state(fields), { awayUntil: 0, ...memory }, parameters);

  it("waits for a rise, then puts its stake on one market", () => {
    expect(decide({ history: historyOf(0) }).decision.deposit).to.equal(0);
    const { decision, memory } = decide({});
    expect(decision).to.deep.equal({ deposit: 1_000, orders: [], withdraw: 0 });
    expect(memory.bet).to.be.oneOf([1, 2, 3]);
  });

  it("trades to near its initial margin and adds when a gain leaves room", () => {
    const bet = { bet: 1 };
    expect(decide({ account: holding([]) }, bet).decision.orders[0]).to.include({ market: 1, lots: 4_750 });
    const gained = holding([[1, 4_750]], { equity: 1_500, initialMargin: 1_000 });
    expect(decide({ account: gained }, bet).decision.orders[0]?.lots).to.equal(2_125);
    const tight = holding([[1, 4_750]], { equity: 1_000, initialMargin: 950 });
    expect(decide({ account: tight }, bet).decision.orders).to.deep.equal([]);
  });

  it("never closes for a loss", () => {
    const losing = holding([[1, 4_750]], { equity: 300, initialMargin: 950 });
    expect(decide({ account: losing }, { bet: 1 }).decision.orders).to.deep.equal([]);
  });

  it("stays away for a while once its stake is lost", () => {
    const { decision, memory } = decide({ account: holding([], { equity: 100 }) }, { bet: 1 });
    expect(decision).to.deep.equal({ deposit: 0, orders: [], withdraw: 0 });
    expect(memory).to.deep.equal({ awayUntil: 44 });
    expect(decide({ account: holding([], { equity: 100 }) }, memory).decision.deposit).to.equal(0);
    expect(decide({ account: holding([], { equity: 100 }), today: 44 }, memory).decision.deposit).to.equal(
      900,
    );
  });

  it("closes at its goal and takes the profit out", () => {
    const won = holding([[1, 4_750]], { equity: 3_500 });
    expect(decide({ account: won }, { bet: 1 }).decision.orders[0]).to.include({
      lots: -4_750,
      reduceOnly: true,
    });
    const flat = holding([], { equity: 3_500, withdrawable: 3_500 });
    expect(decide({ account: flat }, { bet: 1 }).decision.withdraw).to.equal(2_500);
  });
});
