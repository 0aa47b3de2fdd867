// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketPhase} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// What nobody could pay is booked: it stops new risk, whoever leaves leaves his share of it behind, and fees and top-ups
/// repay it first.
contract ClearinghouseDeficitTest is WaterfallFixture {
    AccountId private constant ERIN = AccountId.wrap(2052);
    address private constant TREASURY_WALLET = address(0xFEE5);
    uint256 private deficit;

    function setUp() public override {
        super.setUp();
        _sides();
        _fallUntilBankrupt(ALICE);
        _days(4, false);
        house.absorb(ALICE);
        _apply(BOB);
        _apply(CAROL);
        _apply(DAVE);
        deficit = house.fund(perp).deficit;
        vm.assertTrue(deficit > 10 * USD, "scene");
    }

    // -------------------------------------------------------------------------------------------------------- leaving

    function test_withdraw_leavesItsShareBehind() public {
        uint256 tracked = house.tracked();
        uint256 share = _ceilDiv(100_000 * USD * deficit, tracked + deficit);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.ClaimLeft(ERIN, share, share);
        uint256 paid = _leave(ERIN, 100_000 * USD);
        vm.assertEq(paid, 100_000 * USD - share);
        vm.assertEq(_cash(ERIN), int256(FUNDS - 100_000 * USD));
        vm.assertEq(house.tracked(), tracked - paid);
        (, uint256 claims, uint256 claim) = house.owed(ERIN);
        vm.assertTrue(claims == share && claim == share);
        _assertConserved();
    }

    /// Nobody gains by running: whoever is first, each gets the same to a unit.
    function test_withdraw_inEitherOrderLeavesTheSame() public {
        uint256 snapshot = vm.snapshotState();
        uint256 first = _leave(ERIN, 900_000 * USD);
        uint256 second = _leave(KEEPER, 900_000 * USD);
        vm.revertToState(snapshot);
        uint256 late = _leave(KEEPER, 900_000 * USD);
        uint256 early = _leave(ERIN, 900_000 * USD);
        vm.assertApproxEqAbs(first, early, 1);
        vm.assertApproxEqAbs(second, late, 1);
        vm.assertApproxEqAbs(first, second, 1);
        _assertConserved();
    }

    function test_fuzz_withdraw_theShareStandsHoweverMuchLeaves(uint256 a, uint256 b) public {
        a = bound(a, 1, FUNDS);
        b = bound(b, 1, FUNDS);
        uint256 before = _share();
        _leave(ERIN, a);
        _leave(KEEPER, b);
        // In units of 10^-18 of everything owed; two ceilings of one unit each move it down by next to nothing.
        uint256 after_ = _share();
        vm.assertTrue(after_ <= before && before - after_ < 1e9);
        _assertConserved();
    }

    function test_withdraw_manySmallOnesPayNoMoreThanOne() public {
        uint256 snapshot = vm.snapshotState();
        uint256 once = _leave(ERIN, 1_000);
        vm.revertToState(snapshot);
        uint256 often = 0;
        for (uint256 i = 0; i < 100; ++i) often += _leave(ERIN, 10);
        vm.assertTrue(often <= once);
        _assertConserved();
    }

    /// Moving between one's own accounts is no leaving.
    function test_transfer_leavesNothingBehind() public {
        address erin = traders[4];
        token.mint(erin, 1);
        vm.prank(erin);
        AccountId second = house.deposit(1, 1);
        vm.prank(erin);
        house.transfer(ERIN, second, 100_000 * USD);
        vm.assertEq(_cash(second), int256(100_000 * USD + 1));
        (, uint256 claims, ) = house.owed(ERIN);
        vm.assertEq(claims, 0);
    }

    function test_withdraw_exitsAreNeverBlocked() public {
        _leave(ERIN, FUNDS);
        _leave(KEEPER, FUNDS);
        vm.assertTrue(_cash(ERIN) == 0 && _cash(KEEPER) == 0);
        _assertConserved();
    }

    // -------------------------------------------------------------------------------------------------------- coming back

    function test_redeemClaim_onceEverythingIsRepaid() public {
        uint256 share = 100_000 * USD - _leave(ERIN, 100_000 * USD);
        _feedFund(perp, deficit - 1);
        _refused(
            bob,
            abi.encodeCall(house.redeemClaim, (ERIN)),
            abi.encodeWithSelector(IClearingErrors.DeficitStands.selector, 1)
        );
        _feedFund(perp, 1);
        vm.prank(bob);
        vm.assertEq(house.redeemClaim(ERIN), share);
        vm.assertEq(_cash(ERIN), int256(FUNDS - 100_000 * USD + share));
        _assertConserved();
        _refused(
            bob,
            abi.encodeCall(house.redeemClaim, (ERIN)),
            abi.encodeWithSelector(IClearingErrors.NoClaim.selector, ERIN)
        );
        // From here on everything leaves whole, the claim too.
        vm.assertEq(_leave(ERIN, FUNDS - 100_000 * USD + share), FUNDS - 100_000 * USD + share);
        _assertConserved();
    }

    /// Whoever waits until some of it has been repaid leaves less behind: running cannot be better.
    function test_withdraw_afterARepaymentLeavesLess() public {
        uint256 snapshot = vm.snapshotState();
        uint256 early = _leave(ERIN, 500_000 * USD);
        vm.revertToState(snapshot);
        _feedFund(perp, deficit / 2);
        vm.assertTrue(_leave(ERIN, 500_000 * USD) > early);
        _assertConserved();
    }

    /// Once claims are worth what is owed, nobody leaves anything more.
    function test_withdraw_wholeOnceClaimsCoverWhatIsOwed() public {
        _leave(ERIN, FUNDS);
        (, uint256 claims, ) = house.owed(ERIN);
        _feedFund(perp, deficit - claims);
        vm.assertEq(_leave(KEEPER, 500_000 * USD), 500_000 * USD);
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- repaying

    function test_collectFees_repayTheDeficitFirst() public {
        uint256 tick = _markTick();
        _trade(bob, frank, perp, 400, tick);
        uint256 fees = house.market(perp).feesPayable;
        vm.assertTrue(fees != 0 && fees < deficit, "scene");
        vm.prank(TREASURER);
        (uint256 toFund, uint256 toTreasury) = house.collectFees(perp, TREASURY_WALLET);
        vm.assertTrue(toFund == fees && toTreasury == 0);
        vm.assertEq(house.fund(perp).deficit, deficit - fees);
        vm.assertEq(house.fund(perp).cash, int256(0));
        _assertConserved();
    }

    /// The treasury takes the fees of another market out on the terms of everybody else.
    function test_collectFees_ofAnotherMarketLeaveTheSameShare() public {
        _trade(bob, frank, dated, 10_000, _mark(dated) >> 16);
        uint256 fees = house.market(dated).feesPayable;
        uint256 tracked = house.tracked();
        uint256 gross = fees / 2;
        uint256 share = _ceilDiv(gross * deficit, tracked + deficit);
        vm.prank(TREASURER);
        (uint256 toFund, uint256 toTreasury) = house.collectFees(dated, TREASURY_WALLET);
        vm.assertEq(toFund, fees - gross);
        vm.assertEq(toTreasury, gross - share);
        vm.assertEq(token.balanceOf(TREASURY_WALLET), toTreasury);
        (, , uint256 claim) = house.owed(_fund(dated));
        vm.assertEq(claim, share);
        _assertConserved();
        _feedFund(perp, deficit);
        house.redeemClaim(_fund(dated));
        vm.assertEq(house.market(dated).fundCash, int256(toFund + share));
        _assertConserved();
    }

    function test_liquidate_theFundsShareOfTheFeeRepaysIt() public {
        // Frank is still long; on the way up again bob, who is short, gets into trouble.
        uint256 spare = house.account(BOB).withdrawable;
        vm.prank(bob);
        house.withdraw(BOB, spare, bob);
        // Nobody may quote to open here: mark follows the index alone.
        for (uint256 i = 0; i < 20 && !_isBelowMaintenance(BOB); ++i) _nextPrint(POINTS * 2);
        vm.assertTrue(_isBelowMaintenance(BOB) && _equity(BOB) > 0, "scene");
        vm.prank(traders[5]);
        (uint256 closed, uint256 keeperFee) = house.liquidate(BOB, perp, 10, KEEPER, 100);
        vm.assertEq(closed, 100);
        uint256 repaid = deficit - house.fund(perp).deficit;
        vm.assertTrue(repaid == keeperFee || repaid == keeperFee + 1);
        _assertConserved();
    }

    function test_topUpFund_repaysItFirst() public {
        token.mint(TREASURER, deficit + 77);
        vm.prank(TREASURER);
        token.approve(address(house), deficit + 77);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.DeficitRepaid(perp, deficit, 0);
        vm.prank(TREASURER);
        house.topUpFund(perp, deficit + 77);
        vm.assertEq(house.fund(perp).deficit, 0);
        vm.assertEq(house.fund(perp).cash, int256(77));
        _assertConserved();
    }

    function test_resumeNewRisk_waitsForTheDeficit() public {
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly);
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.resumeNewRisk, (perp)),
            abi.encodeWithSelector(IClearingErrors.FundInDeficit.selector, perp, -int256(deficit))
        );
        _feedFund(perp, deficit);
        vm.prank(RISK_OFFICER);
        house.resumeNewRisk(perp);
    }

    /// A debt that a maker's fill leaves empties the fund; anyone has it booked.
    function test_deleverage_booksADebtThatAFillLeft() public {
        _feedFund(perp, deficit);
        vm.prank(RISK_OFFICER);
        house.resumeNewRisk(perp);
        AccountId grace = _leveredAt(7, 500, false, dave, _markTick(), 2005);
        _riseUntilBankrupt(grace);
        uint256 tick = _markTick();
        _place(traders[7], perp, 500, tick);
        _take(frank, perp, -500);
        int256 cash = house.fund(perp).cash;
        vm.assertTrue(cash < 0 && _cash(grace) == 0);
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly);
        vm.prank(carol);
        vm.assertEq(house.deleverage(perp), 0);
        vm.assertEq(house.fund(perp).deficit, uint256(-cash));
        vm.assertEq(house.fund(perp).cash, int256(0));
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- private

    /// Withdraws and says what came out.
    function _leave(AccountId account, uint256 amount) private returns (uint256) {
        address owner = house.account(account).owner;
        uint256 before = token.balanceOf(owner);
        vm.prank(owner);
        house.withdraw(account, amount, owner);
        return token.balanceOf(owner) - before;
    }

    /// Part of everything owed that nobody has paid in, 10^-18.
    function _share() private view returns (uint256) {
        (uint256 deficits, uint256 claims, ) = house.owed(ERIN);
        return ((deficits - claims) * 1e18) / (house.tracked() + deficits - claims);
    }

    function _ceilDiv(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }
}
