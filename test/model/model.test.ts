import { expect } from "chai";
import { withdraw } from "./accounts.ts";
import { levels } from "./book.ts";
import { claims, equityOf, exposure, fillBand, initialMargin, maintenanceMargin } from "./margin.ts";
import { withdrawable } from "./position.ts";
import { order, refusal, TOKEN, world } from "./world.ts";

/** Every number expected here is worked out by hand from design.md; the comment beside it shows how. */

describe("Model: book", () => {
  it("fills the best price first, then the oldest order", () => {
    const { clearing, alice, bob, carol, market, position } = world();
    clearing.place(bob, order(-200n, 2_010n));
    clearing.place(bob, order(-200n, 2_005n));
    clearing.place(carol, order(-200n, 2_005n));
    expect(levels(market(1).book.asks)).to.deep.equal([
      { tick: 2_005n, lots: 400n },
      { tick: 2_010n, lots: 200n },
    ]);
    const { quote, lots } = clearing.place(alice, order(300n, 2_010n, { kind: "immediateOrCancel" }));
    expect({ quote, lots }).to.deep.equal({ quote: -300n * 2_005n, lots: 300n });
    expect(position(bob)?.size).to.equal(-200n);
    expect(position(carol)?.size).to.equal(-100n);
    expect(position(bob)?.askLots).to.equal(200n);
  });

  it("drops dead orders where it meets them and counts them", () => {
    const { clearing, alice, bob, carol, market, position } = world();
    clearing.place(alice, order(-100n, 2_001n));
    clearing.place(bob, order(-100n, 2_001n, { expiry: clearing.state.now + 300n }));
    clearing.place(carol, order(-100n, 2_001n));
    clearing.state.now += 301n;
    const { lots, id } = clearing.place(alice, order(500n, 2_001n, { maxFills: 2 }));
    expect(lots).to.equal(0n);
    expect(id, "a remainder that still crosses is dropped").to.equal(0);
    expect(levels(market(1).book.asks)).to.deep.equal([{ tick: 2_001n, lots: 100n }]);
    expect(position(alice)).to.equal(undefined);
    expect(position(bob)).to.equal(undefined);
  });

  it("judges post-only after dropping dead orders", () => {
    const { clearing, alice, bob } = world();
    clearing.place(bob, order(-100n, 2_001n, { expiry: clearing.state.now + 300n }));
    expect(refusal(() => clearing.place(alice, order(100n, 2_001n, { kind: "postOnly" })))).to.equal(
      "WouldCross",
    );
    clearing.state.now += 301n;
    expect(clearing.place(alice, order(100n, 2_001n, { kind: "postOnly" })).id).to.not.equal(0);
  });

  it("fills inside the band only", () => {
    const { clearing, alice, bob, market } = world();
    // 6 % of 2,000 ticks is 120
    expect(fillBand(market(1), clearing.state.now)).to.deep.equal({ lowest: 1_880n, highest: 2_120n });
    expect(refusal(() => clearing.place(alice, order(100n, 2_121n)))).to.equal("TickOutsideBand");
    clearing.place(bob, order(-100n, 1_990n));
    clearing.observe(1, { markX16: 2_160n << 16n }); // band 2,030.4 to 2,289.6
    expect(fillBand(market(1), clearing.state.now)).to.deep.equal({ lowest: 2_031n, highest: 2_289n });
    expect(clearing.place(alice, order(100n, 2_100n, { kind: "immediateOrCancel" })).lots).to.equal(0n);
    expect(market(1).book.asks).to.deep.equal([]);
  });

  it("refuses a fill-or-kill that is not filled whole and changes nothing", () => {
    const { clearing, alice, bob, market } = world();
    clearing.place(bob, order(-100n, 2_000n));
    expect(refusal(() => clearing.place(alice, order(200n, 2_000n, { kind: "fillOrKill" })))).to.equal(
      "NotFilled",
    );
    expect(market(1).openInterest).to.equal(0n);
  });

  it("lets reduce-only orders reduce and no more", () => {
    const { clearing, alice, bob, position } = world();
    expect(refusal(() => clearing.place(alice, order(-100n, 2_000n, { reduceOnly: true })))).to.equal(
      "WouldNotReduce",
    );
    clearing.place(bob, order(-300n, 2_000n));
    clearing.place(alice, order(300n, 2_000n));
    clearing.place(bob, order(500n, 1_990n));
    expect(refusal(() => clearing.place(alice, order(-301n, 1_990n, { reduceOnly: true })))).to.equal(
      "WouldNotReduce",
    );
    expect(clearing.place(alice, order(-300n, 1_990n, { reduceOnly: true })).lots).to.equal(-300n);
    expect(position(alice)).to.equal(undefined);
  });
});

