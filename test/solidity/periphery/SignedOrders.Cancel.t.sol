// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {ISignedOrders, SignedOrder, Trigger} from "../../../contracts/periphery/interfaces/ISignedOrders.sol";
import {SignedOrdersFixture} from "./SignedOrdersFixture.sol";

/// Orders that are taken back: one by one, all at once, and in groups.
contract SignedOrdersCancelTest is SignedOrdersFixture {
    bytes32 private constant CANCELLED = bytes32(type(uint256).max);

    function setUp() public override {
        super.setUp();
        _place(bob, perp, -50_000, ASK);
    }

    function test_cancel_isOfOneNonceAlone() public {
        SignedOrder memory a = _taking(500);
        SignedOrder memory b = _taking(500);
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.NonceCancelled(ALICE, alice, a.nonce);
        _cancelNonce(alice, a);
        _refusedExecution(a, abi.encodeWithSelector(ISignedOrders.NonceIsCancelled.selector, a.nonce));
        _execute(b);
        // Doing it again, or for one that was executed whole, does nothing.
        _cancelNonce(alice, a);
        _cancelNonce(alice, b);
    }

    function test_fuzz_cancel_leavesEveryOtherNonce(uint64 nonce, uint64 other) public {
        vm.assume(nonce != other);
        SignedOrder memory a = _taking(500);
        SignedOrder memory b = _taking(500);
        (a.nonce, b.nonce) = (nonce, other);
        _cancelNonce(alice, a);
        vm.assertTrue(orders.orderState(a).nonceCancelled && !orders.orderState(b).nonceCancelled);
        _execute(b);
    }

    function test_cancel_endsAPartlyExecutedOrder() public {
        SignedOrder memory order = _taking(1000);
        order.tick = _tick(BID + 1);
        _place(carol, perp, -300, BID + 1);
        _execute(order);
        _cancelNonce(alice, order);
        _place(carol, perp, -300, BID + 1);
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.NonceIsCancelled.selector, order.nonce)
        );
    }

    function test_cancelAllBefore_leastIsGood() public {
        SignedOrder memory low = _taking(500);
        SignedOrder memory high = _taking(500);
        (low.nonce, high.nonce) = (99, 100);
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.NoncesCancelled(ALICE, alice, 100);
        vm.prank(alice);
        orders.cancelAllBefore(alice, 0, alice, 100);
        vm.assertEq(orders.leastNonce(ALICE, alice), 100);
        _refusedExecution(low, abi.encodeWithSelector(ISignedOrders.NonceBelowLeast.selector, 99, 100));
        _execute(high);
    }

    function test_cancelAllBefore_revertsWith_NonceNotHigher() public {
        vm.prank(alice);
        orders.cancelAllBefore(alice, 0, alice, 100);
        for (uint64 least = 99; least <= 100; ++least) {
            vm.expectRevert(abi.encodeWithSelector(ISignedOrders.NonceNotHigher.selector, least, 100));
            vm.prank(alice);
            orders.cancelAllBefore(alice, 0, alice, least);
        }
        vm.prank(alice);
        orders.cancelAllBefore(alice, 0, alice, type(uint64).max);
    }

    function test_cancelGroups_endsAllOfThem() public {
        SignedOrder memory a = _taking(500);
        SignedOrder memory b = _taking(500);
        SignedOrder memory c = _taking(500);
        (a.group, b.group, c.group) = (7, 7, 8);
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.GroupCancelled(ALICE, alice, 7);
        vm.prank(alice);
        orders.cancelGroups(alice, 0, alice, _only(7));
        bytes memory closed = abi.encodeWithSelector(ISignedOrders.GroupClosed.selector, 7, CANCELLED);
        _refusedExecution(a, closed);
        _refusedExecution(b, closed);
        _execute(c);
    }

    /// A stop and a take-profit of one position: whichever comes first ends the other, and goes on itself.
    function test_execute_oneCancelsOther() public {
        SignedOrder memory first = _taking(1000);
        SignedOrder memory other = _taking(1000);
        (first.group, first.oneCancelsOther) = (7, true);
        (other.group, other.oneCancelsOther) = (7, true);
        first.tick = _tick(BID + 1);
        _place(carol, perp, -300, BID + 1);
        bytes32 hash = orders.hashOrder(first);
        bytes memory signature = _signatureOf(first);
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.GroupTaken(ALICE, alice, 7, hash);
        vm.prank(EXECUTOR);
        orders.execute(first, signature);
        _refusedExecution(other, abi.encodeWithSelector(ISignedOrders.GroupClosed.selector, 7, hash));
        vm.assertTrue(orders.orderState(other).groupTaken && !orders.orderState(first).groupTaken);
        _place(carol, perp, -900, BID + 1);
        vm.assertEq(_execute(first).consumedLots, 700);
        // Cancelling the group ends the one that had taken it, too.
        vm.prank(alice);
        orders.cancelGroups(alice, 0, alice, _only(7));
        vm.assertTrue(orders.orderState(first).groupCancelled);
    }

    /// Without the flag the orders of a group are only cancelled together.
    function test_execute_aGroupWithoutTheFlag() public {
        SignedOrder memory a = _taking(500);
        SignedOrder memory b = _taking(500);
        (a.group, b.group) = (7, 7);
        _execute(a);
        _execute(b);
    }

    function test_revertsWith_GroupMissing() public {
        SignedOrder memory order = _taking(500);
        order.oneCancelsOther = true;
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.GroupMissing.selector));
        vm.expectRevert(abi.encodeWithSelector(ISignedOrders.GroupMissing.selector));
        vm.prank(alice);
        orders.cancelGroups(alice, 0, alice, _only(0));
    }

    /// What anyone could let rest at once may not end the stop. With a trigger it may.
    function test_execute_revertsWith_TriggerMissing() public {
        OrderKind[2] memory kinds = [OrderKind.Limit, OrderKind.PostOnly];
        for (uint256 i = 0; i < kinds.length; ++i) {
            SignedOrder memory order = _orderOf(500, BID, kinds[i]);
            (order.group, order.oneCancelsOther) = (7, true);
            _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.TriggerMissing.selector, kinds[i]));
            (order.trigger, order.triggerX16) = (Trigger.AtOrAbove, 1);
            order.group = uint64(10 + i);
            _execute(order);
            vm.assertEq(_consumed(order), 500);
        }
        SignedOrder memory plain = _orderOf(500, BID, OrderKind.Limit);
        plain.group = 8;
        _execute(plain);
        vm.assertEq(_consumed(plain), 500);
    }

    function test_cancel_revertsWith_NotSignerOrOwner() public {
        bytes memory expected = abi.encodeWithSelector(
            ISignedOrders.NotSignerOrOwner.selector,
            bob,
            session,
            alice
        );
        vm.startPrank(bob);
        vm.expectRevert(expected);
        orders.cancel(alice, 0, session, _only(1));
        vm.expectRevert(expected);
        orders.cancelAllBefore(alice, 0, session, 5);
        vm.expectRevert(expected);
        orders.cancelGroups(alice, 0, session, _only(1));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ISignedOrders.NoAccount.selector, alice, 4));
        vm.prank(alice);
        orders.cancel(alice, 4, alice, _only(1));
    }

    /// A session key cancels what it signed, also when its time is over; the owner cancels anybody's of its account.
    function test_cancel_byTheSessionKeyAndByTheOwner() public {
        _nameSession(uint40(block.timestamp + 1 hours));
        SignedOrder memory a = _ofSession();
        SignedOrder memory b = _ofSession();
        _cancelNonce(session, a);
        _refusedExecution(a, abi.encodeWithSelector(ISignedOrders.NonceIsCancelled.selector, a.nonce));
        _cancelNonce(alice, b);
        _refusedExecution(b, abi.encodeWithSelector(ISignedOrders.NonceIsCancelled.selector, b.nonce));
        _nameSession(0);
        vm.prank(session);
        orders.cancelAllBefore(alice, 0, session, 1000);
        vm.assertEq(orders.leastNonce(ALICE, session), 1000);
    }

    /// Nonces and groups of two signers have nothing to do with each other: a session key can never use up its owner's.
    function test_hazard_aSessionKeyCannotSpoilItsOwnersNonces() public {
        _nameSession(type(uint40).max);
        SignedOrder memory own = _taking(500);
        own.group = 7;
        SignedOrder memory sessions = _ofSession();
        (sessions.nonce, sessions.group) = (own.nonce, 7);
        _execute(sessions);
        vm.startPrank(session);
        orders.cancelAllBefore(alice, 0, session, type(uint64).max);
        orders.cancel(alice, 0, session, _only(own.nonce));
        orders.cancelGroups(alice, 0, session, _only(7));
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.NotSignerOrOwner.selector, session, alice, alice)
        );
        orders.cancelAllBefore(alice, 0, alice, type(uint64).max);
        vm.stopPrank();
        _execute(own);
    }

    function _ofSession() private returns (SignedOrder memory order) {
        order = _orderOf(500, ASK, OrderKind.ImmediateOrCancel);
        (order.signer, order.fee) = (session, 0);
    }
}
