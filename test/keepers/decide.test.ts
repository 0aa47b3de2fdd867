import { expect } from "chai";
import {
  decideLiquidation,
  needsOrders,
  type AccountState,
  type LiquidationState,
} from "../../scripts/keepers/liquidation.ts";
import { decideSettlement, type SettlementState } from "../../scripts/keepers/settlement.ts";
import { decideSync, type SyncState } from "../../scripts/keepers/sync.ts";
import { decideWaterfall, type FundState } from "../../scripts/keepers/waterfall.ts";

describe("decideLiquidation", () => {
  const market = {
    phase: "open",
    stage: 0,
    markX16: 2_000n << 16n,
    maintenanceMarginBps: 1_200n,
  } as const;
  const account = (over: Partial<AccountState>): AccountState => ({
    id: 2_048,
    retired: false,
    equity: 100n,
    initialMargin: 100n,
    maintenanceMargin: 60n,
    positions: [{ market: 1, size: 10n, openOrders: 0n }],
    ...over,
  });
  const decide = (accounts: AccountState[], over: Partial<LiquidationState> = {}) =>
    decideLiquidation({
      accounts,
      markets: new Map([
        [1, market],
        [2, { ...market, markX16: 4_000n << 16n }],
      ]),
      orders: new Map(),
      keeper: 3_000,
      maxFills: 7,
      takeOverLots: 0,
      ...over,
    });
  const liquidate = (id: number, of = 1) => ({
    kind: "liquidate",
    account: id,
    market: of,
    maxFills: 7,
    keeper: 3_000,
    takeOverLots: 0,
  });

  it("leaves an account alone that equals its requirements", () => {
    const orders = new Map([[2_048, [1n]]]);
    const positions = [{ market: 1, size: 10n, openOrders: 1n }];
    expect(decide([account({ equity: 100n, positions })], { orders })).to.deep.equal([]);
    expect(decide([account({ equity: 60n })])).to.deep.equal([]);
  });

  it("cancels below IM and closes below MM, each one unit short of equality", () => {
    const orders = new Map([[2_048, [5n, 6n]]]);
    const positions = [{ market: 1, size: 10n, openOrders: 2n }];
    const cancel = { kind: "cancelRiskRaising", account: 2_048, ids: [5n, 6n] };
    expect(decide([account({ equity: 99n, positions })], { orders })).to.deep.equal([cancel]);
    expect(decide([account({ equity: 59n, positions })], { orders })).to.deep.equal([
      cancel,
      liquidate(2_048),
    ]);
  });

  it("cancels for an account that has orders and no position", () => {
    const only = account({ equity: 99n, positions: [{ market: 1, size: 0n, openOrders: 1n }] });
    expect(needsOrders(only)).to.be.true;
    expect(decide([only], { orders: new Map([[2_048, [5n]]]) })).to.have.length(1);
    expect(needsOrders(account({ equity: 99n }))).to.be.false;
    expect(needsOrders({ ...only, retired: true })).to.be.false;
  });

  it("hands a position to the funds at zero equity and below, and nothing where there is no position", () => {
    const absorb = { kind: "absorb", account: 2_048 };
    expect(decide([account({ equity: 0n })])).to.deep.equal([absorb]);
    expect(decide([account({ equity: -1n })])).to.deep.equal([absorb]);
    expect(decide([account({ equity: 1n })])).to.deep.equal([liquidate(2_048)]);
    expect(decide([account({ equity: 0n, maintenanceMargin: 0n, positions: [] })])).to.deep.equal([]);
  });

  it("starts with the weakest account, and in it with the position that needs most margin", () => {
    const positions = [
      { market: 1, size: 15n, openOrders: 0n },
      { market: 2, size: -10n, openOrders: 0n },
    ];
    const actions = decide([
      account({ id: 2_050, equity: 50n }),
      account({ id: 2_049, equity: 40n, positions }),
    ]);
    expect(actions).to.deep.equal([liquidate(2_049, 2), liquidate(2_049, 1), liquidate(2_050)]);
  });

  it("passes over itself, retired accounts, and markets that do not trade", () => {
    const weak = account({ equity: 10n });
    expect(
      decide([
        { ...weak, id: 3_000 },
        { ...weak, retired: true },
      ]),
    ).to.deep.equal([]);
    for (const state of [
      { ...market, stage: 2 },
      { ...market, stage: 3 },
      { ...market, phase: "expired" },
      { ...market, phase: "settled" },
    ] as const)
      expect(decide([weak], { markets: new Map([[1, state]]) })).to.deep.equal([]);
    expect(decide([weak], { markets: new Map([[1, { ...market, phase: "reduceOnly" }]]) })).to.have.length(1);
    // While an index is only stale, liquidation goes on.
    expect(decide([weak], { markets: new Map([[1, { ...market, stage: 1 }]]) })).to.have.length(1);
  });

  it("lets lots that wait shield nothing else, and does not hand their account to the funds", () => {
    const markets = new Map([
      [1, market],
      [2, { ...market, stage: 2 }],
    ]);
    const positions = [
      { market: 1, size: 15n, openOrders: 1n },
      { market: 2, size: -10n, openOrders: 1n },
    ];
    const [here, waiting] = [(1n << 104n) | 5n, (2n << 104n) | 5n];
    const orders = new Map([[2_048, [here, waiting]]]);
    for (const equity of [59n, 0n, -1n])
      expect(decide([account({ equity, positions })], { markets, orders })).to.deep.equal([
        { kind: "cancelRiskRaising", account: 2_048, ids: [here] },
        liquidate(2_048, 1),
      ]);
    // Orders alone do not wait.
    const flat = [positions[0]!, { market: 2, size: 0n, openOrders: 1n }];
    expect(decide([account({ equity: 0n, positions: flat })], { markets })).to.deep.equal([
      { kind: "absorb", account: 2_048 },
    ]);
  });
});

