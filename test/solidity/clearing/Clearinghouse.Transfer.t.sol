// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Cash between accounts of one owner: what may be moved is what could be withdrawn.
contract ClearinghouseTransferTest is OrdersFixture {
    AccountId private second;

    function setUp() public override {
        super.setUp();
        second = _second(alice, 1_000 * USD);
    }

    function test_transfer_movesCash() public {
        uint256 tracked = house.tracked();
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.Transferred(ALICE, second, 400 * USD);
        _move(ALICE, second, 400 * USD);
        vm.assertEq(_cash(ALICE), int256(FUNDS - 400 * USD));
        vm.assertEq(_cash(second), int256(1_400 * USD));
        vm.assertEq(house.tracked(), tracked);
        // All of it, and back.
        _move(second, ALICE, 1_400 * USD);
        vm.assertEq(_cash(second), int256(0));
        _assertConserved();
    }

    /// A transfer to oneself would be credited twice.
    function test_transfer_revertsWith_SameAccount() public {
        _refusedMove(
            alice,
            ALICE,
            ALICE,
            1,
            abi.encodeWithSelector(IClearingErrors.SameAccount.selector, ALICE)
        );
    }

    function test_transfer_revertsWith_NotOwner() public {
        bytes4 selector = IClearingErrors.NotOwner.selector;
        _refusedMove(alice, ALICE, BOB, 1, abi.encodeWithSelector(selector, alice, bob));
        _refusedMove(alice, BOB, ALICE, 1, abi.encodeWithSelector(selector, alice, bob));
        _refusedMove(alice, ALICE, _fund(perp), 1, abi.encodeWithSelector(selector, alice, address(0)));
        _refusedMove(alice, _fund(perp), ALICE, 1, abi.encodeWithSelector(selector, alice, address(0)));
        _refusedMove(
            alice,
            ALICE,
            AccountId.wrap(9_999),
            1,
            abi.encodeWithSelector(selector, alice, address(0))
        );
    }

    function test_transfer_anOperatorMayNot() public {
        vm.prank(alice);
        house.setOperator(ALICE, bob, type(uint40).max);
        _refusedMove(
            bob,
            ALICE,
            second,
            1,
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice)
        );
    }

    function test_transfer_revertsWith_ZeroAmount() public {
        _refusedMove(alice, ALICE, second, 0, abi.encodeWithSelector(IClearingErrors.ZeroAmount.selector));
    }

    function test_transfer_revertsWith_InsufficientCash() public {
        _refusedMove(
            alice,
            second,
            ALICE,
            1_000 * USD + 1,
            abi.encodeWithSelector(IClearingErrors.InsufficientCash.selector, 1_000 * USD, 1_000 * USD + 1)
        );
        _refusedMove(
            alice,
            second,
            ALICE,
            type(uint256).max,
            abi.encodeWithSelector(IClearingErrors.InsufficientCash.selector, 1_000 * USD, type(uint256).max)
        );
    }

    /// Margin of orders and positions stays behind; what may go is what could be withdrawn.
    function test_transfer_revertsWith_InsufficientMargin() public {
        vm.prank(alice);
        house.place(second, _order(perp, 500, BID, OrderKind.Limit));
        uint256 most = house.account(second).withdrawable;
        vm.assertEq(most, 500 * USD);
        _refusedMove(
            alice,
            second,
            ALICE,
            most + 1,
            abi.encodeWithSelector(
                IClearingErrors.InsufficientMargin.selector,
                int256(500 * USD) - 1,
                500 * USD
            )
        );
        _move(second, ALICE, most);
        _assertConserved();
    }

    /// Paper profit is not cash.
    function test_transfer_noCashNoTransfer() public {
        _trade(alice, bob, perp, 1000, TICK);
        _withdrawTo(alice, 1_100 * USD);
        _printWeek((POINTS * 11) / 10);
        _moveMark(perp, 10_900);
        vm.assertTrue(_equity(ALICE) > int256(1_400 * USD), "scene");
        (bool success, bytes memory answer) = _tryMove(ALICE, second, 1_101 * USD);
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.InsufficientCash.selector);
    }

    function test_transfer_revertsWith_AccountIsRetired() public {
        _feedFund(perp, 10_000 * USD);
        _crash();
        house.absorb(ALICE);
        _refusedMove(
            alice,
            second,
            ALICE,
            1,
            abi.encodeWithSelector(IClearingErrors.AccountIsRetired.selector, ALICE)
        );
    }

    /// The receiver's margin is better afterwards, at once.
    function test_transfer_rescuesAnAccount() public {
        _lever();
        _fallTo(8_800);
        (int256 equity, , int256 mm) = _health(ALICE);
        vm.assertTrue(equity < mm, "scene");
        _move(second, ALICE, uint256(mm - equity));
        _refused(
            bob,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, KEEPER, 0)),
            abi.encodeWithSelector(IClearingErrors.AccountHealthy.selector, mm, mm)
        );
    }

    function test_fuzz_transfer_isAWithdrawalAndADeposit(uint256 amount, uint256 lots) public {
        lots = bound(lots, 100, 900);
        vm.prank(alice);
        house.place(second, _order(perp, int256(lots), BID, OrderKind.Limit));
        amount = bound(amount, 1, 1_001 * USD);
        uint256 most = house.account(second).withdrawable;
        (bool success, ) = _tryMove(second, ALICE, amount);
        vm.assertTrue(success == (amount <= most));
        vm.assertEq(_cash(ALICE), int256(FUNDS + (success ? amount : 0)));
        _assertConserved();
    }

    // ------------------------------------------------------------------------------------------------------------- helper

    function _move(AccountId from, AccountId to, uint256 amount) private {
        vm.prank(alice);
        house.transfer(from, to, amount);
    }

    function _tryMove(AccountId from, AccountId to, uint256 amount) private returns (bool, bytes memory) {
        vm.prank(alice);
        return address(house).call(abi.encodeCall(house.transfer, (from, to, amount)));
    }

    function _refusedMove(
        address who,
        AccountId from,
        AccountId to,
        uint256 amount,
        bytes memory expected
    ) private {
        _refused(who, abi.encodeCall(house.transfer, (from, to, amount)), expected);
    }
}
