// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {MarketPhase} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Collateral out: never more than is free.
contract ClearinghouseWithdrawTest is RiskFixture {
    function test_withdraw_toAnyAddress() public {
        address elsewhere = address(0xE15E);
        uint256 tracked = house.tracked();
        vm.prank(alice);
        house.withdraw(ALICE, 400, elsewhere);
        vm.assertEq(token.balanceOf(elsewhere), 400);
        vm.assertEq(_cash(ALICE), int256(FUNDS - 400));
        vm.assertEq(house.tracked(), tracked - 400);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 400, alice);
        vm.assertEq(_cash(ALICE), int256(0));
        _assertConserved();
    }

    function test_withdraw_revertsWith_ZeroAmount() public {
        _refusedWithdrawal(0, abi.encodeWithSelector(IClearingErrors.ZeroAmount.selector));
    }

    function test_withdraw_revertsWith_ZeroAddress() public {
        _refused(
            alice,
            abi.encodeCall(house.withdraw, (ALICE, 1, address(0))),
            abi.encodeWithSelector(IClearingErrors.ZeroAddress.selector)
        );
    }

    function test_withdraw_revertsWith_NotOwner() public {
        _refused(
            bob,
            abi.encodeCall(house.withdraw, (ALICE, 1, bob)),
            abi.encodeWithSelector(IClearingErrors.NotOwner.selector, bob, alice)
        );
    }

    function test_withdraw_revertsWith_InsufficientCash() public {
        _refusedWithdrawal(FUNDS + 1, _noCash(int256(FUNDS), FUNDS + 1));
        _refusedWithdrawal(type(uint256).max, _noCash(int256(FUNDS), type(uint256).max));
    }

    function test_withdraw_revertsWith_InsufficientMargin_ofAPosition() public {
        _lever();
        // Exactly IM is left: not one unit is free.
        _refusedWithdrawal(1, _noMargin(1_000 * int256(USD) - 1, 1_000 * USD));
        vm.assertEq(house.account(ALICE).withdrawable, 0);
    }

    function test_withdraw_revertsWith_InsufficientMargin_ofOrders() public {
        _place(alice, perp, 1000, TICK - 10);
        _refusedWithdrawal(FUNDS - 1_000 * USD + 1, _noMargin(1_000 * int256(USD) - 1, 1_000 * USD));
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_000 * USD, alice);
    }

    function test_withdraw_paperProfitBeyondCashStays() public {
        _lever();
        _nextPrint(POINTS * 2);
        _moveMark(perp, 11_000);
        int256 cash = _cash(ALICE);
        vm.assertTrue(_equity(ALICE) > cash, "scene");
        uint256 free = house.account(ALICE).withdrawable;
        vm.assertTrue(free > 0);
        // Profit may back IM, but what leaves is cash.
        vm.prank(alice);
        house.withdraw(ALICE, free, alice);
        vm.assertTrue(_cash(ALICE) >= 0);
        vm.prank(alice);
        (bool success, ) = address(house).call(abi.encodeCall(house.withdraw, (ALICE, 1, alice)));
        vm.assertTrue(!success);
        _assertConserved();
    }

    function test_withdraw_aRequestedSumIsWithdrawnOnce() public {
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS, alice);
        _refusedWithdrawal(1, _noCash(0, 1));
    }

    function test_withdraw_aGainInAnExpiredMarketDoesNotCount() public {
        _trade(alice, bob, dated, 100_000, TICK);
        // 15 % above the price, which is 75,000 USD of gain.
        while (day < WINDOW_LAST - 1) _nextPrint((POINTS * 115) / 100);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired);
        int256 equity = _equity(ALICE);
        int256 cash = _cash(ALICE);
        vm.assertTrue(equity > cash + 70_000 * int256(USD), "scene");
        uint256 im = house.account(ALICE).initialMargin;
        uint256 free = house.account(ALICE).withdrawable;
        vm.assertEq(free, uint256(cash) - im);
        _refusedWithdrawal(free + 1, _noMargin(int256(im) - 1, im));
        vm.prank(alice);
        house.withdraw(ALICE, free, alice);
        // A loss in the same market counts at once.
        vm.assertTrue(house.account(BOB).equity < _cash(BOB) - 70_000 * int256(USD));
        _assertConserved();
    }

    function test_withdraw_withoutMarketsEvenIfTheIndexIsStale() public {
        vm.warp(block.timestamp + 30 days);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS, alice);
        vm.assertEq(token.balanceOf(alice), FUNDS);
    }

    function test_withdraw_revertsWith_IndexStale() public {
        _trade(alice, bob, perp, 1000, TICK);
        uint256 due = (uint256(day) + 2) * 1 days;
        vm.warp(due + 54 hours - 1);
        vm.prank(alice);
        house.withdraw(ALICE, 1, alice);
        vm.warp(due + 54 hours);
        _refusedWithdrawal(
            1,
            abi.encodeWithSelector(IClearingErrors.IndexStale.selector, feedId, 54 hours, 54 hours)
        );
    }

    function test_fuzz_withdraw_exactlyWhatIsShown(uint256 lots, uint256 tick) public {
        lots = bound(lots, 100, 100_000);
        tick = bound(tick, 9400, 10_600);
        _trade(alice, bob, perp, lots, tick);
        _place(alice, dated, int256(bound(lots * tick, 100, 50_000)), TICK - 10);
        uint256 free = house.account(ALICE).withdrawable;
        uint256 snapshot = vm.snapshotState();
        vm.prank(alice);
        (bool success, ) = address(house).call(abi.encodeCall(house.withdraw, (ALICE, free + 1, alice)));
        vm.assertTrue(!success);
        vm.revertToState(snapshot);
        vm.prank(alice);
        house.withdraw(ALICE, free, alice);
        vm.assertEq(house.account(ALICE).withdrawable, 0);
        _assertConserved();
    }

    function _refusedWithdrawal(uint256 amount, bytes memory expected) private {
        _refused(alice, abi.encodeCall(house.withdraw, (ALICE, amount, alice)), expected);
    }

    function _noMargin(int256 equity, uint256 required) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.InsufficientMargin.selector, equity, required);
    }

    function _noCash(int256 cash, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IClearingErrors.InsufficientCash.selector, cash, amount);
    }
}