describe("decideLiquidation of a keeper that takes over", () => {
  const market = { stage: 0, markX16: 2_000n << 16n, maintenanceMarginBps: 1_200n } as const;
  const weak: AccountState = {
    id: 2_048,
    retired: false,
    equity: 10n,
    initialMargin: 100n,
    maintenanceMargin: 60n,
    positions: [{ market: 1, size: 10n, openOrders: 0n }],
  };
  const decide = (phase: "open" | "expired" | "settled", takeOverLots: number) =>
    decideLiquidation({
      accounts: [weak],
      markets: new Map([[1, { ...market, phase }]]),
      orders: new Map(),
      keeper: 3_000,
      maxFills: 7,
      takeOverLots,
    });

  it("offers its lots only when it was told to, and after the end of trading too", () => {
    expect(decide("open", 0)[0]).to.include({ kind: "liquidate", takeOverLots: 0 });
    expect(decide("open", 500)[0]).to.include({ kind: "liquidate", takeOverLots: 500 });
    expect(decide("expired", 0)).to.deep.equal([]);
    expect(decide("expired", 500)[0]).to.include({ kind: "liquidate", takeOverLots: 500 });
    expect(decide("settled", 500)).to.deep.equal([]);
  });
});

describe("decideWaterfall", () => {
  const fund = (over: Partial<FundState>): FundState => ({
    market: 3,
    phase: "open",
    size: 0n,
    equity: 1_000n,
    unfinished: 0n,
    unwindBudget: 100n,
    unwindSpent: 0n,
    bestBid: 10n,
    bestAsk: 11n,
    behind: [],
    ...over,
  });
  const decide = (...funds: FundState[]) =>
    decideWaterfall({ funds, batch: 2, maxFills: 7 }).map((action) =>
      action.kind === "applyRounds" ? `${action.kind} ${action.accounts.join(" ")}` : action.kind,
    );

  it("leaves a fund without a position alone", () => {
    expect(decide(fund({}), fund({ equity: 0n }))).to.deep.equal([]);
  });

  it("unwinds what a fund holds while there is a budget and somebody to trade with", () => {
    expect(decide(fund({ size: 5n }))).to.deep.equal(["unwind"]);
    expect(decide(fund({ size: -5n }))).to.deep.equal(["unwind"]);
    expect(decide(fund({ size: 5n, bestBid: 0n }))).to.deep.equal([]);
    expect(decide(fund({ size: -5n, bestAsk: 0n }))).to.deep.equal([]);
    expect(decide(fund({ size: 5n, unwindSpent: 99n }))).to.deep.equal(["unwind"]);
    expect(decide(fund({ size: 5n, unwindSpent: 100n }))).to.deep.equal([]);
    expect(decide(fund({ size: 5n, phase: "expired" }))).to.deep.equal([]);
  });

  it("records a round for a fund below zero, and does not unwind it", () => {
    expect(decide(fund({ size: 5n, equity: -1n }))).to.deep.equal(["deleverage"]);
    expect(decide(fund({ equity: -1n, phase: "settled" }))).to.deep.equal(["deleverage"]);
  });

  it("serves positions first, a batch a call, and records no round beyond what may be unfinished", () => {
    const behind = [2_048, 2_049, 2_050];
    const served = ["applyRounds 2048 2049", "applyRounds 2050"];
    expect(decide(fund({ unfinished: 1n, behind }))).to.deep.equal(served);
    const spent = { size: 5n, equity: -1n, unfinished: 16n };
    expect(decide(fund({ ...spent, behind }))).to.deep.equal([...served, "deleverage"]);
    expect(decide(fund(spent))).to.deep.equal([]);
    expect(decide(fund({ ...spent, unfinished: 15n }))).to.deep.equal(["deleverage"]);
  });
});

