// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../../contracts/clearing/interfaces/IClearingEvents.sol";
import {AccountView} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "./ClearingFixture.sol";

/// Collateral in.
contract ClearinghouseDepositTest is ClearingFixture {
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    function test_deposit_opensTheAccountOnce() public {
        uint256 count = house.accountCount();
        token.mint(alice, 300);
        vm.expectEmit(true, true, true, true, address(house));
        emit IClearingEvents.AccountOpened(AccountId.wrap(uint32(2048 + count)), alice, 7);
        vm.prank(alice);
        AccountId account = house.deposit(7, 100);
        vm.prank(alice);
        vm.assertTrue(AccountId.unwrap(house.deposit(7, 200)) == AccountId.unwrap(account));
        vm.assertEq(house.accountCount(), count + 1);
        AccountView memory a = house.account(account);
        vm.assertEq(a.owner, alice);
        vm.assertTrue(a.subaccount == 7 && a.cash == 300);
        vm.assertTrue(AccountId.unwrap(house.accountOf(alice, 7)) == AccountId.unwrap(account));
        vm.assertTrue(AccountId.unwrap(house.accountOf(bob, 7)) == 0);
        _assertConserved();
    }

    function test_deposit_revertsWith_ZeroAmount() public {
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.ZeroAmount.selector);
        _refused(alice, abi.encodeCall(house.deposit, (0, 0)), refused);
        _refused(alice, abi.encodeCall(house.deposit, (9, 0)), refused);
        _refused(alice, abi.encodeCall(house.depositFor, (BOB, 0)), refused);
        _refused(
            alice,
            abi.encodeCall(house.depositWithPermit, (0, 0, 0, 27, bytes32(0), bytes32(0))),
            refused
        );
    }

    function test_deposit_revertsWith_CashOutOfRange() public {
        uint256 amount = uint256(1) << 95;
        vm.prank(alice);
        (bool success, bytes memory answer) = address(house).call(abi.encodeCall(house.deposit, (0, amount)));
        vm.assertTrue(!success && bytes4(answer) == IClearingErrors.CashOutOfRange.selector);
        _refused(
            alice,
            abi.encodeCall(house.depositFor, (BOB, type(uint256).max)),
            abi.encodeWithSelector(IClearingErrors.CashOutOfRange.selector, type(int96).max)
        );
    }

    function test_deposit_revertsWhenTheTokenRefuses() public {
        _refused(
            alice,
            abi.encodeCall(house.deposit, (0, 1)),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, 1)
        );
    }

    function test_depositFor_benefitsTheAccount() public {
        token.mint(alice, 500);
        vm.prank(alice);
        house.depositFor(BOB, 500);
        vm.assertEq(_cash(BOB), int256(FUNDS + 500));
        vm.assertEq(_cash(ALICE), int256(FUNDS));
        _assertConserved();
    }

    function test_depositFor_revertsWith_UnknownAccount() public {
        token.mint(alice, 100);
        // Funds (1, 2) and escrows (1025) are no owners' accounts either.
        uint32[7] memory unknown = [uint32(0), 1, 2, 1025, 1027, 2047, 9999];
        for (uint256 i = 0; i < 7; ++i) {
            _refused(
                alice,
                abi.encodeCall(house.depositFor, (AccountId.wrap(unknown[i]), 100)),
                abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, AccountId.wrap(unknown[i]))
            );
        }
    }

    // --------------------------------------------------------------------------------------------------------- permit

    function test_depositWithPermit() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(400);
        vm.prank(alice);
        house.depositWithPermit(0, 400, deadline, v, r, s);
        vm.assertEq(_cash(ALICE), int256(FUNDS + 400));
        vm.assertEq(token.nonces(alice), 1);
    }

    function test_depositWithPermit_aFrontRunDoesNoHarm() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(400);
        vm.prank(bob);
        token.permit(alice, address(house), 400, deadline, v, r, s);
        vm.prank(alice);
        house.depositWithPermit(0, 400, deadline, v, r, s);
        vm.assertEq(_cash(ALICE), int256(FUNDS + 400));
    }

    function test_depositWithPermit_anotherSendersPermitIsOfNoUse() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(400);
        vm.prank(bob);
        token.approve(address(house), 0);
        token.mint(bob, 400);
        _refused(
            bob,
            abi.encodeCall(house.depositWithPermit, (0, 400, deadline, v, r, s)),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(house), 0, 400)
        );
        vm.assertEq(token.balanceOf(alice), 400);
    }

    function test_depositWithPermit_anExpiredPermitWithoutAllowance() public {
        (uint256 deadline, uint8 v, bytes32 r, bytes32 s) = _permit(400);
        vm.warp(deadline + 1);
        _refused(
            alice,
            abi.encodeCall(house.depositWithPermit, (0, 400, deadline, v, r, s)),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(house), 0, 400)
        );
    }

    function _permit(uint256 amount) private returns (uint256 deadline, uint8 v, bytes32 r, bytes32 s) {
        token.mint(alice, amount);
        vm.prank(alice);
        token.approve(address(house), 0);
        deadline = block.timestamp + 100;
        bytes32 body = keccak256(
            abi.encode(PERMIT_TYPEHASH, alice, address(house), amount, token.nonces(alice), deadline)
        );
        (v, r, s) = vm.sign(_key(0), keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), body)));
    }
}
