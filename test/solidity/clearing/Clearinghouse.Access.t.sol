// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, OrderId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Who may trade for an account: its owner, and operators until their expiry; withdrawing is the owner's alone.
contract ClearinghouseAccessTest is ClearingFixture {
    address private constant OPERATOR = address(0x0b);

    function test_setOperator_lastSecond() public {
        uint40 expiry = uint40(block.timestamp + 100);
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, expiry);
        vm.assertEq(house.operatorExpiry(ALICE, OPERATOR), expiry);
        vm.warp(expiry);
        vm.prank(OPERATOR);
        (OrderId id, ) = house.place(ALICE, _order(perp, 100, TICK, OrderKind.Limit));
        vm.prank(OPERATOR);
        vm.assertEq(house.cancel(id), 100);
        vm.warp(expiry + 1);
        _notAuthorised(OPERATOR);
    }

    function test_setOperator_isOfOneSubaccount() public {
        token.mint(alice, FUNDS);
        vm.prank(alice);
        AccountId second = house.deposit(1, FUNDS);
        vm.prank(alice);
        house.setOperator(second, OPERATOR, type(uint40).max);
        _notAuthorised(OPERATOR);
    }

    function test_setOperator_revoked() public {
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, type(uint40).max);
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, 0);
        _notAuthorised(OPERATOR);
    }

    function test_setOperator_revertsWith_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice);
        _refused(bob, abi.encodeCall(house.setOperator, (ALICE, bob, type(uint40).max)), refused);
        // An operator names no operators.
        vm.prank(alice);
        house.setOperator(ALICE, bob, type(uint40).max);
        _refused(bob, abi.encodeCall(house.setOperator, (ALICE, carol, type(uint40).max)), refused);
    }

    function test_withdraw_operatorsNeverWithdraw() public {
        vm.prank(alice);
        house.setOperator(ALICE, OPERATOR, type(uint40).max);
        _refused(
            OPERATOR,
            abi.encodeCall(house.withdraw, (ALICE, 1, OPERATOR)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, OPERATOR, alice)
        );
    }

    function test_place_revertsWith_NotAuthorised() public {
        _notAuthorised(bob);
        AccountId nobody = AccountId.wrap(9999);
        _refused(
            bob,
            abi.encodeCall(house.place, (nobody, _order(perp, 100, TICK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, nobody)
        );
    }

    function test_place_nobodyTradesForAFund() public {
        AccountId fund = _fund(perp);
        _refused(
            bob,
            abi.encodeCall(house.place, (fund, _order(perp, 100, TICK, OrderKind.Limit))),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, fund)
        );
        _feedFund(perp, USD);
        _refused(
            bob,
            abi.encodeCall(house.withdraw, (fund, 1, bob)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, address(0))
        );
    }

    function test_cancel_revertsWith_NotAuthorised() public {
        OrderId id = _place(alice, perp, 100, TICK);
        _refused(
            bob,
            abi.encodeCall(house.cancel, (id)),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, bob, ALICE)
        );
    }

    function test_fallback_revertsWith_UnknownFunction() public {
        _refused(
            alice,
            hex"12345678",
            abi.encodeWithSelector(IClearingErrors.UnknownFunction.selector, bytes4(0x12345678))
        );
    }

    function _notAuthorised(address sender) private {
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, sender, ALICE);
        OrderParameters memory order = _order(perp, 100, TICK, OrderKind.Limit);
        _refused(sender, abi.encodeCall(house.place, (ALICE, order)), refused);
        _refused(
            sender,
            abi.encodeCall(house.batch, (ALICE, new OrderId[](0), new OrderParameters[](0))),
            refused
        );
    }
}
