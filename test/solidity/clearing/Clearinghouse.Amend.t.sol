// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, Identifiers, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Changing a resting order: what keeps its place, what loses it, and what is refused with the old order standing.
contract ClearinghouseAmendTest is OrdersFixture {
    // ---------------------------------------------------------------------------------------------------- keeps its place

    function test_amend_fewerLotsKeepThePlace() public {
        OrderId first = _place(bob, perp, -500, ASK);
        _place(carol, perp, -500, ASK);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderAmended(BOB, first, -200);
        (OrderId id, uint256 filled) = _amend(bob, first, _order(perp, -200, ASK, OrderKind.Limit));
        vm.assertTrue(OrderId.unwrap(id) == OrderId.unwrap(first) && filled == 0);
        _assertOpen(first, -200);
        vm.assertEq(_position(BOB, perp).askLots, 200);
        vm.assertEq(_position(BOB, perp).openOrders, 1);
        vm.assertEq(house.levels(perp, false, 1)[0].lots, 700);
        // Still ahead of carol.
        _send(alice, _order(perp, 200, ASK, OrderKind.FillOrKill));
        vm.assertEq(_size(BOB, perp), -int256(200));
        vm.assertEq(_size(CAROL, perp), int256(0));
        _assertConserved();
    }

    function test_amend_theSameLotsChangeNothing() public {
        OrderId first = _place(bob, perp, 500, BID);
        (OrderId id, ) = _amend(bob, first, _order(perp, 500, BID, OrderKind.PostOnly));
        vm.assertTrue(OrderId.unwrap(id) == OrderId.unwrap(first));
        _assertOpen(first, 500);
        vm.assertEq(_position(BOB, perp).bidLots, 500);
    }

    function test_amend_inTheMiddleOfAQueue() public {
        _place(bob, perp, -100, ASK);
        OrderId middle = _place(bob, perp, -500, ASK);
        OrderId last = _place(bob, perp, -100, ASK);
        _amend(bob, middle, _order(perp, -300, ASK, OrderKind.Limit));
        _assertOpen(middle, -300);
        _assertOpen(last, -100);
        vm.assertEq(_take(alice, perp, 1000), 500);
        vm.assertEq(house.account(BOB).positions[0].openOrders, 0);
        _assertConserved();
    }

    /// The lots of an amendment are what shall be open, whatever has been filled before.
    function test_amend_aPartlyFilledHead() public {
        OrderId head = _place(bob, perp, -500, ASK);
        OrderId next = _place(carol, perp, -500, ASK);
        _take(alice, perp, 150);
        _assertOpen(head, -350);
        _amend(bob, head, _order(perp, -200, ASK, OrderKind.Limit));
        _assertOpen(head, -200);
        vm.assertEq(_position(BOB, perp).askLots, 200);
        _take(alice, perp, 120);
        _assertOpen(head, -80);
        vm.assertEq(_cancel(bob, head), 80);
        _assertOpen(next, -500);
        vm.assertEq(house.levels(perp, false, 1)[0].lots, 500);
        vm.assertEq(_size(BOB, perp), -int256(270));
        _assertConserved();
    }

    /// More than is open, though less than it was once: that is a new place.
    function test_amend_upToWhatWasFilledIsMore() public {
        OrderId head = _place(bob, perp, -500, ASK);
        _take(alice, perp, 150);
        (OrderId id, ) = _amend(bob, head, _order(perp, -400, ASK, OrderKind.Limit));
        vm.assertTrue(OrderId.unwrap(id) != OrderId.unwrap(head));
        _assertGone(head);
        _assertOpen(id, -400);
        vm.assertEq(_position(BOB, perp).askLots, 400);
    }

    function test_amend_keepsExpiryAndReduceOnly() public {
        _trade(alice, bob, perp, 500, TICK);
        OrderParameters memory order = _reducing(perp, -500, ASK);
        order.expiry = uint40((block.timestamp / 300 + 4) * 300);
        (OrderId id, ) = _send(alice, order);
        order.lots = -200;
        _amend(alice, id, order);
        vm.assertTrue(house.order(id).reduceOnly && house.order(id).expiry == order.expiry);
        _assertOpen(id, -200);
    }

    function test_amend_fewerLotsMoveTheImpactPrice() public {
        OrderId best = _place(bob, perp, 1000, BID);
        _place(carol, perp, 1000, BID - 5);
        vm.assertEq(house.market(perp).impactBid, BID);
        _amend(bob, best, _order(perp, 999, BID, OrderKind.Limit));
        vm.assertEq(house.market(perp).impactBid, BID - 5);
    }

    /// Smaller is always allowed, also below IM.
    function test_amend_fewerLotsNeedNoMargin() public {
        _lever();
        OrderId id = _place(alice, perp, -100, TICK + 50);
        OrderId bid = _restDown();
        _fallTo(8_800);
        (int256 equity, int256 im, ) = _health(ALICE);
        vm.assertTrue(equity < im, "scene");
        _amend(alice, bid, _order(perp, 100, bid.tick(), OrderKind.Limit));
        _assertOpen(bid, 100);
        _assertOpen(id, -100);
    }

    function test_amend_fewerLotsInAMarketThatOnlyReduces() public {
        OrderId id = _place(bob, perp, 500, BID);
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        _amend(bob, id, _order(perp, 300, BID, OrderKind.Limit));
        _assertOpen(id, 300);
        _refused(
            bob,
            abi.encodeCall(house.amend, (id, _order(perp, 400, BID, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.OnlyReducing.selector, perp, 1)
        );
    }

    // ---------------------------------------------------------------------------------------------------- loses its place

    function test_amend_moreLotsGoToTheEnd() public {
        OrderId first = _place(bob, perp, -500, ASK);
        OrderId second = _place(carol, perp, -500, ASK);
        (OrderId id, ) = _amend(bob, first, _order(perp, -501, ASK, OrderKind.Limit));
        _assertGone(first);
        vm.assertTrue(id.index() > second.index());
        _send(alice, _order(perp, 500, ASK, OrderKind.FillOrKill));
        vm.assertEq(_size(CAROL, perp), -int256(500));
        _assertOpen(id, -501);
    }

    function test_amend_otherTickSideExpiryOrFlag() public {
        OrderId id = _place(bob, perp, -500, ASK);
        OrderId before = id;
        (id, ) = _amend(bob, id, _order(perp, -500, ASK + 1, OrderKind.Limit));
        vm.assertTrue(id.tick() == ASK + 1);
        _assertGone(before);
        before = id;
        OrderParameters memory order = _dying(perp, -500, ASK + 1);
        (id, ) = _amend(bob, id, order);
        vm.assertTrue(house.order(id).expiry == order.expiry);
        _assertGone(before);
        before = id;
        (id, ) = _amend(bob, id, _order(perp, 500, BID, OrderKind.Limit));
        _assertOpen(id, 500);
        _assertGone(before);
        vm.assertTrue(_position(BOB, perp).askLots == 0 && _position(BOB, perp).openOrders == 1);
        // To reduce only there must be something to reduce.
        _trade(bob, carol, perp, 200, TICK);
        before = _place(bob, perp, -200, ASK);
        (id, ) = _amend(bob, before, _reducing(perp, -200, ASK));
        vm.assertTrue(house.order(id).reduceOnly);
        _assertGone(before);
        _assertConserved();
    }

    function test_amend_acrossTheSpreadTrades() public {
        _place(carol, perp, -300, ASK);
        OrderId id = _place(bob, perp, 500, BID);
        (OrderId newId, uint256 filled) = _amend(bob, id, _order(perp, 400, ASK, OrderKind.Limit));
        vm.assertEq(filled, 300);
        _assertOpen(newId, 100);
        vm.assertEq(house.market(perp).bestBid, ASK);
        vm.assertEq(_size(BOB, perp), int256(300));
        _assertConserved();
    }

    /// The sender's own number is repeated wherever its order rests or takes.
    function test_amend_repeatsTheClientOrderId() public {
        OrderId id = _place(bob, perp, 500, BID);
        uint256[] memory fills = new uint256[](1);
        fills[0] = OrderId.unwrap(_place(carol, perp, -300, ASK));
        OrderParameters memory order = _order(perp, 500, ASK, OrderKind.Limit);
        order.clientOrderId = 4711;
        // 300 lots of carol's, who pays a basis point of 300 × 10,010, rounded up.
        fills[0] |= (300 << 120) | (uint256(AccountId.unwrap(CAROL)) << 152) | (301 << 180);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderTaken(BOB, perp, 300 | (4711 << 64) | (750_750 << 128), fills);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderPlaced(BOB, _first(perp, ASK, 1), 200 | (4711 << 64));
        _amend(bob, id, order);
        // And by a batch, each with its own.
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 100, BID, OrderKind.Limit);
        orders[1] = _order(dated, 100, BID, OrderKind.Limit);
        (orders[0].clientOrderId, orders[1].clientOrderId) = (1, 2);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderPlaced(ALICE, _first(perp, BID, 1), 100 | (1 << 64));
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderPlaced(ALICE, _first(dated, BID, 0), 100 | (2 << 64));
        vm.prank(alice);
        house.batch(ALICE, _none(), orders);
    }

    function test_amend_aFilledWholeRestsNothing() public {
        _place(carol, perp, -300, ASK);
        OrderId id = _place(bob, perp, 300, BID);
        (OrderId newId, uint256 filled) = _amend(bob, id, _order(perp, 300, ASK, OrderKind.Limit));
        vm.assertTrue(OrderId.unwrap(newId) == 0 && filled == 300);
        vm.assertEq(_position(BOB, perp).openOrders, 0);
    }

    /// The margin of the old order is free for the new one.
    function test_amend_theOldOrderNeedsNoMarginBesideTheNew() public {
        _withdrawTo(bob, 1_000 * USD);
        OrderId id = _place(bob, perp, 1000, BID);
        (id, ) = _amend(bob, id, _order(perp, 1000, BID + 1, OrderKind.Limit));
        _assertOpen(id, 1000);
    }

    function test_amend_inTheLastOfTwoHundredPlaces() public {
        OrderId id;
        for (uint256 i = 0; i < 200; ++i) id = _place(bob, perp, 100, BID - i);
        (id, ) = _amend(bob, id, _order(perp, 200, BID, OrderKind.Limit));
        vm.assertEq(_position(BOB, perp).openOrders, 200);
        _assertOpen(id, 200);
    }

    // ------------------------------------------------------------------------------------------------------------ refused

    function test_amend_revertsWith_InsufficientMargin() public {
        _withdrawTo(bob, 1_000 * USD);
        OrderId id = _place(bob, perp, 1000, BID);
        _refusedAmend(
            bob,
            id,
            _order(perp, 1001, BID, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_000 * USD, 1_001 * USD)
        );
        _assertOpen(id, 1000);
    }

    function test_amend_revertsWith_WouldCross() public {
        _place(carol, perp, -300, ASK);
        OrderId id = _place(bob, perp, 300, BID);
        _refusedAmend(
            bob,
            id,
            _order(perp, 300, ASK, OrderKind.PostOnly),
            abi.encodeWithSelector(IClearingErrors.WouldCross.selector, ASK, ASK)
        );
    }

    function test_amend_revertsWith_OrderTooSmall() public {
        OrderId id = _place(bob, perp, 300, BID);
        bytes4 selector = IClearingErrors.OrderTooSmall.selector;
        _refusedAmend(
            bob,
            id,
            _order(perp, 99, BID, OrderKind.Limit),
            abi.encodeWithSelector(selector, 99, 100)
        );
        _refusedAmend(
            bob,
            id,
            _order(perp, 0, BID, OrderKind.Limit),
            abi.encodeWithSelector(selector, 0, 100)
        );
    }

    function test_amend_checksTheTick() public {
        OrderId id = _place(bob, perp, 300, BID);
        uint256 most = type(uint24).max - 1;
        _refusedAmend(
            bob,
            id,
            _order(perp, 300, 0, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TickOutOfRange.selector, 0, most)
        );
        _refusedAmend(
            bob,
            id,
            _order(perp, -300, most + 1, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TickOutOfRange.selector, most + 1, most)
        );
        _refusedAmend(
            bob,
            id,
            _order(perp, 300, 10_601, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.TickOutsideBand.selector, 10_601, 9_400, 10_600)
        );
    }

    function test_amend_revertsWith_NeverRests() public {
        OrderId id = _place(bob, perp, 300, BID);
        for (uint256 kind = 2; kind < 4; ++kind) {
            _refusedAmend(
                bob,
                id,
                _order(perp, 200, BID, OrderKind(kind)),
                abi.encodeWithSelector(IClearingErrors.NeverRests.selector, kind)
            );
        }
    }

    function test_amend_revertsWith_WrongMarket() public {
        OrderId id = _place(bob, perp, 300, BID);
        _refusedAmend(
            bob,
            id,
            _order(dated, 300, BID, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.WrongMarket.selector, id, dated)
        );
    }

    function test_amend_revertsWith_OrderNotFound() public {
        OrderId id = _place(bob, perp, 300, BID);
        _cancel(bob, id);
        _refusedAmend(
            bob,
            id,
            _order(perp, 200, BID, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id)
        );
    }

    function test_amend_revertsWith_NotAuthorised() public {
        OrderId id = _place(bob, perp, 300, BID);
        _refusedAmend(
            alice,
            id,
            _order(perp, 200, BID, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, alice, BOB)
        );
        vm.prank(bob);
        house.setOperator(BOB, alice, uint40(block.timestamp));
        _amend(alice, id, _order(perp, 200, BID, OrderKind.Limit));
        _assertOpen(id, 200);
    }

    function test_amend_anExpiredOrder() public {
        OrderParameters memory order = _dying(perp, 300, BID);
        (OrderId id, ) = _send(bob, order);
        vm.warp(order.expiry + 1);
        order.lots = 200;
        _refusedAmend(
            bob,
            id,
            order,
            abi.encodeWithSelector(
                IClearingErrors.ExpiryInPast.selector,
                order.expiry,
                uint256(order.expiry) + 1
            )
        );
        // Brought back to life it is a new order.
        order.expiry += 600;
        (OrderId newId, ) = _amend(bob, id, order);
        _assertGone(id);
        _assertOpen(newId, 200);
    }

    function test_amend_afterTradingHasEnded() public {
        OrderId id = _place(bob, dated, 300, BID);
        vm.warp(uint256(WINDOW_LAST + 1) * 1 days);
        house.sync(dated);
        _refusedAmend(
            bob,
            id,
            _order(dated, 200, BID, OrderKind.Limit),
            abi.encodeWithSelector(IClearingErrors.MarketNotOpen.selector, dated, 2)
        );
    }

    /// Any amendment leaves what a cancellation and a new order would, but for the place.
    function test_fuzz_amend_equalsCancelAndPlace(uint256 lots, uint256 tick, bool buys) public {
        lots = bound(lots, 100, 1500);
        tick = bound(tick, TICK - 30, TICK + 30);
        _place(carol, perp, -400, ASK);
        _place(carol, perp, 400, BID);
        OrderId id = _place(bob, perp, 700, BID - 5);
        OrderParameters memory order = _order(
            perp,
            buys ? int256(lots) : -int256(lots),
            tick,
            OrderKind.Limit
        );
        uint256 snapshot = vm.snapshotState();
        _cancel(bob, id);
        _send(bob, order);
        bytes32 expected = _fingerprint();
        vm.revertToState(snapshot);
        _amend(bob, id, order);
        vm.assertTrue(_fingerprint() == expected);
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    /// The id of the first order of a level in an epoch.
    function _first(MarketId market, uint256 tick, uint256 epoch) private pure returns (OrderId) {
        return Identifiers.toOrderId(market, tick, epoch, 0);
    }

    /// A bid of alice's that her margin just allows, far enough down to survive the fall of the mark.
    function _restDown() private returns (OrderId id) {
        token.mint(alice, 200 * USD);
        vm.prank(alice);
        house.deposit(0, 200 * USD);
        return _place(alice, perp, 200, 8_500);
    }

    function _amend(
        address who,
        OrderId id,
        OrderParameters memory order
    ) private returns (OrderId newId, uint256 filled) {
        vm.prank(who);
        return house.amend(id, order);
    }

    function _refusedAmend(
        address who,
        OrderId id,
        OrderParameters memory order,
        bytes memory expected
    ) private {
        _refused(who, abi.encodeCall(house.amend, (id, order)), expected);
    }
}
