// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    FundView,
    MarketListing,
    MarketView,
    OrderKind,
    OrderParameters,
    RoundView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// A market whose smallest order is one lot: whatever happens to positions happens to the smallest there is.
contract ClearinghouseOneLotTest is RiskFixture {
    MarketId private small;

    function setUp() public override {
        super.setUp();
        MarketListing memory l = _perpetual();
        l.minLots = 1;
        vm.prank(LISTER);
        small = house.listMarket(l);
    }

    function test_place_aFlipNeedsInitialMargin() public {
        _hold(1);
        _place(carol, small, 10, TICK);
        // It keeps its exposure of one lot, with the margin of one lot less two fees and a tick.
        (bool success, bytes memory answer) = _try(_order(small, -2, TICK, OrderKind.ImmediateOrCancel));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        _send(alice, _order(small, -1, TICK, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(ALICE, small), int256(0));
        _assertConserved();
    }

    function test_place_aFlipOfAShortNeedsInitialMargin() public {
        _hold(-1);
        _place(carol, small, -10, TICK);
        (bool success, bytes memory answer) = _try(_order(small, 2, TICK, OrderKind.ImmediateOrCancel));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        _send(alice, _order(small, 1, TICK, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(ALICE, small), int256(0));
        _assertConserved();
    }

    /// Below IM what closes may rest, and one lot more may not.
    function test_place_closingNeedsNoMore() public {
        _hold(1);
        OrderId ask = _place(alice, small, -1, TICK + 50);
        (bool success, bytes memory answer) = _try(_order(small, -1, TICK + 60, OrderKind.Limit));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        _take(carol, small, 1);
        vm.assertEq(_size(ALICE, small), int256(0));
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, ask));
        house.order(ask);
        _assertConserved();
    }

    /// Flat with a bid: selling a lot keeps the worst side at one lot, and is new risk.
    function test_place_fromFlatNeedsInitialMargin() public {
        _leave(1_000_000);
        _place(alice, small, 1, TICK - 100);
        _place(carol, small, 10, TICK - 50);
        (bool success, bytes memory answer) = _try(_order(small, -1, TICK - 50, OrderKind.ImmediateOrCancel));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        vm.assertEq(_size(ALICE, small), int256(0));
    }

    function test_funding_ofOneLot() public {
        _trade(alice, bob, small, 1, TICK);
        _place(traders[4], small, 1000, TICK + 100);
        _place(traders[5], small, -1000, TICK + 102);
        _skip(8 hours);
        house.sync(small);
        int256 paid = -_position(ALICE, small).pendingFunding;
        vm.assertTrue(paid > 50, "scene");
        int256 cash = _cash(ALICE);
        // Closing settles it: to the pool first, and out of it to the other side.
        _send(alice, _order(small, -1, TICK + 100, OrderKind.ImmediateOrCancel));
        vm.assertEq(house.market(small).fundingPool, paid);
        int256 fee = (int256(TICK + 100) * 500 * 50 + 99_999) / 100_000;
        vm.assertEq(_cash(ALICE), cash + (100 - paid) * TICK_VALUE - fee);
        _take(bob, small, 1);
        int256 left = house.market(small).fundingPool;
        vm.assertTrue(left >= 0 && left <= 2, "more than roundings");
        _assertConserved();
    }

    function test_liquidate_oneLot() public {
        _hold(1);
        _fall(8700);
        OrderId bid = _place(dave, small, 1, _mark(small) >> 16);
        uint256 tick = bid.tick();
        (uint256 closed, uint256 keeperFee) = house.liquidate(ALICE, small, 10, KEEPER, 0);
        vm.assertEq(closed, 1);
        uint256 fee = (tick * 500 * 100 + 9_999) / 10_000;
        vm.assertEq(keeperFee, fee / 2);
        vm.assertEq(house.market(small).fundCash, int256(fee - fee / 2));
        vm.assertTrue(house.account(ALICE).positions.length == 0 && _size(DAVE, small) == 1);
        _assertConserved();
    }

    function test_takeOver_oneLot() public {
        _hold(1);
        _fall(8700);
        vm.prank(carol);
        (uint256 closed, ) = house.liquidate(ALICE, small, 10, CAROL, 1);
        vm.assertTrue(closed == 1 && _size(CAROL, small) == 1);
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _assertConserved();
    }

    function test_unwind_oneLot() public {
        _bankrupt();
        _feedFund(small, uint256(-_equity(ALICE)) + 2 * USD);
        house.absorb(ALICE);
        vm.assertEq(house.fund(small).size, int256(1));
        vm.assertEq(house.account(_fund(small)).positions.length, 1);
        _assertConserved();
        _place(dave, small, 1, (_mark(small) >> 16) + 1);
        (uint256 lots, uint256 lost) = house.unwind(small, 10);
        vm.assertTrue(lots == 1 && lost == 0);
        vm.assertEq(house.account(_fund(small)).positions.length, 0);
        _assertConserved();
    }

    function test_rounds_oneLot() public {
        _bankrupt();
        house.absorb(ALICE);
        RoundView memory r = house.round(small, 1);
        vm.assertTrue(r.lots == 1 && r.side == 1 && !r.longs && r.closed == 0);
        vm.assertEq(house.fund(small).pendingShorts, 1);
        AccountId[] memory one = new AccountId[](1);
        one[0] = BOB;
        vm.assertEq(house.applyRounds(small, one), 0);
        vm.assertEq(house.round(small, 1).closed, 1);
        vm.assertEq(house.account(BOB).positions.length, 0);
        FundView memory f = house.fund(small);
        vm.assertTrue(f.pendingShorts == 0 && f.pendingQuote == 0 && house.market(small).openInterest == 0);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    /// Alice holds one lot with less than its IM of a dollar.
    function _hold(int256 lots) private {
        _leave(1_010_000);
        if (lots > 0) _trade(alice, bob, small, 1, TICK);
        else _trade(bob, alice, small, 1, TICK);
        (int256 equity, , ) = _health(ALICE);
        vm.assertTrue(equity >= 1_000_000, "scene");
        vm.prank(alice);
        house.withdraw(ALICE, uint256(equity) - 1_000_000, alice);
        // Mark moves against her by a few ticks.
        uint256 mid = lots > 0 ? TICK - 10 : TICK + 10;
        OrderId bid = _place(traders[4], small, 1000, mid - 1);
        OrderId ask = _place(traders[5], small, -1000, mid + 1);
        _skip(30 minutes);
        house.sync(small);
        vm.prank(traders[4]);
        house.cancel(bid);
        vm.prank(traders[5]);
        house.cancel(ask);
        int256 im;
        (equity, im, ) = _health(ALICE);
        vm.assertTrue(equity < im, "scene");
    }

    function _leave(uint256 cash) private {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - cash, alice);
    }

    function _fall(uint256 tick) private {
        _nextPrint(POINTS / 2);
        _moveMark(small, tick);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity > 0 && equity < mm, "scene");
    }

    function _bankrupt() private {
        _hold(1);
        for (uint256 i = 0; i < 7 && _equity(ALICE) >= 0; ++i) {
            _nextPrint(POINTS / 2);
            _moveMark(small, house.market(small).anchorX16 >> 16);
        }
        vm.assertTrue(_equity(ALICE) < 0, "scene");
    }

    function _try(OrderParameters memory order) private returns (bool success, bytes memory answer) {
        vm.prank(alice);
        return address(house).call(abi.encodeCall(house.place, (ALICE, order)));
    }
}
