// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    IndexConfig,
    IUsageIndex,
    Print,
    SignedReport
} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexSettlementTest is UsageIndexFixture {
    uint32 private constant FIRST = DAY - 30;

    function test_settleWindow_ofACompleteMonth() public {
        _soloDays(FIRST, DAY);
        vm.warp(_end(DAY) + 3 days);
        (bool ready, uint256 sum, uint256 days_, uint64 readyAt) = target.previewSettlement(SOLO, FIRST, DAY);
        vm.assertTrue(ready);
        vm.assertEq(readyAt, block.timestamp);
        (uint256 sum_, uint256 days__) = reader.settle(SOLO, FIRST, DAY);
        vm.assertEq(sum_, 31 * _usual(DAY - 15));
        vm.assertEq(days__, 31);
        vm.assertEq(sum, sum_);
        vm.assertEq(days_, days__);
    }

    function test_settleWindow_revertsWith_NotReader() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NotReader.selector, SOLO, address(this)));
        target.settleWindow(SOLO, FIRST, DAY);
        target.removeReader(SOLO, reader);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NotReader.selector, SOLO, address(reader)));
        reader.settle(SOLO, FIRST, DAY);
    }

    function test_settleWindow_revertsWith_WindowNotFinal() public {
        _soloDays(FIRST, DAY);
        _expectNotReady(DAY, _end(DAY) + 3 days, false);
        // A late revision inside the window.
        vm.warp(_end(DAY - 1) + 3 days - 1);
        _solo(DAY - 1, 1, 1000e18);
        uint256 until = block.timestamp + 1 days;
        _expectNotReady(DAY, _end(DAY) + 3 days, false);
        vm.warp(until);
        _solo(DAY, 1, 1000e18);
        _expectNotReady(DAY, until + 1 days, false);
        vm.warp(until + 1 days);
        reader.settle(SOLO, FIRST, DAY);
    }

    function test_settleWindow_revertsWith_DayStillMissing() public {
        _soloDays(FIRST, DAY - 1);
        _expectNotReady(DAY, _end(DAY) + 10 days, true);
        vm.warp(_end(DAY) + 10 days - 1);
        _expectNotReady(DAY, _end(DAY) + 10 days, true);
        // The day may still come, and is then waited for.
        _solo(DAY, 0, 1000e18);
        _expectNotReady(DAY, block.timestamp + 1 days, false);
    }

    function test_settleWindow_fillsWithTheGeometricMeanOfBothNeighbours() public {
        _soloDays(FIRST, DAY - 4);
        _solo(DAY - 2, 0, 2000e18);
        _solo(DAY - 1, 0, 1500e18);
        _solo(DAY, 0, 1500e18);
        vm.warp(_end(DAY - 3) + 10 days);
        uint256 expected = _root(_usual(DAY - 4) * 2000e18);

        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.DayFilled(SOLO, DAY - 3, uint128(expected));
        (uint256 sum, uint256 days_) = reader.settle(SOLO, FIRST, DAY);
        vm.assertEq(sum, 27 * _usual(DAY - 17) + expected + 5000e18);
        vm.assertEq(days_, 31);

        Print memory print = target.print(SOLO, DAY - 3);
        vm.assertEq(print.value, expected);
        vm.assertTrue(print.isFinal && print.filled);
        vm.assertTrue(print.revision == 0 && print.revisedAt == 0 && print.vintage == 0);
        vm.assertEq(target.finalAt(SOLO, DAY - 3), _end(DAY - 3) + 10 days);
    }

    function test_settleWindow_twoMissingDaysInARowTakeTheSameValue() public {
        _soloDays(FIRST, DAY - 5);
        _soloDays(DAY - 2, DAY);
        vm.warp(_end(DAY - 3) + 10 days);
        reader.settle(SOLO, FIRST, DAY);
        uint256 expected = _root(_usual(DAY - 5) * _usual(DAY - 2));
        vm.assertEq(target.print(SOLO, DAY - 4).value, expected);
        vm.assertEq(target.print(SOLO, DAY - 3).value, expected);
    }

    function test_settleWindow_takesTheOneKnownNeighbour() public {
        // None before: the index is young. None after: it fell silent.
        _soloDays(FIRST + 2, DAY - 1);
        vm.warp(_end(DAY) + 10 days);
        reader.settle(SOLO, FIRST, DAY);
        vm.assertEq(target.print(SOLO, FIRST).value, _usual(FIRST + 2));
        vm.assertEq(target.print(SOLO, FIRST + 1).value, _usual(FIRST + 2));
        vm.assertEq(target.print(SOLO, DAY).value, _usual(DAY - 1));
    }

    function test_settleWindow_aMonthWithoutAPrintTakesItsEve() public {
        _solo(FIRST - 1, 0, 777e18);
        vm.warp(_end(DAY) + 10 days);
        (uint256 sum, ) = reader.settle(SOLO, FIRST, DAY);
        vm.assertEq(sum, 31 * 777e18);
    }

    function test_settleWindow_revertsWith_NoKnownNeighbour() public {
        _solo(FIRST - 2, 0, 777e18);
        vm.warp(_end(DAY) + 10 days);
        (bool ready, uint256 sum, , uint64 readyAt) = target.previewSettlement(SOLO, FIRST, DAY);
        vm.assertTrue(!ready && readyAt == type(uint64).max);
        vm.assertEq(sum, 30 * 777e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoKnownNeighbour.selector, DAY, 31));
        reader.settle(SOLO, FIRST, DAY);
    }

    /// The search for neighbours stops at the ends of the calendar.
    function test_previewSettlement_atTheEndsOfTheCalendar() public {
        IndexConfig memory terms = _terms(1);
        terms.firstPeriod = 0;
        target.listIndex("EARLY", terms);
        target.addReader("EARLY", reader);
        (bool ready, uint256 sum, uint256 days_, uint64 readyAt) = target.previewSettlement("EARLY", 0, 0);
        vm.assertTrue(!ready && sum == 0 && days_ == 1 && readyAt == type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoKnownNeighbour.selector, 0, 31));
        reader.settle("EARLY", 0, 0);
        uint32 last = type(uint32).max;
        (ready, sum, days_, readyAt) = target.previewSettlement("EARLY", last, last);
        vm.assertTrue(!ready && sum == 0 && days_ == 1 && readyAt == type(uint64).max);
    }

    function test_settleWindow_waitsForANeighbourOutsideTheWindow() public {
        _soloDays(FIRST, DAY - 1);
        vm.warp(_end(DAY) + 10 days - 1 hours);
        _solo(DAY + 3, 0, 4000e18);
        uint256 until = block.timestamp + 1 days;
        vm.warp(_end(DAY) + 10 days);
        _expectNotReady(DAY + 3, until, false);
        vm.warp(until);
        reader.settle(SOLO, FIRST, DAY);
        vm.assertEq(target.print(SOLO, DAY).value, _root(_usual(DAY - 1) * 4000e18));
    }

    function test_settleWindow_againChangesNothing() public {
        _soloDays(FIRST, DAY - 1);
        vm.warp(_end(DAY) + 10 days);
        (uint256 sum, ) = reader.settle(SOLO, FIRST, DAY);
        // A later neighbour would give another value, but the day is filled.
        vm.warp(_due(DAY + 13));
        _solo(DAY + 1, 0, 4000e18);
        (uint256 again, ) = reader.settle(SOLO, FIRST, DAY);
        vm.assertEq(again, sum);
        // A shorter window over the same days agrees.
        (uint256 last, ) = reader.settle(SOLO, DAY, DAY);
        vm.assertEq(last, _usual(DAY - 1));
    }

    function test_settleWindow_filledDaysAreNoNeighbours() public {
        _soloDays(FIRST, DAY - 3);
        vm.warp(_end(DAY - 2) + 10 days);
        reader.settle(SOLO, DAY - 2, DAY - 2);
        vm.warp(_due(DAY + 13));
        _solo(DAY + 1, 0, 4000e18);
        vm.warp(block.timestamp + 1 days);
        reader.settle(SOLO, DAY - 1, DAY);
        vm.assertEq(target.print(SOLO, DAY - 2).value, _usual(DAY - 3));
        vm.assertEq(target.print(SOLO, DAY - 1).value, _root(_usual(DAY - 3) * 4000e18));
    }

    function test_post_revertsWith_PeriodIsSettled() public {
        _soloDays(FIRST, DAY - 1);
        vm.warp(_end(DAY) + 10 days);
        reader.settle(SOLO, FIRST, DAY);
        SignedReport[] memory reports = _soloReports(DAY, 9, 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PeriodIsSettled.selector, SOLO, DAY));
        target.post(SOLO, DAY, 9, reports);
    }

    function test_trailingMean_skipsFilledDays() public {
        _soloDays(FIRST, DAY - 2);
        _solo(DAY, 0, 3000e18);
        (uint256 before, ) = target.trailingMean(SOLO, DAY);
        vm.warp(_end(DAY - 1) + 10 days);
        reader.settle(SOLO, FIRST, DAY);
        (uint256 mean, bool allFinal) = target.trailingMean(SOLO, DAY);
        vm.assertEq(mean, before);
        vm.assertTrue(allFinal);
        // Window sums hold what was settled.
        (, uint256 present, ) = target.windowMean(SOLO, FIRST, DAY);
        vm.assertEq(present, 31);
        (, uint256 locked) = target.lockedSum(SOLO, FIRST, DAY);
        vm.assertEq(locked, 31);
    }

    function test_settleWindow_revertsWith_PeriodTooEarly() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PeriodTooEarly.selector, DAY - 41, DAY - 40));
        reader.settle(SOLO, DAY - 41, DAY);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PeriodTooEarly.selector, DAY - 41, DAY - 40));
        target.previewSettlement(SOLO, DAY - 41, DAY);
    }

    function test_settleWindow_revertsWith_WindowReversed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.WindowReversed.selector, DAY, DAY - 1));
        reader.settle(SOLO, DAY, DAY - 1);
    }

    function test_settleWindow_ofDaysThatHaveNotEndedIsNotReady() public {
        _soloDays(FIRST, DAY);
        _expectNotReadyIn(FIRST, DAY + 20, DAY + 20, _end(DAY + 20) + 10 days, true);
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _expectNotReady(uint32 blocker, uint256 until, bool missing) private {
        _expectNotReadyIn(FIRST, DAY, blocker, until, missing);
    }

    function _expectNotReadyIn(
        uint32 first,
        uint32 last,
        uint32 blocker,
        uint256 until,
        bool missing
    ) private {
        (bool ready, , , uint64 readyAt) = target.previewSettlement(SOLO, first, last);
        vm.assertTrue(!ready);
        vm.assertEq(readyAt, until);
        bytes4 selector =
            missing ? IUsageIndex.DayStillMissing.selector : IUsageIndex.WindowNotFinal.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, blocker, until));
        reader.settle(SOLO, first, last);
    }

    /// Integer square root by bisection.
    function _root(uint256 square) private pure returns (uint256 low) {
        uint256 high = 1 << 84;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (middle * middle <= square) low = middle;
            else high = middle;
        }
    }
}
