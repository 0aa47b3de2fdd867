// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IReporterBonds} from "../../../contracts/index/interfaces/IReporterBonds.sol";
import {IUsageIndex, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {ReporterBondsFixture} from "./ReporterBondsFixture.sol";

/// How fast a panel may change, and what a seat needs.
contract UsageIndexPanelTest is ReporterBondsFixture {
    address private constant NEWCOMER = address(0xA1);

    function test_setReporter_revertsWith_SeatingTooSoon_onceThereIsAPrint() public {
        for (uint160 i = 1; i <= 3; ++i) _bond(address(i));
        uint256 seatedAt = block.timestamp;
        // While the panel is formed, seats are given as they come.
        target.setReporter(address(1), true);
        _post(DAY, 0, 1000e18);
        vm.warp(seatedAt + 3 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IUsageIndex.SeatingTooSoon.selector,
                seatedAt + 3 days - 1,
                seatedAt + 3 days
            )
        );
        target.setReporter(address(2), true);
        vm.warp(seatedAt + 3 days);
        target.setReporter(address(2), true);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.SeatingTooSoon.selector, seatedAt + 3 days, seatedAt + 6 days)
        );
        target.setReporter(address(3), true);
    }

    /// Three seats of five make the median: whoever governs needs six days more than the delay of its role for them, whatever
    /// it does with the others' seats.
    function test_setReporter_aMedianOfNewcomersTakesTwoIntervalsAtLeast() public {
        _post(DAY, 0, 1000e18);
        uint256 start = block.timestamp;
        uint256 seated;
        vm.warp(start + 3 days);
        for (uint256 hour; seated < 3; ++hour) {
            address who = address(uint160(0x100 + seated));
            (address payee, ) = bonds.bondOf(who);
            if (payee == address(0)) _bond(who);
            try target.setReporter(who, true) {
                ++seated;
            } catch {}
            if (seated < 3) vm.warp(block.timestamp + 1 hours);
        }
        vm.assertGe(block.timestamp, start + 3 days + 6 days);
    }

    function test_setReporter_revertsWith_PanelTooSmall() public {
        _post(DAY, 0, 1000e18);
        target.setReporter(_who(0), false);
        target.setReporter(_who(1), false);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PanelTooSmall.selector, 4, 5));
        target.setReporter(_who(2), false);
        // A proven equivocation counts more than a quorum.
        _slash(2);
        (bool seated, ) = target.reporter(_who(2));
        vm.assertTrue(!seated);
    }

    function test_post_revertsWith_ReporterInactive_ofAReporterRemovedMidRound() public {
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        _bond(_who(3));
        vm.prank(_who(3));
        bonds.announceLeave(_who(3));
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterInactive.selector, _who(3)));
        target.post(TU1D, DAY, 0, reports);
    }

    // ----------------------------------------------------------------------------------------------------------- bonds

    function test_setReporter_revertsWith_ReporterNotBonded() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterNotBonded.selector, NEWCOMER));
        target.setReporter(NEWCOMER, true);
        _bond(NEWCOMER);
        target.setReporter(NEWCOMER, true);
        (bool seated, ) = target.reporter(NEWCOMER);
        vm.assertTrue(seated);
    }

    function test_setBonds_onceAndForEver() public {
        (IReporterBonds keeper, uint64 dueAt) = target.bonds();
        vm.assertEq(address(keeper), address(bonds));
        vm.assertEq(dueAt, block.timestamp + 7 days);
        IReporterBonds other = _deployBonds(address(funds), PROVER_BPS, AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.BondsAlreadySet.selector, bonds));
        target.setBonds(other);
    }

    function test_setBonds_revertsWith_BondsOfAnotherIndex() public {
        address first = address(target);
        target = _twin();
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.BondsOfAnotherIndex.selector, bonds, first));
        target.setBonds(bonds);
    }

    function test_setBonds_revertsWith_AccessManagedUnauthorized() public {
        vm.prank(NEWCOMER);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, NEWCOMER));
        target.setBonds(bonds);
    }

    function test_expel_revertsWith_NotBonds() public {
        // Not even by whoever governs.
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NotBonds.selector, address(this), bonds));
        target.expel(_who(0));
    }

    function test_retire_revertsWith_NotBonds() public {
        // A reporter leaves through its bond.
        vm.prank(_who(0));
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NotBonds.selector, _who(0), bonds));
        target.retire(_who(0));
    }

    function test_retire_ofAReporterWithoutASeatChangesNothing() public {
        address away = address(0xA2);
        _bond(away);
        uint32 seats = target.panel();
        vm.prank(away);
        bonds.announceLeave(away);
        vm.assertEq(target.panel(), seats);
    }

    function test_dropUnbonded_ofSeatsFromBeforeTheBonds() public {
        _bond(_who(1));
        (, uint64 dueAt) = target.bonds();
        vm.warp(dueAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.BondNotDue.selector, dueAt - 1, dueAt));
        target.dropUnbonded(_who(0));
        vm.warp(dueAt);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterIsBonded.selector, _who(1)));
        target.dropUnbonded(_who(1));
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.ReporterSet(_who(0), false, 0);
        vm.prank(NEWCOMER);
        target.dropUnbonded(_who(0));
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.ReporterUnchanged.selector, NEWCOMER, false));
        target.dropUnbonded(NEWCOMER);
    }

    function test_dropUnbonded_revertsWith_BondNotDue_withoutBonds() public {
        target = _twin();
        target.setReporter(NEWCOMER, true);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.BondNotDue.selector, block.timestamp, type(uint256).max)
        );
        target.dropUnbonded(NEWCOMER);
    }
}
