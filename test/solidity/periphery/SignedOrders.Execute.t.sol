// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {
    Execution,
    ISignedOrders,
    OrderState,
    SignedOrder,
    Trigger
} from "../../../contracts/periphery/interfaces/ISignedOrders.sol";
import {AccountId, Identifiers, MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {SignedOrdersFixture} from "./SignedOrdersFixture.sol";

/// When a signed order is executed, and what that does.
contract SignedOrdersExecuteTest is SignedOrdersFixture {
    // ---------------------------------------------------------------------------------------------------------- kinds

    function test_execute_tradesAndPaysTheExecutor() public {
        _place(bob, perp, -500, ASK);
        SignedOrder memory order = _taking(500);
        bytes memory signature = _signatureOf(order);
        uint256 wallet = token.balanceOf(alice);
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.OrderExecuted(
            orders.hashOrder(order),
            ALICE,
            EXECUTOR,
            OrderId.wrap(0),
            500,
            500,
            FEE
        );
        vm.prank(EXECUTOR);
        Execution memory done = orders.execute(order, signature);
        vm.assertTrue(done.filledLots == 500 && done.consumedLots == 500 && done.fee == FEE);
        vm.assertEq(_size(ALICE, perp), 500);
        vm.assertEq(token.balanceOf(EXECUTOR), FEE);
        vm.assertEq(token.balanceOf(alice), wallet - FEE);
        vm.assertEq(token.balanceOf(address(orders)), 0);
        _assertConserved();
    }

    function test_execute_immediateOrCancel_goesOnWithWhatIsLeft() public {
        SignedOrder memory order = _taking(1000);
        _place(bob, perp, -300, ASK);
        vm.assertEq(_execute(order).consumedLots, 300);
        vm.assertEq(token.balanceOf(EXECUTOR), (uint256(FEE) * 300) / 1000);
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.NothingConsumed.selector));
        _place(bob, perp, -5000, ASK);
        Execution memory done = _execute(order);
        vm.assertTrue(done.filledLots == 700 && done.consumedLots == 700);
        vm.assertEq(_size(ALICE, perp), 1000);
        vm.assertEq(token.balanceOf(EXECUTOR), FEE);
    }

    function test_execute_fillOrKill_allOrNothing() public {
        SignedOrder memory order = _orderOf(1000, ASK, OrderKind.FillOrKill);
        _place(bob, perp, -999, ASK);
        _refusedExecution(order, abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 999, 1000));
        _place(carol, perp, -100, ASK);
        vm.assertEq(_execute(order).filledLots, 1000);
    }

    function test_execute_limit_whatRestsIsConsumed() public {
        SignedOrder memory order = _orderOf(1000, ASK, OrderKind.Limit);
        order.restUntil = uint40((block.timestamp / 300 + 2) * 300);
        order.clientOrderId = 77;
        _place(bob, perp, -300, ASK);
        Execution memory done = _execute(order);
        vm.assertTrue(done.filledLots == 300 && done.consumedLots == 1000 && done.fee == FEE);
        _assertOpen(done.id, 700);
        vm.assertEq(house.order(done.id).expiry, order.restUntil);
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.AlreadyConsumed.selector, 1000, 1000));
        // It is an order of the clearing house now: its nonce has no power over it, her cancel has.
        _cancelNonce(alice, order);
        _assertOpen(done.id, 700);
        _cancel(alice, done.id);
    }

    function test_execute_postOnly_restsOrIsRefused() public {
        OrderId ask = _place(bob, perp, -300, ASK);
        SignedOrder memory order = _orderOf(1000, ASK, OrderKind.PostOnly);
        _refusedExecution(order, abi.encodeWithSelector(IClearingErrors.WouldCross.selector, ASK, ASK));
        _cancel(bob, ask);
        Execution memory done = _execute(order);
        vm.assertTrue(done.filledLots == 0 && done.consumedLots == 1000);
        _assertOpen(done.id, 1000);
    }

    /// A remainder that still crosses is neither traded nor resting, so it may be executed again.
    function test_execute_limit_whatTheWalkLeavesIsNotConsumed() public {
        _place(bob, perp, -300, ASK);
        _place(carol, perp, -300, ASK);
        SignedOrder memory order = _orderOf(1000, ASK, OrderKind.Limit);
        order.maxFills = 1;
        vm.assertEq(_execute(order).consumedLots, 300);
        vm.assertEq(_execute(order).consumedLots, 300 + 400);
        vm.assertEq(_size(ALICE, perp), 600);
        vm.assertEq(_position(ALICE, perp).bidLots, 400);
    }

    function test_execute_sells() public {
        _place(bob, perp, 500, BID);
        vm.assertEq(_execute(_taking(-500)).filledLots, 500);
        vm.assertEq(_size(ALICE, perp), -500);
    }

    function test_execute_aSecondSubaccount() public {
        AccountId second = _second(alice, FUNDS);
        vm.prank(alice);
        house.setOperator(second, address(orders), type(uint40).max);
        _place(bob, perp, -500, ASK);
        SignedOrder memory order = _taking(500);
        order.subaccount = 1;
        _execute(order);
        vm.assertEq(_size(second, perp), 500);
        vm.assertEq(_size(ALICE, perp), 0);
    }

    // ----------------------------------------------------------------------------------------------------- reduce-only

    function test_execute_reduceOnly_isCutToThePosition() public {
        _trade(alice, bob, perp, 600, TICK);
        _place(bob, perp, 5000, BID);
        SignedOrder memory stop = _taking(-1000);
        stop.reduceOnly = true;
        Execution memory done = _execute(stop);
        vm.assertTrue(done.filledLots == 600 && done.fee == (uint256(FEE) * 600) / 1000);
        vm.assertEq(_size(ALICE, perp), 0);
        // Without a position there is nothing to reduce; with a new one the rest of it serves.
        _refusedExecution(
            stop,
            abi.encodeWithSelector(IClearingErrors.WouldNotReduce.selector, int256(-400), int256(0))
        );
        _trade(alice, bob, perp, 300, ASK);
        vm.assertEq(_execute(stop).filledLots, 300);
        vm.assertEq(_consumed(stop), 900);
    }

    function test_execute_reduceOnly_revertsWith_WouldNotReduce() public {
        _trade(alice, bob, perp, 600, TICK);
        _place(bob, perp, -5000, ASK);
        SignedOrder memory order = _taking(500);
        order.reduceOnly = true;
        _refusedExecution(
            order,
            abi.encodeWithSelector(IClearingErrors.WouldNotReduce.selector, int256(500), int256(600))
        );
    }

    // --------------------------------------------------------------------------------------------------------- triggers

    function test_execute_trigger_atOrAboveIncludesEquality() public {
        _place(bob, perp, -5000, ASK);
        uint256 mark = _mark(perp);
        SignedOrder memory order = _waiting(500, Trigger.AtOrAbove, mark + 1);
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.NotTriggered.selector, mark, mark + 1));
        _execute(_waiting(500, Trigger.AtOrAbove, mark));
        _execute(_waiting(500, Trigger.AtOrAbove, mark - 1));
    }

    function test_execute_trigger_atOrBelowIncludesEquality() public {
        _place(bob, perp, 5000, BID);
        uint256 mark = _mark(perp);
        SignedOrder memory order = _waiting(-500, Trigger.AtOrBelow, mark - 1);
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.NotTriggered.selector, mark, mark - 1));
        _execute(_waiting(-500, Trigger.AtOrBelow, mark));
        _execute(_waiting(-500, Trigger.AtOrBelow, mark + 1));
    }

    /// A stop that sells waits while mark falls towards it, and a mark that only passing minutes have moved counts.
    function test_execute_trigger_markAsOfThisMinute() public {
        _trade(alice, bob, perp, 1000, TICK);
        SignedOrder memory stop = _waiting(-1000, Trigger.AtOrBelow, 9_990 << 16);
        stop.expiry += 1 days;
        stop.reduceOnly = true;
        stop.tick = _tick(9_900);
        _place(bob, perp, 5000, 9_950);
        _place(carol, perp, -5000, 9_960);
        vm.assertTrue(_mark(perp) > 9_990 << 16);
        _refusedExecution(
            stop,
            abi.encodeWithSelector(ISignedOrders.NotTriggered.selector, _mark(perp), 9_990 << 16)
        );
        _skip(2 hours);
        // Nobody has touched the market since.
        OrderState memory state = orders.orderState(stop);
        vm.assertTrue(state.triggered && state.markX16 == _mark(perp));
        vm.assertEq(_execute(stop).filledLots, 1000);
    }

    function test_fuzz_trigger_judgesTheMarkThatTheLensShows(
        uint40 level,
        bool above,
        uint16 minutes_
    ) public {
        _place(bob, perp, 1000, TICK + 30);
        _place(carol, perp, -1000, TICK + 50);
        _skip((uint256(minutes_) % 240) * 1 minutes);
        uint256 mark = _mark(perp);
        level = uint40(bound(level, mark - 3, mark + 3));
        SignedOrder memory order = _waiting(500, above ? Trigger.AtOrAbove : Trigger.AtOrBelow, level);
        order.tick = _tick(TICK + 50);
        order.expiry += 1 days;
        bool reached = above ? mark >= level : mark <= level;
        vm.assertTrue(orders.orderState(order).triggered == reached);
        if (reached) vm.assertEq(_execute(order).filledLots, 500);
        else
            _refusedExecution(
                order,
                abi.encodeWithSelector(ISignedOrders.NotTriggered.selector, mark, level)
            );
    }

    // ------------------------------------------------------------------------------------------------- who and when

    function test_execute_revertsWith_NotNamedExecutor() public {
        _place(bob, perp, -500, ASK);
        SignedOrder memory order = _taking(500);
        order.executor = carol;
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.NotNamedExecutor.selector, EXECUTOR, carol)
        );
        bytes memory signature = _signatureOf(order);
        uint256 before = token.balanceOf(carol);
        vm.prank(carol);
        orders.execute(order, signature);
        vm.assertEq(token.balanceOf(carol), before + FEE);
    }

    function test_execute_revertsWith_TooEarly_before_start() public {
        _place(bob, perp, -500, ASK);
        SignedOrder memory order = _taking(500);
        order.start = uint40(block.timestamp + 10);
        _refusedExecution(
            order,
            abi.encodeWithSelector(ISignedOrders.TooEarly.selector, block.timestamp, order.start)
        );
        vm.warp(order.start);
        _execute(order);
    }

    function test_execute_revertsWith_NoAccount() public {
        SignedOrder memory order = _taking(500);
        order.subaccount = 7;
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.NoAccount.selector, alice, 7));
    }

    function test_execute_revertsWith_AlreadyConsumed_anOrderOfNothing() public {
        SignedOrder memory order = _taking(500);
        order.lots = 0;
        _refusedExecution(order, abi.encodeWithSelector(ISignedOrders.AlreadyConsumed.selector, 0, 0));
        // The smallest signed number has no positive twin.
        order.lots = type(int40).min;
        order.tick = _tick(BID);
        _place(bob, perp, 500, BID);
        _refusedExecution(
            order,
            abi.encodeWithSelector(IClearingErrors.OrderTooLarge.selector, 1 << 39, type(uint32).max)
        );
    }

    /// What the clearing house refuses is refused, with its error.
    function test_execute_revertsWith_theClearingHousesErrors() public {
        SignedOrder memory order = _taking(99);
        _refusedExecution(order, abi.encodeWithSelector(IClearingErrors.OrderTooSmall.selector, 99, 100));
        order = _taking(500);
        order.market = MarketId.wrap(9);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, order.market));
        orders.orderState(order);
        bytes memory signature = _signatureOf(order);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, order.market));
        orders.execute(order, signature);
        order = _taking(500);
        order.maxFills = 0;
        _refusedExecution(order, abi.encodeWithSelector(IClearingErrors.ZeroMaxFills.selector));
        _withdrawTo(alice, 0);
        _place(bob, perp, -500, ASK);
        order = _taking(500);
        // 500 lots at 10,010 ticks of 500 units and the taker fee, of which mark is 10 ticks less.
        _refusedExecution(
            order,
            abi.encodeWithSelector(
                IClearingErrors.InsufficientMargin.selector,
                int256(-2_500_000 - 1_251_250),
                500_000_000
            )
        );
    }

    // ------------------------------------------------------------------------------------------------------------ state

    function test_orderState_tellsWhatIsKnown() public {
        SignedOrder memory order = _taking(1000);
        order.group = 3;
        OrderState memory s = orders.orderState(order);
        vm.assertTrue(s.orderHash == orders.hashOrder(order));
        vm.assertTrue(AccountId.unwrap(s.account) == AccountId.unwrap(ALICE));
        vm.assertTrue(
            !s.nonceCancelled && !s.nonceTaken && !s.groupCancelled && !s.groupTaken && s.triggered
        );
        vm.assertTrue(s.signerUntil == type(uint256).max && s.markX16 == _mark(perp));
        _place(bob, perp, -300, ASK);
        _execute(order);
        s = orders.orderState(order);
        vm.assertTrue(s.consumedLots == 300 && s.feePaid == (uint256(FEE) * 300) / 1000);
        SignedOrder memory twin = order;
        bytes32 first = s.orderHash;
        twin.lots = 999;
        s = orders.orderState(twin);
        vm.assertTrue(s.orderHash != first && s.nonceTaken && s.consumedLots == 0 && s.feePaid == 0);
        vm.prank(alice);
        orders.cancelGroups(alice, 0, alice, _only(3));
        vm.assertTrue(orders.orderState(twin).groupCancelled);
        _cancelNonce(alice, twin);
        vm.assertTrue(orders.orderState(twin).nonceCancelled);
        // One whose account and signer mean nothing yet.
        twin.owner = address(0xBEEF);
        s = orders.orderState(twin);
        vm.assertTrue(AccountId.unwrap(s.account) == 0 && s.signerUntil == 0 && !s.nonceTaken);
    }

    /// The digest is that of EIP-712, spelt out.
    function test_hashOrder_isTheTypedDataDigest() public {
        SignedOrder memory o = _waiting(-1000, Trigger.AtOrBelow, 9_990 << 16);
        (o.group, o.oneCancelsOther, o.executor, o.start, o.reduceOnly) = (5, true, carol, 6, true);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Usance Signed Orders"),
                keccak256("1"),
                block.chainid,
                address(orders)
            )
        );
        bytes32 typeHash = keccak256(
            "SignedOrder(address owner,uint16 subaccount,address signer,uint16 market,int40 lots,uint24 tick,uint8 kind,bool reduceOnly,uint40 restUntil,uint16 maxFills,uint64 clientOrderId,uint8 trigger,uint40 triggerX16,uint40 start,uint40 expiry,uint64 nonce,uint64 group,bool oneCancelsOther,uint128 fee,address executor)"
        );
        bytes memory first = abi.encode(
            typeHash,
            o.owner,
            uint256(o.subaccount),
            o.signer,
            uint256(MarketId.unwrap(o.market)),
            int256(o.lots),
            o.tick,
            uint256(o.kind),
            o.reduceOnly,
            uint256(o.restUntil)
        );
        bytes memory second = abi.encode(
            uint256(o.maxFills),
            uint256(o.clientOrderId),
            uint256(o.trigger),
            uint256(o.triggerX16),
            uint256(o.start),
            uint256(o.expiry),
            uint256(o.nonce),
            uint256(o.group),
            o.oneCancelsOther,
            uint256(o.fee),
            o.executor
        );
        bytes32 struct_ = keccak256(bytes.concat(first, second));
        vm.assertTrue(orders.hashOrder(o) == keccak256(abi.encodePacked("\x19\x01", domain, struct_)));
    }
}