describe("Model: fills, fees and margin", () => {
  it("opens, adds to open interest and charges both sides", () => {
    const { clearing, alice, bob, account, market, position } = world();
    clearing.place(bob, order(-1_000n, 2_000n));
    clearing.place(alice, order(1_000n, 2_000n));
    // 1,000 lots × 2,000 ticks × 500 = 1,000 tokens; 5 bp are 0.5 tokens, 1 bp of 2,000,000 tick·lots is 200
    expect(account(alice).cash).to.equal(999_500_000n);
    expect(position(alice)).to.include({ size: 1_000n, quote: -2_000_000n });
    expect(account(bob).cash).to.equal(1_000n * TOKEN);
    expect(position(bob)).to.include({ size: -1_000n, quote: 1_999_800n });
    expect(market(1)).to.include({ openInterest: 1_000n, feesPayable: 600_000n });
    expect(claims(clearing.state)).to.equal(clearing.state.tracked);
  });

  it("ceils a fee and floors a rebate, per fill", () => {
    const { clearing, alice, bob, carol, account, position } = world();
    // 101 lots × 2,001 ticks = 202,101 tick·lots: a rebate of 1 bp is 20.2101, so 20; the taker's 5 bp in units are
    // 202,101 × 500 × 50 / 100,000 = 50,525.25, so 50,526
    clearing.place(bob, order(-101n, 2_001n, { market: 2 }));
    clearing.place(carol, order(-101n, 2_001n, { market: 2 }));
    clearing.place(alice, order(202n, 2_001n, { market: 2 }));
    expect(account(alice).cash).to.equal(1_000n * TOKEN - 2n * 50_526n);
    expect(position(bob, 2)?.quote).to.equal(202_101n + 20n);
    expect(position(carol, 2)?.quote).to.equal(202_101n + 20n);
  });

  it("keeps quote whole on a partial close and realises at zero", () => {
    const { clearing, alice, bob, account, position } = world();
    clearing.place(bob, order(-1_000n, 2_000n));
    clearing.place(alice, order(1_000n, 2_000n));
    clearing.place(bob, order(400n, 2_010n));
    clearing.place(alice, order(-400n, 2_010n)); // fee 400 × 2,010 × 500 × 5 bp = 201,000
    expect(position(alice)).to.include({ size: 600n, quote: -2_000_000n + 804_000n });
    clearing.place(bob, order(600n, 1_990n));
    clearing.place(alice, order(-600n, 1_990n)); // fee 298,500; result 804,000 + 1,194,000 − 2,000,000 = −2,000
    expect(position(alice)).to.equal(undefined);
    expect(account(alice).cash).to.equal(999_500_000n - 201_000n - 298_500n - 2_000n * 500n);
    expect(claims(clearing.state)).to.equal(clearing.state.tracked);
  });

  it("realises on a flip; the new side starts with its own lots", () => {
    const { clearing, alice, bob, account, position } = world();
    clearing.place(bob, order(-1_000n, 2_000n));
    clearing.place(alice, order(1_000n, 2_000n));
    clearing.place(bob, order(1_500n, 2_010n)); // rests; bob is the maker of the flip: fee 301.5, so 302 tick·lots
    clearing.place(alice, order(-1_500n, 2_010n));
    // alice: +10 ticks on 1,000 lots, then −500 at 2,010; fee 1,500 × 2,010 × 500 × 5 bp = 753,750
    expect(position(alice)).to.include({ size: -500n, quote: 1_005_000n });
    expect(account(alice).cash).to.equal(999_500_000n + 10_000n * 500n - 753_750n);
    // bob: −10 ticks on 1,000 lots, both maker fees realised with it
    expect(position(bob)).to.include({ size: 500n, quote: -1_005_000n });
    expect(account(bob).cash).to.equal(1_000n * TOKEN - (10_000n + 200n + 302n) * 500n);
  });

  it("requires margin for the worst that resting orders can do", () => {
    const { clearing, alice, bob, account, market, position } = world();
    clearing.place(bob, order(-200n, 2_000n));
    clearing.place(alice, order(200n, 2_000n));
    clearing.place(alice, order(100n, 1_950n));
    clearing.place(alice, order(-600n, 2_050n));
    clearing.observe(1, { markX16: (2_000n << 16n) + 1n });
    expect(exposure(position(alice)!)).to.equal(400n); // |200 − 600| above 200 + 100
    // 20 % × 400 × 2,000 × 500 = 80,000,000 for the short after the flip, 8 % × 200 × 2,000 × 500 = 16,000,000 for the long
    // sold on the way, and 48,000/65,536 more, ceiled; 12 % of 200 lots
    expect(initialMargin(clearing.state, account(alice))).to.equal(96_000_001n);
    expect(maintenanceMargin(clearing.state, account(alice))).to.equal(24_000_001n);
    // 200 lots × 500 / 65,536 = 1.53 units gained, floored; the fee was 100,000
    expect(equityOf(clearing.state, account(alice))).to.equal(999_900_001n);
    expect(market(1).book.bids.length).to.equal(1);
  });

  it("refuses new risk below IM and withdrawals into it", () => {
    const { clearing, alice, bob, account } = world();
    clearing.place(bob, order(-4_000n, 2_000n));
    // 20 % × 5,000 × 2,000 × 500 is all that alice has; a resting order costs no fee
    expect(refusal(() => clearing.place(alice, order(5_001n, 1_999n)))).to.equal("InsufficientMargin");
    expect(clearing.place(alice, order(5_000n, 1_999n)).rest).to.equal(5_000n);
    expect(refusal(() => withdraw(clearing, alice, 1n))).to.equal("InsufficientMargin");
    expect(withdrawable(clearing.state, account(bob))).to.equal(200n * TOKEN); // 1,000 − 20 % of 4,000
    withdraw(clearing, bob, 200n * TOKEN);
    expect(refusal(() => withdraw(clearing, bob, 1n))).to.equal("InsufficientMargin");
  });

  it("does not pay paper profit out of cash that is not there", () => {
    const { clearing, alice, bob, account } = world();
    clearing.place(bob, order(-4_000n, 2_000n));
    clearing.place(alice, order(4_000n, 2_000n));
    clearing.observe(1, { markX16: 3_000n << 16n }); // +2,000 tokens on paper; IM 1,200
    expect(withdrawable(clearing.state, account(alice))).to.equal(998n * TOKEN);
    expect(refusal(() => withdraw(clearing, alice, 999n * TOKEN))).to.equal("InsufficientCash");
  });

  it("checks a batch once, at its end", () => {
    const { clearing, alice } = world();
    const { id } = clearing.place(alice, order(5_000n, 1_999n));
    const cancels = [{ market: 1, order: id }];
    expect(clearing.batch(alice, cancels, [order(4_000n, 1_998n), order(1_000n, 1_997n)]).length).to.equal(2);
    expect(refusal(() => clearing.batch(alice, [], [order(1n * 100n, 1_990n)]))).to.equal(
      "InsufficientMargin",
    );
  });
});

describe("Model: funding", () => {
  it("floors each side and keeps the remainder in the pool", () => {
    const { clearing, alice, bob, market, position } = world();
    clearing.place(bob, order(-300n, 2_000n));
    clearing.place(alice, order(300n, 2_000n));
    clearing.observe(1, { cumulativeFunding: (1n << 20n) / 128n }); // 300/128 = 2.34 tick·lots
    clearing.place(bob, order(-100n, 2_000n));
    clearing.place(alice, order(100n, 2_000n));
    expect(position(alice)?.quote).to.equal(-800_000n - 3n);
    expect(position(bob)?.quote).to.equal(800_000n - 60n - 20n + 2n);
    expect(market(1).fundingPool).to.equal(1n);
    expect(claims(clearing.state)).to.equal(clearing.state.tracked);
  });
});
