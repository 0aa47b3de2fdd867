import { expect } from "chai";
import { deposit, withdraw } from "./accounts.ts";
import { topUpFund } from "./funds.ts";
import { absorb, cancelRiskRaising, liquidate, settle, settleAccounts } from "./liquidation.ts";
import { claims, equityOf, expiryOf, initialMargin } from "./margin.ts";
import { order, refusal, TOKEN, world } from "./world.ts";

/** Numbers expected here are worked out by hand from design.md; the comment beside them shows how. */

/** Alice is long 4,000 lots from 2,000 ticks and has paid 2 tokens of fees; bob is short. */
function leveraged() {
  const made = world();
  const { clearing, alice, bob } = made;
  clearing.place(bob, order(-4_000n, 2_000n));
  clearing.place(alice, order(4_000n, 2_000n));
  const mark = (tick: bigint) => clearing.observe(1, { markX16: tick << 16n });
  const balanced = () => expect(claims(clearing.state)).to.equal(clearing.state.tracked);
  return { ...made, mark, balanced };
}

describe("Model: liquidation", () => {
  it("leaves an account at MM alone and takes one below it", () => {
    const { clearing, alice, carol, mark } = leveraged();
    clearing.place(carol, order(5_000n, 1_890n));
    // MM 12 % of 4,000 × mark × 500 is 240,000 × mark; equity 998,000,000 − (2,000 − mark) × 2,000,000:
    // they meet at mark = 3,002,000,000 / 1,760,000 = 1,705.68
    mark(1_706n);
    expect(
      refusal(() => liquidate(clearing, { id: alice, market: 1, maxFills: 100, keeper: carol })),
    ).to.equal("AccountHealthy");
    mark(1_705n);
    expect(
      refusal(() => liquidate(clearing, { id: alice, market: 1, maxFills: 100, keeper: alice })),
    ).to.equal("SelfLiquidation");
    // 1,890 is outside the band and dropped; this call starts the ten minutes and stands
    expect(liquidate(clearing, { id: alice, market: 1, maxFills: 100, keeper: carol }).closed).to.equal(0n);
    expect(
      refusal(() => liquidate(clearing, { id: alice, market: 1, maxFills: 100, keeper: carol })),
    ).to.equal("NothingToFill");
  });

  it("closes no further than back to IM and no further from mark than the bound", () => {
    const { clearing, alice, bob, carol, account, position, mark, balanced } = leveraged();
    deposit(clearing, carol, 10_000n * TOKEN);
    mark(1_560n);
    for (const [lots, tick] of [
      [2_000n, 1_550n],
      [5_000n, 1_520n],
      [5_000n, 1_510n],
    ] as const)
      clearing.place(carol, order(lots, tick));
    // equity 998 − 880 = 118 tokens, IM 624. The bound is 3 % of mark: 46.8 ticks, so 1,514 (the lot's share of equity
    // is 59). Each lot frees 156,000 of IM and costs a fee of 7,800 at mark: 506 tokens / 148,200 = 3,414.3, so 3,415
    const { closed, keeperFee, fundFee } = liquidate(clearing, {
      id: alice,
      market: 1,
      maxFills: 100,
      keeper: bob,
    });
    expect(closed).to.equal(-3_415n);
    // 1 % of (2,000 × 1,550 + 1,415 × 1,520) × 500 = 26,254,000
    expect([keeperFee, fundFee]).to.deep.equal([13_127_000n, 13_127_000n]);
    expect(position(alice)?.size).to.equal(585n);
    // 118 tokens less (2,000 × 10 + 1,415 × 40) × 500 and the fee; IM 585 × 156,000, not passed
    expect(equityOf(clearing.state, account(alice))).to.equal(53_446_000n);
    expect(initialMargin(clearing.state, account(alice))).to.equal(91_260_000n);
    balanced();
  });

  it("charges no more than the equity that is left", () => {
    const { clearing, alice, bob, carol, account, mark, balanced } = leveraged();
    deposit(clearing, carol, 10_000n * TOKEN);
    mark(1_503n); // equity 998 − 994 = 4 tokens, a tick of 2 tokens a lot's share: limit 1,501
    clearing.place(carol, order(5_000n, 1_502n));
    const { closed, keeperFee, fundFee } = liquidate(clearing, {
      id: alice,
      market: 1,
      maxFills: 100,
      keeper: bob,
    });
    expect(closed).to.equal(-4_000n);
    expect(keeperFee + fundFee).to.equal(2n * TOKEN);
    expect(account(alice).cash).to.equal(0n);
    balanced();
  });

  it("cancels what raises the worst side, and only below IM", () => {
    const { clearing, alice, mark } = leveraged();
    const bid = { market: 1, order: clearing.place(alice, order(500n, 1_900n)).id };
    const ask = { market: 1, order: clearing.place(alice, order(-500n, 2_100n)).id };
    expect(refusal(() => cancelRiskRaising(clearing, alice, [bid, ask]))).to.equal("AccountHealthy");
    mark(1_800n); // equity 598, IM 20 % of 4,500 × 1,800 × 500 = 810
    expect(cancelRiskRaising(clearing, alice, [bid, ask])).to.equal(500n);
    expect(clearing.cancel(alice, 1, ask.order)).to.equal(500n);
  });
});

