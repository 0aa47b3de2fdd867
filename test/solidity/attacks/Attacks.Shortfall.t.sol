// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FundView, MarketPhase, OrderKind} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "../clearing/WaterfallFixture.sol";

/// What a fund pays, and to whom.
contract AttacksShortfallTest is WaterfallFixture {
    /// Alice and bob are one person. Her gain stands in the quote of a position of 100 lots, her loss is realised in another
    /// market: her cash is below zero although she owes nothing. Nobody's fund pays for that.
    function test_attack_theFundPaysNobodyWhoHoldsLots() public {
        _feedFund(perp, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 20_000 * USD, alice);
        int256 before = _equity(ALICE) + _equity(BOB);
        for (uint256 i = 0; i < 5; ++i) {
            // Bob gives: bought low, sold high, but for the 100 lots that keep the quote from becoming cash.
            _trade(alice, bob, perp, i == 0 ? 10_100 : 10_000, 9400);
            _trade(bob, alice, perp, 10_000, 10_600);
            // And gets it back as cash.
            _trade(alice, bob, dated, 10_000, 10_600);
            _trade(bob, alice, dated, 10_000, 9400);
        }
        int256 debt = -_cash(ALICE);
        vm.assertTrue(debt > 0, "scene");
        int256 fund = house.fund(perp).cash;
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, carol, ALICE));
        house.payShortfall(ALICE, perp);
        // Nor does the clearing house itself pay for somebody who still holds something there.
        _trade(carol, dave, perp, 100, TICK);
        vm.prank(address(house));
        vm.assertTrue(!house.payShortfall(CAROL, perp));
        vm.assertTrue(_equity(ALICE) + _equity(BOB) <= before, "gained");
        vm.assertTrue(house.fund(perp).cash == fund, "the fund paid");
    }

    /// What a fund is short of cannot be booked in a halt. Until it is, no other fund is drained either: everybody else who takes
    /// money out leaves a share behind.
    function test_attack_noFundIsDrainedWhileADebtCannotBeBooked() public {
        _feedFund(perp, 1_000 * USD);
        _feedFund(dated, 100_000 * USD);
        _sides();
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        AccountId account = _leveredAt(9, 20_000, true, dave, _markTick(), 2005);
        _fallUntilBankrupt(account);
        _place(vm.addr(_key(9)), perp, -20_000, _markTick() + 1);
        _take(dave, perp, 20_000);
        FundView memory f = house.fund(perp);
        vm.assertTrue(f.cash < 0 && f.equity < 0, "scene");
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        house.sync(perp);
        house.sync(dated);
        vm.assertTrue(house.market(dated).phase == MarketPhase.Expired, "scene: not expired");
        uint256 snapshot = vm.snapshotState();
        uint256 unbooked = house.settleFunds();
        vm.revertToState(snapshot);
        vm.assertTrue(unbooked > 0, "scene: nothing unbooked");
        _refused(
            TREASURER,
            abi.encodeCall(house.drainFund, (dated, 1_000 * USD, TREASURER)),
            abi.encodeWithSelector(IClearingErrors.DeficitStands.selector, unbooked)
        );
    }

    /// Closing in parts, one resting and one taken, must not leave a debt that the whole could not.
    function test_attack_aRestingPartIsStillCoveredAfterATakenOne() public {
        _feedFund(perp, 5_000 * USD);
        _crash();
        uint256 lowest = house.market(perp).lowestFill;
        int256 notional = int256(1000 * lowest * 500);
        _topUp(ALICE, (notional * 43) / 1000);
        int256 fund = house.market(perp).fundCash;
        _place(alice, perp, -600, lowest + 1);
        _place(bob, perp, 400, lowest);
        // With what it would lose, nothing is left for the part that rests.
        vm.prank(alice);
        (bool placed, bytes memory answer) = address(house).call(
            abi.encodeCall(house.place, (ALICE, _order(perp, -400, lowest, OrderKind.ImmediateOrCancel)))
        );
        vm.assertTrue(!placed && bytes4(answer) == IClearingErrors.InsufficientMargin.selector);
        _take(bob, perp, 600);
        vm.assertEq(house.market(perp).fundCash, fund);
    }
}
