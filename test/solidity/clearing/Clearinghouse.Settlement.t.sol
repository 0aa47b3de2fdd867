// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketListing,
    MarketPhase,
    MarketView,
    OrderKind
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// The end of a dated future: expiry, the settlement price, and what every account gets.
contract ClearinghouseSettlementTest is ClearingFixture {
    uint256 private constant EXPIRY = (uint256(WINDOW_LAST) + 1) * 1 days;

    // ---------------------------------------------------------------------------------------------------------- expiry

    function test_sync_endsTradingAtExpiry() public {
        _toLastDay(POINTS);
        vm.warp(EXPIRY - 1);
        OrderId resting = _place(alice, dated, 100, TICK - 10);
        vm.warp(EXPIRY);
        _refusedOrder(alice, _order(dated, 100, TICK, OrderKind.Limit), _notOpen(MarketPhase.Expired));
        // Not even what reduces: a resting order is void from the first second of the new day.
        _refusedOrder(
            bob,
            _order(dated, -100, TICK - 10, OrderKind.ImmediateOrCancel),
            _notOpen(MarketPhase.Expired)
        );
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired);
        // Cancelling works on.
        vm.prank(alice);
        vm.assertEq(house.cancel(resting), 100);
        vm.assertEq(house.account(ALICE).positions.length, 0);
        vm.assertEq(house.account(ALICE).initialMargin, 0);
    }

    function test_sync_expiredMarkIsTheMeanOfThePrintsSoFar() public {
        _toLastDay(5_100e18);
        vm.warp(EXPIRY);
        house.sync(dated);
        // Four of five days are known, all at 5,100 points.
        vm.assertEq(_mark(dated), 10_200 << 16);
        _nextPrint(5_600e18);
        house.sync(dated);
        vm.assertEq(_mark(dated), 10_400 << 16);
        vm.assertEq(house.market(dated).lowestFill > 0 ? 1 : 0, 1);
    }

    function test_liquidate_revertsWith_MarketNotOpen() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        _toLastDay((POINTS * 85) / 100);
        vm.warp(EXPIRY);
        house.sync(dated);
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, dated, 10, CAROL, 0)),
            abi.encodeWithSelector(
                IClearingErrors.AccountHealthy.selector,
                _equity(ALICE),
                house.account(ALICE).maintenanceMargin
            )
        );
        _nextPrint((POINTS * 55) / 100);
        // The first call that finds her below MM starts the time of takeovers, and nothing else: there is no book.
        vm.prank(bob);
        (uint256 closed, ) = house.liquidate(ALICE, dated, 10, CAROL, 0);
        vm.assertEq(closed, 0);
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, dated, 10, CAROL, 0)),
            _notOpen(MarketPhase.Expired)
        );
    }

    // ---------------------------------------------------------------------------------------------------------- settle

    function test_settle_roundsHalfToEven() public {
        // Mean 10,000.5 ticks.
        _toFinal(POINTS, 5_001.25e18);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.PhaseChanged(dated, MarketPhase.Settled);
        vm.assertEq(house.settle(dated), 10_000);
        MarketView memory m = house.market(dated);
        vm.assertEq(m.settlementTick, 10_000);
        vm.assertEq(m.markX16, 10_000 << 16);
        vm.assertTrue(m.phase == MarketPhase.Settled);
    }

    function test_settle_roundsHalfUpToEven() public {
        // Mean 10,001.5 ticks.
        _toFinal(POINTS, 5_003.75e18);
        vm.assertEq(house.settle(dated), 10_002);
    }

    function test_fuzz_settle_isTheExactMeanRounded(uint128[5] memory values) public {
        while (day < WINDOW_FIRST - 1) _nextPrint(POINTS);
        uint256 sum = 0;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 value = bound(values[i], 3_000e18, 8_000e18);
            sum += value;
            _nextPrint(value);
        }
        vm.warp(EXPIRY + 3 days + 6 hours);
        uint256 tick = house.settle(dated);
        // |tick × 2.5e18 − sum| is at most half a tick, and where it is exactly that the tick is even.
        uint256 price = tick * 2.5e18;
        uint256 off = price > sum ? price - sum : sum - price;
        vm.assertTrue(off < 1.25e18 || (off == 1.25e18 && tick % 2 == 0));
    }

    function test_settle_aMissingDayTakesTheGeometricMeanOfItsNeighbours() public {
        _toMissingDay();
        // The day may be filled ten days after its end.
        vm.warp((uint256(WINDOW_FIRST) + 2 + 1) * 1 days + 10 days);
        uint256 sum = 2 * 5_000e18 + 2 * 5_408e18 + _root(5_000e18 * 5_408e18);
        uint256 tick = house.settle(dated);
        vm.assertEq(tick, (2 * sum + 2.5e18) / 5e18);
    }

    function test_settle_revertsWith_DayStillMissing() public {
        _toMissingDay();
        uint256 fillable = (uint256(WINDOW_FIRST) + 2 + 1) * 1 days + 10 days;
        vm.warp(fillable - 1);
        _refusedSettle(
            dated,
            abi.encodeWithSelector(IUsageIndex.DayStillMissing.selector, WINDOW_FIRST + 2, fillable)
        );
    }

    function test_settle_revertsWith_WindowNotFinal() public {
        _toLastDay(POINTS);
        vm.warp(_due(WINDOW_LAST));
        _print(WINDOW_LAST, 0, POINTS);
        uint256 final_ = EXPIRY + 3 days;
        vm.warp(final_ - 1);
        _refusedSettle(
            dated,
            abi.encodeWithSelector(IUsageIndex.WindowNotFinal.selector, WINDOW_LAST, final_)
        );
        vm.warp(final_);
        house.settle(dated);
    }

    function test_settle_revertsWith_NotExpired() public {
        _refusedSettle(
            dated,
            abi.encodeWithSelector(IClearingErrors.NotExpired.selector, dated, block.timestamp, EXPIRY)
        );
        _toLastDay(POINTS);
        vm.warp(EXPIRY - 1);
        _refusedSettle(
            dated,
            abi.encodeWithSelector(IClearingErrors.NotExpired.selector, dated, EXPIRY - 1, EXPIRY)
        );
    }

    function test_settle_revertsWith_AlreadySettled() public {
        _toFinal(POINTS, 5_001.25e18);
        house.settle(dated);
        _refusedSettle(dated, abi.encodeWithSelector(IClearingErrors.AlreadySettled.selector, dated, 10_000));
    }

    function test_settle_revertsWith_NotDated() public {
        _refusedSettle(perp, abi.encodeWithSelector(IClearingErrors.NotDated.selector, perp));
    }

    function test_settle_revertsWith_UnknownMarket() public {
        MarketId unknown = MarketId.wrap(3);
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, unknown);
        _refusedSettle(unknown, refused);
        _refused(alice, abi.encodeCall(house.sync, (unknown)), refused);
        _refused(alice, abi.encodeCall(house.settleAccounts, (unknown, new AccountId[](0))), refused);
    }

    // -------------------------------------------------------------------------------------------------- conversion

    function test_settleAccounts_convertsEveryoneExactly() public {
        _trade(alice, bob, dated, 3337, TICK + 3);
        _trade(carol, alice, dated, 1001, TICK + 11);
        _trade(dave, bob, dated, 555, TICK - 17);
        int256 tracked = int256(house.tracked());
        _toFinal(POINTS, 5_180e18);
        uint256 tick = house.settle(dated);
        int256[4] memory expected;
        for (uint256 i = 0; i < 4; ++i) {
            AccountId account = AccountId.wrap(uint32(2048 + i));
            int256 quote = _position(account, dated).quote;
            expected[i] = _cash(account) + (quote + _size(account, dated) * int256(tick)) * TICK_VALUE;
        }
        AccountId[] memory accounts = _all();
        // One after the other, so that every state on the way conserves.
        for (uint256 i = 0; i < accounts.length; ++i) {
            AccountId[] memory one = new AccountId[](1);
            one[0] = accounts[i];
            vm.assertEq(house.settleAccounts(dated, one), i < 4 ? 1 : 0);
            _assertConserved();
        }
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertEq(_cash(AccountId.wrap(uint32(2048 + i))), expected[i]);
            vm.assertEq(house.account(accounts[i]).positions.length, 0);
        }
        vm.assertEq(house.market(dated).openInterest, 0);
        vm.assertEq(house.account(AccountId.wrap(1024 + 2)).cash, int256(0));
        vm.assertEq(int256(house.tracked()), tracked);
    }

    function test_settleAccounts_aSecondTimeConvertsNothing() public {
        _trade(alice, bob, dated, 1000, TICK);
        _toFinal(POINTS, POINTS);
        house.settle(dated);
        AccountId[] memory twice = new AccountId[](4);
        (twice[0], twice[1], twice[2], twice[3]) = (ALICE, ALICE, AccountId.wrap(0), AccountId.wrap(9999));
        vm.assertEq(house.settleAccounts(dated, twice), 1);
        vm.assertEq(house.settleAccounts(dated, twice), 0);
        _assertConserved();
    }

    function test_settleAccounts_restingOrdersAreVoid() public {
        OrderId id = _place(alice, dated, 100, TICK - 10);
        OrderId other = _place(bob, dated, 100, TICK - 10);
        _toFinal(POINTS, POINTS);
        house.settle(dated);
        AccountId[] memory one = new AccountId[](1);
        one[0] = ALICE;
        vm.assertEq(house.settleAccounts(dated, one), 1);
        _refused(
            alice,
            abi.encodeCall(house.cancel, (id)),
            abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id)
        );
        // Who has not been converted may still cancel.
        vm.prank(bob);
        vm.assertEq(house.cancel(other), 100);
        vm.assertEq(house.account(BOB).positions.length, 0);
        _refusedOrder(alice, _order(dated, 100, TICK, OrderKind.Limit), _notOpen(MarketPhase.Settled));
    }

    function test_settleAccounts_theFundPaysAShortfall() public {
        _feedFund(dated, 5_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_410 * USD, alice);
        _trade(alice, bob, dated, 1000, TICK);
        // 35 % down: a loss of 1,750 USD.
        while (day < WINDOW_LAST) _nextPrint(3_250e18);
        vm.warp(EXPIRY + 3 days + 6 hours);
        house.settle(dated);
        int256 debt = _equity(ALICE);
        vm.assertTrue(debt < 0, "scene");
        AccountId[] memory accounts = _all();
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.ShortfallPaid(ALICE, dated, uint256(-debt));
        house.settleAccounts(dated, accounts);
        vm.assertEq(_cash(ALICE), int256(0));
        vm.assertEq(house.market(dated).fundCash, 5_000 * int256(USD) + debt);
        _assertConserved();
    }

    function test_withdraw_convertsTenYearsLater() public {
        _trade(alice, bob, dated, 1000, TICK);
        _toFinal(POINTS, 5_500e18);
        uint256 tick = house.settle(dated);
        vm.warp(block.timestamp + 3653 days);
        int256 cash = _cash(ALICE) + int256(1000 * (tick - TICK)) * TICK_VALUE;
        vm.prank(alice);
        house.withdraw(ALICE, uint256(cash), alice);
        vm.assertEq(_cash(ALICE), int256(0));
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    /// An order that a conversion has made void holds nothing that anybody could free.
    function test_cancelRiskRaising_passesOverVoidOrdersOfSettledMarkets() public {
        OrderId void_ = _place(alice, dated, 100, TICK - 10);
        OrderId live = _place(alice, perp, 100, TICK - 10);
        _toFinal(POINTS, POINTS);
        house.settle(dated);
        vm.assertEq(house.convertSettled(ALICE), 1);
        // All but what her other bid needs; the market rises, and it needs more.
        uint256 most = uint256(_equity(ALICE)) - house.account(ALICE).initialMargin;
        _nextPrint(POINTS);
        vm.prank(alice);
        house.withdraw(ALICE, most, alice);
        _nextPrint((POINTS * 16) / 10);
        _skip(6 hours);
        house.sync(perp);
        vm.assertTrue(_equity(ALICE) < int256(house.account(ALICE).initialMargin), "scene");
        OrderId[] memory ids = new OrderId[](2);
        (ids[0], ids[1]) = (void_, live);
        vm.prank(bob);
        vm.assertEq(house.cancelRiskRaising(ALICE, ids), 100);
        vm.assertEq(_position(ALICE, perp).bidLots, 0);
        vm.assertEq(house.order(void_).lots, int256(100));
    }

    /// A mean beyond the last tick settles at the last tick: a revert would lock every position in.
    function test_settle_atTheLastTickAtMost() public {
        MarketListing memory l = _dated();
        // 5,000 points are 20 million ticks.
        l.indexPerTick = uint128(POINTS / 20_000_000);
        l.tickValue = 1;
        l.firstMarkTick = Tick.wrap(16_000_000);
        vm.prank(LISTER);
        MarketId high = house.listMarket(l);
        _trade(alice, bob, high, 100, 16_000_000);
        _toFinal(POINTS, POINTS);
        vm.assertEq(house.settle(high), 16_777_214);
        int256 cash = _cash(ALICE);
        AccountId[] memory accounts = _all();
        house.settleAccounts(high, accounts);
        vm.assertEq(_cash(ALICE), cash + 100 * (16_777_214 - 16_000_000));
        _assertConserved();
    }

    function test_settleAccounts_revertsWith_NotSettled() public {
        _refused(
            alice,
            abi.encodeCall(house.settleAccounts, (dated, new AccountId[](0))),
            abi.encodeWithSelector(IClearingErrors.NotSettled.selector, dated, MarketPhase.Open)
        );
        _refused(
            alice,
            abi.encodeCall(house.settleAccounts, (perp, new AccountId[](0))),
            abi.encodeWithSelector(IClearingErrors.NotSettled.selector, perp, MarketPhase.Open)
        );
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// Prints up to the last but one day of the window: the last one is printed after expiry.
    function _toLastDay(uint256 value) private {
        while (day < WINDOW_LAST - 1) _nextPrint(value);
    }

    function _toFinal(uint256 value, uint256 last) private {
        _toLastDay(value);
        _nextPrint(last);
        vm.warp(EXPIRY + 3 days + 6 hours);
    }

    function _toMissingDay() private {
        while (day < WINDOW_FIRST + 1) _nextPrint(5_000e18);
        day += 1;
        while (day < WINDOW_LAST) _nextPrint(5_408e18);
    }

    function _all() private view returns (AccountId[] memory accounts) {
        accounts = new AccountId[](TRADERS + 1);
        for (uint256 i = 0; i < TRADERS; ++i) accounts[i] = AccountId.wrap(uint32(2048 + i));
        accounts[TRADERS] = _fund(dated);
    }

    function _notOpen(MarketPhase phase) private view returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.MarketNotOpen.selector, dated, phase);
    }

    function _refusedSettle(MarketId market, bytes memory expected) private {
        _refused(alice, abi.encodeCall(house.settle, (market)), expected);
    }

    function _root(uint256 square) private pure returns (uint256 root) {
        uint256 high = 1 << 128;
        while (root + 1 < high) {
            uint256 middle = (root + high) / 2;
            if (middle * middle <= square) root = middle;
            else high = middle;
        }
    }
}