describe("decideSettlement", () => {
  const market = {
    id: 4,
    phase: "expired",
    expiry: 1_000,
    ready: true,
    silentAt: Infinity,
    holders: [2_048, 2_049, 2_050],
  } as const;
  const decide = (markets: SettlementState["markets"], now = 1_000) =>
    decideSettlement({ now, markets, batch: 2 });
  const convert = [
    { kind: "settleAccounts", market: 4, accounts: [2_048, 2_049] },
    { kind: "settleAccounts", market: 4, accounts: [2_050] },
  ];

  it("settles at expiry once the window is final, and converts in batches", () => {
    expect(decide([market])).to.deep.equal([{ kind: "settle", market: 4 }, ...convert]);
    expect(decide([{ ...market, phase: "open" }])).to.deep.equal([{ kind: "settle", market: 4 }, ...convert]);
  });

  it("waits for the expiry and for the prints", () => {
    expect(decide([market], 999)).to.deep.equal([]);
    expect(decide([{ ...market, ready: false }])).to.deep.equal([]);
  });

  it("goes on converting where a market is settled", () => {
    expect(decide([{ ...market, phase: "settled", ready: false }])).to.deep.equal(convert);
    expect(decide([{ ...market, phase: "settled", ready: false, holders: [] }])).to.deep.equal([]);
  });

  it("settles no perpetual that does not end", () => {
    expect(decide([{ ...market, phase: "open", expiry: 0 }])).to.deep.equal([]);
  });

  it("settles every market of an index that has been silent for too long, ready or not", () => {
    for (const expiry of [0, 2_000]) {
      const silent = { ...market, phase: "open", expiry, ready: false, silentAt: 1_000 } as const;
      expect(decide([silent], 999)).to.deep.equal([]);
      expect(decide([silent])).to.deep.equal([{ kind: "settle", market: 4 }, ...convert]);
    }
  });
});

describe("decideSync", () => {
  const index = "0x01" as const;
  const feed = { id: 1, index, target: 5n, followed: 5n, sequence: 3n };
  const decide = (over: Partial<SyncState>) =>
    decideSync({
      now: 10_000,
      markets: [],
      feeds: [],
      pushed: new Map([[index, 3n]]),
      held: [],
      touched: new Map(),
      interval: 300,
      ...over,
    });

  it("touches a market at most once in an interval, and never a settled one", () => {
    const markets = [
      { id: 1, phase: "open", marginsFrom: 0 },
      { id: 2, phase: "reduceOnly", marginsFrom: 0 },
      { id: 3, phase: "expired", marginsFrom: 0 },
      { id: 4, phase: "settled", marginsFrom: 0 },
      { id: 5, phase: "open", marginsFrom: 0 },
    ] as const;
    const touched = new Map([
      ["market 1", 9_701],
      ["market 5", 9_700],
    ]);
    expect(decide({ markets, touched })).to.deep.equal([
      { kind: "sync", market: 2 },
      { kind: "sync", market: 3 },
      { kind: "sync", market: 5 },
    ]);
  });

  it("puts announced margins in force from 00:00 UTC of their day on, in markets that trade", () => {
    const market = (id: number, phase: "open" | "reduceOnly" | "expired") => ({
      id,
      phase,
      marginsFrom: 20_000,
    });
    const markets = [market(1, "open"), market(2, "reduceOnly"), market(3, "expired")];
    const applied = (now: number) => decide({ markets, now }).filter(({ kind }) => kind === "applyMargins");
    expect(applied(20_000 * 86_400 - 1)).to.deep.equal([]);
    expect(applied(20_000 * 86_400)).to.deep.equal([
      { kind: "applyMargins", market: 1 },
      { kind: "applyMargins", market: 2 },
    ]);
  });

  it("repeats a push that the feed has not taken, at once", () => {
    expect(
      decide({ feeds: [{ ...feed, sequence: 2n }], touched: new Map([["feed 1", 10_000]]) }),
    ).to.deep.equal([{ kind: "repush", index }]);
    expect(decide({ feeds: [feed] })).to.deep.equal([]);
  });

  it("releases a held print from its time on, which never comes where only a super-quorum can bring it in", () => {
    const held = [
      { index, period: 1, releasableAt: 10_000n },
      { index, period: 2, releasableAt: 10_001n },
      { index, period: 3, releasableAt: 2n ** 64n - 1n },
    ];
    expect(decide({ held })).to.deep.equal([{ kind: "releasePrint", index, period: 1 }]);
  });

  it("lets a feed catch up once in an interval", () => {
    const feeds = [{ ...feed, followed: 4n }];
    expect(decide({ feeds })).to.deep.equal([{ kind: "follow", feed: 1 }]);
    expect(decide({ feeds, touched: new Map([["feed 1", 9_900]]) })).to.deep.equal([]);
  });
});
