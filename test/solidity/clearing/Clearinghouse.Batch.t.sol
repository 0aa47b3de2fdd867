// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {ILens} from "../../../contracts/clearing/interfaces/ILens.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// A batch is all or nothing, and its margin is that of its end.
contract ClearinghouseBatchTest is ClearingFixture {
    function test_batch_movesQuotes() public {
        OrderId[] memory cancels = new OrderId[](2);
        cancels[0] = _place(alice, perp, 500, TICK - 10);
        cancels[1] = _place(alice, perp, -500, TICK + 10);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 600, TICK - 5, OrderKind.PostOnly);
        orders[1] = _order(dated, -700, TICK + 15, OrderKind.Limit);
        vm.prank(alice);
        OrderId[] memory ids = house.batch(ALICE, cancels, orders);
        vm.assertEq(ids.length, 2);
        vm.assertEq(house.order(ids[0]).lots, int256(600));
        vm.assertEq(house.order(ids[1]).lots, -int256(700));
        vm.assertEq(_position(ALICE, perp).openOrders, 1);
        _assertConserved();
    }

    function test_batch_passesOverOrdersThatAreGone() public {
        OrderId[] memory cancels = new OrderId[](3);
        cancels[0] = _place(alice, perp, 500, TICK - 10);
        vm.prank(alice);
        house.cancel(cancels[0]);
        cancels[1] = _place(alice, perp, 500, TICK - 10);
        cancels[2] = cancels[1];
        vm.prank(alice);
        house.batch(ALICE, cancels, new OrderParameters[](0));
        vm.assertEq(house.account(ALICE).positions.length, 0);
    }

    function test_batch_returnsZeroWhereNothingRests() public {
        _place(bob, perp, -100, TICK + 10);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 100, TICK + 10, OrderKind.Limit);
        orders[1] = _order(perp, 100, TICK + 10, OrderKind.Limit);
        vm.prank(alice);
        OrderId[] memory ids = house.batch(ALICE, new OrderId[](0), orders);
        vm.assertTrue(OrderId.unwrap(ids[0]) == 0 && OrderId.unwrap(ids[1]) != 0);
    }

    function test_batch_marginIsThatOfTheEnd() public {
        // IM for 1,000 lots is 1,000 USD. Neither bid nor ask alone would do beside what already rests.
        _leave(1_000 * USD);
        OrderId[] memory cancels = new OrderId[](1);
        cancels[0] = _place(alice, perp, 1000, TICK - 10);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 1000, TICK - 20, OrderKind.Limit);
        orders[1] = _order(perp, -1000, TICK + 20, OrderKind.Limit);
        vm.prank(alice);
        house.batch(ALICE, cancels, orders);
        vm.assertEq(house.account(ALICE).initialMargin, 1_000 * USD);
    }

    function test_batch_revertsWith_InsufficientMargin() public {
        _leave(1_000 * USD);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 1000, TICK - 20, OrderKind.Limit);
        orders[1] = _order(dated, -100, TICK + 20, OrderKind.Limit);
        _refused(
            alice,
            abi.encodeCall(house.batch, (ALICE, new OrderId[](0), orders)),
            // 100 lots of the dated future in its third month: 28 % of 500 USD.
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_000 * USD, 1_140 * USD)
        );
    }

    function test_batch_aLaterStepHidesNoRisk() public {
        _trade(alice, bob, perp, 1000, TICK);
        // 1,400 USD more than IM would be needed for the first order; the second one only reduces.
        uint256 spare = uint256(_cash(ALICE)) - 1_100 * USD;
        vm.prank(alice);
        house.withdraw(ALICE, spare, alice);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 5000, TICK - 20, OrderKind.Limit);
        orders[1] = _order(perp, -100, TICK + 20, OrderKind.Limit);
        _refused(
            alice,
            abi.encodeCall(house.batch, (ALICE, new OrderId[](0), orders)),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_100 * USD, 6_000 * USD)
        );
    }

    function test_batch_revertsWith_WrongAccount() public {
        OrderId[] memory cancels = new OrderId[](2);
        cancels[0] = _place(alice, perp, 500, TICK - 10);
        cancels[1] = _place(bob, perp, 500, TICK - 10);
        _refused(
            alice,
            abi.encodeCall(house.batch, (ALICE, cancels, new OrderParameters[](0))),
            abi.encodeWithSelector(IClearingErrors.WrongAccount.selector, cancels[1], ALICE)
        );
    }

    function test_batch_isAllOrNothing() public {
        OrderId[] memory cancels = new OrderId[](1);
        cancels[0] = _place(alice, perp, 500, TICK - 10);
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 500, TICK - 20, OrderKind.Limit);
        orders[1] = _order(perp, 99, TICK - 20, OrderKind.Limit);
        _refused(
            alice,
            abi.encodeCall(house.batch, (ALICE, cancels, orders)),
            abi.encodeWithSelector(IClearingErrors.OrderTooSmall.selector, 99, 100)
        );
        vm.assertEq(house.order(cancels[0]).lots, int256(500));
    }

    function test_batch_ownQuotesMeetEachOther() public {
        OrderParameters[] memory orders = new OrderParameters[](2);
        orders[0] = _order(perp, 500, TICK + 20, OrderKind.Limit);
        orders[1] = _order(perp, -300, TICK + 10, OrderKind.Limit);
        vm.prank(alice);
        OrderId[] memory ids = house.batch(ALICE, new OrderId[](0), orders);
        // The bid is cancelled where the ask meets it; nobody trades with himself.
        vm.assertEq(house.order(ids[1]).lots, -int256(300));
        vm.assertEq(_size(ALICE, perp), int256(0));
        vm.assertEq(_position(ALICE, perp).bidLots, 0);
        vm.assertEq(house.market(perp).bestBid, 0);
    }

    // ------------------------------------------------------------------------------------------------ margin put off

    function test_multicall_aBatchPutsNothingOffBehindItself() public {
        _leave(1_000 * USD);
        OrderParameters[] memory orders = new OrderParameters[](1);
        orders[0] = _order(perp, 100, TICK - 20, OrderKind.Limit);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.batch, (ALICE, new OrderId[](0), orders));
        calls[1] = abi.encodeCall(house.place, (ALICE, _order(perp, 1000, TICK - 20, OrderKind.Limit)));
        _refused(
            alice,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_000 * USD, 1_100 * USD)
        );
    }

    function test_multicall_aBatchInheritsNothingFromTheOneBefore() public {
        _trade(alice, bob, perp, 1000, TICK);
        uint256 spare = uint256(_cash(ALICE)) - 1_100 * USD;
        vm.prank(alice);
        house.withdraw(ALICE, spare, alice);
        OrderParameters[] memory raising = new OrderParameters[](1);
        raising[0] = _order(perp, 100, TICK - 20, OrderKind.Limit);
        OrderParameters[] memory closing = new OrderParameters[](1);
        closing[0] = _order(perp, -1000, TICK + 20, OrderKind.Limit);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(house.batch, (ALICE, new OrderId[](0), raising));
        calls[1] = abi.encodeCall(house.batch, (ALICE, new OrderId[](0), closing));
        // The third raises what the first two have left no room for.
        raising[0] = _order(perp, 1000, TICK - 20, OrderKind.Limit);
        calls[2] = abi.encodeCall(house.batch, (ALICE, new OrderId[](0), raising));
        vm.prank(alice);
        (bool success, ) = address(house).call(abi.encodeCall(house.multicall, (calls)));
        vm.assertTrue(!success);
        bytes[] memory two = new bytes[](2);
        (two[0], two[1]) = (calls[0], calls[1]);
        vm.prank(alice);
        house.multicall(two);
        vm.assertEq(_position(ALICE, perp).openOrders, 2);
    }

    function test_previewOrder_givesNobodyAuthority() public {
        bytes[] memory calls = new bytes[](2);
        OrderParameters memory order = _order(perp, 100, TICK, OrderKind.Limit);
        calls[0] = abi.encodeCall(house.previewOrder, (ALICE, order));
        calls[1] = abi.encodeCall(house.place, (ALICE, order));
        vm.prank(carol);
        (bool success, bytes memory answer) = address(house).call(abi.encodeCall(house.multicall, (calls)));
        vm.assertTrue(!success && bytes4(answer) == ILens.Previewed.selector, "the preview ends the call");
        _refused(
            carol,
            calls[1],
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, carol, ALICE)
        );
    }

    function _leave(uint256 cash) private {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - cash, alice);
    }
}
