// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    OrderKind,
    OrderParameters,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Cancelling from every place of a queue, and what an id is worth afterwards.
contract ClearinghouseCancelTest is ClearingFixture {
    function test_cancel_head() public {
        OrderId[] memory ids = _queue(4);
        _cancel(alice, ids[0], 100);
        _takes(3, 300);
    }

    function test_cancel_middle() public {
        OrderId[] memory ids = _queue(5);
        _cancel(alice, ids[2], 100);
        _cancel(alice, ids[1], 100);
        _takes(3, 300);
    }

    function test_cancel_tail() public {
        OrderId[] memory ids = _queue(4);
        _cancel(alice, ids[3], 100);
        // What comes after a cancelled tail stands behind it.
        _place(bob, perp, -100, TICK + 10);
        _takes(4, 400);
        vm.assertEq(_size(BOB, perp), -int256(100));
    }

    function test_cancel_everything() public {
        OrderId[] memory ids = _queue(7);
        for (uint256 i = 0; i < 7; ++i) _cancel(alice, ids[(i * 3) % 7], 100);
        vm.assertEq(house.market(perp).bestAsk, 0);
        vm.assertEq(house.levels(perp, false, 10).length, 0);
        vm.assertEq(house.account(ALICE).positions.length, 0);
        _takes(0, 0);
    }

    function test_cancel_aWholeWordOfTheQueueIsSkippedAtOnce() public {
        OrderId[] memory ids = _queue(9);
        for (uint256 i = 3; i < 6; ++i) _cancel(alice, ids[i], 100);
        OrderParameters memory order = _order(perp, 600, TICK + 10, OrderKind.ImmediateOrCancel);
        // Six orders and one step over the empty word.
        order.maxFills = 7;
        (, uint256 filled) = _send(bob, order);
        vm.assertEq(filled, 600);
    }

    function test_cancel_partlyFilledHead() public {
        OrderId[] memory ids = _queue(2);
        _send(bob, _order(perp, 130, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(house.order(ids[1]).lots, -int256(70));
        _cancel(alice, ids[1], 70);
        PositionView memory p = _position(ALICE, perp);
        vm.assertTrue(p.askLots == 0 && p.openOrders == 0 && p.size == -130);
        vm.assertEq(house.market(perp).bestAsk, 0);
        _assertConserved();
    }

    function test_cancel_partlyFilledHeadBeforeOthers() public {
        OrderId[] memory ids = _queue(2);
        _send(bob, _order(perp, 100, TICK + 10, OrderKind.ImmediateOrCancel));
        _place(carol, perp, -500, TICK + 10);
        OrderParameters memory order = _order(perp, 130, TICK + 10, OrderKind.ImmediateOrCancel);
        _send(bob, order);
        _gone(ids[1]);
        // Carol's head is open by 470; nothing of what was filled before her counts against her.
        vm.assertEq(_position(CAROL, perp).askLots, 470);
        vm.assertEq(house.levels(perp, false, 1)[0].lots, 470);
        _assertConserved();
    }

    function test_cancel_movesTheBestPrice() public {
        OrderId best = _place(alice, perp, 100, TICK - 10);
        _place(bob, perp, 100, TICK - 5000);
        _cancel(alice, best, 100);
        vm.assertEq(house.market(perp).bestBid, TICK - 5000);
    }

    function test_cancel_anEmptiedLevelBumpsItsEpoch() public {
        OrderId first = _place(alice, perp, -100, TICK + 10);
        _cancel(alice, first, 100);
        OrderId second = _place(alice, perp, -100, TICK + 10);
        vm.assertEq(second.epoch(), first.epoch() + 1);
        vm.assertEq(second.index(), 0);
        _refusedCancel(first);
        vm.assertEq(house.order(second).lots, -int256(100));
    }

    function test_cancel_revertsWith_OrderNotFound() public {
        OrderId id = _place(alice, perp, -100, TICK + 10);
        OrderId rest = _place(alice, perp, -200, TICK + 10);
        // Cancelled, filled, ahead of the queue, never placed.
        _cancel(alice, rest, 200);
        _refusedCancel(rest);
        _take(bob, perp, 100);
        _refusedCancel(id);
        _refusedCancel(OrderId.wrap(OrderId.unwrap(id) + 9));
        _refusedCancel(OrderId.wrap(0));
    }

    function test_cancel_filledInTheSameBlock() public {
        OrderId id = _place(alice, perp, -200, TICK + 10);
        _take(bob, perp, 150);
        _cancel(alice, id, 50);
        _assertConserved();
    }

    function test_cancel_expiredOrder() public {
        OrderParameters memory order = _order(perp, -100, TICK + 10, OrderKind.Limit);
        order.expiry = uint40((block.timestamp / 300 + 1) * 300);
        (OrderId id, ) = _send(alice, order);
        _skip(1 days);
        _cancel(alice, id, 100);
        vm.assertEq(house.account(ALICE).positions.length, 0);
    }

    function test_fuzz_cancel_anyOrderOfAQueue(uint256 seed) public {
        OrderId[] memory ids = _queue(12);
        uint256 open = 12;
        for (uint256 i = 0; i < 12; ++i) {
            if ((seed >> i) & 1 == 1) {
                _cancel(alice, ids[i], 100);
                --open;
            }
        }
        vm.assertEq(_position(ALICE, perp).askLots, open * 100);
        vm.assertEq(house.ordersAt(perp, uint24(TICK + 10), 100).length, open);
        _takes(open, open * 100);
        for (uint256 i = 0; i < 12; ++i) _gone(ids[i]);
        _assertConserved();
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function _queue(uint256 count) private returns (OrderId[] memory ids) {
        ids = new OrderId[](count);
        for (uint256 i = 0; i < count; ++i) ids[i] = _place(alice, perp, -100, TICK + 10);
    }

    function _cancel(address who, OrderId id, uint256 lots) private {
        vm.prank(who);
        vm.assertEq(house.cancel(id), lots);
        _gone(id);
    }

    function _takes(uint256 orders, uint256 lots) private {
        vm.assertEq(house.ordersAt(perp, uint24(TICK + 10), 100).length, orders);
        (, uint256 filled) = _send(carol, _order(perp, 5000, TICK + 10, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, lots);
        vm.assertEq(house.market(perp).bestAsk, 0);
    }

    function _refusedCancel(OrderId id) private {
        _refused(
            alice,
            abi.encodeCall(house.cancel, (id)),
            abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id)
        );
    }

    function _gone(OrderId id) private {
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id));
        house.order(id);
    }
}