describe("Model: absorption", () => {
  it("hands position and cash to the fund and retires the account", () => {
    const { clearing, alice, bob, account, market, position, mark, balanced } = leveraged();
    topUpFund(clearing, 1, 1_000n * TOKEN);
    clearing.place(alice, order(-100n, 2_050n));
    mark(1_502n);
    expect(refusal(() => absorb(clearing, alice))).to.equal("AccountNotBankrupt"); // equity 2 tokens
    mark(1_400n); // 998 − 1,200
    expect(absorb(clearing, alice)).to.deep.equal(new Map([[1, 202n * TOKEN]]));
    expect(account(alice)).to.include({ cash: 0n, retired: true });
    expect(position(1)).to.include({ size: 4_000n, quote: -8_000_000n });
    expect(account(1).cash).to.equal(1_998n * TOKEN);
    expect(equityOf(clearing.state, account(1))).to.equal(798n * TOKEN);
    expect(market(1).openInterest).to.equal(4_000n);
    clearing.observe(1, { markX16: 2_000n << 16n });
    expect(
      clearing.place(bob, order(100n, 2_050n, { kind: "immediateOrCancel" })).lots,
      "a dead order",
    ).to.equal(0n);
    balanced();
  });

  it("shares the shortfall of several markets by MM", () => {
    const { clearing, alice, bob, account, position, balanced } = leveraged();
    for (const fund of [1, 2]) topUpFund(clearing, fund, 500n * TOKEN);
    clearing.place(bob, order(-500n, 2_000n, { market: 2 }));
    withdraw(clearing, alice, 38n * TOKEN);
    clearing.place(alice, order(500n, 2_000n, { market: 2 })); // fee 0.25 tokens, cash 959.75
    clearing.observe(1, { markX16: 1_500n << 16n }); // −1,000 tokens
    clearing.observe(2, { markX16: 1_600n << 16n }); // −100 tokens
    // equity −140.25 tokens; MM 12 % × 4,000 × 1,500 × 500 = 360 and 21 % × 500 × 1,600 × 500 = 84 tokens:
    // shares 113.716216… floored, and the rest
    const shortfalls = absorb(clearing, alice);
    expect(shortfalls.get(1)).to.equal(113_716_216n);
    expect(account(1).cash).to.equal(1_500n * TOKEN - 113_716_216n);
    expect(account(2).cash).to.equal(600n * TOKEN - 26_533_784n);
    expect(position(2, 2)?.size).to.equal(500n);
    balanced();
  });
});

describe("Model: settlement", () => {
  const settled = (sum: bigint) => {
    const made = world();
    const { clearing, alice, bob, market } = made;
    clearing.place(bob, order(-1_000n, 2_000n, { market: 2 }));
    clearing.place(alice, order(1_000n, 2_000n, { market: 2 }));
    expect(refusal(() => settle(clearing, 2, { sum, days: 3n }))).to.equal("NotExpired");
    expect(refusal(() => settle(clearing, 1, { sum, days: 3n }))).to.equal("NotDated");
    clearing.state.now = expiryOf(market(2));
    expect(refusal(() => clearing.place(alice, order(100n, 2_000n, { market: 2 })))).to.equal(
      "MarketNotOpen",
    );
    expect(refusal(() => settleAccounts(clearing, 2, [alice]))).to.equal("NotSettled");
    return { ...made, tick: settle(clearing, 2, { sum, days: 3n }) };
  };

  it("rounds the mean half-even to a tick, once", () => {
    const points = 10n ** 16n; // hundredths of a point
    expect(settled(300_075n * points).tick).to.equal(2_000n); // mean 1,000.25 points = 2,000.5 ticks
    expect(settled(300_225n * points).tick).to.equal(2_002n); // 2,001.5
    expect(settled(300_225n * points - 1n).tick).to.equal(2_001n);
    expect(settled(300_075n * points + 1n).tick).to.equal(2_001n);
  });

  it("converts at any touch, balanced in between by the escrow", () => {
    const { clearing, alice, bob, account, market } = settled(3_150n * 10n ** 18n); // 1,050 points, 2,100 ticks
    const balanced = () => expect(claims(clearing.state)).to.equal(clearing.state.tracked);
    expect(settleAccounts(clearing, 2, [alice, 2])).to.equal(1);
    expect(account(alice).cash).to.equal(1_000n * TOKEN - 500_000n + 50n * TOKEN);
    expect(account(1_026).cash).to.equal(-1_050n * TOKEN); // 1,000 lots at 2,100 × 500
    expect(market(2).openInterest).to.equal(0n);
    balanced();
    withdraw(clearing, bob, 1n); // a touch converts: −50 tokens and a rebate of 200 tick·lots
    expect(account(bob).cash).to.equal(950n * TOKEN + 100_000n - 1n);
    expect(account(1_026).cash).to.equal(0n);
    balanced();
    expect(refusal(() => settle(clearing, 2, { sum: 1n, days: 3n }))).to.equal("AlreadySettled");
  });

  it("lets the fund pay what an account without other positions is short", () => {
    const { clearing, alice, account } = settled(1_500n * 10n ** 18n); // 500 points: −500 tokens
    withdraw(clearing, alice, 499n * TOKEN);
    expect(account(alice).cash).to.equal(500_000n);
    const late = settled(1_500n * 10n ** 18n);
    late.account(late.alice).cash -= 600n * TOKEN;
    topUpFund(late.clearing, 2, 150n * TOKEN);
    settleAccounts(late.clearing, 2, [late.alice]);
    expect(late.account(late.alice).cash).to.equal(0n);
    expect(late.account(2).cash).to.equal(150n * TOKEN - 100_500_000n);
  });
});
