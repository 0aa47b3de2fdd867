// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {
    Attempt,
    ISignedOrders,
    SignedExecution,
    SignedOrder
} from "../../../contracts/periphery/interfaces/ISignedOrders.sol";
import {SignedOrders} from "../../../contracts/periphery/SignedOrders.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {FalseToken, HookToken, SilentToken, TestToken} from "../tokens/HostileTokens.sol";
import {SignedOrdersFixture} from "./SignedOrdersFixture.sol";

/// Burns all the gas that it is asked with.
contract BurningWallet {
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        while (gasleft() > 0) {}
        return 0;
    }
}

/// Several orders in one call, tokens that do not behave, and fees over any split.
contract SignedOrdersBatchTest is SignedOrdersFixture {
    function test_executeMany_oneFailureUndoesNothingOfTheOthers() public {
        _place(bob, perp, -50_000, ASK);
        SignedOrder memory bad = _taking(500);
        SignedOrder memory good = _taking(700);
        _cancelNonce(alice, bad);
        bytes memory reason = abi.encodeWithSelector(ISignedOrders.NonceIsCancelled.selector, bad.nonce);
        SignedExecution[] memory all = _batch(bad, good);
        vm.expectEmit(true, true, true, true, address(orders));
        emit ISignedOrders.ExecutionFailed(orders.hashOrder(bad), EXECUTOR, reason);
        Attempt[] memory a = _executeMany(all);
        vm.assertTrue(!a[0].success && keccak256(a[0].failure) == keccak256(reason));
        vm.assertTrue(a[0].done.consumedLots == 0);
        vm.assertTrue(a[1].success && a[1].done.filledLots == 700 && a[1].done.fee == FEE);
        vm.assertTrue(a[1].failure.length == 0);
        vm.assertEq(_size(ALICE, perp), 700);
        vm.assertEq(token.balanceOf(EXECUTOR), FEE);
    }

    /// The same order twice in a batch is executed once.
    function test_hazard_theSameOrderTwiceInABatch() public {
        _place(bob, perp, -50_000, ASK);
        SignedOrder memory order = _taking(500);
        Attempt[] memory a = _executeMany(_batch(order, order));
        vm.assertTrue(a[0].success && !a[1].success);
        vm.assertEq(_size(ALICE, perp), 500);
    }

    function test_executeMany_ofNothing() public {
        vm.assertEq(orders.executeMany(new SignedExecution[](0), 1_000_000).length, 0);
    }

    /// A signer that burns gas takes its own share of it alone.
    function test_hazard_aSignerThatBurnsGas() public {
        _place(bob, perp, -50_000, ASK);
        address burner = address(new BurningWallet());
        vm.prank(alice);
        house.setOperator(ALICE, burner, type(uint40).max);
        SignedOrder memory bad = _taking(500);
        (bad.signer, bad.fee) = (burner, 0);
        SignedOrder memory good = _taking(700);
        SignedExecution[] memory all = _batch(bad, good);
        vm.prank(EXECUTOR);
        uint256 left = gasleft();
        Attempt[] memory a = orders.executeMany(all, 1_000_000);
        vm.assertTrue(left - gasleft() < 2_000_000);
        vm.assertTrue(!a[0].success && a[1].success);
    }

    /// With too little gas the whole batch is refused, so that an estimate never finds a limit at which orders fail.
    function test_executeMany_revertsWith_NotEnoughGasToExecute() public {
        _place(bob, perp, -50_000, ASK);
        bytes memory data = abi.encodeCall(
            orders.executeMany,
            (_batch(_taking(500), _taking(700)), 1_000_000)
        );
        vm.prank(EXECUTOR);
        (bool success, bytes memory answer) = address(orders).call{gas: 1_050_000}(data);
        vm.assertTrue(!success && bytes4(answer) == ISignedOrders.NotEnoughGasToExecute.selector);
        vm.assertEq(_size(ALICE, perp), 0);
        vm.prank(EXECUTOR);
        (success, ) = address(orders).call{gas: 3_000_000}(data);
        vm.assertTrue(success);
        vm.assertEq(_size(ALICE, perp), 1200);
    }

    // ------------------------------------------------------------------------------------------------- hostile tokens

    function test_execute_aTokenThatReturnsFalse() public {
        FalseToken other = new FalseToken();
        _moveTo(address(other));
        SignedOrder memory order = _taking(500);
        bytes memory signature = _signatureOf(order);
        other.fail(true);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, other));
        vm.prank(EXECUTOR);
        orders.execute(order, signature);
        vm.assertEq(_size(ALICE, perp), 0);
        other.fail(false);
        vm.prank(EXECUTOR);
        orders.execute(order, signature);
        vm.assertEq(other.balanceOf(EXECUTOR), FEE);
    }

    function test_execute_aTokenThatReturnsNothing() public {
        SilentToken other = new SilentToken();
        _moveTo(address(other));
        _execute(_taking(500));
        vm.assertEq(other.balanceOf(EXECUTOR), FEE);
    }

    /// The token calls back while the fee is paid: the same order, another one, and a batch are refused then.
    function test_hazard_tokenThatCallsBack() public {
        HookToken other = new HookToken();
        _moveTo(address(other));
        SignedOrder memory order = _taking(500);
        SignedOrder memory next = _taking(500);
        bytes memory busy = abi.encodeWithSelector(
            ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
        );
        other.hook(address(orders), abi.encodeCall(orders.execute, (order, _signatureOf(order))));
        _execute(order);
        vm.assertTrue(!other.success() && keccak256(other.answer()) == keccak256(busy));
        other.hook(address(orders), abi.encodeCall(orders.executeMany, (_batch(next, order), 500_000)));
        order = _taking(500);
        _execute(order);
        Attempt[] memory a = abi.decode(other.answer(), (Attempt[]));
        vm.assertTrue(!a[0].success && keccak256(a[0].failure) == keccak256(busy));
        // What it could see in the middle was true already.
        other.hook(address(orders), abi.encodeCall(orders.orderState, (next)));
        _execute(next);
        (bytes32 hash, , uint256 consumed) = abi.decode(other.answer(), (bytes32, AccountId, uint256));
        vm.assertTrue(hash == orders.hashOrder(next) && consumed == 500);
        vm.assertEq(_size(ALICE, perp), 1500);
        vm.assertEq(other.balanceOf(EXECUTOR), 3 * uint256(FEE));
    }

    // -------------------------------------------------------------------------------------------------------- fuzz

    /// However an order is split, it never consumes more than its lots, and its fees add up to the floor of its share.
    function test_fuzz_partialFills_feesAreExact(
        uint128 fee,
        uint16 lots,
        uint16[8] calldata parts,
        bool sells
    ) public {
        fee = uint128(bound(fee, 0, 500 * USD));
        int256 size = int256(bound(lots, 100, 20_000));
        uint256 tick = sells ? ASK - 1 : BID + 1;
        SignedOrder memory order = _orderOf(sells ? -size : size, tick, OrderKind.ImmediateOrCancel);
        order.fee = fee;
        bytes memory call = abi.encodeCall(orders.execute, (order, _signatureOf(order)));
        for (uint256 i = 0; i < parts.length; ++i) {
            int256 part = int256(bound(parts[i], 100, 6_000));
            _place(carol, perp, sells ? part : -part, tick);
            _step(order, call);
        }
        _assertConserved();
    }

    /// One execution, after which everything must add up.
    function _step(SignedOrder memory order, bytes memory call) private {
        uint256 size = uint256(int256(order.lots > 0 ? order.lots : -order.lots));
        uint256 before = _consumed(order);
        vm.prank(EXECUTOR);
        (bool success, ) = address(orders).call(call);
        // Less than the smallest order may be left over, and is never executed.
        vm.assertTrue(success || size - before < 100);
        uint256 consumed = _consumed(order);
        vm.assertTrue(consumed >= before && consumed <= size);
        uint256 paid = (uint256(order.fee) * consumed) / size;
        vm.assertEq(token.balanceOf(EXECUTOR), paid);
        vm.assertEq(orders.orderState(order).feePaid, paid);
        vm.assertEq(_size(ALICE, perp), order.lots > 0 ? int256(consumed) : -int256(consumed));
    }

    // ------------------------------------------------------------------------------------------------------------- gas

    /// What an execution costs more than the same order placed by the owner; the decision has figures of whole transactions.
    function test_execute_gasBesideADirectOrder() public {
        _place(bob, perp, -50_000, ASK);
        _execute(_taking(500));
        _send(alice, _order(perp, 500, ASK, OrderKind.ImmediateOrCancel));
        SignedOrder memory order = _taking(500);
        bytes memory signature = _signatureOf(order);
        vm.prank(EXECUTOR);
        uint256 left = gasleft();
        orders.execute(order, signature);
        uint256 signed = left - gasleft();
        vm.prank(alice);
        left = gasleft();
        house.place(ALICE, _order(perp, 500, ASK, OrderKind.ImmediateOrCancel));
        uint256 direct = left - gasleft();
        vm.assertTrue(signed > direct && signed - direct < 90_000);
    }

    // ----------------------------------------------------------------------------------------------------------- helper

    /// The same exchange on another token: alice and bob have accounts, bob asks.
    function _moveTo(address other) private {
        house = _deploy(other);
        _grantRoles();
        usage.addReader(TU1D, house);
        vm.prank(LISTER);
        house.addFeed(_feedListing());
        _nextPrint(POINTS);
        vm.prank(LISTER);
        perp = house.listMarket(_perpetual());
        orders = _deployOrders(house);
        for (uint256 i = 0; i < 2; ++i) {
            address who = traders[i];
            TestToken(other).mint(who, FUNDS + 10 * USD);
            vm.startPrank(who);
            _approve(other, address(house));
            _approve(other, address(orders));
            AccountId account = house.deposit(0, FUNDS);
            house.setOperator(account, address(orders), type(uint40).max);
            vm.stopPrank();
        }
        _place(bob, perp, -5_000, ASK);
    }

    /// Whatever the token answers.
    function _approve(address other, address spender) private {
        (bool success, ) = other.call(abi.encodeCall(IERC20.approve, (spender, type(uint256).max)));
        vm.assertTrue(success);
    }
}
