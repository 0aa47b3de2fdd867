// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FeedListing,
    MarketListing,
    MarketPhase,
    MarketView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IndexConfig} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {
    DeliveryWindow,
    Window,
    WindowWords
} from "../../../contracts/instruments/libraries/DeliveryWindow.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// Mark, limits and margins of a dated future inside its delivery window of ten days, of which each locks four days after it
/// began.
contract MarketsWindowTest is ClearingFixture {
    uint256 private constant X16 = 1 << 16;
    uint32 private constant DAYS = 10;
    uint256 private constant EXPIRY = (uint256(WINDOW_FIRST) + DAYS) * 1 days;

    MarketId private month;

    function setUp() public override {
        super.setUp();
        MarketListing memory l = _dated();
        l.lastPeriod = WINDOW_FIRST + DAYS - 1;
        vm.prank(LISTER);
        month = house.listMarket(l);
    }

    // ------------------------------------------------------------------------------------------------ what is locked

    function test_window_locksOneMorePrintADay() public {
        _toMidnight(WINDOW_FIRST, POINTS);
        _expectWindow(0, 0, 0);
        _expectMargins(1600, 1200, 250, 1000);
        uint256 sum = 0;
        for (uint32 t = 1; t < DAYS; ++t) {
            _toMidnight(WINDOW_FIRST + t, 5_000e18 + uint256(t) * 3e18);
            if (t < 4) {
                _expectWindow(DAYS, 0, 0);
                continue;
            }
            // The print of day t − 4 is final now.
            sum += usage.print(TU1D, WINDOW_FIRST + t - 4).value;
            uint256 unlocked = DAYS - (t - 3);
            _expectWindow(DAYS, t - 3, (sum * X16) / 0.5e18);
            MarketView memory m = house.market(month);
            vm.assertEq(m.initialMarginBps, _max(400, (1600 * unlocked + DAYS - 1) / DAYS));
            vm.assertEq(m.maintenanceMarginBps, _max(300, (1200 * unlocked + DAYS - 1) / DAYS));
            vm.assertEq(m.fillBandBps, (250 * unlocked) / DAYS);
        }
        // Six of ten are locked on the last day; the floors of the margins have not been reached by then.
        _expectMargins(640, 480, 100, _clamp());
    }

    function test_window_markLiesBetweenWhatIsLockedAndTheDaysLimits() public {
        // Prints of the window are 2 % above what the book says, which nothing moves.
        _toMidnight(WINDOW_FIRST, POINTS);
        for (uint32 t = 1; t < DAYS; ++t) {
            uint256 before = _mark(month);
            _toMidnight(WINDOW_FIRST + t, 5_100e18);
            if (t < 5) continue;
            (uint256 days_, uint256 locked, uint256 sum) = _window();
            uint256 u = days_ - locked;
            // What the book implied for the rest, and a tenth of it either way.
            uint256 p = (before * days_ - sum) / u;
            uint256 low = (sum + (u * ((p * 9_000) / 10_000))) / days_;
            uint256 high = (sum + (u * ((p * 11_000) / 10_000))) / days_;
            MarketView memory m = house.market(month);
            vm.assertApproxEqAbs(m.anchorX16, (low + high) / 2, 2 * X16);
            // The clamp is a whole basis point, floored.
            uint256 width = (m.anchorX16 * _clamp()) / 10_000;
            vm.assertTrue(width <= (high - low) / 2 + X16, "wider than the limit");
            vm.assertTrue(width + m.anchorX16 / 10_000 + X16 >= (high - low) / 2, "narrower");
            vm.assertTrue(_clamp() < m.maintenanceMarginBps, "clamp below MM");
        }
    }

    function test_window_theRestIsNeverFurtherThanAQuarterFromTheSevenDayMean() public {
        // The book has gone up by a tenth a day: 10,000 ticks, 11,000, 12,100, 13,310 …
        _toMidnight(WINDOW_FIRST - 4, POINTS);
        for (uint32 t = 0; t < 4; ++t) {
            _lift();
            _toMidnight(WINDOW_FIRST - 3 + t, POINTS);
        }
        vm.assertTrue(_mark(month) > 13_000 * X16, "scene");
        // The limit holds from the second day on: the first one is that of the month before.
        _toMidnight(WINDOW_FIRST + 1, POINTS);
        uint256 mark = _mark(month);
        vm.assertTrue(mark <= 12_502 * X16 && mark >= 12_498 * X16, "a quarter above 10,000");
        // With the mean itself it moves on.
        _toMidnight(WINDOW_FIRST + 2, POINTS);
        vm.assertTrue(_mark(month) <= 12_502 * X16);
        vm.assertEq(house.market(month).phase == MarketPhase.Open ? 1 : 0, 1);
    }

    function test_window_aPrintThatIsStillMissingLocksNothing() public {
        _toMidnight(WINDOW_FIRST + 1, POINTS);
        // Day 2 stays away; its neighbours come.
        ++day;
        _toMidnight(WINDOW_FIRST + 8, POINTS);
        (, uint256 locked, ) = _window();
        vm.assertEq(locked, 4);
    }

    function test_window_aRevisionThatIsNotFinalDoesNotLock() public {
        _toMidnight(WINDOW_FIRST + 3, POINTS);
        // Two hours before the first day would be final its print is revised: final a day later.
        vm.warp((uint256(WINDOW_FIRST) + 4) * 1 days - 18 hours);
        _nextPrint(POINTS);
        vm.warp((uint256(WINDOW_FIRST) + 4) * 1 days - 2 hours);
        _print(WINDOW_FIRST, 1, POINTS + 40e18);
        vm.warp((uint256(WINDOW_FIRST) + 4) * 1 days);
        house.sync(month);
        (, uint256 locked, ) = _window();
        vm.assertEq(locked, 0);
        _toMidnight(WINDOW_FIRST + 5, POINTS);
        (, locked, ) = _window();
        vm.assertEq(locked, 2);
    }

    // ------------------------------------------------------------------------------------------- whenever it is asked

    function test_sync_onceOrEveryHour_overAWholeWindow() public {
        _compareOver(WINDOW_FIRST - 1, 9, 1 hours, false);
    }

    function test_sync_onceOrEveryMinute_overMidnightsOfTheWindow() public {
        _compareOver(WINDOW_FIRST + 3, 2, 60, false);
    }

    function test_sync_onceOrEveryHour_withPrintsThatComeLate() public {
        // The print of the first day but one comes late enough to be final on the last of these days, at noon.
        _compareOver(WINDOW_FIRST - 1, 7, 1 hours, true);
    }

    /// Two-sided quotes stand off mark; prints come in both runs, one touches the month at every step and one at the end.
    function _compareOver(uint32 from, uint32 days_, uint256 step, bool late) private {
        _toMidnight(from, POINTS);
        uint256 tick = _mark(month) / X16 + 90;
        _place(traders[4], month, 1000, tick - 1);
        _place(traders[5], month, -1000, tick + 1);
        uint256 snapshot = vm.snapshotState();
        uint32 newest = day;
        _pass(from, days_, step, late);
        bytes32 often = _state();
        uint256 mean = house.market(month).meanX16;
        vm.revertToState(snapshot);
        day = newest;
        _pass(from, days_, type(uint256).max, late);
        MarketView memory m = house.market(month);
        // Every touch floors the mean once, by less than 2^-16 of a tick, of which a minute keeps 29 of 30.
        vm.assertApproxEqAbs(m.meanX16, mean, 31);
        vm.assertTrue(_state() == often, "the window depends on the calls");
    }

    /// Some days with their prints; a sync at every step.
    function _pass(uint32 from, uint32 days_, uint256 step, bool late) private {
        // An hour before midnight: what has become final since the last one must not count yet.
        uint256 end = (uint256(from) + days_) * 1 days + 23 hours;
        uint256 synced = block.timestamp;
        for (uint32 t = from; t < from + days_; ++t) {
            uint256 due = uint256(t) * 1 days + 6 hours;
            synced = _syncTo(synced, due, step);
            // Every third print comes two and a half days late.
            if (!late || t % 3 != 0) _print(t - 1, 0, POINTS + uint256(t % 5) * 11e18);
            if (late && t % 3 == 2 && t >= from + 2) {
                synced = _syncTo(synced, due + 6 hours, step);
                _print(t - 3, 0, POINTS + 77e18);
            }
        }
        _syncTo(synced, end, step);
        house.sync(month);
    }

    function _syncTo(uint256 from, uint256 to, uint256 step) private returns (uint256) {
        while (step < to - from) {
            from += step;
            vm.warp(from);
            house.sync(month);
        }
        vm.warp(to);
        return from;
    }

    /// What the day has fixed: the same to the last bit but for the settlement price of the day, which carries the mean's
    /// rounding; that is told in quarters of a tick.
    function _state() private view returns (bytes32) {
        MarketView memory m = house.market(month);
        (uint256 days_, uint256 locked, uint256 sum) = _window();
        return
            keccak256(
                abi.encode(
                    days_,
                    locked,
                    sum,
                    m.initialMarginBps,
                    m.maintenanceMarginBps,
                    m.fillBandBps,
                    (m.anchorX16 + X16 / 8) / (X16 / 4),
                    (m.markX16 + X16 / 8) / (X16 / 4)
                )
            );
    }

    /// Midnights before the first push of an index know nothing of it, also where nobody asked before that push.
    function test_window_anIndexBeforeItsFirstPushLimitsNothing() public {
        bytes32 index = "GPX";
        usage.listIndex(index, IndexConfig(5, 100, 7, 4, FIRST_DAY, 9_000_000e18, 6, 65_535, 65_535));
        MarketListing memory l = _dated();
        vm.prank(LISTER);
        l.feed = house.addFeed(FeedListing(index, 800, 30 hours, 54 hours, 7 days));
        uint32 today = uint32(block.timestamp / 1 days);
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (today, today + DAYS - 1, today);
        vm.prank(LISTER);
        MarketId young = house.listMarket(l);
        vm.warp((uint256(today) + 1) * 1 days + 6 hours);
        // A tenth of what the book says.
        vm.prank(address(usage));
        house.onIndexPushed(index, POINTS / 10, 1, today);
        house.sync(young);
        vm.assertEq(_mark(young), TICK * X16);
        vm.assertEq(house.market(young).anchorX16, TICK * X16);
        // The next midnight knows it: five quarters of 1,000 ticks.
        vm.warp((uint256(today) + 2) * 1 days);
        house.sync(young);
        vm.assertEq(house.market(young).anchorX16, 1250 * X16);
    }

    /// Prints of six times the last tick: mark stands at that, whatever the limits of the rest.
    function test_window_whatIsLockedLiesBeyondTheLastTick() public {
        uint256 last = 16_777_214;
        MarketListing memory l = _dated();
        l.lastPeriod = WINDOW_FIRST + DAYS - 1;
        (l.firstMarkTick, l.tickValue) = (Tick.wrap(uint24(last)), 1);
        l.indexPerTick = uint128(POINTS / 100_000_000);
        vm.prank(LISTER);
        MarketId high = house.listMarket(l);
        _toMidnight(WINDOW_FIRST + 5, POINTS);
        house.sync(high);
        MarketView memory m = house.market(high);
        vm.assertEq(m.anchorX16, last * X16);
        vm.assertTrue(m.markX16 == last * X16 && m.highestFill == last);
    }

    function test_account_creditIsOfToday_whoeverTouchedTheMonthLast() public {
        // A hedge of the month with the next one.
        MarketListing memory l = _dated();
        l.firstPeriod = WINDOW_FIRST + DAYS;
        l.lastPeriod = WINDOW_FIRST + DAYS + 20;
        l.nextFromPeriod = WINDOW_FIRST;
        vm.prank(LISTER);
        MarketId next = house.listMarket(l);
        _toMidnight(WINDOW_FIRST + 4, POINTS);
        _trade(alice, bob, month, 1000, TICK);
        _trade(bob, alice, next, 1000, TICK);
        uint256 before = house.account(ALICE).maintenanceMargin;
        _print(day + 1, 0, POINTS);
        ++day;
        vm.warp((uint256(WINDOW_FIRST) + 6) * 1 days);
        uint256 untouched = house.account(ALICE).maintenanceMargin;
        house.sync(month);
        house.sync(next);
        vm.assertEq(untouched, house.account(ALICE).maintenanceMargin);
        vm.assertTrue(untouched != before, "scene");
    }

    // -------------------------------------------------------------------------------------------------------- attack

    /// Two colluders lift the book of the front month as far as it goes on the last days of its window.
    function test_attack_aFrontMonthBoughtAtItsLimitOnTheLastDaysOfItsWindow() public {
        _toMidnight(WINDOW_FIRST + DAYS - 4, POINTS);
        _trade(alice, bob, month, 1000, _mark(month) / X16);
        int256 before = _equity(ALICE);
        uint256 fair = _mark(month);
        for (uint32 t = DAYS - 4; t < DAYS; ++t) {
            (uint256 days_, uint256 locked, ) = _window();
            _lift();
            // Mark has moved by no more than a tenth of what is open, each day, and a quarter of it in all.
            uint256 open = days_ - locked;
            vm.assertTrue(
                _mark(month) <= fair + (fair * open * 2600) / (days_ * 10_000),
                "beyond the unlocked share"
            );
            if (t + 1 < DAYS) _toMidnight(WINDOW_FIRST + t + 1, POINTS);
        }
        uint256 lifted = _mark(month);
        vm.assertTrue(lifted > fair, "scene");
        // Whoever buys from bob at this price pays it; who held before cannot take the gain out.
        uint256 top = house.market(month).highestFill;
        _trade(carol, dave, month, 1000, top);
        vm.warp(EXPIRY);
        house.sync(month);
        // Trading has ended: mark is what the prints say, and a gain would not count for a withdrawal.
        vm.assertEq(_mark(month), TICK * X16);
        _nextPrint(POINTS);
        _nextPrint(POINTS);
        vm.warp(EXPIRY + 4 days);
        // Settlement has not moved at all.
        vm.assertEq(house.settle(month), TICK);
        house.convertSettled(ALICE);
        house.convertSettled(CAROL);
        vm.assertTrue(_cash(ALICE) <= before, "the lift paid");
        vm.assertTrue(
            _cash(CAROL) <= int256(FUNDS) - int256(1000 * (top - TICK)) * TICK_VALUE,
            "the price paid back"
        );
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// 00:00 UTC of a day, the prints of all days before the eve posted at their time.
    function _toMidnight(uint32 period, uint256 value) private {
        while (day + 2 <= period) {
            uint256 due = (uint256(day) + 2) * 1 days + 6 hours;
            if (due > uint256(period) * 1 days) break;
            _nextPrint(value);
        }
        vm.warp(uint256(period) * 1 days);
        house.sync(month);
    }

    /// Quotes at the top of the band until mark is where the day's limit holds it.
    function _lift() private {
        for (uint256 i = 0; i < 5; ++i) {
            uint256 tick = house.market(month).highestFill - 2;
            _place(traders[4], month, 1000, tick - 1);
            _place(traders[5], month, -1000, tick + 1);
            _skip(1 hours);
            _cancel(traders[4], tick - 1);
            _cancel(traders[5], tick + 1);
        }
    }

    function _cancel(address who, uint256 tick) private {
        OrderId id = house.ordersAt(month, uint24(tick), 1)[0].id;
        vm.prank(who);
        house.cancel(id);
    }

    function _window() private view returns (uint256 days_, uint256 locked, uint256 sum) {
        (, , uint256 word) = house.advanced(month);
        Window w = Window.wrap(word);
        return (w.windowDays(), w.locked(), w.sum());
    }

    function _clamp() private view returns (uint256) {
        (, uint256 risk, ) = house.advanced(month);
        return (risk >> 192) & 0x3fff;
    }

    function _expectWindow(uint256 days_, uint256 locked, uint256 sum) private view {
        (uint256 d, uint256 l, uint256 s) = _window();
        vm.assertEq(d, days_, "days");
        vm.assertEq(l, locked, "locked");
        vm.assertEq(s, sum, "sum");
    }

    function _expectMargins(uint256 im, uint256 mm, uint256 band, uint256 clamp) private view {
        MarketView memory m = house.market(month);
        vm.assertEq(m.initialMarginBps, im);
        vm.assertEq(m.maintenanceMarginBps, mm);
        vm.assertEq(m.fillBandBps, band);
        vm.assertEq(_clamp(), clamp);
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function test_window_wordAtItsExtremes() public pure {
        Window w = WindowWords.pack(65_535, 65_535, type(uint112).max);
        vm.assertTrue(w.windowDays() == 65_535 && w.locked() == 65_535);
        vm.assertEq(w.sum(), type(uint112).max);
        w = WindowWords.pack(0, 0, 1 << 111);
        vm.assertTrue(w.windowDays() == 0 && w.locked() == 0);
        vm.assertEq(w.sum(), 1 << 111);
    }

    /// What the book implies may lie exactly at the quarter: then it is inside, and only that side of the day's limit is cut.
    function test_limits_atAQuarterFromTheMean() public pure {
        (uint256 low, uint256 high) = DeliveryWindow.limits(3000, 1000, 4000);
        vm.assertTrue(low == 3000 && high == 3300);
        (low, high) = DeliveryWindow.limits(5000, 1000, 4000);
        vm.assertTrue(low == 4500 && high == 5000);
    }

    /// The limits of the rest, for any book and any mean.
    function test_fuzz_limits(uint256 implied, uint256 clampBps, uint256 mean) public pure {
        int256 p = int256(implied % (1 << 41)) - int256(1 << 39);
        clampBps = bound(clampBps, 1, 5000);
        mean = bound(mean, 1, 1 << 39);
        (uint256 low, uint256 high) = DeliveryWindow.limits(p, clampBps, mean);
        vm.assertTrue(low <= high, "order");
        vm.assertTrue(low >= (mean * 3) / 4 && high <= (mean * 5) / 4, "quarter");
        if (p >= int256((mean * 3) / 4) && p <= int256((mean * 5) / 4)) {
            vm.assertTrue(low <= uint256(p) && uint256(p) <= high, "what the book implies is allowed");
            vm.assertTrue(low >= (uint256(p) * (10_000 - clampBps)) / 10_000, "day's limit below");
            vm.assertTrue(high <= (uint256(p) * (10_000 + clampBps)) / 10_000, "day's limit above");
        } else {
            vm.assertEq(low, high);
        }
    }
}
