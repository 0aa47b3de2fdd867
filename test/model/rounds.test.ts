import { expect } from "chai";
import { deposit, redeemClaim, withdraw } from "./accounts.ts";
import { collectFees, openInterestLimit, resumeNewRisk, topUpFund, unwind } from "./funds.ts";
import { absorb, liquidate } from "./liquidation.ts";
import { claims, equityOf, maintenanceMargin } from "./margin.ts";
import { applyRounds, deleverage } from "./rounds.ts";
import { applied, escrowed, unfinishedRounds } from "./shares.ts";
import { order, refusal, TOKEN, world } from "./world.ts";

/** Numbers expected here are worked out by hand from design.md; the comment beside them shows how. */

/** Alice is long 4,000 lots from 2,000 ticks with 998 tokens; bob is short 2,500 of them, carol 1,500. */
function winners() {
  const made = world();
  const { clearing, alice, bob, carol } = made;
  clearing.place(bob, order(-2_500n, 2_000n));
  clearing.place(carol, order(-1_500n, 2_000n));
  clearing.place(alice, order(4_000n, 2_000n));
  const mark = (tick: bigint) => clearing.observe(1, { markX16: tick << 16n });
  const balanced = () => expect(claims(clearing.state)).to.equal(clearing.state.tracked);
  return { ...made, mark, balanced };
}

describe("Model: deleveraging", () => {
  it("hands a spent fund's lots to the winning side at the price where the fund is at zero", () => {
    const { clearing, alice, bob, carol, account, market, position, mark, balanced } = winners();
    mark(1_400n);
    absorb(clearing, alice);
    // 998 tokens − 4,000 × (2,000 − p) × 500 = 0 at p = 1,501, within 12 % above mark (1,568)
    expect(market(1).rounds).to.deep.equal([
      { lots: 4_000n, side: 4_000n, tick: 1_501n, longs: false, funding: 0n, served: 0n, closed: 0n },
    ]);
    expect(account(1).cash).to.equal(0n);
    expect(market(1).openInterest).to.equal(0n);
    expect(position(bob)?.size, "nobody has touched it").to.equal(-2_500n);
    // bob gains 499 ticks × 2,500 × 500 less maker fees of 500 tick·lots, without being touched
    expect(equityOf(clearing.state, account(bob))).to.equal(1_000n * TOKEN + 623_750_000n - 250_000n);
    expect(maintenanceMargin(clearing.state, account(bob))).to.equal(0n);
    expect(escrowed(market(1))).to.deep.equal({ size: 4_000n, quote: -4_000n * 1_501n, longs: 0n });
    balanced();
    expect(applyRounds(clearing.state, 1, [bob])).to.equal(1);
    expect(account(bob).cash).to.equal(1_000n * TOKEN + 623_750_000n - 250_000n);
    balanced();
    expect(applyRounds(clearing.state, 1, [carol])).to.equal(0);
    expect(escrowed(market(1)).size).to.equal(0n);
    balanced();
  });

  it("closes exactly N, in whatever order, and nobody is a lot from pro rata", () => {
    for (const first of [true, false]) {
      const { clearing, alice, bob, carol, account, market, position, mark, balanced } = winners();
      // The fund takes over 4,000 lots that are worth something, sells 999 of them to dave, and is spent later.
      topUpFund(clearing, 1, 400n * TOKEN);
      mark(1_450n);
      const dave = clearing.open();
      deposit(clearing, dave, 5_000n * TOKEN);
      absorb(clearing, alice);
      expect(market(1).rounds.length).to.equal(0);
      clearing.place(dave, order(999n, 1_430n));
      unwind(clearing, 1, 10); // 3 % of 1,450 is 43.5 ticks: 1,406.5, and the bid is at 1,430
      const sold = 4_000n - position(1)!.size;
      expect(sold > 0n).to.equal(true);
      mark(1_000n);
      deleverage(clearing.state, 1);
      const [round] = market(1).rounds;
      expect(round).to.include({ lots: 4_000n - sold, side: 4_000n });
      const parts = first ? [bob, carol] : [carol, bob];
      let closed = 0n;
      for (const id of parts) {
        const before = position(id)!.size;
        const after = applied(market(1), position(id)!).size;
        applyRounds(clearing.state, 1, [id]);
        expect(position(id)?.size ?? 0n).to.equal(after);
        const exact = (-before * round!.lots) / round!.side;
        expect([exact, exact + 1n]).to.include(after - before);
        closed += after - before;
        balanced();
      }
      expect(closed).to.equal(round!.lots);
      expect(unfinishedRounds(market(1))).to.equal(0);
      expect(position(dave)?.size).to.equal(sold);
      expect(account(1).cash).to.equal(0n);
    }
  });

  it("leaves alone what was opened after the round, and binds older orders to reducing", () => {
    const { clearing, alice, bob, carol, market, position, mark } = winners();
    const rests = clearing.place(bob, order(-300n, 2_100n));
    expect(rests.id).not.to.equal(0);
    mark(1_400n);
    absorb(clearing, alice);
    const dave = clearing.open();
    deposit(clearing, dave, 5_000n * TOKEN);
    clearing.place(dave, order(-200n, 1_400n));
    clearing.place(carol, order(200n, 1_400n)); // carol is served, closes all, and opens anew
    expect(position(dave)?.size).to.equal(-200n);
    expect(position(carol)?.size).to.equal(200n);
    expect(applied(market(1), position(dave)!).size).to.equal(-200n);
    mark(2_050n);
    // bob's ask was placed while it could only add to a short position that the round has closed
    expect(clearing.place(carol, order(300n, 2_100n, { kind: "immediateOrCancel" })).lots).to.equal(0n);
    expect(position(bob)).to.equal(undefined);
  });

  it("books what the limited price does not cover, and withdrawals leave their share behind", () => {
    const { clearing, alice, bob, carol, account, market, mark, balanced } = winners();
    mark(1_000n);
    absorb(clearing, alice);
    // the price is held to 12 % above mark: 1,120, and 381 ticks × 4,000 × 500 = 762 tokens are missing
    expect(market(1).rounds[0]?.tick).to.equal(1_120n);
    expect(market(1).deficit).to.equal(762n * TOKEN);
    expect(market(1).reduceOnly).to.equal(true);
    balanced();
    // tracked 3,000; 762 / 3,762 of 100 tokens, ceiled
    expect(withdraw(clearing, bob, 100n * TOKEN)).to.equal(100n * TOKEN - 20_255_184n);
    expect(account(bob).claim).to.equal(20_255_184n);
    balanced();
    // the share is the same for who comes later: (762 − 20.255184) / (tracked + that), up to a unit
    const paid = withdraw(clearing, carol, 100n * TOKEN);
    expect(100n * TOKEN - paid).to.equal(20_255_184n);
    expect(refusal(() => redeemClaim(clearing, bob))).to.equal("DeficitStands");
    expect(refusal(() => resumeNewRisk(clearing, 1))).to.equal("FundInDeficit");
    market(1).feesPayable += 1_800n * TOKEN;
    clearing.state.tracked += 1_800n * TOKEN;
    collectFees(clearing, 1); // half of them and of the trade's fees: 900 tokens and 1.2 repay 762
    expect(market(1).deficit).to.equal(0n);
    expect(redeemClaim(clearing, bob)).to.equal(20_255_184n);
    expect(refusal(() => redeemClaim(clearing, bob))).to.equal("NoClaim");
    resumeNewRisk(clearing, 1);
    balanced();
  });
});

