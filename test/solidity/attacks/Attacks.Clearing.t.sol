// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {
    AccountView,
    MarketListing,
    MarketView,
    OrderKind
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "../clearing/RiskFixture.sol";

/// Attacks on margin, limits and funds by people who act together; each fails if its rule is taken out.
contract AttacksClearingTest is RiskFixture {
    uint256 private constant FUND = 100_000 * USD;
    MarketId private third;

    function setUp() public override {
        super.setUp();
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (day + 70, day + 99, day + 40);
        vm.prank(LISTER);
        third = house.listMarket(l);
    }

    // ------------------------------------------------------------------------------- a thin month, lifted for four days

    /// Alice and bob alone trade the third month. She is long, he is short with bare margin, and for four days their quotes lift
    /// the price by its daily limit. His losses beyond his margin shall be the fund's, and her gains real.
    function test_attack_aThinMonthLiftedForFourDaysPaysNothingThroughTheFund() public {
        _feedFund(third, FUND);
        int256 before = _equity(ALICE) + _equity(BOB);
        _trade(alice, bob, third, 100_000, TICK);
        _leave(bob, 1);
        uint256 first = _mark(third);
        int256 taken = 0;
        for (uint256 i = 0; i < 4; ++i) {
            _lift();
            // What the thin book does not take of bob's short, carol does: at an inflated price a short is worth having.
            taken += _takeOver(100_000);
        }
        vm.assertTrue(_mark(third) > (first * 115) / 100, "the price was lifted");
        vm.assertTrue(taken != 0, "nobody took bob's short over");
        _return();
        vm.assertTrue(_cash(_fund(third)) >= int256(FUND), "the fund paid");
        int256 withdrawn = int256(token.balanceOf(bob));
        vm.assertTrue(_equity(ALICE) + _equity(BOB) + withdrawn < before, "the two gained");
        _assertConserved();
    }

    /// The same with nobody there who takes over: the fund has bob's short in the end, and what it loses is bounded by what it
    /// holds. What it cannot pay is taken from alice's gain, not from anybody else.
    function test_attack_aThinMonthLiftedAloneCostsNobodyButItsFund() public {
        _feedFund(third, 1000 * USD);
        _trade(alice, bob, third, 100_000, TICK);
        _leave(bob, 1);
        int256 others = _equity(CAROL) + _equity(DAVE);
        for (uint256 i = 0; i < 4; ++i) _lift();
        vm.assertTrue(_equity(BOB) < 0, "bob is not bankrupt");
        house.absorb(BOB);
        MarketId[] memory one = new MarketId[](1);
        one[0] = third;
        AccountId[] memory winners = new AccountId[](1);
        winners[0] = ALICE;
        house.applyRounds(third, winners);
        vm.assertTrue(_size(ALICE, third) < 100_000, "the winner was not closed out");
        vm.assertEq(_equity(CAROL) + _equity(DAVE), others);
        _assertConserved();
        vm.assertTrue(_equity(_fund(third)) >= 0, "the fund owes");
    }

    // ----------------------------------------------------------------------------------- open interest that two accounts double

    /// Two accounts double the open interest of the perpetual between themselves: nobody who was healthy may become
    /// liquidatable by it.
    function test_attack_doubledOpenInterestLiquidatesNobody() public {
        _trade(carol, dave, perp, 100_000, TICK);
        _leave(carol, 1);
        AccountView memory c = house.account(CAROL);
        AccountView memory d = house.account(DAVE);
        uint256 openInterest = house.market(perp).openInterest;
        _trade(alice, bob, perp, openInterest, TICK);
        vm.assertEq(house.market(perp).openInterest, 2 * openInterest);
        vm.assertEq(house.account(CAROL).maintenanceMargin, c.maintenanceMargin);
        vm.assertEq(house.account(DAVE).maintenanceMargin, d.maintenanceMargin);
        vm.assertTrue(house.account(CAROL).equity >= int256(house.account(CAROL).maintenanceMargin));
        _refused(
            alice,
            abi.encodeCall(house.liquidate, (CAROL, perp, 10, ALICE, 0)),
            abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, c.equity, c.maintenanceMargin)
        );
    }

    /// Nor can they go on: beyond its base the fund bounds open interest, and what they paid in fees is all that it grows by.
    function test_attack_openInterestEndsWhereItsFundDoes() public {
        vm.prank(RISK_OFFICER);
        house.setFundTerms(perp, 150_000, 200, 5000, 100);
        _trade(alice, bob, perp, 150_000, TICK);
        _place(bob, perp, -1000, TICK);
        uint256 limit = house.market(perp).openInterestLimit;
        _refusedOrder(
            alice,
            _order(perp, 1000, TICK, OrderKind.ImmediateOrCancel),
            abi.encodeWithSelector(IClearingErrors.OpenInterestLimit.selector, 151_000, limit)
        );
        // Closing is another matter.
        _place(bob, perp, 1000, TICK - 1);
        vm.assertEq(_take(alice, perp, -1000), 1000);
    }

    // ------------------------------------------------------------------------------- opposite calendar spreads, pushed apart

    /// Alice holds a calendar spread and bob the opposite one, each at the margin of a hedge and not of two months. They alone quote
    /// both books and push them apart by a whole daily limit each. Whoever loses still has equity after that day, so that he can be
    /// closed at his own cost; the funds see nothing of it and the two together have only paid fees.
    function test_attack_oppositeCalendarSpreadsPushedApartAreClosedWhileSolvent() public {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (day + 100, day + 129, day + 70);
        vm.prank(LISTER);
        MarketId later = house.listMarket(l);
        int256 before = _equity(ALICE) + _equity(BOB);
        _trade(alice, bob, third, 100_000, TICK);
        _trade(bob, alice, later, 100_000, TICK);
        uint256 naked = (100_000 * TICK * uint256(TICK_VALUE) * 28 * 2) / 100;
        vm.assertTrue(house.account(BOB).initialMargin < naked / 2, "the hedge has no credit");
        _leave(bob, 1);
        int256 withdrawn = int256(token.balanceOf(bob));
        uint256 midnight = (block.timestamp / 1 days + 1) * 1 days;
        while (block.timestamp + 1 hours < midnight) _pushApart(later);
        vm.assertTrue(_mark(third) > (TICK << 16) + (TICK << 16) / 12, "the near month was not pushed up");
        vm.assertTrue(_mark(later) < (TICK << 16) - (TICK << 16) / 12, "the far month was not pushed down");
        AccountView memory b = house.account(BOB);
        vm.assertTrue(b.equity < int256(b.maintenanceMargin), "bob is not below MM");
        vm.assertTrue(b.equity > 0, "one day of limits took more than MM");
        MarketId[2] memory legs = [third, later];
        for (uint256 i = 0; i < 2; ++i) {
            for (
                uint256 k = 0;
                k < 2 && house.account(BOB).equity < int256(house.account(BOB).maintenanceMargin);
                ++k
            ) {
                vm.prank(carol);
                (bool done, ) = address(house).call(
                    abi.encodeCall(house.liquidate, (BOB, legs[i], 10, CAROL, 100_000))
                );
                if (!done) break;
                _skip(5 minutes);
            }
        }
        b = house.account(BOB);
        vm.assertTrue(b.equity >= int256(b.maintenanceMargin), "bob could not be closed");
        vm.assertEq(_cash(_fund(third)) >= 0 && _cash(_fund(later)) >= 0 ? 1 : 0, 1);
        // The takeovers were at mark or better for carol, so what the two have left is less than they brought.
        vm.assertTrue(_equity(ALICE) + b.equity + withdrawn < before, "the two gained");
        _assertConserved();
    }

    /// What makes it so is a margin of the hedge above both daily limits; no listing gets by without.
    function test_attack_aHedgeMarginBelowBothDailyLimitsIsRefused() public {
        MarketListing memory l = _dated();
        (l.firstPeriod, l.lastPeriod, l.nextFromPeriod) = (day + 100, day + 129, day + 70);
        l.spreadMaintenanceBps = 2 * l.clampBps;
        vm.expectRevert(
            abi.encodeWithSelector(
                IClearingErrors.UnsafeParameters.selector,
                "2 x clamp < spread maintenance",
                2000,
                2000
            )
        );
        vm.prank(LISTER);
        house.listMarket(l);
    }

    // ------------------------------------------------------------------------------------------------------------ helpers

    /// An hour in which the two quote the near month at the top of its band and the far month at the bottom of its own.
    function _pushApart(MarketId later) private {
        MarketView memory near = house.market(third);
        MarketView memory far = house.market(later);
        OrderId[4] memory ids = [
            _place(alice, third, 1000, near.highestFill - 1),
            _place(traders[4], third, -1000, near.highestFill + 1),
            _place(traders[4], later, 1000, far.lowestFill - 1),
            _place(alice, later, -1000, far.lowestFill + 1)
        ];
        _skip(1 hours);
        house.sync(third);
        house.sync(later);
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(i == 0 || i == 3 ? alice : traders[4]);
            house.cancel(ids[i]);
        }
    }

    /// Leaves an account IM and `spare` dollars.
    function _leave(address who, uint256 spare) private {
        AccountView memory a = house.account(_id(who));
        uint256 amount = a.withdrawable - spare * USD;
        vm.prank(who);
        house.withdraw(a.id, amount, who);
    }

    /// One day of quotes at the top of the band. Alice alone has the money to make them.
    function _lift() private {
        for (uint256 i = 0; i < 24; ++i) {
            MarketView memory m = house.market(third);
            OrderId bid = _place(alice, third, 1000, m.highestFill - 1);
            OrderId ask = _place(traders[4], third, -1000, m.highestFill + 1);
            _skip(1 hours);
            house.sync(third);
            vm.prank(alice);
            house.cancel(bid);
            vm.prank(traders[4]);
            house.cancel(ask);
        }
        if (block.timestamp >= _due(day + 1)) _nextPrint(POINTS);
    }

    /// Carol liquidates bob hour by hour and takes over what she may.
    function _takeOver(uint40 lots) private returns (int256 taken) {
        int256 size = _size(BOB, third);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(carol);
            (bool done, ) = address(house).call(
                abi.encodeCall(house.liquidate, (BOB, third, 10, CAROL, lots))
            );
            if (!done) break;
            _skip(5 minutes);
        }
        return _size(BOB, third) - size;
    }

    /// Honest quotes bring the month back to where the index says that it belongs.
    function _return() private {
        for (uint256 i = 0; i < 96; ++i) {
            MarketView memory m = house.market(third);
            if (m.markX16 >> 16 <= TICK + 10) return;
            uint256 low = m.lowestFill;
            OrderId bid = _place(dave, third, 1000, low - 1);
            OrderId ask = _place(traders[4], third, -1000, low + 1);
            _skip(2 hours);
            if (block.timestamp >= _due(day + 1)) _nextPrint(POINTS);
            house.sync(third);
            vm.prank(dave);
            house.cancel(bid);
            vm.prank(traders[4]);
            house.cancel(ask);
        }
    }
}
