// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {
    BlacklistToken,
    FalseToken,
    FeeToken,
    FineToken,
    HookToken,
    SilentToken
} from "../tokens/HostileTokens.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Tokens that do not behave lose nobody's money.
contract ClearinghouseTokensTest is ClearingFixture {
    IClearinghouse private other;

    function test_deposit_revertsWith_DepositCredited_ofATokenThatTakesAFee() public {
        FeeToken fee = new FeeToken();
        other = _deploy(address(fee));
        fee.mint(alice, 1000);
        vm.prank(alice);
        fee.approve(address(other), 1000);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.DepositCredited.selector, 990, 1000));
        vm.prank(alice);
        other.deposit(0, 1000);
        vm.assertEq(fee.balanceOf(alice), 1000);
        vm.assertTrue(other.tracked() == 0 && other.accountCount() == 0);
    }

    function test_deposit_aFalseReturnIsAFailure() public {
        FalseToken token_ = new FalseToken();
        _prepare(address(token_));
        token_.fail(true);
        bytes memory failed = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token_);
        vm.expectRevert(failed);
        vm.prank(alice);
        other.deposit(0, 100);
        // Nor is anything taken from an account whose withdrawal does not arrive.
        vm.expectRevert(failed);
        vm.prank(alice);
        other.withdraw(ALICE, 100, alice);
        vm.assertEq(other.account(ALICE).cash, int256(1000));
        token_.fail(false);
        vm.prank(alice);
        other.withdraw(ALICE, 1000, alice);
        vm.assertEq(other.tracked(), 0);
    }

    function test_deposit_aTokenThatReturnsNothing() public {
        SilentToken silent = new SilentToken();
        _prepare(address(silent));
        vm.prank(alice);
        other.withdraw(ALICE, 400, bob);
        vm.assertEq(silent.balanceOf(bob), 400);
        vm.assertEq(other.tracked(), 600);
    }

    function test_deposit_reentered() public {
        HookToken hook = new HookToken();
        _prepare(address(hook));
        hook.mint(address(hook), 500);
        // The token deposits for itself in the middle of alice's deposit.
        hook.hook(address(other), abi.encodeCall(other.deposit, (0, 100)));
        vm.prank(alice);
        other.deposit(0, 300);
        _refusedReentry(hook);
        vm.assertEq(other.tracked(), 1300);
        vm.assertEq(other.account(ALICE).cash, int256(1300));
        // A direct transfer on the way is a surplus and not a credit.
        hook.hook(address(hook), abi.encodeCall(hook.mint, (address(other), 55)));
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.DepositCredited.selector, 155, 100));
        vm.prank(alice);
        other.deposit(0, 100);
    }

    function test_withdraw_reentered() public {
        HookToken hook = new HookToken();
        _prepare(address(hook));
        // The token itself owns an account, so that it may withdraw in the middle of alice's withdrawal.
        hook.mint(address(hook), 500);
        vm.prank(address(hook));
        hook.approve(address(other), 500);
        vm.prank(address(hook));
        AccountId second = other.deposit(0, 500);
        hook.hook(address(other), abi.encodeCall(other.withdraw, (second, 500, address(hook))));
        vm.prank(alice);
        other.withdraw(ALICE, 200, alice);
        _refusedReentry(hook);
        vm.assertEq(other.account(second).cash, int256(500));
        vm.assertEq(other.tracked(), 1300);
        vm.assertEq(hook.balanceOf(address(other)), 1300);
    }

    function test_withdraw_reentrantViewsSeeWhatIsTrue() public {
        HookToken hook = new HookToken();
        _prepare(address(hook));
        hook.hook(address(other), abi.encodeCall(other.tracked, ()));
        vm.prank(alice);
        other.withdraw(ALICE, 200, alice);
        vm.assertEq(abi.decode(hook.answer(), (uint256)), 800);
    }

    function test_withdraw_aBlacklistedOwnerSendsElsewhere() public {
        BlacklistToken black = new BlacklistToken();
        _prepare(address(black));
        black.list(alice, true);
        vm.expectRevert(abi.encodeWithSelector(BlacklistToken.Listed.selector, alice));
        vm.prank(alice);
        other.withdraw(ALICE, 100, alice);
        vm.assertEq(other.account(ALICE).cash, int256(1000));
        vm.prank(alice);
        other.withdraw(ALICE, 100, bob);
        vm.assertEq(black.balanceOf(bob), 100);
    }

    function test_deposit_eighteenDecimals() public {
        FineToken fine = new FineToken();
        other = _deploy(address(fine));
        fine.mint(alice, 1e24);
        vm.prank(alice);
        fine.approve(address(other), 1e24);
        vm.prank(alice);
        other.deposit(0, 1e24);
        vm.assertEq(other.account(ALICE).cash, int256(1e24));
        vm.assertEq(other.tracked(), 1e24);
    }

    function test_constructor_revertsWith_ParameterOutOfRange() public {
        address odd = address(new OddToken());
        vm.expectRevert(
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, "decimals", 5, 6, 18)
        );
        this.deployFor(odd);
    }

    function deployFor(address collateral) external {
        _deploy(collateral);
    }

    /// Another clearing house with `collateral`, where alice has 1,000 units and 1,000 more at hand.
    function _prepare(address collateral) private {
        other = _deploy(collateral);
        HookToken(collateral).mint(alice, 2000);
        vm.prank(alice);
        SilentToken(collateral).approve(address(other), type(uint256).max);
        vm.prank(alice);
        other.deposit(0, 1000);
    }

    function _refusedReentry(HookToken hook) private view {
        vm.assertTrue(!hook.success());
        vm.assertTrue(
            bytes4(hook.answer()) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
        );
    }
}

contract OddToken {
    function decimals() external pure returns (uint8) {
        return 5;
    }
}