describe("Model: takeover and unwinding", () => {
  it("offers what the book does not take at a discount that grows for ten minutes", () => {
    const { clearing, alice, carol, account, position, mark, balanced } = winners();
    deposit(clearing, carol, 10_000n * TOKEN);
    mark(1_600n); // equity 998 − 800 = 198, MM 12 % × 4,000 × 1,600 × 500 = 384, IM 640
    const closing = { id: alice, market: 1, maxFills: 10, keeper: carol };
    expect(liquidate(clearing, closing).closed, "starts the clock").to.equal(0n);
    clearing.state.now += 300n;
    // furthest is 3 % of 1,600 = 48 ticks, the lot's share of equity 99; half of 48 after five minutes: 1,576
    const { closed, takenOver, keeperFee } = liquidate(clearing, { ...closing, takeOverLots: 1_000n });
    expect([closed, takenOver]).to.deep.equal([-1_000n, -1_000n]);
    // 1 % of 1,000 × 1,576 × 500 = 7.88 tokens, half of it
    expect(keeperFee).to.equal(3_940_000n);
    expect(position(alice)?.size).to.equal(3_000n);
    expect(position(carol)?.size).to.equal(-500n);
    expect(account(alice).cash).to.equal(998n * TOKEN - 7_880_000n);
    balanced();
    clearing.state.now += 901n; // 1,201 seconds: it counts anew, from mark
    liquidate(clearing, { ...closing, takeOverLots: 100n });
    expect(position(carol)?.quote).to.equal(1_500n * 2_000n - 300n - 1_000n * 1_576n - 100n * 1_600n);
  });

  it("lets a fund lose a tenth of itself a day", () => {
    const { clearing, alice, bob, carol, account, market, position, mark, balanced } = winners();
    topUpFund(clearing, 1, 1_000n * TOKEN);
    for (const id of [bob, carol]) deposit(clearing, id, 10_000n * TOKEN);
    mark(1_500n);
    absorb(clearing, alice); // equity −2; the fund has 998 tokens
    clearing.place(carol, order(5_000n, 1_460n));
    // 3 % of 1,500 is 45 ticks, 22,500 units a lot: a tenth of 998 tokens pays for 4,435 lots
    expect(unwind(clearing, 1, 10)).to.deep.equal({ lots: 4_000n, lost: 4_000n * 40n * 500n });
    expect(market(1).unwinding).to.include({ budget: 99_800_000n, spent: 80n * TOKEN });
    expect(position(1)).to.equal(undefined);
    expect(account(1).cash).to.equal(918n * TOKEN);
    expect(refusal(() => unwind(clearing, 1, 10))).to.equal("NothingToUnwind");
    balanced();
  });

  it("covers open interest beyond the base by the fund", () => {
    const { clearing, market } = world();
    market(1).listing.openInterestBaseLots = 1_000n;
    expect(openInterestLimit(clearing.state, market(1))).to.equal(1_000n);
    topUpFund(clearing, 1, 100n * TOKEN);
    // 2 % of 2,000 ticks × 500 is 20,000 units a lot
    expect(openInterestLimit(clearing.state, market(1))).to.equal(6_000n);
    topUpFund(clearing, 1, 1_000_000n * TOKEN);
    expect(openInterestLimit(clearing.state, market(1))).to.equal(5_000_000n);
  });
});
