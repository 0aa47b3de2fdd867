// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// The dead-man switch: orders whose owner has fallen silent are dead, everywhere and for good.
contract ClearinghouseSwitchTest is OrdersFixture {
    function test_cancelAllAfter_setsADeadline() public {
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.SwitchSet(BOB, uint40(block.timestamp + 60));
        uint40 deadline = _arm(60);
        vm.assertTrue(deadline == block.timestamp + 60 && house.switchDeadline(BOB) == deadline);
        _skip(30);
        vm.assertEq(_arm(60), uint256(deadline) + 30);
        vm.assertEq(_arm(0), 0);
        vm.assertEq(house.switchDeadline(BOB), 0);
    }

    function test_cancelAllAfter_revertsWith_ParameterOutOfRange() public {
        bytes4 selector = IClearingErrors.ParameterOutOfRange.selector;
        _refusedSwitch(bob, 4, abi.encodeWithSelector(selector, "seconds", 4, 5, 30 days));
        _refusedSwitch(
            bob,
            30 days + 1,
            abi.encodeWithSelector(selector, "seconds", 30 days + 1, 5, 30 days)
        );
        _refusedSwitch(
            bob,
            type(uint32).max,
            abi.encodeWithSelector(selector, "seconds", type(uint32).max, 5, 30 days)
        );
        _arm(5);
        _arm(30 days);
    }

    function test_cancelAllAfter_ofAnOperatorAndOfNobodyElse() public {
        _refusedSwitch(alice, 60, abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, alice, BOB));
        vm.prank(bob);
        house.setOperator(BOB, alice, uint40(block.timestamp));
        vm.prank(alice);
        house.cancelAllAfter(BOB, 60);
        _skip(1);
        _refusedSwitch(alice, 60, abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, alice, BOB));
    }

    function test_cancelAllAfter_theLastSecondCounts() public {
        _place(bob, perp, -500, ASK);
        _arm(60);
        _skip(60);
        vm.assertEq(_take(alice, perp, 100), 100);
        _skip(1);
        vm.assertEq(_take(alice, perp, 100), 0);
        vm.assertTrue(_position(BOB, perp).openOrders == 0 && _size(BOB, perp) == -100);
        _assertConserved();
    }

    /// Orders from before the switch and after it, in every market.
    function test_cancelAllAfter_killsOrdersOfEveryMarket() public {
        OrderId early = _place(bob, perp, -500, ASK);
        _arm(60);
        OrderId late = _place(bob, dated, 500, BID);
        _skip(61);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, early, 500, DropReason.SwitchFired);
        vm.assertEq(_take(alice, perp, 100), 0);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, late, 500, DropReason.SwitchFired);
        vm.assertEq(_take(alice, dated, -100), 0);
        vm.assertEq(house.account(BOB).positions.length, 0);
    }

    function test_cancelAllAfter_aTakerGoesOnBehindDeadOrders() public {
        _place(bob, perp, -500, ASK);
        _place(carol, perp, -500, ASK);
        _arm(60);
        _skip(61);
        _send(alice, _order(perp, 500, ASK, OrderKind.FillOrKill));
        vm.assertEq(_size(CAROL, perp), -int256(500));
    }

    function test_cancelAllAfter_postOnlyIsJudgedWithoutDeadOrders() public {
        _place(bob, perp, -500, ASK);
        _arm(60);
        _skip(61);
        (OrderId id, ) = _send(alice, _order(perp, 300, ASK, OrderKind.PostOnly));
        _assertOpen(id, 300);
    }

    /// A switch that was moved on in time, or taken off, kills nothing.
    function test_cancelAllAfter_inTimeKeepsOrdersAlive() public {
        OrderId id = _place(bob, perp, -500, ASK);
        _arm(60);
        _skip(60);
        _arm(60);
        _skip(60);
        _arm(0);
        _skip(1 hours);
        vm.assertEq(_take(alice, perp, 100), 100);
        _assertOpen(id, -400);
    }

    function test_place_revertsWith_SwitchFired() public {
        uint256 deadline = _arm(60);
        _skip(61);
        bytes memory fired = abi.encodeWithSelector(IClearingErrors.SwitchFired.selector, BOB, deadline);
        OrderParameters memory order = _order(perp, 100, BID, OrderKind.Limit);
        _refusedOrder(bob, order, fired);
        OrderParameters[] memory orders = new OrderParameters[](1);
        orders[0] = order;
        _refused(bob, abi.encodeCall(house.batch, (BOB, _none(), orders)), fired);
        _refused(bob, abi.encodeCall(house.previewOrder, (BOB, order)), fired);
        // Without an order left it is only to be said that somebody is there again.
        _arm(0);
        _place(bob, perp, 100, BID);
    }

    function test_amend_revertsWith_SwitchFired() public {
        OrderId id = _place(bob, perp, -500, ASK);
        uint256 deadline = _arm(60);
        _skip(61);
        _refused(
            bob,
            abi.encodeCall(house.amend, (id, _order(perp, -400, ASK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.SwitchFired.selector, BOB, deadline)
        );
    }

    /// Nothing brings dead orders back.
    function test_cancelAllAfter_revertsWith_OrdersOpen() public {
        OrderId first = _place(bob, perp, -500, ASK);
        OrderId second = _place(bob, dated, -500, ASK);
        OrderId third = _place(bob, dated, -500, ASK + 1);
        _arm(60);
        _skip(61);
        _refusedSwitch(bob, 60, abi.encodeWithSelector(IClearingErrors.OrdersOpen.selector, perp, 1));
        _cancel(bob, first);
        _refusedSwitch(bob, 0, abi.encodeWithSelector(IClearingErrors.OrdersOpen.selector, dated, 2));
        _cancel(bob, second);
        // A batch may cancel, too: it places nothing.
        vm.prank(bob);
        house.batch(BOB, _one(third), new OrderParameters[](0));
        _arm(60);
        OrderId id = _place(bob, perp, -500, ASK);
        vm.assertEq(_take(alice, perp, 100), 100);
        _assertOpen(id, -400);
    }

    function test_cancelAllAfter_positionsStay() public {
        _trade(alice, bob, perp, 500, TICK);
        _place(bob, perp, -200, ASK);
        _arm(60);
        _skip(61);
        _take(alice, perp, 100);
        vm.assertTrue(_size(BOB, perp) == -500 && _position(BOB, perp).askLots == 0);
        // Money goes out and across as ever.
        vm.prank(bob);
        house.withdraw(BOB, USD, bob);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- cancelFired

    function test_cancelFired_byAnyone() public {
        OrderId[] memory ids = new OrderId[](4);
        ids[0] = _place(bob, perp, -500, ASK);
        ids[1] = _place(bob, dated, 300, BID);
        ids[2] = _place(bob, perp, -100, ASK);
        ids[3] = ids[0];
        _arm(60);
        _cancel(bob, ids[2]);
        _skip(61);
        vm.prank(carol);
        vm.assertEq(house.cancelFired(BOB, ids), 800);
        vm.assertEq(house.account(BOB).positions.length, 0);
        vm.assertTrue(house.market(perp).bestAsk == 0 && house.market(dated).bestBid == 0);
        _arm(60);
    }

    function test_cancelFired_revertsWith_SwitchNotFired() public {
        OrderId id = _place(bob, perp, -500, ASK);
        bytes4 selector = IClearingErrors.SwitchNotFired.selector;
        _refused(
            carol,
            abi.encodeCall(house.cancelFired, (BOB, _one(id))),
            abi.encodeWithSelector(selector, BOB, 0)
        );
        uint256 deadline = _arm(60);
        _skip(60);
        _refused(
            carol,
            abi.encodeCall(house.cancelFired, (BOB, _one(id))),
            abi.encodeWithSelector(selector, BOB, deadline)
        );
    }

    function test_cancelFired_revertsWith_WrongAccount() public {
        OrderId id = _place(alice, perp, -500, ASK);
        _arm(60);
        _skip(61);
        _refused(
            carol,
            abi.encodeCall(house.cancelFired, (BOB, _one(id))),
            abi.encodeWithSelector(IClearingErrors.WrongAccount.selector, id, BOB)
        );
    }

    /// After trading has ended the orders are void anyway, and still must not hold the account up.
    function test_cancelFired_afterTradingHasEnded() public {
        OrderId id = _place(bob, dated, -500, ASK);
        _arm(60);
        vm.warp(uint256(WINDOW_LAST + 1) * 1 days);
        vm.assertEq(house.cancelFired(BOB, _one(id)), 500);
        _arm(60);
        vm.assertEq(house.account(BOB).positions.length, 0);
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _arm(uint32 seconds_) private returns (uint40) {
        vm.prank(bob);
        return house.cancelAllAfter(BOB, seconds_);
    }

    function _refusedSwitch(address who, uint32 seconds_, bytes memory expected) private {
        _refused(who, abi.encodeCall(house.cancelAllAfter, (BOB, seconds_)), expected);
    }
}
