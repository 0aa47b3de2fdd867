// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    HeldPrint,
    IndexConfig,
    IUsageIndex,
    SignedReport
} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndex} from "../../../contracts/index/UsageIndex.sol";
import {ReporterBondsFixture} from "./ReporterBondsFixture.sol";

/// What a hold is worth once its signers are gone, and once its day may be filled: the reference panel, all of it bonded, five of
/// seven for a print and six against the circuit breaker.
contract UsageIndexHoldsTest is ReporterBondsFixture {
    bytes32 private constant REFERENCE = "REFERENCE";
    uint256 private constant LEVEL = 1000e18;
    uint32 private constant NEXT = DAY + 1;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 7; ++i) _bond(vm.addr(keys[i]));
        target.listIndex(REFERENCE, IndexConfig(5, 1_000, 7, 5, DAY - 400, MAX_VALUE, 6, 800, 2_000));
        target.addReader(REFERENCE, reader);
        for (uint32 period = DAY - 13; period <= DAY; ++period) _printed(period, 0, LEVEL, 5);
        vm.warp(_due(NEXT));
    }

    // --------------------------------------------------------------------------------------------------------- signers

    /// Five who hold a print sign something else for the same day and lose their seats. Nobody can post over their hold before it
    /// could be released: seats are given three days apart.
    function test_attack_aHoldOutlivesItsSlashedSigners() public {
        SignedReport[] memory lies = _reportsOn(REFERENCE, NEXT, 0, 9000e18, 5);
        vm.assertTrue(target.post(REFERENCE, NEXT, 0, lies));
        uint256 heldAt = block.timestamp;
        for (uint256 i; i < 5; ++i) {
            SignedReport memory other = _report(keys[i], REFERENCE, NEXT, 0, LEVEL, VINTAGE);
            bonds.slash(REFERENCE, NEXT, 0, lies[i], other, PROVER);
        }
        for (uint256 i; i < 2; ++i) {
            vm.warp(heldAt + 2 days + i * 3 days);
            _seat(address(uint160(0x1111 + i)));
        }
        vm.warp(heldAt + 7 days);
        _notReleased();
    }

    /// Governance takes seats away and gives them anew: the newcomers have not signed what their seats did.
    function test_attack_aHoldOutlivesTheSeatsOfItsSigners() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        uint32 held = target.heldPrint(REFERENCE, NEXT).reporters;
        vm.warp(heldAt + 2 days);
        target.setReporter(vm.addr(keys[0]), false);
        _seat(address(0x1111));
        vm.warp(heldAt + 7 days);
        // The seat is the one that was taken away.
        (, uint8 seat) = target.reporter(address(0x1111));
        vm.assertTrue(held & (uint32(1) << seat) != 0);
        _notReleased();
    }

    /// Whoever comes back was away; a reporter that stayed counts, whatever others did.
    function test_releasePrint_countsThoseWhoStayed() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        target.setReporter(vm.addr(keys[6]), false);
        vm.warp(heldAt + 7 days);
        uint256 snapshot = vm.snapshotState();
        target.releasePrint(REFERENCE, NEXT);
        vm.assertEq(target.print(REFERENCE, NEXT).value, 9000e18);
        vm.revertToState(snapshot);
        target.setReporter(vm.addr(keys[0]), false);
        target.setReporter(vm.addr(keys[0]), true);
        _notReleased();
    }

    /// Five hold the highest revision that there is, and one of them is convicted: nobody stands behind the hold any more, and the day is
    /// open to a quorum again, also at the revision of its reports.
    function test_attack_aHoldWithoutItsSignersShutsItsDay() public {
        vm.assertTrue(_printed(NEXT, type(uint32).max, 9000e18, 5));
        SignedReport[] memory honest = _from(1, NEXT, 0, LEVEL);
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, uint32(0), type(uint32).max)
        );
        target.post(REFERENCE, NEXT, 0, honest);
        _slash(0);
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).value, 0);
        vm.assertTrue(!target.post(REFERENCE, NEXT, 0, honest));
        vm.assertEq(target.print(REFERENCE, NEXT).value, LEVEL);
    }

    /// One of exactly five signers leaves right before the release, to keep its bond and undo the hold.
    function test_attack_aSignerEndsAHoldByLeaving() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        vm.warp(heldAt + 6 days);
        _leave(0);
        // The seat rests: a newcomer sits beside it, and takes nobody's place in the hold.
        (, uint8 seat) = _seated(address(0x1111));
        vm.assertTrue(target.heldPrint(REFERENCE, NEXT).reporters & (uint32(1) << seat) == 0);
        vm.warp(heldAt + 7 days);
        uint256 snapshot = vm.snapshotState();
        target.releasePrint(REFERENCE, NEXT);
        vm.assertEq(target.print(REFERENCE, NEXT).value, 9000e18);
        vm.revertToState(snapshot);
        // Its bond is there until then, and a conviction counts.
        _slash(0);
        _notReleased();
    }

    /// Five hold a value and leave, so that nobody has a seat to lose and two are left to object. Whoever governs takes their support away.
    function test_attack_fiveHoldAValueAndLeave() public {
        vm.assertTrue(_printed(NEXT, type(uint32).max, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        for (uint256 i; i < 5; ++i) _leave(i);
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).value, 9000e18);
        vm.warp(heldAt + 2 days);
        // Two seats are left, fewer than any may be taken from; this one is given up already.
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.ReporterSet(vm.addr(keys[0]), false, 0);
        target.setReporter(vm.addr(keys[0]), false);
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).value, 0);
        vm.warp(heldAt + 7 days);
        _notReleased();
        // Nothing is left to take.
        vm.expectRevert(
            abi.encodeWithSelector(IUsageIndex.ReporterUnchanged.selector, vm.addr(keys[0]), false)
        );
        target.setReporter(vm.addr(keys[0]), false);
    }

    /// A reporter that had left before the hold began, or was seated after, has not signed it, whatever its seat says.
    function test_releasePrint_countsNobodyWhoLeftBefore() public {
        _leave(0);
        vm.warp(block.timestamp + 10 days);
        vm.assertTrue(_seatOf(address(0x1111)) == 0);
        for (uint32 period = NEXT; period <= NEXT + 9; ++period) {
            vm.warp(_due(period));
            target.post(REFERENCE, period, 0, _from(1, period, 0, LEVEL));
        }
        uint32 day = NEXT + 10;
        vm.warp(_due(day));
        vm.assertTrue(target.post(REFERENCE, day, 0, _from(1, day, 0, 9000e18)));
        vm.assertEq(target.heldPrint(REFERENCE, day).reporters, 62);
        target.setReporter(vm.addr(keys[1]), false);
        vm.assertEq(target.heldPrint(REFERENCE, day).value, 0);
    }

    function test_setReporter_aSeatThatWasLeftRestsTenDays() public {
        uint256 leftAt = block.timestamp;
        _leave(0);
        vm.warp(leftAt + 10 days - 1);
        vm.assertEq(_seatOf(address(0x1111)), 7);
        vm.warp(leftAt + 13 days);
        vm.assertEq(_seatOf(address(0x2222)), 0);
    }

    /// Where no other seat is free, the one that was left last is given.
    function test_setReporter_aFullPanelGivesTheSeatThatWasLeft() public {
        for (uint160 i; i < 25; ++i) {
            vm.warp(block.timestamp + 3 days);
            _seat(address(0x3000 + i));
        }
        _leave(3);
        vm.warp(block.timestamp + 3 days);
        vm.assertEq(_seatOf(address(0x1111)), 3);
    }

    // ------------------------------------------------------------------------------------------------ signing it again

    /// The same value signed again by others: the wait goes on, and all who had their seats when it began stand behind it.
    function test_post_whoSignsAHeldValueAgainJoins() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        vm.warp(heldAt + 1 days);
        vm.assertTrue(target.post(REFERENCE, NEXT, 1, _from(2, NEXT, 1, 9000e18)));
        HeldPrint memory held = target.heldPrint(REFERENCE, NEXT);
        vm.assertTrue(held.reporters == 127 && held.heldAt == heldAt && held.revision == 1);
        target.setReporter(vm.addr(keys[0]), false);
        target.setReporter(vm.addr(keys[6]), false);
        vm.warp(heldAt + 7 days);
        target.releasePrint(REFERENCE, NEXT);
        vm.assertEq(target.print(REFERENCE, NEXT).revision, 1);
    }

    /// Nobody prolongs a wait by posting the reports of a newcomer; and a value that lost its quorum is held anew by a quorum with it.
    function test_attack_aNewcomersReportsProlongAHold() public {
        vm.assertTrue(_printed(NEXT, 0, 9000e18, 5));
        uint256 heldAt = block.timestamp;
        vm.warp(heldAt + 2 days);
        uint256 newcomer = uint256(keccak256("newcomer"));
        (uint32 bit, ) = _seated(vm.addr(newcomer));
        vm.assertTrue(target.post(REFERENCE, NEXT, 1, _with(newcomer, NEXT, 1, 9000e18)));
        HeldPrint memory held = target.heldPrint(REFERENCE, NEXT);
        vm.assertTrue(held.heldAt == heldAt && held.reporters & bit == 0);
        _slash(0);
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).value, 0);
        vm.assertTrue(target.post(REFERENCE, NEXT, 2, _with(newcomer, NEXT, 2, 9000e18)));
        held = target.heldPrint(REFERENCE, NEXT);
        vm.assertTrue(held.heldAt == block.timestamp && held.reporters & bit != 0);
        vm.warp(block.timestamp + 7 days);
        target.releasePrint(REFERENCE, NEXT);
    }

    // ------------------------------------------------------------------------------------------------------ what lapses

    /// The print below it is final before the wait is over: keepers need not wait for it.
    function test_heldPrint_overAPrintIsNeverReleasable() public {
        vm.assertTrue(!_printed(NEXT, 0, LEVEL, 5));
        SignedReport[] memory reports = _reportsOn(REFERENCE, NEXT, 1, 9000e18, 5);
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PrintHeld(REFERENCE, NEXT, 1, 9000e18, VINTAGE, 31, type(uint64).max);
        vm.assertTrue(target.post(REFERENCE, NEXT, 1, reports));
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).releasableAt, type(uint64).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IUsageIndex.PrintStillHeld.selector,
                block.timestamp,
                uint256(type(uint64).max)
            )
        );
        target.releasePrint(REFERENCE, NEXT);
    }

    /// The print that it stood over is revised: the hold was good for the day as it was, and is gone for good.
    function test_heldPrint_lapsesWithTheRevisionOfThePrintBelow() public {
        vm.assertTrue(!_printed(NEXT, 0, LEVEL, 5));
        vm.assertTrue(_printed(NEXT, 1, 9000e18, 5));
        vm.assertTrue(!_printed(NEXT, 2, LEVEL + 1, 5));
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).value, 0);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, REFERENCE, NEXT));
        target.releasePrint(REFERENCE, NEXT);
        vm.assertEq(target.print(REFERENCE, NEXT).value, LEVEL + 1);
    }

    /// The day may be filled, so the hold cannot be released; but reports that it had overruled do not come back.
    function test_attack_overruledReportsReturnWhenAHoldEnds() public {
        vm.assertTrue(_printed(NEXT, 3, 9000e18, 5));
        vm.warp(_end(NEXT) + 10 days);
        vm.assertEq(target.heldPrint(REFERENCE, NEXT).value, 0);
        SignedReport[] memory old = _reportsOn(REFERENCE, NEXT, 2, LEVEL, 5);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, uint32(2), uint32(3)));
        target.post(REFERENCE, NEXT, 2, old);
        vm.assertTrue(!_printed(NEXT, 4, LEVEL, 5));
    }

    // ------------------------------------------------------------------------------------------------------- settlement

    /// Three days of a month are held, and nobody releases them. Once the month can be settled, nobody can put that off, or choose another
    /// price, by releasing one of them.
    function test_attack_unreleasedHoldsPostponeASettlement() public {
        uint32 last = NEXT + 14;
        for (uint32 period = NEXT; period <= last; ++period) {
            vm.warp(_due(period));
            bool odd = period == NEXT || period == NEXT + 2 || period == NEXT + 4;
            vm.assertTrue(_printed(period, 0, odd ? 2500e18 : LEVEL, 5) == odd);
        }
        vm.warp(_end(last) + 3 days);
        (bool ready, , , ) = target.previewSettlement(REFERENCE, NEXT, last);
        vm.assertTrue(ready);
        for (uint32 k; k < 3; ++k) {
            vm.expectRevert(
                abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, REFERENCE, NEXT + 2 * k)
            );
            target.releasePrint(REFERENCE, NEXT + 2 * k);
        }
        (uint256 sum, ) = reader.settle(REFERENCE, NEXT, last);
        vm.assertEq(sum, 15 * LEVEL);
    }

    /// The last moment of a release, and the settlement a day after it at the latest.
    function test_releasePrint_endsWhereTheDayMayBeFilled() public {
        vm.assertTrue(_printed(NEXT, 0, 2000e18, 5));
        for (uint32 period = NEXT + 1; period <= NEXT + 3; ++period) {
            vm.warp(_due(period));
            vm.assertTrue(!_printed(period, 0, LEVEL, 5));
        }
        uint256 fillableAt = _end(NEXT) + 10 days;
        vm.warp(fillableAt - 1);
        uint256 snapshot = vm.snapshotState();
        target.releasePrint(REFERENCE, NEXT);
        vm.warp(fillableAt - 1 + 1 days);
        (uint256 sum, ) = reader.settle(REFERENCE, NEXT, NEXT + 3);
        vm.assertEq(sum, 2000e18 + 3 * LEVEL);
        vm.revertToState(snapshot);
        vm.warp(fillableAt);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, REFERENCE, NEXT));
        target.releasePrint(REFERENCE, NEXT);
        (sum, ) = reader.settle(REFERENCE, NEXT, NEXT + 3);
        vm.assertEq(sum, 4 * LEVEL);
    }

    // ---------------------------------------------------------------------------------------------------------- listing

    /// A quorum that the panel does not have would pin every seat.
    function test_listIndex_revertsWith_ConfigTooLarge_aboveTheSeatsTaken() public {
        IndexConfig memory big = IndexConfig(8, 1_000, 7, 5, DAY - 400, MAX_VALUE, 9, 800, 2_000);
        _listingRefused(big, 9);
        // No super-quorum could ever sign, and no seat be taken away.
        (big.quorum, big.superQuorum) = (7, 8);
        _listingRefused(big, 8);
        (big.quorum, big.superQuorum) = (6, 7);
        target.listIndex("BIG", big);
    }

    /// Whoever lists before the panel is formed learns it from the first print.
    function test_post_revertsWith_PanelTooSmall_atTheFirstPrint() public {
        UsageIndex fresh = _twin();
        fresh.listIndex(REFERENCE, IndexConfig(2, 1_000, 7, 5, DAY - 400, MAX_VALUE, 4, 800, 2_000));
        fresh.listIndex("OTHER", IndexConfig(4, 1_000, 7, 5, DAY - 400, MAX_VALUE, 5, 800, 2_000));
        target = fresh;
        for (uint256 i; i < 3; ++i) fresh.setReporter(vm.addr(keys[i]), true);
        SignedReport[] memory reports = _reportsOn(REFERENCE, NEXT, 0, LEVEL, 2);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PanelTooSmall.selector, 3, 5));
        fresh.post(REFERENCE, NEXT, 0, reports);
        fresh.setReporter(vm.addr(keys[3]), true);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PanelTooSmall.selector, 4, 5));
        fresh.post(REFERENCE, NEXT, 0, reports);
        fresh.setReporter(vm.addr(keys[4]), true);
        vm.assertTrue(!fresh.post(REFERENCE, NEXT, 0, reports));
    }

    // ---------------------------------------------------------------------------------------------------------- private

    function _printed(
        uint32 period,
        uint32 revision,
        uint256 value,
        uint256 count
    ) private returns (bool held) {
        return
            target.post(REFERENCE, period, revision, _reportsOn(REFERENCE, period, revision, value, count));
    }

    /// Five reports from one place of the list on.
    function _from(
        uint256 first,
        uint32 period,
        uint32 revision,
        uint256 value
    ) private view returns (SignedReport[] memory reports) {
        reports = new SignedReport[](5);
        for (uint256 i; i < 5; ++i) {
            reports[i] = _report(keys[first + i], REFERENCE, period, revision, value, VINTAGE);
        }
    }

    /// Four reports of the second to the fifth reporter, and one of another, in the order of the signers.
    function _with(
        uint256 key,
        uint32 period,
        uint32 revision,
        uint256 value
    ) private view returns (SignedReport[] memory reports) {
        reports = new SignedReport[](5);
        uint256 next = 1;
        bool placed;
        for (uint256 i; i < 5; ++i) {
            bool here = !placed && (next == 5 || vm.addr(key) < vm.addr(keys[next]));
            reports[i] = _report(here ? key : keys[next], REFERENCE, period, revision, value, VINTAGE);
            if (here) placed = true;
            else ++next;
        }
    }

    function _leave(uint256 i) private {
        vm.prank(vm.addr(keys[i]));
        bonds.announceLeave(vm.addr(keys[i]));
    }

    function _seat(address reporter) private {
        _bond(reporter);
        target.setReporter(reporter, true);
    }

    function _seated(address reporter) private returns (uint32 bit, uint8 seat) {
        _seat(reporter);
        (, seat) = target.reporter(reporter);
        bit = uint32(1) << seat;
    }

    function _seatOf(address reporter) private returns (uint8 seat) {
        (, seat) = _seated(reporter);
    }

    function _listingRefused(IndexConfig memory terms, uint256 superQuorum) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IUsageIndex.ConfigTooLarge.selector,
                bytes32("superQuorum"),
                superQuorum,
                7
            )
        );
        target.listIndex("BIG", terms);
    }

    function _notReleased() private {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoHeldPrint.selector, REFERENCE, NEXT));
        target.releasePrint(REFERENCE, NEXT);
        (uint256 value, , , ) = target.pushed(REFERENCE);
        vm.assertEq(value, LEVEL);
    }
}
