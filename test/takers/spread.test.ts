import { expect } from "chai";
import type { MarketSnapshot } from "../../scripts/maker/snapshot.ts";
import { SpreadStrategy, type SpreadDecision, type SpreadState } from "../../scripts/takers/spread.ts";
import { account, market } from "./paper.ts";

/** A Monday. */
const MONDAY = 20_514;
const PARAMETERS = { capital: 20_000, size: 2_000, stop: 0.01 };

const tokens = (fields: Partial<MarketSnapshot> = {}) =>
  market({ id: 1, kind: "dated", mark: 4_700, tickValue: 0.0005, lastPeriod: MONDAY + 28, ...fields });
const hours = (fields: Partial<MarketSnapshot> = {}) =>
  market({ id: 2, kind: "dated", mark: 210, tickValue: 0.0073, lastPeriod: MONDAY + 28, ...fields });

function state(fields: Partial<SpreadState> = {}): SpreadState {
  const funded = account({ equity: PARAMETERS.capital });
  return { today: MONDAY, tokens: [tokens()], hours: [hours()], account: funded, ...fields };
}

const lotsOf = ({ trade }: SpreadDecision) => trade?.legs.map(({ market: id, lots }) => [id, lots]);

/** A strategy that has sold tokens and bought hours, and the account with what it holds. */
function opened() {
  const strategy = new SpreadStrategy(PARAMETERS);
  const { trade } = strategy.decide(state());
  strategy.done(trade!, MONDAY);
  const positions = new Map(trade!.legs.map(({ market: id, lots }) => [id, lots]));
  return { strategy, held: account({ equity: PARAMETERS.capital, positions }) };
}

describe("trader of the token-to-GPU spread", () => {
  it("sells tokens and buys hours of the same notional, once a week", () => {
    const strategy = new SpreadStrategy(PARAMETERS);
    const decision = strategy.decide(state());
    expect(lotsOf(decision)).to.deep.equal([
      [1, -Math.floor(2_000 / 2.35)],
      [2, Math.floor(2_000 / 1.533)],
    ]);
    expect(decision.trade).to.include({ kind: "opened" });
    // Until it is done, the next round tries again.
    expect(lotsOf(strategy.decide(state()))).to.deep.equal(lotsOf(decision));
    strategy.done(decision.trade!, MONDAY);
    for (let day = 0; day < 7; day++)
      expect(strategy.decide(state({ today: MONDAY + day }))).to.deep.equal({ deposit: 0 });
    expect(strategy.decide(state({ today: MONDAY + 7 })).trade?.kind).to.equal("opened");
  });

  it("deposits first", () => {
    const strategy = new SpreadStrategy(PARAMETERS);
    expect(strategy.decide(state({ account: undefined })).deposit).to.equal(20_000);
    expect(strategy.decide(state({ account: account({ equity: 9_000 }) })).deposit).to.equal(11_000);
    expect(strategy.decide(state({ account: account({ equity: 11_000 }) })).deposit).to.equal(0);
  });

  it("trades no leg alone", () => {
    const strategy = new SpreadStrategy(PARAMETERS);
    for (const fields of [
      { hours: [hours({ bestAsk: 0 })] },
      { tokens: [tokens({ bestBid: 0 })] },
      { hours: [hours({ open: false })] },
      { hours: [hours({ lastPeriod: MONDAY + 59 })] },
      { hours: [] },
    ])
      expect(strategy.decide(state(fields)).trade).to.equal(undefined);
  });

  it("opens in the nearest month that has two weeks left", () => {
    const strategy = new SpreadStrategy(PARAMETERS);
    const both = {
      tokens: [tokens({ id: 3, lastPeriod: MONDAY + 59 }), tokens()],
      hours: [hours(), hours({ id: 4, lastPeriod: MONDAY + 59 })],
    };
    expect(lotsOf(strategy.decide(state(both)))?.map(([id]) => id)).to.deep.equal([1, 2]);
    const later = state({ ...both, today: MONDAY + 15 });
    expect(lotsOf(strategy.decide(later))?.map(([id]) => id)).to.deep.equal([3, 4]);
  });

  it("closes what has lost too much in the month's last days, both legs whole", () => {
    const { strategy, held } = opened();
    const dearer = { tokens: [tokens({ mark: 4_800 })], account: held };
    // Three weeks before the end it adds instead.
    expect(strategy.decide(state({ ...dearer, today: MONDAY + 7 })).trade?.kind).to.equal("opened");
    const { trade } = strategy.decide(state({ ...dearer, today: MONDAY + 22 }));
    expect(trade?.kind).to.equal("closed");
    expect(trade?.legs.map(({ market: id, lots, reduceOnly }) => [id, lots, reduceOnly])).to.deep.equal(
      [...held.positions].map(([id, lots]) => [id, -lots, true]),
    );
    strategy.done(trade!, MONDAY + 22);
    const flat = { account: account({ equity: PARAMETERS.capital }), today: MONDAY + 28 };
    expect(strategy.decide(state(flat)).trade).to.equal(undefined);
  });

  it("lets settle what has gained, or lost less", () => {
    const { strategy, held } = opened();
    for (const mark of [4_600, 4_700, 4_740]) {
      const late = state({ tokens: [tokens({ mark })], account: held, today: MONDAY + 22 });
      expect(strategy.decide(late).trade, `${mark}`).to.equal(undefined);
    }
  });
});
