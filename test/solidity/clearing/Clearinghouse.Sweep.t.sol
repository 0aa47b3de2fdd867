// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {MarketId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Taking dead orders out of the book without trading.
contract ClearinghouseSweepTest is OrdersFixture {
    function test_sweep_takesExpiredOrdersOffTheTop() public {
        OrderId dead = _sendId(bob, _dying(perp, -300, ASK));
        OrderId live = _place(carol, perp, -200, ASK);
        OrderId behind = _sendId(bob, _dying(perp, -300, ASK));
        _skip(600);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, dead, 300, DropReason.Expired);
        vm.prank(dave);
        vm.assertEq(house.sweep(perp, false, 10), 300);
        _assertGone(dead);
        // It ends at the first order that may trade.
        _assertOpen(live, -200);
        _assertOpen(behind, -300);
        vm.assertEq(_position(BOB, perp).openOrders, 1);
        vm.assertEq(house.levels(perp, false, 1)[0].lots, 500);
        vm.assertEq(house.sweep(perp, false, 10), 0);
        _assertConserved();
    }

    function test_sweep_goesThroughEmptiedLevels() public {
        for (uint256 i = 0; i < 3; ++i) _send(bob, _dying(perp, 100, BID - i));
        OrderId live = _place(carol, perp, 200, BID - 9);
        _skip(600);
        vm.assertEq(house.sweep(perp, true, 10), 300);
        vm.assertEq(house.market(perp).bestBid, BID - 9);
        _assertOpen(live, 200);
        _assertConserved();
    }

    function test_sweep_ofASideThatIsDeadAltogether() public {
        for (uint256 i = 0; i < 3; ++i) _send(bob, _dying(perp, 1000, BID - i));
        _skip(600);
        vm.assertEq(house.sweep(perp, true, 10), 3000);
        vm.assertTrue(house.market(perp).bestBid == 0 && house.market(perp).impactBid == 0);
        vm.assertEq(house.account(BOB).positions.length, 0);
        vm.assertEq(house.sweep(perp, true, 10), 0);
    }

    function test_sweep_goesOverNoMorePlacesThanAsked() public {
        for (uint256 i = 0; i < 5; ++i) _send(bob, _dying(perp, -100, ASK));
        _skip(600);
        vm.assertEq(house.sweep(perp, false, 2), 200);
        vm.assertEq(_position(BOB, perp).openOrders, 3);
        vm.assertEq(house.sweep(perp, false, 1), 100);
        vm.assertEq(house.sweep(perp, false, 9), 200);
    }

    /// A partly filled order that died leaves with what was open of it.
    function test_sweep_aPartlyFilledOrder() public {
        _send(bob, _dying(perp, -300, ASK));
        _take(alice, perp, 120);
        _skip(600);
        vm.assertEq(house.sweep(perp, false, 1), 180);
        vm.assertTrue(_size(BOB, perp) == -120 && _position(BOB, perp).askLots == 0);
        _assertConserved();
    }

    function test_sweep_reduceOnlyOrdersThatNoLongerReduce() public {
        _trade(alice, bob, perp, 300, TICK);
        OrderId id = _sendId(alice, _reducing(perp, -300, ASK));
        vm.assertEq(house.sweep(perp, false, 5), 0);
        _take(carol, perp, 100);
        _assertOpen(id, -200);
        _place(dave, perp, 200, TICK);
        _take(alice, perp, -200);
        vm.assertEq(_size(ALICE, perp), int256(0));
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(ALICE, id, 200, DropReason.NotReducing);
        vm.assertEq(house.sweep(perp, false, 5), 200);
        vm.assertEq(house.account(ALICE).positions.length, 0);
    }

    function test_sweep_ofFiredSwitches() public {
        OrderId id = _place(bob, perp, -300, ASK);
        vm.prank(bob);
        house.cancelAllAfter(BOB, 5);
        _skip(6);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, id, 300, DropReason.SwitchFired);
        vm.assertEq(house.sweep(perp, false, 5), 300);
    }

    /// Sweeping keeps what a FillOrKill order undoes when it reverts.
    function test_sweep_keepsTheSkipsWhereFillOrKillReverts() public {
        for (uint256 i = 0; i < 6; ++i) _send(bob, _dying(perp, -100, ASK));
        _place(carol, perp, -200, ASK);
        _skip(600);
        OrderParameters memory order = _order(perp, 200, ASK, OrderKind.FillOrKill);
        order.maxFills = 3;
        _refusedOrder(alice, order, abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 0, 200));
        _refusedOrder(alice, order, abi.encodeWithSelector(IClearingErrors.NotFilled.selector, 0, 200));
        house.sweep(perp, false, 4);
        (, uint256 filled) = _send(alice, order);
        vm.assertEq(filled, 200);
    }

    function test_sweep_revertsWith() public {
        _refused(
            alice,
            abi.encodeCall(house.sweep, (perp, true, 0)),
            abi.encodeWithSelector(IClearingErrors.ZeroMaxFills.selector)
        );
        _refused(
            alice,
            abi.encodeCall(house.sweep, (MarketId.wrap(99), true, 1)),
            abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, 99)
        );
        _place(bob, dated, 100, BID);
        vm.warp(uint256(WINDOW_LAST + 1) * 1 days);
        _refused(
            alice,
            abi.encodeCall(house.sweep, (dated, true, 1)),
            abi.encodeWithSelector(IClearingErrors.MarketNotOpen.selector, dated, 2)
        );
    }

    // --------------------------------------------------------------------------------------------------------- sweepOrders

    function test_sweepOrders_whereverTheyStand() public {
        OrderId[] memory ids = new OrderId[](5);
        _place(carol, perp, -100, ASK);
        ids[0] = _sendId(bob, _dying(perp, -300, ASK));
        ids[1] = _place(carol, perp, -100, ASK);
        ids[2] = _sendId(bob, _dying(perp, 300, BID - 40));
        ids[3] = _sendId(bob, _dying(dated, 300, BID));
        ids[4] = ids[0];
        _place(carol, perp, 100, BID);
        vm.assertEq(house.sweepOrders(ids), 0);
        _skip(600);
        vm.prank(dave);
        vm.assertEq(house.sweepOrders(ids), 900);
        _assertOpen(ids[1], -100);
        vm.assertEq(house.account(BOB).positions.length, 0);
        vm.assertEq(house.levels(perp, false, 1)[0].lots, 200);
        _assertConserved();
    }

    function test_sweepOrders_ofReduceOnlyAndFired() public {
        _trade(alice, bob, perp, 300, TICK);
        OrderId[] memory ids = new OrderId[](2);
        ids[0] = _sendId(alice, _reducing(perp, -300, ASK + 7));
        ids[1] = _place(dave, perp, -100, ASK);
        vm.prank(dave);
        house.cancelAllAfter(DAVE, 5);
        vm.assertEq(house.sweepOrders(ids), 0);
        _place(carol, perp, 300, TICK);
        _take(alice, perp, -300);
        _skip(6);
        vm.assertEq(house.sweepOrders(ids), 400);
        vm.assertEq(house.market(perp).bestAsk, 0);
    }

    function test_sweepOrders_ofARetiredAccount() public {
        _lever();
        // A bid far below, which her margin allows.
        token.mint(alice, 100 * USD);
        vm.prank(alice);
        house.deposit(0, 100 * USD);
        OrderId id = _place(alice, perp, 100, 2_000);
        _feedFund(perp, 10_000 * USD);
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        _assertOpen(id, 100);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(ALICE, id, 100, DropReason.AccountRetired);
        vm.assertEq(house.sweepOrders(_one(id)), 100);
        vm.assertEq(house.market(perp).bestBid, 0);
        _assertConserved();
    }

    /// Where trading has ended every order is void and leaves with its position.
    function test_sweepOrders_notAfterTradingHasEnded() public {
        OrderId id = _sendId(bob, _dying(dated, 300, BID));
        vm.warp(uint256(WINDOW_LAST + 1) * 1 days);
        house.sync(dated);
        vm.assertEq(house.sweepOrders(_one(id)), 0);
    }

    /// By the time and not by what is stored: whether somebody has touched the market meanwhile changes nothing.
    function test_sweepOrders_notAfterTradingHasEndedUntouched() public {
        OrderId id = _sendId(bob, _dying(dated, 300, BID));
        vm.warp(uint256(WINDOW_LAST + 1) * 1 days - 1);
        uint256 snapshot = vm.snapshotState();
        vm.assertEq(house.sweepOrders(_one(id)), 300);
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + 1);
        vm.assertEq(house.sweepOrders(_one(id)), 0);
        vm.assertEq(_position(BOB, dated).openOrders, 1);
    }

    /// Whatever is swept, a book without dead orders trades as it would have with them.
    function test_fuzz_sweep_changesNoTrade(uint256 seed) public {
        for (uint256 i = 0; i < 10; ++i) {
            uint256 tick = ASK + ((seed >> (8 * i)) % 4);
            if ((seed >> (8 * i + 4)) % 2 == 0) _send(bob, _dying(perp, -100, tick));
            else _place(carol, perp, -100, tick);
        }
        _skip(600);
        uint256 snapshot = vm.snapshotState();
        _take(alice, perp, 350);
        bytes32 expected = keccak256(abi.encode(house.account(ALICE), house.account(CAROL)));
        vm.revertToState(snapshot);
        house.sweep(perp, false, uint16(1 + ((seed >> 200) % 12)));
        _take(alice, perp, 350);
        vm.assertTrue(keccak256(abi.encode(house.account(ALICE), house.account(CAROL))) == expected);
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _sendId(address who, OrderParameters memory order) private returns (OrderId id) {
        (id, ) = _send(who, order);
    }
}
