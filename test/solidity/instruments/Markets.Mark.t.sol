// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketView, OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {MarkPrice} from "../../../contracts/instruments/libraries/MarkPrice.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// The mark: moved by what stood, for the seconds that it stood, and by nothing else.
contract MarketsMarkTest is ClearingFixture {
    uint256 private constant X16 = 1 << 16;

    // ------------------------------------------------------------------------------------------------------ grid, time

    function test_sync_onePokeAnHourEqualsSixty() public {
        _quote(perp, TICK + 100, 1000);
        _quote(dated, TICK - 200, 1000);
        _compare(60, 60);
    }

    function test_sync_everyOtherMinuteEqualsEveryMinute() public {
        _quote(perp, TICK + 100, 1000);
        _quote(dated, TICK - 200, 1000);
        _compare(2, 60);
        _skip(17 minutes);
        _compare(3, 60);
    }

    function test_sync_onePokeAnHourEqualsSixty_ofAThinBook() public {
        _quote(perp, TICK + 300, 1000);
        _skip(2 hours);
        _clear(perp);
        _compare(60, 60);
    }

    function test_sync_onePokeAnHourEqualsSixty_ofAStrandedBook() public {
        // Quotes far above, before the index falls away under them.
        _quote(perp, 10_500, 1000);
        _skip(3 hours);
        _nextPrint(POINTS / 2);
        _nextPrint(POINTS / 2);
        house.sync(perp);
        vm.assertTrue(house.market(perp).highestFill < 10_499, "scene");
        _compare(60, 60);
    }

    /// hardhat-config: fuzz.runs = 40
    function test_fuzz_sync_pokesDoNotMatter(
        uint256 tick,
        uint256 lots,
        uint256 minutes_,
        uint256 gap
    ) public {
        _quote(perp, bound(tick, 9_450, 10_550), bound(lots, 900, 1_100));
        _quote(dated, bound(tick >> 32, 9_450, 10_550), bound(lots >> 32, 900, 1_100));
        _skip(bound(gap, 0, 59));
        _compare(bound(minutes_, 2, 200), bound(gap, 61, 700));
    }

    /// Compares one call at the end with a call every `step` seconds.
    function _compare(uint256 minutes_, uint256 step) private {
        uint256 start = block.timestamp;
        uint256 end = start + minutes_ * 60;
        uint256 snapshot = vm.snapshotState();
        for (uint256 t = start + step; t < end; t += step) {
            vm.warp(t);
            house.sync(perp);
            house.sync(dated);
        }
        vm.warp(end);
        house.sync(perp);
        house.sync(dated);
        MarketView memory often = house.market(perp);
        uint256 datedMean = house.market(dated).meanX16;
        vm.revertToState(snapshot);
        vm.warp(end);
        house.sync(perp);
        house.sync(dated);
        MarketView memory once = house.market(perp);
        // Every call floors once: at most 30 parts in 65,536 of a tick for a mean of 30 minutes, less than half a
        // thousandth of a tick; in funding a thirtieth of that each minute, and one 2^-20 for each call.
        vm.assertApproxEqAbs(often.meanX16, once.meanX16, 31);
        vm.assertApproxEqAbs(house.market(dated).meanX16, datedMean, 31);
        int256 off = often.cumulativeFunding - once.cumulativeFunding;
        vm.assertTrue(
            off <= int256(2 * minutes_) && off >= -int256(2 * minutes_),
            "funding depends on the calls"
        );
    }

    function test_sync_withinAMinuteChangesNothing() public {
        _quote(perp, TICK + 100, 1000);
        _skip(60);
        house.sync(perp);
        bytes32 before = keccak256(abi.encode(house.market(perp)));
        _skip(59 - (block.timestamp % 60));
        house.sync(perp);
        vm.assertTrue(keccak256(abi.encode(house.market(perp))) == before);
    }

    // --------------------------------------------------------------------------------------------- one transaction

    function test_mark_noTransactionMovesIt() public {
        _quote(perp, TICK, 1000);
        _skip(10 minutes);
        house.sync(perp);
        uint256 mark = _mark(perp);
        // Wipe a side, build a wall, trade a lot: in this second nothing of it counts.
        _take(alice, perp, 1000);
        _place(bob, perp, 500_000, 10_400);
        _place(carol, perp, -500_000, 10_410);
        vm.assertEq(_mark(perp), mark);
        house.sync(perp);
        vm.assertEq(_mark(perp), mark);
        // What was wiped within its own second leaves no trace either.
        OrderId id = house.ordersAt(perp, 10_400, 1)[0].id;
        vm.prank(bob);
        house.cancel(id);
        id = house.ordersAt(perp, 10_410, 1)[0].id;
        vm.prank(carol);
        house.cancel(id);
        _skip(60);
        uint256 moved = _mark(perp);
        // The book is one-sided: only the slow way back to the index.
        vm.assertEq(moved, MarkPrice.advance(mark, TICK * X16, 1440, 1));
    }

    function test_mark_countsTheSecondsThatAQuoteStood() public {
        vm.assertEq(block.timestamp % 60, 0);
        _skip(20);
        // 25 seconds at 10,100, then 15 seconds at 10,040.
        _quote(perp, 10_100, 1000);
        _skip(25);
        _clear(perp);
        _quote(perp, 10_040, 1000);
        _skip(15);
        house.sync(perp);
        uint256 midSeconds = 2 * 10_100 * 25 + 2 * 10_040 * 15;
        vm.assertEq(house.market(perp).meanX16, MarkPrice.advanceObserved(TICK * X16, midSeconds, 40, 30));
    }

    function test_mark_aMinuteWithoutDepthHoldsForTheDated() public {
        _quote(dated, TICK + 300, 1000);
        _skip(1 hours);
        _clear(dated);
        house.sync(dated);
        uint256 mean = house.market(dated).meanX16;
        vm.assertTrue(mean > TICK * X16);
        _skip(5 hours);
        house.sync(dated);
        vm.assertEq(house.market(dated).meanX16, mean);
    }

    function test_mark_aThinPerpetualFallsBackToItsIndexSlowly() public {
        _quote(perp, TICK + 300, 1000);
        _skip(1 hours);
        _clear(perp);
        house.sync(perp);
        uint256 mean = house.market(perp).meanX16;
        _skip(24 hours);
        house.sync(perp);
        uint256 after_ = house.market(perp).meanX16;
        vm.assertApproxEqAbs(after_, MarkPrice.advance(mean, TICK * X16, 1440, 1440), 2);
        // A time constant of a day: e^-1 of the distance is left.
        uint256 left = ((after_ - TICK * X16) * 1000) / (mean - TICK * X16);
        vm.assertTrue(left > 366 && left < 369);
    }

    // ------------------------------------------------------------------------------------------------------------ depth

    function test_mark_needsImpactLotsOnBothSides() public {
        _quote(perp, TICK + 300, 999);
        _expectImpact(0, 0);
        _place(traders[4], perp, 100, TICK + 200);
        // The second level completes the bid, at its own tick.
        _expectImpact(TICK + 200, 0);
        _skip(60);
        house.sync(perp);
        vm.assertEq(house.market(perp).meanX16, TICK * X16);
        _place(traders[5], perp, -100, TICK + 301);
        _expectImpact(TICK + 200, TICK + 301);
    }

    function test_mark_readsTwoLevelsASide() public {
        for (uint256 i = 1; i <= 3; ++i) {
            _place(traders[4], perp, 400, TICK - i);
            _place(traders[5], perp, -400, TICK + i);
        }
        _expectImpact(0, 0);
        _place(traders[4], perp, 200, TICK - 2);
        _place(traders[5], perp, -600, TICK + 1);
        _expectImpact(TICK - 2, TICK + 1);
        // A cancel in front makes it thin again.
        OrderId id = house.ordersAt(perp, uint24(TICK - 1), 1)[0].id;
        vm.prank(traders[4]);
        house.cancel(id);
        _expectImpact(TICK - 3, TICK + 1);
    }

    // ----------------------------------------------------------------------------------------------------------- clamps

    function test_mark_isClampedToTheIndex() public {
        // Quotes at the top of the band, again and again, pull the mean as far as they may.
        for (uint256 i = 0; i < 4; ++i) {
            uint256 tick = house.market(perp).highestFill - 2;
            _quote(perp, tick, 1000);
            _skip(4 hours);
            _clear(perp);
            house.sync(perp);
        }
        vm.assertTrue(house.market(perp).meanX16 > (10_800 << 16));
        vm.assertEq(_mark(perp), 10_800 << 16);
        // The mean is kept unclamped: a new index frees what it had held.
        _nextPrint((POINTS * 11) / 10);
        vm.assertTrue(_mark(perp) > (10_800 << 16));
    }

    function test_mark_datedIsClampedToTheDaysAnchorWhichIsTheMarkAtMidnight() public {
        for (uint256 i = 0; i < 3; ++i) {
            _quote(dated, house.market(dated).highestFill - 2, 1000);
            _skip(4 hours);
            _clear(dated);
            house.sync(dated);
        }
        MarketView memory m = house.market(dated);
        vm.assertEq(m.anchorX16, TICK * X16);
        vm.assertEq(m.markX16, 11_000 << 16);
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        m = house.market(dated);
        vm.assertEq(m.anchorX16, 11_000 << 16);
        vm.assertTrue(m.markX16 > 11_000 << 16);
    }

    function test_mark_datedWalksManyDaysInOneTouch() public {
        _quote(dated, TICK + 400, 1000);
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < 5; ++i) {
            vm.warp((block.timestamp / 1 days + 1) * 1 days);
            house.sync(dated);
        }
        MarketView memory daily = house.market(dated);
        uint256 end = block.timestamp;
        vm.revertToState(snapshot);
        vm.warp(end);
        house.sync(dated);
        MarketView memory once = house.market(dated);
        vm.assertApproxEqAbs(once.markX16, daily.markX16, 31);
        vm.assertApproxEqAbs(once.anchorX16, daily.anchorX16, 31);
        vm.assertEq(once.initialMarginBps, daily.initialMarginBps);
    }

    function test_sync_marginsFallWithTheMonths() public {
        _expectTier(2800, 2100, 600);
        while (day < NEXT_FROM - 2) _nextPrint(POINTS);
        vm.warp(uint256(NEXT_FROM) * 1 days - 1);
        _expectTier(2800, 2100, 600);
        vm.warp(uint256(NEXT_FROM) * 1 days);
        _expectTier(2000, 1500, 400);
        while (day < WINDOW_FIRST - 2) _nextPrint(POINTS);
        vm.warp(uint256(WINDOW_FIRST) * 1 days);
        _expectTier(1600, 1200, 250);
        house.sync(dated);
        _expectTier(1600, 1200, 250);
    }

    // ----------------------------------------------------------------------------------------------------- stranded

    function test_place_strandedQuotesDoNotFillAndAreDroppedByMatching() public {
        OrderId stranded = _place(alice, perp, 1000, 10_500);
        _nextPrint(POINTS / 2);
        _nextPrint(POINTS / 2);
        house.sync(perp);
        MarketView memory m = house.market(perp);
        vm.assertTrue(m.highestFill < 10_500, "scene");
        // It is the best bid still, and nobody can sell to it.
        vm.assertEq(m.bestBid, 10_500);
        OrderId honest = _place(bob, perp, 500, m.highestFill);
        (, uint256 filled) = _send(carol, _order(perp, -600, m.highestFill, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 500);
        vm.assertEq(_size(ALICE, perp), int256(0));
        vm.assertEq(_position(ALICE, perp).bidLots, 0);
        vm.assertTrue(OrderId.unwrap(stranded) != OrderId.unwrap(honest));
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function _quote(MarketId market, uint256 tick, uint256 lots) private {
        _place(traders[4], market, int256(lots), tick - 1);
        _place(traders[5], market, -int256(lots), tick + 1);
    }

    function _clear(MarketId market) private {
        MarketView memory m = house.market(market);
        OrderId id = house.ordersAt(market, uint24(m.bestBid), 1)[0].id;
        vm.prank(traders[4]);
        house.cancel(id);
        id = house.ordersAt(market, uint24(m.bestAsk), 1)[0].id;
        vm.prank(traders[5]);
        house.cancel(id);
    }

    function _expectImpact(uint256 bid, uint256 ask) private view {
        MarketView memory m = house.market(perp);
        vm.assertEq(m.impactBid, bid);
        vm.assertEq(m.impactAsk, ask);
    }

    function _expectTier(uint256 im, uint256 mm, uint256 band) private view {
        MarketView memory m = house.market(dated);
        vm.assertTrue(m.initialMarginBps == im && m.maintenanceMarginBps == mm && m.fillBandBps == band);
    }
}
