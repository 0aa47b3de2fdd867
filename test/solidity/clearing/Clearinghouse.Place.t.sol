// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketPhase,
    MarketView,
    OrderKind,
    OrderParameters,
    OrderView,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, FeedId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Placing: what rests, what trades, and every order that is refused.
contract ClearinghousePlaceTest is ClearingFixture {
    // ---------------------------------------------------------------------------------------------------------- rests

    function test_place_limitRests() public {
        OrderId id = _place(alice, perp, 500, TICK - 10);
        OrderView memory order = house.order(id);
        vm.assertTrue(AccountId.unwrap(order.account) == AccountId.unwrap(ALICE));
        vm.assertEq(order.lots, int256(500));
        vm.assertTrue(order.expiry == 0 && !order.reduceOnly);
        PositionView memory p = _position(ALICE, perp);
        vm.assertTrue(p.bidLots == 500 && p.askLots == 0 && p.openOrders == 1 && p.size == 0);
        vm.assertEq(house.market(perp).bestBid, TICK - 10);
        // IM of 500 lots at mark: 20 % of 2,500 USD.
        vm.assertEq(house.account(ALICE).initialMargin, 500 * USD);
        _assertConserved();
    }

    function test_place_askRests() public {
        OrderId id = _place(alice, perp, -500, TICK + 10);
        vm.assertEq(house.order(id).lots, -int256(500));
        vm.assertEq(house.market(perp).bestAsk, TICK + 10);
        vm.assertEq(_position(ALICE, perp).askLots, 500);
    }

    function test_place_idNamesMarketTickEpochAndIndex() public {
        OrderId first = _place(alice, perp, 500, TICK - 10);
        OrderId second = _place(bob, perp, 500, TICK - 10);
        vm.assertEq(MarketId.unwrap(second.market()), MarketId.unwrap(perp));
        vm.assertEq(second.tick(), TICK - 10);
        vm.assertTrue(first.index() == 0 && second.index() == 1 && first.epoch() == second.epoch());
    }

    function test_place_emitsWhatRebuildsTheBook() public {
        OrderParameters memory order = _order(perp, -500, TICK + 10, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 2) * 300);
        order.clientOrderId = 77;
        vm.expectEmit(true, true, true, true, address(house));
        uint256 terms = (type(uint64).max - 499) | (77 << 64) | (uint256(order.expiry) << 128);
        emit IClearingEvents.OrderPlaced(ALICE, _idOf(perp, TICK + 10, 0, 0), terms);
        _send(alice, order);
    }

    // --------------------------------------------------------------------------------------------------------- trades

    function test_place_takesAtTheRestingPrice() public {
        _place(bob, perp, -500, TICK + 10);
        (OrderId id, uint256 filled) = _send(alice, _order(perp, 300, TICK + 50, OrderKind.Limit));
        vm.assertTrue(OrderId.unwrap(id) == 0);
        vm.assertEq(filled, 300);
        PositionView memory p = _position(ALICE, perp);
        vm.assertEq(p.size, int256(300));
        vm.assertEq(p.quote, -300 * int256(TICK + 10));
        p = _position(BOB, perp);
        vm.assertEq(p.size, -int256(300));
        vm.assertTrue(p.askLots == 200 && p.openOrders == 1);
        vm.assertEq(house.market(perp).openInterest, 300);
        _assertConserved();
    }

    function test_place_bestPriceThenFirstComeFirstServed() public {
        OrderId late = _place(bob, perp, -500, TICK + 20);
        OrderId first = _place(carol, perp, -500, TICK + 10);
        OrderId second = _place(dave, perp, -500, TICK + 10);
        _send(alice, _order(perp, 700, TICK + 20, OrderKind.ImmediateOrCancel));
        vm.assertEq(_size(CAROL, perp), -int256(500));
        vm.assertEq(_size(DAVE, perp), -int256(200));
        vm.assertEq(_size(BOB, perp), int256(0));
        vm.assertEq(house.order(second).lots, -int256(300));
        vm.assertEq(house.order(late).lots, -int256(500));
        _gone(first);
    }

    function test_place_remainderRests() public {
        _place(bob, perp, -300, TICK + 10);
        (OrderId id, uint256 filled) = _send(alice, _order(perp, 500, TICK + 10, OrderKind.Limit));
        vm.assertEq(filled, 300);
        vm.assertEq(house.order(id).lots, int256(200));
        vm.assertEq(house.market(perp).bestBid, TICK + 10);
        vm.assertEq(house.market(perp).bestAsk, 0);
        _assertConserved();
    }

    function test_place_remainderThatStillCrossesIsDropped() public {
        for (uint256 i = 0; i < 3; ++i) _place(bob, perp, -100, TICK + 10);
        OrderParameters memory order = _order(perp, 1000, TICK + 10, OrderKind.Limit);
        order.maxFills = 2;
        (OrderId id, uint256 filled) = _send(alice, order);
        vm.assertTrue(OrderId.unwrap(id) == 0);
        vm.assertEq(filled, 200);
        vm.assertEq(_position(ALICE, perp).bidLots, 0);
        vm.assertEq(house.market(perp).bestAsk, TICK + 10);
        _assertConserved();
    }

    function test_place_maxFillsCountsDeadOrders() public {
        OrderParameters memory dying = _order(perp, -100, TICK + 10, OrderKind.Limit);
        dying.expiry = uint40((block.timestamp / 300 + 1) * 300);
        for (uint256 i = 0; i < 3; ++i) _send(bob, dying);
        OrderId live = _place(carol, perp, -100, TICK + 10);
        _skip(600);
        OrderParameters memory order = _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel);
        order.maxFills = 2;
        (, uint256 filled) = _send(alice, order);
        vm.assertEq(filled, 0);
        // What the first call cleared stays cleared.
        vm.assertEq(_position(BOB, perp).openOrders, 1);
        (, filled) = _send(alice, order);
        vm.assertEq(filled, 100);
        vm.assertEq(_position(BOB, perp).openOrders, 0);
        _gone(live);
    }

    function test_place_immediateOrCancelDropsTheRemainder() public {
        _place(bob, perp, -300, TICK + 10);
        (OrderId id, uint256 filled) = _send(
            alice,
            _order(perp, 500, TICK + 10, OrderKind.ImmediateOrCancel)
        );
        vm.assertTrue(OrderId.unwrap(id) == 0 && filled == 300);
        vm.assertEq(_position(ALICE, perp).bidLots, 0);
        vm.assertEq(house.market(perp).bestBid, 0);
    }

    function test_place_immediateOrCancelInAnEmptyBookDoesNothing() public {
        (OrderId id, uint256 filled) = _send(alice, _order(perp, 500, TICK, OrderKind.ImmediateOrCancel));
        vm.assertTrue(OrderId.unwrap(id) == 0 && filled == 0);
        vm.assertEq(house.account(ALICE).positions.length, 0);
    }

    function test_place_fillOrKillTradesWhole() public {
        _place(bob, perp, -300, TICK + 10);
        _place(carol, perp, -300, TICK + 20);
        (, uint256 filled) = _send(alice, _order(perp, 600, TICK + 20, OrderKind.FillOrKill));
        vm.assertEq(filled, 600);
        vm.assertEq(_position(ALICE, perp).quote, -300 * int256(2 * TICK + 30));
    }

    function test_place_revertsWith_NotFilled() public {
        _place(bob, perp, -300, TICK + 10);
        _refusedOrder(
            alice,
            _order(perp, 301, TICK + 10, OrderKind.FillOrKill),
            abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 300, 301)
        );
        _refusedOrder(
            alice,
            _order(perp, 300, TICK + 9, OrderKind.FillOrKill),
            abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 0, 300)
        );
    }

    function test_place_postOnlyRests() public {
        _place(bob, perp, -300, TICK + 10);
        (OrderId id, uint256 filled) = _send(alice, _order(perp, 300, TICK + 9, OrderKind.PostOnly));
        vm.assertTrue(OrderId.unwrap(id) != 0 && filled == 0);
    }

    function test_place_revertsWith_WouldCross() public {
        _place(bob, perp, -300, TICK + 10);
        _refusedOrder(
            alice,
            _order(perp, 300, TICK + 15, OrderKind.PostOnly),
            abi.encodeWithSelector(IClearingErrors.WouldCross.selector, TICK + 15, TICK + 10)
        );
    }

    function test_place_postOnlyIsJudgedAfterDeadOrdersAreGone() public {
        OrderParameters memory dying = _order(perp, -300, TICK + 10, OrderKind.Limit);
        dying.expiry = uint40((block.timestamp / 300 + 1) * 300);
        _send(bob, dying);
        OrderId own = _place(alice, perp, -300, TICK + 11);
        _skip(600);
        (OrderId id, ) = _send(alice, _order(perp, 300, TICK + 12, OrderKind.PostOnly));
        vm.assertEq(house.order(id).lots, int256(300));
        vm.assertEq(_position(BOB, perp).openOrders, 0);
        _gone(own);
        _assertConserved();
    }

    function test_place_ownOrderIsCancelledAndTheTakerGoesOn() public {
        OrderId own = _place(alice, perp, -300, TICK + 10);
        _place(bob, perp, -300, TICK + 10);
        (, uint256 filled) = _send(alice, _order(perp, 300, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 300);
        vm.assertEq(_size(ALICE, perp), int256(300));
        vm.assertEq(_position(ALICE, perp).askLots, 0);
        vm.assertEq(_position(ALICE, perp).openOrders, 0);
        _gone(own);
        _assertConserved();
    }

    function test_place_anotherSubaccountIsAnotherTrader() public {
        token.mint(alice, FUNDS);
        vm.prank(alice);
        AccountId second = house.deposit(1, FUNDS);
        _place(alice, perp, -300, TICK + 10);
        vm.prank(alice);
        (, uint256 filled) = house.place(second, _order(perp, 300, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 300);
        vm.assertEq(_size(ALICE, perp), -int256(300));
        vm.assertEq(_size(second, perp), int256(300));
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- expiry

    function test_place_isGoodUntilItsLastSecond() public {
        OrderParameters memory order = _order(perp, -300, TICK + 10, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 1) * 300);
        (OrderId id, ) = _send(bob, order);
        vm.warp(order.expiry);
        (, uint256 filled) = _send(alice, _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 100);
        vm.warp(order.expiry + 1);
        (, filled) = _send(alice, _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 0);
        _gone(id);
        vm.assertEq(_position(BOB, perp).askLots, 0);
    }

    function test_place_revertsWith_ExpiryNotAligned() public {
        OrderParameters memory order = _order(perp, 300, TICK, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 1) * 300 + 1);
        _refusedOrder(
            alice,
            order,
            abi.encodeWithSelector(IClearingErrors.ExpiryNotAligned.selector, order.expiry, 300)
        );
    }

    function test_place_revertsWith_ExpiryInPast() public {
        OrderParameters memory order = _order(perp, 300, TICK, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300) * 300);
        vm.warp(order.expiry);
        _refusedOrder(
            alice,
            order,
            abi.encodeWithSelector(IClearingErrors.ExpiryInPast.selector, order.expiry, block.timestamp)
        );
    }

    function test_place_revertsWith_ExpiryNotUsed() public {
        OrderParameters memory order = _order(perp, 300, TICK, OrderKind.ImmediateOrCancel);
        order.expiry = uint40((block.timestamp / 300 + 1) * 300);
        _refusedOrder(
            alice,
            order,
            abi.encodeWithSelector(IClearingErrors.ExpiryNotUsed.selector, order.expiry)
        );
        order.kind = OrderKind.FillOrKill;
        _refusedOrder(
            alice,
            order,
            abi.encodeWithSelector(IClearingErrors.ExpiryNotUsed.selector, order.expiry)
        );
    }

    // ----------------------------------------------------------------------------------------------- size, tick, band

    function test_place_revertsWith_OrderTooSmall() public {
        bytes4 selector = IClearingErrors.OrderTooSmall.selector;
        _refusedOrder(
            alice,
            _order(perp, 99, TICK, OrderKind.Limit),
            abi.encodeWithSelector(selector, 99, 100)
        );
        _refusedOrder(
            alice,
            _order(perp, -99, TICK, OrderKind.Limit),
            abi.encodeWithSelector(selector, 99, 100)
        );
        _refusedOrder(
            alice,
            _order(perp, 0, TICK, OrderKind.Limit),
            abi.encodeWithSelector(selector, 0, 100)
        );
    }

    function test_place_revertsWith_OrderTooLarge() public {
        int256 lots = int256(uint256(type(uint32).max)) + 1;
        bytes memory error_ = abi.encodeWithSelector(
            IClearingErrors.OrderTooLarge.selector,
            lots,
            type(uint32).max
        );
        _refusedOrder(alice, _order(perp, lots, TICK, OrderKind.Limit), error_);
        _refusedOrder(alice, _order(perp, -lots, TICK, OrderKind.Limit), error_);
    }

    function test_place_theMostNegativeSizeIsTooLarge() public {
        OrderParameters memory order = _order(perp, 100, TICK, OrderKind.Limit);
        order.lots = type(int40).min;
        _refusedOrder(
            alice,
            order,
            abi.encodeWithSelector(IClearingErrors.OrderTooLarge.selector, uint256(1) << 39, type(uint32).max)
        );
    }

    function test_place_revertsWith_TickOutOfRange() public {
        bytes4 selector = IClearingErrors.TickOutOfRange.selector;
        uint256 most = type(uint24).max - 1;
        _refusedOrder(
            alice,
            _order(perp, 100, 0, OrderKind.Limit),
            abi.encodeWithSelector(selector, 0, most)
        );
        _refusedOrder(
            alice,
            _order(perp, -100, most + 1, OrderKind.Limit),
            abi.encodeWithSelector(selector, most + 1, most)
        );
    }

    function test_place_atTheEdgesOfTheBand() public {
        MarketView memory m = house.market(perp);
        vm.assertEq(m.lowestFill, 9400);
        vm.assertEq(m.highestFill, 10_600);
        _place(alice, perp, 100, 10_600);
        _place(bob, perp, 100, 1);
        _place(carol, perp, -100, 9400);
        vm.assertEq(_size(CAROL, perp), -int256(100));
        _place(carol, perp, -100, type(uint24).max - 1);
        vm.assertEq(house.market(perp).bestAsk, type(uint24).max - 1);
    }

    function test_place_revertsWith_TickOutsideBand() public {
        bytes4 selector = IClearingErrors.TickOutsideBand.selector;
        _refusedOrder(
            alice,
            _order(perp, 100, 10_601, OrderKind.Limit),
            abi.encodeWithSelector(selector, 10_601, 9400, 10_600)
        );
        _refusedOrder(
            alice,
            _order(perp, -100, 9399, OrderKind.Limit),
            abi.encodeWithSelector(selector, 9399, 9400, 10_600)
        );
    }

    function test_place_revertsWith_ZeroMaxFills() public {
        OrderParameters memory order = _order(perp, 100, TICK, OrderKind.Limit);
        order.maxFills = 0;
        _refusedOrder(alice, order, abi.encodeWithSelector(IClearingErrors.ZeroMaxFills.selector));
    }

    function test_place_revertsWith_UnknownMarket() public {
        bytes4 selector = IClearingErrors.UnknownMarket.selector;
        _refusedOrder(
            alice,
            _order(MarketId.wrap(3), 100, TICK, OrderKind.Limit),
            abi.encodeWithSelector(selector, MarketId.wrap(3))
        );
        _refusedOrder(
            alice,
            _order(MarketId.wrap(0), 100, TICK, OrderKind.Limit),
            abi.encodeWithSelector(selector, MarketId.wrap(0))
        );
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function _idOf(
        MarketId market,
        uint256 tick,
        uint256 epoch,
        uint256 index
    ) private pure returns (OrderId) {
        return
            OrderId.wrap(
                uint128((uint256(MarketId.unwrap(market)) << 104) | (tick << 80) | (epoch << 40) | index)
            );
    }

    function _gone(OrderId id) private {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id));
        house.order(id);
    }
}
