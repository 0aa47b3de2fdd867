// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderKind, OrderParameters} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {ClearingFixture} from "../clearing/ClearingFixture.sol";

/// Numbers that no account has, given to calls that anyone may make, and losses that wait.
contract AttacksNumbersTest is ClearingFixture {
    /// Bits above an account's 28 are a market's in the key of a position: market 2's account, told as if it were market 1's, would
    /// name a position of market 3.
    function test_attack_aNumberTooLargeIsNoPositionOfAnotherMarket() public {
        AccountId other = AccountId.wrap(uint32((uint256(MarketId.unwrap(dated)) << 28) | 2048));
        AccountId[] memory accounts = new AccountId[](1);
        accounts[0] = other;
        bytes memory expected = abi.encodeWithSelector(IClearingErrors.UnknownAccount.selector, other);
        _trade(alice, bob, perp, 1000, TICK);
        _refused(carol, abi.encodeCall(house.serve, (perp, other)), expected);
        _refused(carol, abi.encodeCall(house.applyRounds, (perp, accounts)), expected);
        _refused(carol, abi.encodeCall(house.served, (perp, other)), expected);
        while (day < WINDOW_LAST) _nextPrint(POINTS);
        vm.warp((WINDOW_LAST + 5) * 1 days);
        house.settle(dated);
        _refused(carol, abi.encodeCall(house.settleAccounts, (dated, accounts)), expected);
    }

    /// A loss that waits in a settled month is realised before a batch spends what stands against it.
    function test_attack_aBatchRealisesSettledLossesFirst() public {
        _trade(alice, bob, dated, 1000, TICK);
        while (day < WINDOW_LAST) _nextPrint(POINTS - 500e18);
        vm.warp((WINDOW_LAST + 5) * 1 days);
        house.settle(dated);
        int256 before = _cash(ALICE);
        vm.assertTrue(_equity(ALICE) < before, "no loss waits");
        OrderParameters[] memory orders = new OrderParameters[](1);
        orders[0] = _order(perp, 100, TICK - 100, OrderKind.Limit);
        _nextPrint(POINTS - 500e18);
        _skip(1 hours);
        orders[0].tick = Tick.wrap(uint24(house.market(perp).lowestFill + 10));
        vm.prank(alice);
        house.batch(ALICE, new OrderId[](0), orders);
        vm.assertEq(_size(ALICE, dated), 0);
        vm.assertTrue(_cash(ALICE) < before, "the loss still waits");
        _assertConserved();
    }
}
