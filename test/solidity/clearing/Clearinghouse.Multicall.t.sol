// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Several calls in one, each as if it were alone; and who may speak for an account, until when.
contract ClearinghouseMulticallTest is OrdersFixture {
    function test_multicall_depositsPlacesAndCancels() public {
        OrderId old = _place(alice, perp, 500, BID);
        token.mint(alice, 100);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(house.deposit, (0, 100));
        calls[1] = abi.encodeCall(house.place, (ALICE, _order(perp, -300, ASK, OrderKind.PostOnly)));
        calls[2] = abi.encodeCall(house.cancel, (old));
        calls[3] = abi.encodeCall(house.accountOf, (alice, 0));
        vm.prank(alice);
        bytes[] memory results = house.multicall(calls);
        vm.assertEq(abi.decode(results[0], (uint256)), 2048);
        (OrderId id, uint256 filled) = abi.decode(results[1], (OrderId, uint256));
        vm.assertEq(filled, 0);
        _assertOpen(id, -300);
        vm.assertEq(abi.decode(results[2], (uint256)), 500);
        vm.assertEq(abi.decode(results[3], (uint256)), 2048);
        vm.assertEq(_cash(ALICE), int256(FUNDS + 100));
        _assertConserved();
    }

    function test_multicall_allOrNone() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.place, (ALICE, _order(perp, -300, ASK, OrderKind.PostOnly)));
        calls[1] = abi.encodeCall(house.place, (ALICE, _order(perp, 99, BID, OrderKind.PostOnly)));
        _refused(
            alice,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(IClearingErrors.OrderTooSmall.selector, 99, 100)
        );
    }

    /// The sender of every step is the sender of the whole, and nobody else.
    function test_multicall_speaksForTheSenderAlone() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(house.withdraw, (ALICE, 100, bob));
        _refused(
            bob,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice)
        );
        bytes[] memory nested = new bytes[](1);
        nested[0] = abi.encodeCall(house.multicall, (calls));
        _refused(
            bob,
            abi.encodeCall(house.multicall, (nested)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice)
        );
        vm.prank(alice);
        house.multicall(nested);
        vm.assertEq(token.balanceOf(bob), 100);
    }

    /// Each step is margined as if it were alone: a later one covers for none.
    function test_multicall_aLaterStepCoversForNone() public {
        _withdrawTo(alice, 1_000 * USD);
        token.mint(alice, 1_000 * USD);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.place, (ALICE, _order(perp, 1001, BID, OrderKind.Limit)));
        calls[1] = abi.encodeCall(house.deposit, (0, 1_000 * USD));
        _refused(
            alice,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 1_000 * USD, 1_001 * USD)
        );
        (calls[0], calls[1]) = (calls[1], calls[0]);
        vm.prank(alice);
        house.multicall(calls);
        // Nor does a step after a batch see anything of the batch's put-off check.
        OrderParameters[] memory orders = new OrderParameters[](1);
        orders[0] = _order(perp, 900, BID, OrderKind.Limit);
        calls[0] = abi.encodeCall(house.batch, (ALICE, _none(), orders));
        calls[1] = abi.encodeCall(house.place, (ALICE, _order(perp, 100, BID, OrderKind.Limit)));
        _refused(
            alice,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, 2_000 * USD, 2_001 * USD)
        );
    }

    /// Money is not withdrawn twice by saying it twice.
    function test_multicall_countsEveryStep() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = calls[1] = abi.encodeCall(house.withdraw, (ALICE, FUNDS, alice));
        _refused(
            alice,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(IClearingErrors.InsufficientCash.selector, int256(0), FUNDS)
        );
    }

    function test_multicall_ofNothing() public {
        vm.prank(alice);
        vm.assertEq(house.multicall(new bytes[](0)).length, 0);
    }

    function test_multicall_ofAnUnknownFunction() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeWithSignature("nothing()");
        _refused(
            alice,
            abi.encodeCall(house.multicall, (calls)),
            abi.encodeWithSelector(
                IClearingErrors.UnknownFunction.selector,
                bytes4(abi.encodeWithSignature("nothing()"))
            )
        );
    }

    /// Views that revert with their answer undo the whole.
    function test_multicall_aPreviewUndoesTheRest() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(house.place, (ALICE, _order(perp, -300, ASK, OrderKind.PostOnly)));
        calls[1] = abi.encodeCall(house.previewOrder, (ALICE, _order(perp, 100, BID, OrderKind.PostOnly)));
        vm.prank(alice);
        (bool success, ) = address(house).call(abi.encodeCall(house.multicall, (calls)));
        vm.assertTrue(!success && house.market(perp).bestAsk == 0);
    }

    // ---------------------------------------------------------------------------------------------------------- operators

    function test_setOperator_tradesUntilItsLastSecond() public {
        uint40 expiry = uint40(block.timestamp + 60);
        vm.prank(alice);
        house.setOperator(ALICE, bob, expiry);
        vm.assertEq(house.operatorExpiry(ALICE, bob), expiry);
        _skip(60);
        vm.prank(bob);
        (OrderId id, ) = house.place(ALICE, _order(perp, 500, BID, OrderKind.Limit));
        _skip(1);
        bytes memory expected = abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, ALICE);
        _refused(
            bob,
            abi.encodeCall(house.place, (ALICE, _order(perp, 500, BID, OrderKind.Limit))),
            expected
        );
        _refused(bob, abi.encodeCall(house.cancel, (id)), expected);
        _refused(bob, abi.encodeCall(house.batch, (ALICE, _one(id), new OrderParameters[](0))), expected);
        // His orders are hers.
        _cancel(alice, id);
    }

    function test_setOperator_isRevokedAtOnce() public {
        vm.prank(alice);
        house.setOperator(ALICE, bob, type(uint40).max);
        vm.prank(alice);
        house.setOperator(ALICE, bob, 0);
        _refused(
            bob,
            abi.encodeCall(house.place, (ALICE, _order(perp, 500, BID, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, ALICE)
        );
    }

    /// Trade, and nothing else.
    function test_setOperator_neverMovesMoneyOrNamesOthers() public {
        AccountId second = _second(alice, USD);
        vm.prank(alice);
        house.setOperator(ALICE, bob, type(uint40).max);
        bytes memory expected = abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice);
        _refused(bob, abi.encodeCall(house.withdraw, (ALICE, 1, bob)), expected);
        _refused(bob, abi.encodeCall(house.transfer, (ALICE, second, 1)), expected);
        _refused(bob, abi.encodeCall(house.setOperator, (ALICE, carol, 1)), expected);
        _refused(bob, abi.encodeCall(house.setBuilder, (ALICE, BOB, 1)), expected);
        // And of the one subaccount alone.
        _refused(
            bob,
            abi.encodeCall(house.place, (second, _order(perp, 500, BID, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, second)
        );
    }
}
