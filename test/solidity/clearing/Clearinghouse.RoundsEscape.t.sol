// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DropReason,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {Position} from "../../../contracts/clearing/libraries/Words.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// Whatever a winner does first, its share of a round is taken before it.
contract ClearinghouseRoundsEscapeTest is WaterfallFixture {
    // ------------------------------------------------------------------------------------------------------------ no escape

    function test_rounds_noEscapeByTradingFirst() public {
        _round();
        uint256 tick = _markTick();
        _place(frank, perp, -700, tick);
        // He would close all of his 700 lots at mark; 233 of them are the round's.
        OrderParameters memory order = _order(perp, 700, tick, OrderKind.ImmediateOrCancel);
        order.reduceOnly = true;
        _refusedOrder(bob, order, abi.encodeWithSelector(IClearingErrors.WouldNotReduce.selector, 700, -467));
        order.lots = 467;
        _send(bob, order);
        vm.assertEq(_served(1), 700);
        vm.assertEq(house.round(perp, 1).closed, 233);
        _assertConserved();
        _finish();
    }

    function test_rounds_noEscapeByWithdrawing() public {
        _round();
        int256 equity = _equity(BOB);
        vm.prank(bob);
        house.withdraw(BOB, 1, bob);
        vm.assertEq(_served(1), 700);
        vm.assertEq(_equity(BOB), equity - 1);
        _finish();
    }

    function test_rounds_noEscapeByTransferring() public {
        _round();
        token.mint(bob, 1);
        vm.prank(bob);
        AccountId second = house.deposit(1, 1);
        vm.prank(bob);
        house.transfer(BOB, second, 1);
        vm.assertEq(_served(1), 700);
        _finish();
    }

    function test_rounds_noEscapeByCancelling() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        OrderId id = _place(bob, perp, 100, _markTick() - 50);
        house.absorb(ALICE);
        vm.prank(bob);
        house.cancel(id);
        vm.assertEq(_served(1), 700);
        vm.assertEq(_size(BOB, perp), -int256(467));
        _finish();
    }

    function test_rounds_noEscapeByAmending() public {
        _round();
        uint256 tick = _markTick() - 50;
        OrderId id = _place(bob, perp, 200, tick);
        vm.assertEq(_served(1), 700);
        vm.prank(bob);
        house.amend(id, _order(perp, 100, tick, OrderKind.Limit));
        _finish();
    }

    /// As the maker of somebody else's order.
    function test_rounds_noEscapeByBeingFilled() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        _place(bob, perp, 700, _markTick());
        house.absorb(ALICE);
        uint256 filled = _take(frank, perp, -700);
        // What his order was placed to close is partly gone: the rest of it is void.
        vm.assertEq(filled, 467);
        vm.assertEq(_size(BOB, perp), int256(0));
        vm.assertEq(_position(BOB, perp).openOrders, 0);
        vm.assertEq(_served(1), 700);
        _assertConserved();
        _finish();
    }

    /// A winner who is then below MM himself is served before he is liquidated, and before he is absorbed.
    function test_rounds_noEscapeByLiquidationOrAbsorption() public {
        AccountId grace = _levered(7, 1000, false, bob);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, carol, perp, 1000, TICK);
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        // Half of her 1,000 lots belong to the round; nobody has touched them when the market turns.
        vm.assertEq(_size(grace, perp), -int256(500));
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < 20 && !_isBelowMaintenance(grace); ++i) _days(1, true);
        vm.assertTrue(_equity(grace) > 0, "scene");
        vm.assertEq(_served(1), 0);
        _place(dave, perp, -600, _markTick() + 1);
        house.liquidate(grace, perp, 100, KEEPER, 0);
        vm.assertEq(_served(1), 1000);
        vm.assertEq(house.round(perp, 1).closed, 500);
        _assertConserved();
        vm.revertToState(snapshot);
        for (uint256 i = 0; i < 20 && _equity(grace) > 0; ++i) _days(1, true);
        house.absorb(grace);
        vm.assertEq(_served(1), 1000);
        _assertConserved();
        _apply(CAROL);
        // What the fund took over then is a round of the longs, or it could carry it.
        vm.assertEq(house.round(perp, 1).closed, 1000);
        _assertConserved();
    }

    // ---------------------------------------------------------------------------------------------------- orders afterwards

    /// An order that closed all of a position closes more than that once a pending round has its part of it.
    function test_cancelRiskRaising_countsWhatARoundHasTaken() public {
        AccountId grace = _levered(7, 1000, false, bob);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_002_500_000, alice);
        _trade(alice, carol, perp, 1000, TICK);
        _fallUntilBankrupt(ALICE);
        OrderId[] memory ids = new OrderId[](1);
        ids[0] = _place(traders[6], perp, 1000, _markTick() - 300);
        house.absorb(ALICE);
        (int256 equity, int256 im, int256 mm) = _health(grace);
        for (uint256 i = 0; i < 30 && equity >= im; ++i) {
            _days(1, true);
            (equity, im, mm) = _health(grace);
        }
        vm.assertTrue(equity < im && equity >= mm && _served(1) == 0, "scene");
        vm.prank(dave);
        vm.assertEq(house.cancelRiskRaising(grace, ids), 1000);
        _assertConserved();
    }

    function test_rounds_theFirstOrderAfterwardsIsNotBoundToReducing() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        OrderId id = _place(bob, perp, 100, _markTick() - 2);
        house.absorb(ALICE);
        _apply(BOB);
        vm.assertTrue(Position.wrap(house.positionWord(perp, BOB)).isReducing());
        // While it rests, closing orders beside it are as bound as it is.
        OrderId other = _place(bob, perp, 100, _markTick() - 3);
        vm.assertTrue(Position.wrap(house.positionWord(perp, BOB)).isReducing());
        vm.prank(bob);
        house.cancel(id);
        vm.prank(bob);
        house.cancel(other);
        _place(bob, perp, 100, _markTick() - 3);
        vm.assertTrue(!Position.wrap(house.positionWord(perp, BOB)).isReducing());
        _finish();
    }

    /// Resting orders of a position that a round took lots of only reduce, until an order that IM covers takes them back.
    function test_rounds_ordersThatWouldRaiseRiskAreVoid() public {
        _sides();
        _fallUntilBankrupt(ALICE);
        OrderId id = _place(bob, perp, 900, _markTick() - 2);
        house.absorb(ALICE);
        _apply(BOB);
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.OrderDropped(BOB, id, 900 - 467, DropReason.NotReducing);
        vm.assertEq(_take(frank, perp, -900), 467);
        vm.assertEq(_size(BOB, perp), int256(0));
        vm.revertToState(snapshot);
        // New risk that needs IM covers what rests as well.
        _place(bob, perp, 100, _markTick() - 3);
        (, uint256 filled) = _send(frank, _order(perp, -900, _markTick() - 2, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 900);
        vm.assertEq(_size(BOB, perp), int256(900 - 467));
        _assertConserved();
    }
}
