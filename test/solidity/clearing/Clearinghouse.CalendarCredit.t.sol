// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FeedListing,
    MarketListing,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {ClearingState, ClearingStorage} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {IndexConfig} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {Window, WindowWords} from "../../../contracts/instruments/libraries/DeliveryWindow.sol";
import {AccountId, FeedId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {MonthsFixture} from "./MonthsFixture.sol";

/// What a long in one month and a short in the next need together, and what may not count.
/// Margins of 1,000 lots (5,000 USD): front 800 / 600, next 1,000 / 750, third 1,400 / 1,050 USD.
contract ClearinghouseCalendarCreditTest is MonthsFixture {
    // --------------------------------------------------------------------------------------------------------- vectors

    function test_credit_aHedgeNeeds26And21Percent() public {
        _hold(alice, front, 1000);
        _requires(800, 600);
        _hold(alice, next, -1000);
        _requires(1300, 1050);
        // The other side of both trades has the same hedge.
        vm.assertEq(_initial(DAVE), 1300 * USD);
    }

    function test_credit_onEitherSide() public {
        _hold(alice, next, 1000);
        _hold(alice, front, -1000);
        _requires(1300, 1050);
    }

    function test_credit_withTheThirdMonthTakesItsBandOnTop() public {
        _hold(alice, next, 1000);
        _hold(alice, third, -1000);
        // 21 % + 6 % + 2 basis points of maker fee, instead of 48 %.
        _requires(1351, 1050);
    }

    function test_credit_beyondTheHedgeALegNeedsItsOwn() public {
        _hold(alice, front, 1500);
        _hold(alice, next, -1000);
        _requires(1300 + 400, 1050 + 300);
    }

    function test_credit_isOfTheLargerLeg() public {
        MarketId dearer = _month(feedId, TODAY + 5, TODAY, 11_000);
        _hold(alice, front, 1000);
        _hold(alice, dearer, -1000);
        // 26 and 21 % of 5,500 USD.
        _requires(1430, 1155);
    }

    function test_credit_isNoneWhereTheSpreadNeedsMoreThanTheLegs() public {
        // 16 % of 5,000 USD and 20 % of 1,000 are 1,000; 26 % of 5,000 would be 1,300.
        MarketId cheap = _month(feedId, TODAY + 5, TODAY, 2000);
        _hold(alice, front, 1000);
        _hold(alice, cheap, -1000);
        _requires(800 + 200, 600 + 150);
    }

    function test_credit_isNoneForTheSameSide() public {
        _hold(alice, front, 1000);
        _hold(alice, next, 1000);
        _requires(1800, 1350);
    }

    // ------------------------------------------------------------------------------------------------ which are a hedge

    function test_credit_onlyForMonthsNextToEachOther() public {
        _hold(alice, front, 1000);
        _hold(alice, third, -1000);
        _requires(800 + 1400, 600 + 1050);
        _expectNone();
    }

    function test_credit_neverWithThePerpetual() public {
        _hold(alice, perp, 1000);
        _hold(alice, front, -1000);
        _requires(1000 + 800, 600 + 600);
        _hold(alice, next, -1000);
        _requires(1000 + 1800, 600 + 1350);
    }

    function test_credit_neverAcrossFeeds() public {
        FeedId other = _otherFeed();
        MarketId month = _month(other, TODAY + 5, TODAY, TICK);
        _hold(alice, front, 1000);
        _hold(alice, month, -1000);
        _requires(800 + 1000, 600 + 750);
        _expectNone();
        // Nor does a month of another feed come between two of one.
        _hold(alice, next, -1000);
        _requires(1300 + 1000, 1050 + 750);
    }

    function test_credit_alsoWhereOnlyReducingIsAllowed() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        vm.prank(GUARD);
        house.stopNewRisk(next);
        _requires(1300, 1050);
    }

    function test_credit_notAfterTheEndOfTrading() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        vm.warp(uint256(TODAY + 5) * 1 days - 60);
        uint256 hedged = _maintenance(ALICE);
        vm.warp(uint256(TODAY + 5) * 1 days);
        vm.assertTrue(house.market(front).phase == MarketPhase.Expired, "scene");
        vm.assertTrue(_maintenance(ALICE) > hedged);
        _expectNone();
    }

    function test_credit_notWithoutASpreadMargin() public {
        MarketId plain = _plain();
        _hold(alice, front, 1000);
        _hold(alice, plain, -1000);
        _requires(1800, 1350);
    }

    // ------------------------------------------------------------------------------------------------------- three months

    function test_credit_ofThreeMonthsIsTheLargestThereIs() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _hold(alice, third, 1000);
        // 28 + 20 − 27.02 is more than 16 + 20 − 26: the next month hedges the third.
        _requires(1351 + 800, 1050 + 600);
    }

    function test_credit_lotsOfAMonthCountOnce() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1500);
        _hold(alice, third, 1000);
        _requires(1351 + 650 + 400, 1050 + 525 + 300);
    }

    function test_credit_ofAnotherMonthIsNotLostByHoldingMore() public {
        _hold(alice, next, -1000);
        _hold(alice, third, 1000);
        uint256 credit = _credit();
        _hold(alice, front, 1000);
        vm.assertTrue(_credit() >= credit);
    }

    /// Paired by maturity, a fill of the first month took the hedge of the third away: 43.02 % became 54 %.
    function test_credit_aFillOfTheFirstMonthDoesNotUnpairTheOthers() public {
        _place(alice, front, 1000, TICK - 10);
        _hold(alice, next, -1000);
        _hold(alice, third, 1000);
        uint256 before = _initial(ALICE);
        _sell(bob, front, 1000);
        vm.assertLe(_initial(ALICE), before);
    }

    // ------------------------------------------------------------------------------------------------------- open orders

    function test_credit_countsWhatOrdersLeave() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _place(alice, front, -400, TICK + 10);
        // 600 lots are a hedge whatever is filled; of the others each leg needs its own.
        _requires(1800 - 300, 1050);
        _place(alice, next, 700, TICK - 10);
        _requires(1800 - 150, 1050);
        // Opening orders count as ever.
        _place(alice, front, 500, TICK - 10);
        _requires(1800 + 400 - 150, 1050);
    }

    function test_fuzz_credit_survivesEveryFill(uint256 seed) public {
        MarketId[3] memory months = [front, next, third];
        int256 sign = _pick(seed, 0, 2) == 0 ? int256(1) : int256(-1);
        for (uint256 i = 0; i < 3; ++i) {
            _hold(alice, months[i], sign * int256(_pick(seed, 1 + i, 20) * 100));
            if (_pick(seed, 4 + i, 4) != 0) sign = -sign;
            uint256 bids = _pick(seed, 7 + i, 25) * 100;
            uint256 asks = _pick(seed, 10 + i, 25) * 100;
            if (bids != 0) _place(alice, months[i], int256(bids), TICK - 10);
            if (asks != 0) _place(alice, months[i], -int256(asks), TICK + 10);
        }
        uint256 before = _initial(ALICE);
        for (uint256 k = 0; k < 6; ++k) {
            MarketId market = months[_pick(seed, 20 + k, 3)];
            uint256 lots = 100 + _pick(seed, 30 + k, 1500);
            if (_pick(seed, 40 + k, 2) == 0) _sell(bob, market, lots);
            else _take(bob, market, int256(lots));
            uint256 after_ = _initial(ALICE);
            vm.assertLe(after_, before);
            vm.assertLe(_maintenance(ALICE), after_);
            before = after_;
        }
    }

    // ------------------------------------------------------------------------------------------------- the unlocked share

    function test_credit_countsTheUnlockedShare() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _lock(front, 5, 1);
        // Eight of ten lots are a hedge: 10 % off each for IM, 6 % for MM.
        _requires(1800 - 400, 1350 - 240);
        _lock(front, 5, 4);
        _requires(1800 - 100, 1350 - 60);
    }

    function test_credit_countsWholeLotsOfTheShare() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _lock(front, 7, 4);
        // 1,000 × 3 / 7 = 428.6 lots at 0.5 USD.
        _requires(1800 - 214, 0);
    }

    function test_credit_ofASingleLot() public {
        _hold(alice, front, 100);
        _hold(alice, next, -100);
        _lock(front, 100, 99);
        // One of a hundred lots is a hedge, worth 0.5 USD of IM and 0.3 USD of MM.
        vm.assertEq(_initial(ALICE), 180 * USD - USD / 2);
        vm.assertEq(_maintenance(ALICE), 135 * USD - (3 * USD) / 10);
    }

    function test_credit_isNoneForASingleLotOnTheSameSide() public {
        _hold(alice, front, 100);
        _hold(alice, next, 100);
        _lock(front, 100, 99);
        _requires(180, 135);
    }

    // ----------------------------------------------------------------------------------------------------- orders and IM

    /// The attack: a hedge is opened for 26 % and half of it left behind, by an order that nobody checks when it is filled.
    function test_attack_restingOrdersThatWouldBreakACalendarHedge() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _leave(alice, 1300 * USD);
        _refusedOrder(
            alice,
            _order(front, -1000, TICK + 10, OrderKind.Limit),
            _short(1300 * USD, 1800 * USD)
        );
        _refusedOrder(
            alice,
            _order(next, 100, TICK - 10, OrderKind.Limit),
            // 900 lots stay a hedge.
            _short(1300 * USD, 1350 * USD)
        );
        // With the margin of two naked legs it may.
        _topUp(ALICE, int256(1800 * USD));
        _place(alice, front, -1000, TICK + 10);
        _take(bob, front, 1000);
        vm.assertTrue(_equity(ALICE) >= int256(_initial(ALICE)), "the fill left her short");
    }

    function test_place_takingTheCheaperLegAwayNeedsInitialMargin() public {
        _hold(alice, next, 1000);
        _hold(alice, third, -1000);
        _leave(alice, 1351 * USD);
        // What is left would need 28 %.
        _place(bob, next, 1000, TICK);
        uint256 fee = (1000 * TICK * 500 * 50) / 100_000;
        _refusedOrder(
            alice,
            _order(next, -1000, TICK, OrderKind.ImmediateOrCancel),
            _short(1351 * USD - fee, 1400 * USD)
        );
        // The dearer leg may go at any time.
        _place(bob, third, -1000, TICK);
        _send(alice, _order(third, 1000, TICK, OrderKind.ImmediateOrCancel));
        vm.assertEq(_initial(ALICE), 1000 * USD);
    }

    function test_place_theDearerLegMayGoBelowInitialMargin() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _leave(alice, 1300 * USD);
        _moveMark(next, 10_200);
        vm.assertTrue(_equity(ALICE) < int256(_initial(ALICE)), "scene");
        uint256 tick = (_mark(next) >> 16) + 1;
        _place(bob, next, -100, tick);
        _send(alice, _order(next, 100, tick, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(ALICE, next), int256(-900));
        vm.assertTrue(_equity(ALICE) < int256(_initial(ALICE)), "IM was there after all");
    }

    function test_place_aLegWithoutASpreadMarginMayGoBelowInitialMargin() public {
        MarketId plain = _plain();
        _hold(alice, plain, 1000);
        _hold(alice, third, -1000);
        _leave(alice, 2400 * USD);
        _moveMark(third, 10_300);
        vm.assertTrue(_equity(ALICE) < int256(_initial(ALICE)), "scene");
        // There is no credit that it could take away.
        uint256 tick = _mark(plain) >> 16;
        _place(bob, plain, 100, tick);
        _send(alice, _order(plain, -100, tick, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(ALICE, plain), int256(900));
        vm.assertTrue(_equity(ALICE) < int256(_initial(ALICE)), "IM was there after all");
    }

    function test_place_closingOrdersOfOtherPositionsNeedNoMore() public {
        _hold(alice, front, 1000);
        _hold(alice, next, 1000);
        _leave(alice, 1800 * USD);
        _moveMark(next, 9800);
        vm.assertTrue(_equity(ALICE) < int256(_initial(ALICE)), "scene");
        // No hedge, nothing to break.
        _place(alice, next, -1000, TICK);
        _place(alice, front, -1000, TICK + 10);
    }

    function test_batch_bothLegsMayGoTogether() public {
        _hold(alice, next, 1000);
        _hold(alice, third, -1000);
        _leave(alice, 1351 * USD);
        _place(bob, next, 1000, TICK);
        _place(bob, third, -1000, TICK);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(next, -1000, TICK, OrderKind.FillOrKill);
        orders[1] = _order(third, 1000, TICK, OrderKind.FillOrKill);
        vm.prank(alice);
        house.batch(ALICE, new OrderId[](0), orders);
        vm.assertEq(_initial(ALICE), 0);
    }

    function test_withdraw_leavesTheMarginOfTheHedge() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        vm.assertEq(house.account(ALICE).withdrawable, uint256(_equity(ALICE)) - 1300 * USD);
        uint256 most = house.account(ALICE).withdrawable;
        _refused(
            alice,
            abi.encodeCall(house.withdraw, (ALICE, most + 1, alice)),
            _short(1300 * USD - 1, 1300 * USD)
        );
        vm.prank(alice);
        house.withdraw(ALICE, most, alice);
    }

    function test_cancelRiskRaising_takesOrdersThatBreakAHedge() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        OrderId[] memory ids = new OrderId[](2);
        ids[0] = _place(alice, front, -500, TICK + 200);
        // An order that only closes, of a position that is no leg.
        _hold(alice, perp, 1000);
        ids[1] = _place(alice, perp, -1000, TICK + 500);
        _leave(alice, (1300 + 250 + 1000) * USD);
        _moveMark(next, 10_100);
        vm.prank(bob);
        vm.assertEq(house.cancelRiskRaising(ALICE, ids), 500);
        vm.assertEq(_position(ALICE, front).askLots, 0);
        vm.assertEq(_position(ALICE, perp).askLots, 1000);
    }

    // ------------------------------------------------------------------------------------------------------- liquidation

    function test_liquidate_theDearerLegFirst() public {
        _distressed(1000, 1000);
        _refused(
            traders[5],
            abi.encodeCall(house.liquidate, (ALICE, front, 100, KEEPER, 0)),
            abi.encodeWithSelector(IClearingErrors.HedgedLeg.selector, front, next)
        );
        uint256 needed = _maintenance(ALICE);
        vm.prank(traders[5]);
        (uint256 closed, ) = house.liquidate(ALICE, next, 100, KEEPER, 0);
        vm.assertTrue(closed != 0 && _size(ALICE, front) == 1000);
        vm.assertTrue(_maintenance(ALICE) < needed);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(equity >= im, "back at IM in one call");
        _assertConserved();
    }

    function test_liquidate_theCheaperLegAsFarAsItIsNoHedge() public {
        _distressed(1300, 1000);
        _place(bob, front, 2000, TICK);
        vm.prank(traders[5]);
        (uint256 closed, ) = house.liquidate(ALICE, front, 100, KEEPER, 0);
        vm.assertEq(closed, 300);
        vm.assertEq(_size(ALICE, front), int256(1000));
        (int256 equity, , int256 mm) = _health(ALICE);
        if (equity < mm) {
            _refused(
                traders[5],
                abi.encodeCall(house.liquidate, (ALICE, front, 100, KEEPER, 0)),
                abi.encodeWithSelector(IClearingErrors.HedgedLeg.selector, front, next)
            );
        }
        _assertConserved();
    }

    function test_liquidate_bothLegsInTurn() public {
        _distressed(1000, 1000);
        vm.prank(traders[5]);
        house.liquidate(ALICE, next, 100, KEEPER, 0);
        // The short month keeps on rising and the long one falls.
        _moveMark(front, 9400);
        for (uint256 i = 0; i < 4 && _equity(ALICE) >= int256(_maintenance(ALICE)); ++i)
            _moveMark(front, 9300 - i * 100);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity > 0, "scene");
        _place(bob, front, 2000, _mark(front) >> 16);
        if (_size(ALICE, next) != 0) {
            vm.prank(traders[5]);
            house.liquidate(ALICE, next, 100, KEEPER, 0);
        }
        if (_equity(ALICE) < int256(_maintenance(ALICE))) {
            vm.prank(traders[5]);
            (uint256 closed, ) = house.liquidate(ALICE, front, 100, KEEPER, 0);
            vm.assertTrue(closed != 0);
        }
        _assertConserved();
    }

    /// What a part of a leg leaves is judged by the hedge that is left, not by the one that was: she is still below MM, so the ten
    /// minutes of a takeover go on.
    function test_liquidate_aPartOfALegDoesNotEndTheTenMinutes() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -1000);
        _leave(alice, _initial(ALICE));
        for (uint256 tick = 10_400; _equity(ALICE) >= int256(_maintenance(ALICE) - 60 * USD); tick += 50)
            _moveMark(next, tick);
        // A lot less of the hedge needs 0.45 USD less: the dearer leg's 0.75 and the credit of 0.3.
        _topUp(ALICE, int256(_maintenance(ALICE) - 60 * USD));
        _place(bob, next, -100, (_mark(next) >> 16) + 1);
        vm.prank(traders[5]);
        (uint256 closed, ) = house.liquidate(ALICE, next, 100, KEEPER, 0);
        vm.assertEq(closed, 100);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity + int256(100 * USD * 3) / 10 >= mm, "scene");
        vm.assertTrue(_auction() != 0, "the ten minutes ended");
        // Back at MM they do.
        _topUp(ALICE, mm);
        vm.prank(traders[5]);
        (bool success, ) = address(house).call(
            abi.encodeCall(house.liquidate, (ALICE, next, 100, KEEPER, 0))
        );
        vm.assertTrue(!success);
    }

    function test_liquidate_aLegWithoutASpreadMarginWhole() public {
        MarketId plain = _plain();
        _hold(alice, front, 100);
        _hold(alice, plain, -1000);
        _leave(alice, _initial(ALICE));
        for (uint256 tick = 10_200; _equity(ALICE) >= int256(_maintenance(ALICE)); tick += 100)
            _moveMark(plain, tick);
        vm.assertTrue(_equity(ALICE) > 0, "scene");
        (uint256 lots, MarketId partner) = house.hedgedLots(ALICE, plain);
        vm.assertTrue(lots == 0 && MarketId.unwrap(partner) == 0);
        _place(bob, plain, -2000, (_mark(plain) >> 16) + 1);
        vm.prank(traders[5]);
        (uint256 closed, ) = house.liquidate(ALICE, plain, 100, KEEPER, 0);
        vm.assertTrue(closed > 0 && _size(ALICE, plain) == int256(closed) - 1000);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(equity >= im, "back at IM in one call");
        _assertConserved();
    }

    function test_liquidate_hedgeAtMaintenanceMarginIsHealthy() public {
        _distressed(1000, 1000);
        _topUp(ALICE, int256(_maintenance(ALICE)));
        _refused(
            traders[5],
            abi.encodeCall(house.liquidate, (ALICE, next, 100, KEEPER, 0)),
            abi.encodeWithSelector(
                IClearingErrors.AccountHealthy.selector,
                _maintenance(ALICE),
                _maintenance(ALICE)
            )
        );
    }

    function test_hedgedLots_namesThePartner() public {
        _hold(alice, front, 1000);
        _hold(alice, next, -600);
        (uint256 lots, MarketId partner) = house.hedgedLots(ALICE, front);
        vm.assertTrue(lots == 600 && MarketId.unwrap(partner) == MarketId.unwrap(next));
        (lots, partner) = house.hedgedLots(ALICE, next);
        vm.assertTrue(lots == 0 && MarketId.unwrap(partner) == 0);
        _lock(front, 5, 1);
        // 600 lots of the next month are behind 750 of the front, of which a fifth is locked.
        (lots, ) = house.hedgedLots(ALICE, front);
        vm.assertEq(lots, 750);
    }

    // ----------------------------------------------------------------------------------------------------------- helpers

    /// Alice is long the front month and short the next, and the next one has risen until she is below MM.
    function _distressed(uint256 longs, uint256 shorts) private {
        _hold(alice, front, int256(longs));
        _hold(alice, next, -int256(shorts));
        _leave(alice, _initial(ALICE));
        for (uint256 tick = 10_400; tick <= 10_900; tick += 100) {
            if (_equity(ALICE) < int256(_maintenance(ALICE))) break;
            _moveMark(next, tick);
        }
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm && equity > 0, "scene");
        _place(bob, next, -2000, (_mark(next) >> 16) + 1);
    }

    /// Since when alice is known to be below MM; 0 if she is not.
    function _auction() private view returns (uint256) {
        mapping(uint256 => uint256) storage heads = ClearingStorage.load().heads;
        bytes32 slot;
        assembly ("memory-safe") {
            slot := heads.slot
        }
        slot = keccak256(abi.encode(AccountId.unwrap(ALICE), slot));
        return uint256(vm.load(address(house), slot)) >> 217;
    }

    function _requires(uint256 initial, uint256 maintenance) private view {
        vm.assertEq(_initial(ALICE), initial * USD);
        if (maintenance != 0) vm.assertEq(_maintenance(ALICE), maintenance * USD);
    }

    function _expectNone() private view {
        (uint256 initial, uint256 maintenance) = house.calendarCredit(ALICE);
        vm.assertTrue(initial == 0 && maintenance == 0, "credit");
    }

    function _credit() private view returns (uint256 initial) {
        (initial, ) = house.calendarCredit(ALICE);
    }

    function _sell(address who, MarketId market, uint256 lots) private {
        _take(who, market, -int256(lots));
    }

    function _short(uint256 equity, uint256 required) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, equity, required);
    }

    function _pick(uint256 seed, uint256 what, uint256 among) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what))) % among;
    }

    /// The next month once more, without a spread margin.
    function _plain() private returns (MarketId) {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (TODAY + 5, TODAY + 9, TODAY);
        (l.spreadInitialBps, l.spreadMaintenanceBps) = (0, 0);
        vm.prank(LISTER);
        return house.listMarket(l);
    }

    /// Says that so many days of a month's window are locked.
    function _lock(MarketId market, uint256 days_, uint256 locked) private {
        ClearingState storage s = ClearingStorage.load();
        mapping(uint256 => uint256) storage windows = s.windows;
        bytes32 slot;
        assembly ("memory-safe") {
            slot := windows.slot
        }
        slot = keccak256(abi.encode(MarketId.unwrap(market), slot));
        Window w = WindowWords.pack(days_, locked, locked << 32).withMargins(house.listing(market).tiers[0]);
        vm.store(address(house), slot, bytes32(Window.unwrap(w)));
    }

    /// A second index with prints up to today.
    function _otherFeed() private returns (FeedId feed) {
        bytes32 index = "GPX";
        usage.listIndex(index, IndexConfig(5, 100, 7, 4, FIRST_DAY, 9_000_000e18, 6, 65_535, 65_535));
        usage.addReader(index, house);
        vm.prank(LISTER);
        feed = house.addFeed(FeedListing(index, 800, 30 hours, 54 hours, 7 days));
        for (uint32 period = FIRST_DAY; period < TODAY; ++period) _printOf(index, period, 0, POINTS);
    }
}
