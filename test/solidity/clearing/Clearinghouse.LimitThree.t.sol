// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketListing,
    MarketPhase,
    MarketView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {AccountId, MarketId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// An index that has been silent for a week after its print was due: its markets settle, so that no money is locked.
contract ClearinghouseLimitThreeTest is ClearingFixture {
    uint256 private constant X16 = 1 << 16;

    // ------------------------------------------------------------------------------------------------------ perpetual

    function test_settle_aPerpetualAtItsLastValidMark() public {
        _trade(alice, bob, perp, 3001, TICK + 7);
        _place(traders[4], perp, 1000, TICK + 149);
        _place(traders[5], perp, -1000, TICK + 152);
        vm.warp(_third());
        uint256 mark = _mark(perp);
        vm.assertTrue(mark > (TICK + 100) * X16, "scene");
        // Half-even: 10,150.5 is 10,150.
        uint256 tick = TICK + 150;
        house.sync(perp);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.MarketSettled(perp, Tick.wrap(uint24(tick)), 0, 0);
        vm.assertEq(house.settle(perp), tick);
        MarketView memory m = house.market(perp);
        vm.assertTrue(m.phase == MarketPhase.Settled);
        vm.assertEq(m.markX16, tick * X16);
        vm.assertEq(m.settlementTick, tick);
        _refusedSettle(perp, abi.encodeWithSelector(IClearingErrors.AlreadySettled.selector, perp, tick));
        _assertConserved();
    }

    function test_settle_notAMinuteBeforeTheThirdLimit() public {
        vm.warp(_third() - 60);
        _refusedSettle(perp, abi.encodeWithSelector(IClearingErrors.NotDated.selector, perp));
        uint256 expiry = (uint256(WINDOW_LAST) + 1) * 1 days;
        if (block.timestamp < expiry) {
            _refusedSettle(
                dated,
                abi.encodeWithSelector(IClearingErrors.NotExpired.selector, dated, block.timestamp, expiry)
            );
        }
        vm.warp(_third());
        house.settle(perp);
    }

    function test_settle_notOnceAPrintHasComeBack() public {
        vm.warp(_third() + 3 days);
        _print(day + 8, 0, POINTS);
        // Four prints of the last seven days make a mean.
        for (uint32 i = 5; i < 8; ++i) _print(day + i, 0, POINTS);
        _refusedSettle(perp, abi.encodeWithSelector(IClearingErrors.NotDated.selector, perp));
    }

    function test_settle_perpetualsSettleTheirFundingUpToTheHalt() public {
        _trade(alice, bob, perp, 3001, TICK);
        _trade(carol, alice, perp, 500, TICK + 3);
        _place(traders[4], perp, 1000, TICK + 149);
        _place(traders[5], perp, -1000, TICK + 151);
        vm.warp(_third());
        house.sync(perp);
        int256 funding = house.market(perp).cumulativeFunding;
        vm.assertTrue(funding > 0, "scene");
        uint256 tick = house.settle(perp);
        int256[4] memory expected;
        for (uint256 i = 0; i < 4; ++i) {
            AccountId id = AccountId.wrap(uint32(2048 + i));
            int256 quote = _position(id, perp).quote + _position(id, perp).pendingFunding;
            expected[i] = _cash(id) + (quote + _size(id, perp) * int256(tick)) * TICK_VALUE;
        }
        AccountId[] memory one = new AccountId[](1);
        for (uint256 i = 0; i < TRADERS; ++i) {
            one[0] = AccountId.wrap(uint32(2048 + i));
            house.settleAccounts(perp, one);
            _assertConserved();
        }
        for (uint256 i = 0; i < 4; ++i) vm.assertEq(_cash(AccountId.wrap(uint32(2048 + i))), expected[i]);
        MarketView memory m = house.market(perp);
        vm.assertEq(m.openInterest, 0);
        vm.assertEq(house.account(AccountId.wrap(1024 + 1)).cash, int256(0));
        // What floors left of it is the pool's.
        vm.assertTrue(m.fundingPool >= 0 && m.fundingPool < 4, "pool");
    }

    function test_settle_everyoneWithdrawsAll() public {
        _trade(alice, bob, perp, 3000, TICK);
        vm.warp(_third());
        _refused(
            alice,
            abi.encodeCall(house.withdraw, (ALICE, 1, alice)),
            abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, 7 days, 54 hours)
        );
        house.settle(perp);
        uint256 free = house.account(ALICE).withdrawable;
        vm.prank(alice);
        house.withdraw(ALICE, free, alice);
        vm.assertEq(_cash(ALICE), int256(0));
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    function test_fuzz_settle_conserves(uint256 lots, uint256 tick, uint256 later) public {
        lots = bound(lots, 1000, 50_000);
        _trade(alice, bob, perp, lots, bound(tick, 9_500, 10_500));
        _trade(carol, bob, perp, 1 + lots / 7 + 100, bound(tick >> 32, 9_500, 10_500));
        _place(traders[4], perp, 1000, bound(tick >> 64, 9_500, 10_400));
        vm.warp(_third() + bound(later, 0, 60 days));
        house.settle(perp);
        for (uint256 i = 0; i < TRADERS; ++i) {
            house.convertSettled(AccountId.wrap(uint32(2048 + i)));
            _assertConserved();
        }
        vm.assertEq(house.market(perp).openInterest, 0);
    }

    // ---------------------------------------------------------------------------------------------------- dated future

    function test_settle_aMonthBeforeItsWindowAtItsLastMark() public {
        _trade(alice, bob, dated, 1000, TICK);
        _place(traders[4], dated, 1000, TICK + 299);
        _place(traders[5], dated, -1000, TICK + 302);
        // The third limit passes within the window, but no print of it has ever come.
        vm.warp(_third());
        uint256 mark = _mark(dated);
        vm.assertTrue(mark > (TICK + 250) * X16, "scene");
        uint256 snapshot = vm.snapshotState();
        uint256 tick = house.settle(dated);
        vm.assertEq(tick, (mark + X16 / 2) / X16);
        // Whenever it is called: a month later, after its window.
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + 30 days);
        vm.assertEq(house.settle(dated), tick);
        house.convertSettled(ALICE);
        house.convertSettled(BOB);
        _assertConserved();
    }

    function test_settle_aMonthInsideItsWindowByTheMissingDayRule() public {
        _trade(alice, bob, dated, 1000, TICK);
        // The first two days of five come, 5,000 and 5,200 points, and then nothing.
        while (day < WINDOW_FIRST) _nextPrint(POINTS);
        _nextPrint(5_200e18);
        uint256 sum = 5_000e18 + 4 * uint256(5_200e18);
        vm.warp(_third());
        uint256 snapshot = vm.snapshotState();
        uint256 tick = house.settle(dated);
        // The three others take the value of the last one known.
        vm.assertEq(tick, sum / 2.5e18);
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + 40 days);
        vm.assertEq(house.settle(dated), tick, "depends on the call");
        _assertConserved();
    }

    function test_settle_aMonthBetweenNeighboursTakesTheirGeometricMean() public {
        while (day < WINDOW_FIRST) _nextPrint(5_000e18);
        ++day;
        _nextPrint(5_408e18);
        vm.warp(_third());
        // 5,000, the root of 5,000 × 5,408 = 5,200, and 5,408 three times.
        uint256 sum = 5_000e18 + 5_200e18 + 3 * uint256(5_408e18);
        uint256 tick = house.settle(dated);
        vm.assertApproxEqAbs(tick * 2.5e18, sum, 1.25e18 + 5);
    }

    function test_settle_aMonthBeyondTheReachOfTheRuleAtItsLastMark() public {
        // A window of sixty days of which only the first has a print.
        MarketListing memory l = _dated();
        l.lastPeriod = WINDOW_FIRST + 59;
        vm.prank(LISTER);
        MarketId long = house.listMarket(l);
        while (day < WINDOW_FIRST) _nextPrint(POINTS);
        vm.warp(_third());
        house.sync(long);
        uint256 mark = _mark(long);
        vm.assertEq(house.settle(long), (mark + X16 / 2) / X16);
    }

    function test_settle_aPrintThatIsNotFinalIsWaitedFor() public {
        while (day < WINDOW_FIRST) _nextPrint(POINTS);
        _nextPrint(POINTS);
        uint32 missing = day + 1;
        vm.warp(_third() - 1 hours);
        // An hour before the limit a day in the middle comes late, and its newest day makes the index no less silent.
        uint32 gap = missing;
        _print(gap, 0, POINTS + 80e18);
        vm.warp(_third() + 1 hours);
        vm.assertTrue(house.feed(feedId).newestPeriod == gap, "scene");
        // It ended the silence at the third limit: not settled.
        _refusedSettle(perp, abi.encodeWithSelector(IClearingErrors.NotDated.selector, perp));
    }

    function test_settle_anExpiredMonthWhoseLastDaysNeverCame() public {
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST - 1) _nextPrint(POINTS);
        uint256 third = _third();
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired);
        vm.warp(third - 60);
        uint256 fillable = (uint256(WINDOW_LAST) + 1) * 1 days + 10 days;
        _refusedSettle(
            dated,
            abi.encodeWithSelector(IUsageIndex.DayStillMissing.selector, WINDOW_LAST, fillable)
        );
        vm.warp(third);
        vm.assertEq(house.settle(dated), TICK);
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------- sixteen settled markets

    function test_place_convertsSettledMarketsWhereTheListIsFull() public {
        MarketListing memory l = _dated();
        for (uint256 i = 3; i <= 17; ++i) {
            vm.prank(LISTER);
            house.listMarket(l);
        }
        for (uint16 m = 2; m <= 17; ++m) _trade(alice, bob, MarketId.wrap(m), 100, TICK);
        vm.assertEq(house.account(ALICE).positions.length, 16);
        while (day < WINDOW_LAST) _nextPrint(POINTS);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days + 3 days + 6 hours);
        for (uint32 i = WINDOW_LAST + 1; i <= WINDOW_LAST + 3; ++i) _print(i, 0, POINTS);
        day = WINDOW_LAST + 3;
        for (uint16 m = 2; m <= 17; ++m) house.settle(MarketId.wrap(m));
        _skip(31 minutes);
        // Nobody has converted anything; a place in the list is found all the same.
        _place(alice, perp, 100, TICK - 10);
        vm.assertEq(house.account(ALICE).positions.length, 1);
        _assertConserved();
    }

    function test_liquidate_convertsSettledMarketsOfBoth() public {
        _trade(alice, bob, dated, 100, TICK);
        while (day < WINDOW_LAST) _nextPrint(POINTS);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days + 3 days + 6 hours);
        for (uint32 i = WINDOW_LAST + 1; i <= WINDOW_LAST + 3; ++i) _print(i, 0, POINTS);
        house.settle(dated);
        _skip(31 minutes);
        (bool success, bytes memory answer) = address(house).call(
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, CAROL, 0))
        );
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.AccountHealthy.selector);
        token.mint(alice, USD);
        vm.prank(alice);
        AccountId second = house.deposit(1, USD);
        vm.prank(alice);
        house.transfer(ALICE, second, 1);
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// From when the silence after `day` is beyond the third limit.
    function _third() private view returns (uint256) {
        return (uint256(day) + 2) * 1 days + 7 days;
    }

    function _refusedSettle(MarketId market, bytes memory expected) private {
        _refused(alice, abi.encodeCall(house.settle, (market)), expected);
    }
}
