// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    LadderStage,
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// The stages of the stale ladder: when they begin, what they allow and what stands still meanwhile.
contract MarketsLadderTest is ClearingFixture {
    uint256 private constant X16 = 1 << 16;

    // --------------------------------------------------------------------------------------------------------- stages

    function test_stage_beginsInTheMinuteOfItsLimit() public {
        _expectStage(LadderStage.Fresh);
        vm.warp(_limit(30 hours) - 1);
        _expectStage(LadderStage.Fresh);
        vm.warp(_limit(30 hours));
        _expectStage(LadderStage.Stale);
        vm.warp(_limit(54 hours) - 1);
        _expectStage(LadderStage.Stale);
        vm.warp(_limit(54 hours));
        _expectStage(LadderStage.Halted);
        vm.assertEq(house.feed(feedId).haltedAt, block.timestamp);
        vm.warp(_limit(7 days));
        _expectStage(LadderStage.Halted);
        vm.assertEq(house.feed(feedId).settledAt, block.timestamp);
    }

    function test_stage_ofAPushThatEndsAHalt() public {
        vm.warp(_limit(60 hours) + 20);
        uint256 pushed = block.timestamp;
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.HaltEnded(feedId, _limit(54 hours), (pushed / 60 + 30) * 60);
        _print(day + 2, 0, POINTS);
        // The push has told the perpetual; the month hears it in its next minute, if it had been touched in this one.
        vm.assertTrue(house.market(perp).stage == LadderStage.Grace);
        vm.warp((pushed / 60 + 30) * 60 - 1);
        _expectStage(LadderStage.Grace);
        vm.warp((pushed / 60 + 30) * 60);
        _expectStage(LadderStage.Fresh);
    }

    function test_stage_aPushOfAnOldDayEndsNoHalt() public {
        vm.warp(_limit(80 hours));
        _print(day + 1, 0, POINTS);
        _skip(60);
        _expectStage(LadderStage.Halted);
        // One that leaves the index stale ends the halt all the same, and stale it is once the grace is over.
        _print(day + 2, 0, POINTS);
        _skip(60);
        _expectStage(LadderStage.Grace);
        _skip(30 minutes);
        _expectStage(LadderStage.Stale);
    }

    function test_stage_isWrittenByTheTouch() public {
        vm.warp(_limit(54 hours));
        house.sync(dated);
        // In the minute of the touch the push does not reach the month; from the next on it does.
        _print(day + 2, 0, POINTS);
        vm.assertTrue(house.market(dated).stage == LadderStage.Halted);
        _skip(60);
        vm.assertTrue(house.market(dated).stage == LadderStage.Grace);
    }

    // --------------------------------------------------------------------------------------------------------- orders

    function test_place_whatEachStageAllows() public {
        _trade(alice, bob, perp, 2000, TICK);
        _place(carol, perp, 500, TICK - 10);
        _place(carol, perp, -500, TICK + 10);
        vm.warp(_limit(30 hours));
        bytes memory stale = _stale(30 hours);
        // Stale: a taker must reduce; everything may rest.
        _refusedOrder(alice, _order(perp, 100, TICK + 10, OrderKind.Limit), stale);
        _send(alice, _order(perp, 100, TICK - 20, OrderKind.Limit));
        _send(alice, _order(perp, 100, TICK - 20, OrderKind.PostOnly));
        _send(alice, _order(perp, -100, TICK - 10, OrderKind.ImmediateOrCancel));
        // Halted: nothing at all, not even what reduces or only rests.
        vm.warp(_limit(54 hours));
        _refusedOrder(alice, _order(perp, -100, TICK - 10, OrderKind.ImmediateOrCancel), _stale(54 hours));
        _refusedOrder(alice, _order(perp, 100, TICK - 20, OrderKind.PostOnly), _stale(54 hours));
        OrderParameters memory order = _order(perp, -100, TICK + 50, OrderKind.Limit);
        order.reduceOnly = true;
        _refusedOrder(alice, order, _stale(54 hours));
        // Grace: post-only, or reducing; a limit order that does not cross could still be met by whoever knows more.
        _print(day + 2, 0, POINTS);
        bytes memory grace = abi.encodeWithSelector(
            IClearingErrors.InGracePeriod.selector,
            perp,
            block.timestamp,
            block.timestamp + 30 minutes
        );
        _refusedOrder(alice, _order(perp, 100, TICK - 20, OrderKind.Limit), grace);
        _refusedOrder(alice, _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel), grace);
        _send(alice, _order(perp, 100, TICK - 20, OrderKind.PostOnly));
        _send(alice, _order(perp, -100, TICK - 10, OrderKind.ImmediateOrCancel));
        _skip(30 minutes);
        _send(alice, _order(perp, 100, TICK + 10, OrderKind.Limit));
        vm.assertEq(_size(ALICE, perp), int256(1900));
        _assertConserved();
    }

    function test_amend_waitsInAHalt() public {
        OrderId id = _place(alice, perp, 500, TICK - 10);
        vm.warp(_limit(54 hours));
        OrderParameters memory order = _order(perp, 200, TICK - 10, OrderKind.Limit);
        _refused(alice, abi.encodeCall(house.amend, (id, order)), _stale(54 hours));
        // Cancelling does not wait.
        vm.prank(alice);
        vm.assertEq(house.cancel(id), 500);
    }

    function test_place_ofAFreshMarketIsNotTouchedByAnotherFeedsSilence() public {
        vm.warp(_limit(30 hours) - 60);
        _place(alice, perp, 100, TICK - 20);
        _place(alice, dated, 100, TICK - 20);
    }

    // ------------------------------------------------------------------------------------------------- what stands still

    function test_funding_stopsAtTheFirstLimit() public {
        _place(traders[4], perp, 1000, TICK + 299);
        _place(traders[5], perp, -1000, TICK + 301);
        vm.warp(_limit(30 hours));
        house.sync(perp);
        int256 funding = house.market(perp).cumulativeFunding;
        vm.assertTrue(funding > 0, "scene");
        vm.warp(_limit(50 hours));
        house.sync(perp);
        vm.assertEq(house.market(perp).cumulativeFunding, funding);
        // Mean goes on to the second.
        vm.assertTrue(house.market(perp).meanX16 > TICK * X16);
    }

    // ------------------------------------------------------------------------------------------ one print, one move

    /// The book has already priced what the print then says: mark stands where it stood.
    function test_mark_aPrintThatTheBookHasPricedDoesNotMoveItTwice() public {
        // Everyone knows that the mean will be 4 % higher tomorrow.
        _place(traders[4], perp, 1000, TICK + 399);
        _place(traders[5], perp, -1000, TICK + 401);
        vm.warp(_due(day + 1));
        house.sync(perp);
        uint256 mark = _mark(perp);
        vm.assertApproxEqAbs(mark, (TICK + 400) * X16, 40);
        // 28 % more in one of seven days: the mean, the index and the anchor rise by 4 %.
        _nextPrint((POINTS * 128) / 100);
        MarketView memory m = house.market(perp);
        vm.assertEq(m.anchorX16, 10_400 * X16);
        vm.assertEq(m.markX16, mark, "moved in the push");
        _skip(6 hours);
        vm.assertApproxEqAbs(_mark(perp), mark, 40);
    }

    /// Seconds for which a quote stood before the push count at the edge that held then.
    function test_push_aStrandedQuoteCountsAtTheEdgeOfItsTime() public {
        _place(traders[4], perp, 1000, TICK + 590);
        _place(traders[5], perp, -1000, TICK + 592);
        vm.warp(_due(day + 1));
        _skip(59);
        // The index falls by half: at most 8 %. The quote is now far beyond the new band.
        _print(++day, 0, POINTS / 10);
        uint256 anchor = house.market(perp).anchorX16;
        vm.assertTrue(anchor < 9_300 * X16, "scene");
        uint256 before = house.market(perp).meanX16;
        _skip(1);
        house.sync(perp);
        // 59 seconds at 10,591 and one at the new edge: 60 at the new edge would have pulled the mean down.
        vm.assertTrue(house.market(perp).meanX16 + (8 * X16) / 10 > before, "weighed again");
        vm.assertTrue(before <= 10_592 * X16);
    }

    // -------------------------------------------------------------------------------------------- extremes of the index

    function test_hazard_theIndexTimesAThousandInAnHour() public {
        _trade(alice, bob, perp, 1000, TICK);
        _trade(alice, bob, dated, 1000, TICK);
        _nextPrint(POINTS);
        _skip(1 hours);
        _print(day, 1, POINTS * 1000);
        // Markets follow by 8 % a day, whatever is printed.
        vm.assertEq(house.market(perp).anchorX16, 10_800 * X16);
        vm.assertTrue(_mark(perp) <= (10_800 * X16 * 108) / 100);
        vm.assertEq(_mark(dated), TICK * X16);
        _assertConserved();
        for (uint256 i = 0; i < 5; ++i) {
            _nextPrint(POINTS * 1000);
            house.sync(perp);
            house.sync(dated);
            _assertConserved();
        }
    }

    function test_hazard_theIndexByAThousandInAnHour() public {
        _trade(alice, bob, perp, 1000, TICK);
        _nextPrint(POINTS);
        _skip(1 hours);
        _print(day, 1, POINTS / 1000);
        vm.assertTrue(house.market(perp).anchorX16 >= 9_200 * X16 - 1);
        for (uint256 i = 0; i < 5; ++i) {
            _nextPrint(POINTS / 1000);
            house.sync(perp);
            house.sync(dated);
            _assertConserved();
        }
        vm.assertTrue(house.market(perp).lowestFill > 0);
    }

    function test_hazard_inTheYear2106AndAfterwards() public {
        // Seconds no longer fit 32 bits; minutes have 28.
        uint32 year2107 = 50_050;
        vm.warp(uint256(year2107) * 1 days + 7 hours);
        vm.assertTrue(block.timestamp > type(uint32).max, "scene");
        for (uint32 i = 7; i > 0; --i) _print(year2107 - i, 0, POINTS);
        day = year2107 - 1;
        _skip(31 minutes);
        _expectStage(LadderStage.Fresh);
        OrderParameters memory order = _order(perp, -1000, TICK, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 10) * 300);
        _send(bob, order);
        _send(alice, _order(perp, 1000, TICK, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(ALICE, perp), int256(1000));
        _nextPrint(POINTS + 10e18);
        _skip(1 days);
        house.sync(perp);
        vm.prank(alice);
        house.withdraw(ALICE, 1_000 * USD, alice);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function _limit(uint256 age) private view returns (uint256) {
        return (uint256(day) + 2) * 1 days + age;
    }

    function _stale(uint256 limit) private view returns (bytes memory) {
        uint256 age = block.timestamp - (uint256(day) + 2) * 1 days;
        return abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, age, limit);
    }

    function _expectStage(LadderStage stage) private {
        vm.assertTrue(house.market(perp).stage == stage, "perpetual");
        vm.assertTrue(house.market(dated).stage == stage, "dated");
        house.sync(perp);
        vm.assertTrue(house.market(perp).stage == stage, "perpetual, touched");
    }
}
