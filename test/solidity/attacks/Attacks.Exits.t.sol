// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FundView, MarketPhase} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {AccountId, MarketId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "../clearing/WaterfallFixture.sol";

/// Taking an account away from somebody who owes nothing, and leaving before somebody books what a fund is short of.
contract AttacksExitsTest is WaterfallFixture {
    AccountId private constant ERIN = AccountId.wrap(2052);

    // -------------------------------------------------------------------------------------------- retiring the innocent

    /// Her order is void with its market and she has taken her money out: her account is empty, not bankrupt.
    function test_attack_anEmptyAccountWithAVoidOrderIsNotRetired() public {
        _place(alice, dated, 500, TICK - 100);
        while (day < WINDOW_LAST) _nextPrint(POINTS);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS, alice);
        vm.assertEq(house.account(ALICE).positions.length, 1);
        _refusedAbsorb();
        token.mint(alice, USD);
        vm.prank(alice);
        house.deposit(0, USD);
        vm.assertEq(_cash(ALICE), int256(USD));
    }

    /// Nor is she while the market still trades and her order is dead for want of time.
    function test_attack_anEmptyAccountWithADeadOrderIsNotRetired() public {
        _feedFund(perp, 10_000 * USD);
        vm.prank(alice);
        house.withdraw(ALICE, FUNDS - 1_202_500_000, alice);
        _trade(alice, bob, perp, 1000, TICK);
        _place(alice, dated, 100, 9000);
        _fallUntilBankrupt(ALICE);
        _place(alice, perp, -1000, _markTick() + 5);
        _take(dave, perp, 1000);
        vm.assertTrue(_cash(ALICE) == 0 && house.account(ALICE).positions.length == 1, "scene");
        _refusedAbsorb();
    }

    /// Lots are another matter, at exactly zero as well.
    function test_attack_zeroEquityWithLotsIsBankrupt() public {
        _crash();
        _topUp(ALICE, 0);
        vm.prank(carol);
        house.absorb(ALICE);
        vm.assertTrue(house.account(ALICE).retired);
    }

    // ------------------------------------------------------------------------------- leaving between a debt and its booking

    /// A maker's fill has left the fund below zero and nobody has called `deleverage` yet. Who leaves now leaves the same share
    /// as who leaves afterwards.
    function test_attack_leavingBeforeADebtIsBookedSavesNothing() public {
        _debt(20_000);
        int256 cash = house.fund(perp).cash;
        vm.assertTrue(cash < 0 && house.fund(perp).deficit == 0, "scene");
        uint256 snapshot = vm.snapshotState();
        house.deleverage(perp);
        uint256 late = _leave(ERIN, 500_000 * USD);
        vm.revertToState(snapshot);
        uint256 early = _leave(ERIN, 500_000 * USD);
        vm.assertTrue(early < 500_000 * USD, "left nothing behind");
        vm.assertEq(early, late);
        vm.assertEq(house.fund(perp).deficit, uint256(-cash));
        vm.assertEq(house.fund(perp).cash, int256(0));
        _assertConserved();
    }

    /// While the index is silent nobody can call `deleverage`; what a fund without a position owes is known all the same.
    function test_attack_leavingInAHaltSavesNothing() public {
        _debt(20_000);
        uint256 owed = uint256(-house.fund(perp).cash);
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        uint256 tracked = house.tracked();
        uint256 paid = _leave(ERIN, 500_000 * USD);
        vm.assertEq(500_000 * USD - paid, _share(500_000 * USD, owed, tracked));
        vm.assertEq(house.fund(perp).deficit, owed);
        _assertConserved();
    }

    /// A fund that also holds lots owes what a round at the last valid mark would leave.
    function test_attack_leavingInAHaltWhileTheFundHoldsLotsSavesNothing() public {
        _feedFund(perp, 1_000 * USD);
        _sides();
        _fallUntilBankrupt(ALICE);
        house.absorb(ALICE);
        vm.assertEq(house.fund(perp).size, int256(1000));
        _debtOf(9, 20_000);
        FundView memory f = house.fund(perp);
        vm.assertTrue(f.cash < 0 && f.equity < 0, "scene");
        vm.warp((uint256(day) + 2) * 1 days + 54 hours);
        house.sync(perp);
        uint256 tracked = house.tracked();
        uint256 snapshot = vm.snapshotState();
        uint256 unbooked = house.settleFunds();
        vm.revertToState(snapshot);
        // A round may take at most MM more than mark from the winners for each of its lots.
        uint256 covered = (1000 * _mark(perp) * 500 * 1200) / (10_000 << 16);
        vm.assertApproxEqAbs(unbooked, uint256(-f.equity) - covered, 2 * 1000 * 500);
        uint256 paid = _leave(ERIN, 500_000 * USD);
        vm.assertEq(500_000 * USD - paid, _share(500_000 * USD, unbooked, tracked));
        vm.assertEq(house.fund(perp).deficit, 0);
        _assertConserved();
        // Once mark is valid again a second one settles it, and the share stays as it was.
        _print(day + 3, 0, POINTS / 2);
        _skip(31 minutes);
        vm.prank(traders[5]);
        house.withdraw(KEEPER, 1_000 * USD, traders[5]);
        vm.assertEq(house.fund(perp).rounds, 1);
        vm.assertEq(house.fund(perp).cash, int256(0));
        _assertConserved();
    }

    /// Fees that the treasury takes out are money that leaves as well.
    function test_attack_theTreasuryDoesNotLeaveBeforeADebtIsBooked() public {
        _debt(20_000);
        uint256 owed = uint256(-house.fund(perp).cash);
        vm.prank(TREASURER);
        house.collectFees(perp, address(0xFEE5));
        vm.assertTrue(house.fund(perp).deficit < owed && house.fund(perp).cash == 0, "fees did not repay");
        vm.assertEq(token.balanceOf(address(0xFEE5)), 0);
        _assertConserved();
    }

    /// Nor does a fund's money while another market's debt is not booked.
    function test_attack_noFundIsDrainedBeforeADebtIsBooked() public {
        _feedFund(dated, 100_000 * USD);
        _debt(20_000);
        uint256 owed = uint256(-house.fund(perp).cash);
        _refused(
            TREASURER,
            abi.encodeCall(house.drainFund, (dated, 1_000 * USD, TREASURER)),
            abi.encodeWithSelector(IClearingErrors.DeficitStands.selector, owed)
        );
    }

    /// A round's own touch that leaves a debt stops nothing, since a trade holds the market in memory; money that leaves finds it.
    function test_attack_leavingAfterADebtThatSettlementLeftSavesNothing() public {
        _trade(alice, bob, dated, 1000, TICK);
        uint256 spare = house.account(ALICE).withdrawable;
        vm.prank(alice);
        house.withdraw(ALICE, spare, alice);
        while (day < WINDOW_LAST) _nextPrint(POINTS / 4);
        vm.warp((uint256(WINDOW_LAST) + 5) * 1 days);
        house.settle(dated);
        AccountId[] memory one = new AccountId[](1);
        one[0] = ALICE;
        house.settleAccounts(dated, one);
        uint256 owed = uint256(-house.fund(dated).cash);
        vm.assertTrue(owed > USD, "scene");
        uint256 tracked = house.tracked();
        uint256 paid = _leave(ERIN, 500_000 * USD);
        vm.assertEq(500_000 * USD - paid, _share(500_000 * USD, owed, tracked));
        _assertConserved();
    }

    /// Settling when nothing is to settle changes nothing.
    function test_settleFunds_nothing() public {
        bytes32 before = _fingerprint();
        vm.assertEq(house.settleFunds(), 0);
        vm.assertTrue(_fingerprint() == before);
    }

    // ------------------------------------------------------------------------------------------------------------ helpers

    function _refusedAbsorb() private {
        _refused(
            carol,
            abi.encodeCall(house.absorb, (ALICE)),
            abi.encodeWithSelector(IClearingErrors.NoPosition.selector, ALICE, MarketId.wrap(0))
        );
    }

    /// A maker goes through zero and closes by a fill: the fund, which has nothing, pays.
    function _debt(uint256 lots) private {
        frank = vm.addr(_key(6));
        _open(frank, FUNDS);
        _debtOf(7, lots);
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly, "open with a deficit");
    }

    function _debtOf(uint256 number, uint256 lots) private {
        AccountId account = _leveredAt(number, lots, true, dave, _markTick(), 2005);
        _fallUntilBankrupt(account);
        _place(vm.addr(_key(number)), perp, -int256(lots), _markTick() + 1);
        _take(dave, perp, int256(lots));
        vm.assertEq(_cash(account), int256(0));
    }

    function _leave(AccountId account, uint256 amount) private returns (uint256) {
        address owner = house.account(account).owner;
        uint256 before = token.balanceOf(owner);
        vm.prank(owner);
        house.withdraw(account, amount, owner);
        return token.balanceOf(owner) - before;
    }

    function _share(uint256 amount, uint256 missing, uint256 tracked) private pure returns (uint256) {
        return (amount * missing + tracked + missing - 1) / (tracked + missing);
    }
}
