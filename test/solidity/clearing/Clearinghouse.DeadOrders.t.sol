// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    MarketPhase,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Every kind of order that may no longer trade, met by one that wants to: it leaves the book with its reason, its owner gets
/// back what it had reserved, and the taker goes on to the live order behind it.
contract ClearinghouseDeadOrdersTest is OrdersFixture {
    function test_dead_expired() public {
        OrderId dead = _sent(bob, _dying(perp, -300, ASK));
        _place(carol, perp, -500, ASK);
        _skip(600);
        _meets(dave, dead, BOB, 300, DropReason.Expired);
        vm.assertEq(house.account(BOB).positions.length, 0);
    }

    function test_dead_own() public {
        OrderId dead = _place(dave, perp, -300, ASK);
        _place(carol, perp, -500, ASK);
        _meets(dave, dead, DAVE, 300, DropReason.OwnOrder);
        vm.assertTrue(_position(DAVE, perp).openOrders == 0 && _position(DAVE, perp).askLots == 0);
    }

    /// What has traded of an own order stays traded.
    function test_dead_ownPartlyFilled() public {
        OrderId dead = _place(dave, perp, -300, ASK);
        _take(alice, perp, 120);
        _place(carol, perp, -500, ASK);
        _meets(dave, dead, DAVE, 180, DropReason.OwnOrder);
        vm.assertEq(_size(DAVE, perp), int256(200 - 120));
    }

    function test_dead_ofAFiredSwitch() public {
        OrderId dead = _place(bob, perp, -300, ASK);
        _place(carol, perp, -500, ASK);
        vm.prank(bob);
        house.cancelAllAfter(BOB, 60);
        _skip(61);
        _meets(dave, dead, BOB, 300, DropReason.SwitchFired);
    }

    function test_dead_noLongerReducing() public {
        _trade(bob, alice, perp, 300, TICK);
        OrderId dead = _sent(bob, _reducing(perp, -300, ASK));
        _trade(alice, bob, perp, 300, TICK);
        _place(carol, perp, -500, ASK);
        _meets(dave, dead, BOB, 300, DropReason.NotReducing);
    }

    function test_dead_ofARetiredAccount() public {
        _lever();
        token.mint(alice, 100 * USD);
        vm.prank(alice);
        house.deposit(0, 100 * USD);
        uint256 tick = 2_000;
        OrderId dead = _place(alice, perp, 100, tick);
        OrderId behind = _place(carol, perp, 500, tick - 1);
        _feedFund(perp, 10_000 * USD);
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        // Nobody can sell that low; a post-only order at her price goes over hers and stops at the next.
        vm.prank(alice);
        (bool success, ) = address(house).call(abi.encodeCall(house.cancel, (dead)));
        vm.assertTrue(!success);
        vm.assertEq(house.sweep(perp, true, 1), 100);
        _assertGone(dead);
        _assertOpen(behind, 500);
        _assertConserved();
    }

    /// A deleveraging round takes lots of bob's short; what his orders were placed to do no longer holds, so they only reduce.
    function test_dead_afterARound() public {
        _trade(carol, bob, perp, 1000, TICK);
        _crash();
        uint256 mark = _markTick();
        OrderId raising = _place(bob, perp, -300, mark + 60);
        OrderId closing = _place(bob, perp, 1500, mark - 60);
        // Alice's 1,000 lots go to a fund without money, and so to the shorts: bob has all 2,000 of them.
        house.absorb(ALICE);
        vm.assertEq(_size(BOB, perp), -int256(1000));
        // Carol sells what she has into bob's bid: he buys the 1,000 lots that he is still short of, and not 1,500.
        (, uint256 filled) = _send(carol, _order(perp, -1000, mark - 60, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 1000);
        vm.assertTrue(_size(BOB, perp) == 0 && _size(CAROL, perp) == 0);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, closing, 500, DropReason.NotReducing);
        vm.assertEq(house.sweep(perp, true, 5), 500);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, raising, 300, DropReason.NotReducing);
        vm.assertEq(house.sweep(perp, false, 5), 300);
        _assertConserved();
    }

    /// An order that is placed after the round with margin for all of them lets the others live again.
    function test_dead_afterARoundAndMarginForAll() public {
        _trade(carol, bob, perp, 1000, TICK);
        _crash();
        uint256 mark = _markTick();
        OrderId raising = _place(bob, perp, -300, mark + 60);
        house.absorb(ALICE);
        vm.assertEq(_size(BOB, perp), -int256(1000));
        vm.assertTrue(house.market(perp).phase == MarketPhase.Open, "scene");
        _place(bob, perp, -200, mark + 61);
        vm.assertEq(_take(dave, perp, 500), 500);
        _assertGone(raising);
        vm.assertEq(_size(BOB, perp), -int256(1500));
        _assertConserved();
    }

    function test_dead_outsideTheBand() public {
        OrderId dead = _place(bob, perp, -300, 9_410);
        _nextPrint(POINTS * 2);
        _nextPrint(POINTS * 2);
        house.sync(perp);
        uint256 lowest = house.market(perp).lowestFill;
        vm.assertTrue(lowest > 9_410, "scene");
        _place(carol, perp, -500, lowest);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, dead, 300, DropReason.OutsideBand);
        (, uint256 filled) = _send(dave, _order(perp, 200, lowest, OrderKind.FillOrKill));
        vm.assertEq(filled, 200);
        _assertGone(dead);
        _assertConserved();
    }

    /// Words of cancelled orders are one step each, and single cancelled places one each.
    function test_dead_cancelledPlaces() public {
        OrderId[] memory ids = new OrderId[](9);
        for (uint256 i = 0; i < 9; ++i) ids[i] = _place(bob, perp, -100, ASK);
        // Left: 0, 1 of the first word, none of the second, 8 of the third.
        for (uint256 i = 2; i < 8; ++i) _cancel(bob, ids[i]);
        OrderParameters memory order = _order(perp, 300, ASK, OrderKind.FillOrKill);
        // 0, 1, the gap 2, the second word, the gaps 6 and 7, then 8.
        order.maxFills = 6;
        _refusedOrder(alice, order, abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 200, 300));
        order.maxFills = 7;
        (, uint256 filled) = _send(alice, order);
        vm.assertEq(filled, 300);
    }

    // ------------------------------------------------------------------------------------------------- what they count for

    /// Each kind counts towards maxFills; a remainder that still crosses is dropped.
    function test_dead_everyKindCounts() public {
        _trade(bob, alice, perp, 200, TICK);
        _sent(bob, _reducing(perp, -200, ASK));
        _trade(alice, bob, perp, 200, TICK);
        _place(carol, perp, -100, ASK);
        vm.prank(carol);
        house.cancelAllAfter(CAROL, 60);
        _place(dave, perp, -100, ASK);
        _send(traders[4], _dying(perp, -100, ASK));
        _skip(600);
        OrderId live = _place(traders[5], perp, -100, ASK);
        OrderParameters memory order = _order(perp, 100, ASK, OrderKind.Limit);
        for (uint16 walk = 1; walk <= 4; ++walk) {
            uint256 snapshot = vm.snapshotState();
            order.maxFills = walk;
            (OrderId id, uint256 filled) = _send(dave, order);
            vm.assertTrue(filled == 0 && OrderId.unwrap(id) == 0, "a crossing remainder");
            vm.assertEq(house.ordersAt(perp, uint24(ASK), 100).length, 5 - walk);
            vm.revertToState(snapshot);
        }
        order.maxFills = 5;
        (, uint256 all) = _send(dave, order);
        vm.assertEq(all, 100);
        _assertGone(live);
        _assertConserved();
    }

    /// A post-only order is judged when the dead ones are gone; if its walk ends before, it is dropped and never crosses.
    function test_dead_postOnlyWithAShortWalk() public {
        for (uint256 i = 0; i < 3; ++i) _send(bob, _dying(perp, -100, ASK));
        _skip(600);
        OrderParameters memory order = _order(perp, 100, ASK, OrderKind.PostOnly);
        order.maxFills = 2;
        (OrderId id, ) = _send(alice, order);
        vm.assertTrue(OrderId.unwrap(id) == 0 && house.market(perp).bestAsk == ASK);
        vm.assertEq(house.ordersAt(perp, uint24(ASK), 100).length, 1);
        (id, ) = _send(alice, order);
        _assertOpen(id, 100);
        vm.assertEq(house.market(perp).bestAsk, 0);
    }

    /// A post-only order that meets a live one is refused, and what it went over stands again.
    function test_dead_postOnlyRefusedUndoesItsWalk() public {
        OrderId dead = _sent(bob, _dying(perp, -100, ASK));
        _place(carol, perp, -100, ASK);
        _skip(600);
        _refusedOrder(
            alice,
            _order(perp, 100, ASK, OrderKind.PostOnly),
            abi.encodeWithSelector(IClearingErrors.WouldCross.selector, ASK, ASK)
        );
        _assertOpen(dead, -100);
    }

    /// A taker that meets nothing but dead orders pays nothing and has no position.
    function test_dead_aTakerOfDeadOrdersPaysNothing() public {
        _send(bob, _dying(perp, -100, ASK));
        _skip(600);
        int256 cash = _cash(ALICE);
        vm.assertEq(_take(alice, perp, 100), 0);
        vm.assertTrue(_cash(ALICE) == cash && house.account(ALICE).positions.length == 0);
    }

    /// Filled in part, then cancelled, then cancelled again: all in one block.
    function test_dead_filledAndCancelledInOneBlock() public {
        OrderId id = _place(bob, perp, -300, ASK);
        _take(alice, perp, 100);
        vm.assertEq(_cancel(bob, id), 200);
        vm.assertEq(_take(alice, perp, 100), 0);
        _refused(
            bob,
            abi.encodeCall(house.cancel, (id)),
            abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, id)
        );
        OrderId next = _place(bob, perp, -300, ASK);
        vm.assertEq(_take(alice, perp, 300), 300);
        _refused(
            bob,
            abi.encodeCall(house.cancel, (next)),
            abi.encodeWithSelector(IClearingErrors.OrderNotFound.selector, next)
        );
        vm.assertEq(_size(BOB, perp), -int256(400));
        _assertConserved();
    }

    /// Dead orders of every kind in any order never change what the live ones trade.
    function test_fuzz_dead_neverTrade(uint256 seed) public {
        _trade(bob, alice, perp, 100, TICK);
        uint256 live = 0;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 kind = (seed >> (8 * i)) % 5;
            uint256 tick = ASK + ((seed >> (8 * i + 4)) % 3);
            if (kind == 0) _send(carol, _dying(perp, -100, tick));
            else if (kind == 1) _send(bob, _reducing(perp, -100, tick));
            else if (kind == 2) _place(dave, perp, -100, tick);
            else if (kind == 3) _cancel(carol, _place(carol, perp, -100, tick));
            else {
                _place(traders[4], perp, -100, tick);
                live += 100;
            }
        }
        _trade(alice, bob, perp, 100, TICK);
        _skip(600);
        vm.assertEq(_take(dave, perp, 2000), live);
        vm.assertEq(house.market(perp).bestAsk, 0);
        vm.assertTrue(house.account(BOB).positions.length == 0 && house.account(CAROL).positions.length == 0);
        vm.assertEq(_size(DAVE, perp), int256(live));
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _sent(address who, OrderParameters memory order) private returns (OrderId id) {
        (id, ) = _send(who, order);
    }

    /// `taker` buys 200 lots that carol offers behind a dead order.
    function _meets(address taker, OrderId dead, AccountId owner, uint256 lots, DropReason reason) private {
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(owner, dead, lots, reason);
        (, uint256 filled) = _send(taker, _order(perp, 200, ASK, OrderKind.FillOrKill));
        vm.assertEq(filled, 200);
        vm.assertEq(_size(CAROL, perp), -int256(200));
        _assertGone(dead);
        _assertConserved();
    }
}
