// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex, Print, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexPostTest is UsageIndexFixture {
    function test_post_storesThePrintAndSaysWhoSigned() public {
        SignedReport[] memory reports = _reports(DAY, 3, _values(1010e18, 1000e18, 1030e18, 1020e18, 990e18));
        vm.expectEmit(true, true, true, true, address(target));
        emit IUsageIndex.PrintPosted(TU1D, DAY, 3, 1010e18, _numbered(1), 0x1f);
        vm.prank(address(0xB0B));
        target.post(TU1D, DAY, 3, reports);

        Print memory print = target.print(TU1D, DAY);
        vm.assertEq(print.value, 1010e18);
        vm.assertEq(print.revision, 3);
        vm.assertEq(print.revisedAt, block.timestamp);
        vm.assertTrue(print.vintage == _numbered(1));
        vm.assertTrue(!print.isFinal && !print.filled);
        (uint256 value, uint32 period, uint32 sequence, bool isFinal) = target.latest(TU1D);
        vm.assertEq(value, 1010e18);
        vm.assertEq(period, DAY);
        vm.assertEq(sequence, 0);
        vm.assertTrue(!isFinal);
    }

    // ---------------------------------------------------------------------------------------------------------- median

    function test_post_takesTheLowerMedianOfAnEvenCount() public {
        uint256[] memory values = new uint256[](6);
        (values[0], values[1], values[2]) = (1060e18, 1000e18, 1050e18);
        (values[3], values[4], values[5]) = (1030e18, 1010e18, 1020e18);
        target.post(TU1D, DAY, 0, _reports(DAY, 0, values));
        vm.assertEq(target.print(TU1D, DAY).value, 1020e18);
        vm.assertTrue(target.print(TU1D, DAY).vintage == _numbered(6));
    }

    function test_post_takesReportsOfTheWholePanel() public {
        uint256[] memory values = new uint256[](7);
        for (uint256 i; i < 7; ++i) values[i] = 1000e18 + i;
        target.post(TU1D, DAY, 0, _reports(DAY, 0, values));
        vm.assertEq(target.print(TU1D, DAY).value, 1000e18 + 3);
    }

    function test_post_ofEqualValuesTakesTheVintageInTheMiddle() public {
        _post(DAY, 0, 1000e18);
        vm.assertTrue(target.print(TU1D, DAY).vintage == _numbered(3));
    }

    function test_fuzz_post_medianIsTheNaiveOne(uint256 seed, uint256 count) public {
        count = bound(count, 5, 7);
        uint256[] memory values = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            values[i] = 1000e18 + (uint256(keccak256(abi.encode(seed, i))) % 12) * 1e18;
        }
        target.post(TU1D, DAY, 0, _reports(DAY, 0, values));
        Print memory print = target.print(TU1D, DAY);
        // The lower median has fewer than half strictly below it, and at least half at or below.
        uint256 below;
        uint256 upTo;
        for (uint256 i; i < count; ++i) {
            if (values[i] < print.value) ++below;
            if (values[i] <= print.value) ++upTo;
        }
        vm.assertTrue(below <= (count - 1) / 2 && upTo > (count - 1) / 2);
        vm.assertEq(values[uint184(print.vintage) - 1], print.value);
    }

    // ------------------------------------------------------------------------------------------------------ rejections

    function test_post_revertsWith_IndexNotListed() public {
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        target.post("NONE", DAY, 0, reports);
    }

    function test_post_revertsWith_TooFewReports() public {
        uint256[] memory values = new uint256[](4);
        for (uint256 i; i < 4; ++i) values[i] = 1000e18;
        _refuse(_reports(DAY, 0, values), abi.encodeWithSelector(IUsageIndex.TooFewReports.selector, 4, 5));
        _refuse(new SignedReport[](0), abi.encodeWithSelector(IUsageIndex.TooFewReports.selector, 0, 5));
    }

    function test_post_revertsWith_DuplicateReporter() public {
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        // A second signature of the same reporter, over another value.
        reports[3] = _report(keys[2], TU1D, DAY, 0, 1001e18, VINTAGE);
        _refuse(reports, abi.encodeWithSelector(IUsageIndex.DuplicateReporter.selector, vm.addr(keys[2])));
    }

    function test_post_revertsWith_UnsortedReporters() public {
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        (reports[1], reports[2]) = (reports[2], reports[1]);
        _refuse(
            reports,
            abi.encodeWithSelector(IUsageIndex.UnsortedReporters.selector, vm.addr(keys[1]), vm.addr(keys[2]))
        );
    }

    function test_post_revertsWith_ReporterInactive_afterTheReporterLeft() public {
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        target.setReporter(vm.addr(keys[4]), false);
        _refuse(reports, abi.encodeWithSelector(IUsageIndex.ReporterInactive.selector, vm.addr(keys[4])));
        target.setReporter(vm.addr(keys[4]), true);
        target.post(TU1D, DAY, 0, reports);
    }

    function test_post_revertsWith_FuturePeriod() public {
        // Today has not ended, down to its last second.
        vm.warp(_end(DAY + 1) - 1);
        SignedReport[] memory reports = _reports(DAY + 1, 0, 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.FuturePeriod.selector, DAY + 1, DAY + 1));
        target.post(TU1D, DAY + 1, 0, reports);
        SignedReport[] memory farReports = _reports(type(uint32).max, 0, 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.FuturePeriod.selector, type(uint32).max, DAY + 1));
        target.post(TU1D, type(uint32).max, 0, farReports);

        vm.warp(_end(DAY + 1));
        target.post(TU1D, DAY + 1, 0, reports);
    }

    function test_post_revertsWith_PeriodTooEarly() public {
        SignedReport[] memory reports = _reports(DAY - 41, 0, 1000e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PeriodTooEarly.selector, DAY - 41, DAY - 40));
        target.post(TU1D, DAY - 41, 0, reports);
        _post(DAY - 40, 0, 1000e18);
    }

    function test_post_revertsWith_ZeroValue() public {
        _refuse(
            _reports(DAY, 0, _values(1, 1, 0, 1, 1)),
            abi.encodeWithSelector(IUsageIndex.ZeroValue.selector, 2)
        );
    }

    function test_post_revertsWith_ValueTooLarge() public {
        uint256 absurd = uint256(MAX_VALUE) + 1;
        _refuse(
            _reports(DAY, 0, absurd),
            abi.encodeWithSelector(IUsageIndex.ValueTooLarge.selector, absurd, MAX_VALUE)
        );
        _refuse(
            _reports(DAY, 0, type(uint128).max),
            abi.encodeWithSelector(IUsageIndex.ValueTooLarge.selector, type(uint128).max, MAX_VALUE)
        );
        _post(DAY, 0, MAX_VALUE);
    }

    function test_post_revertsWith_DispersionTooHigh_byOneReportAThousandTimesOff() public {
        _refuse(
            _reports(DAY, 0, _values(1000e18, 1000e18, 1000e18, 1000e18, 1_000_000e18)),
            abi.encodeWithSelector(IUsageIndex.DispersionTooHigh.selector, 9_990_000, 1_000)
        );
    }

    function test_post_revertsWith_DispersionTooHigh_byOneUnit() public {
        // Exactly a tenth of the median passes, one unit more does not and reads as 1,001 (rounded up).
        uint256[] memory values = _values(1000e18, 1000e18, 1000e18, 1000e18, 1100e18);
        target.post(TU1D, DAY, 0, _reports(DAY, 0, values));
        values[4] += 1;
        SignedReport[] memory reports = _reports(DAY, 1, values);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.DispersionTooHigh.selector, 1_001, 1_000));
        target.post(TU1D, DAY, 1, reports);
    }

    function test_post_revertsWith_ReportExpired() public {
        SignedReport[] memory reports = _reports(DAY, 0, 1000e18);
        uint64 deadline = reports[0].deadline;
        vm.warp(deadline + 1);
        _refuse(
            reports,
            abi.encodeWithSelector(IUsageIndex.ReportExpired.selector, uint256(deadline) + 1, deadline)
        );
        vm.warp(deadline);
        target.post(TU1D, DAY, 0, reports);
    }

    function test_post_revertsWith_StaleRevision() public {
        _post(DAY, 4, 1000e18);
        for (uint32 revision = 0; revision <= 4; revision += 2) {
            SignedReport[] memory reports = _reports(DAY, revision, 1001e18);
            vm.expectRevert(abi.encodeWithSelector(IUsageIndex.StaleRevision.selector, revision, 4));
            target.post(TU1D, DAY, revision, reports);
        }
    }

    function test_post_skipsRevisionNumbers() public {
        _post(DAY, 0, 1000e18);
        _post(DAY, 7, 1001e18);
        _post(DAY, type(uint32).max, 1002e18);
        vm.assertEq(target.print(TU1D, DAY).value, 1002e18);
        vm.assertEq(target.print(TU1D, DAY).revision, type(uint32).max);
    }

    function test_post_ofTheSameValueCorrectsTheVintage() public {
        _solo(DAY, 0, 1000e18);
        SignedReport[] memory reports = new SignedReport[](1);
        reports[0] = _report(keys[0], SOLO, DAY, 1, 1000e18, keccak256("corrected"));
        target.post(SOLO, DAY, 1, reports);
        Print memory print = target.print(SOLO, DAY);
        vm.assertTrue(print.vintage == bytes23(keccak256("corrected")));
        vm.assertEq(print.revision, 1);
    }

    // --------------------------------------------------------------------------------------------------------- helpers

    function _refuse(SignedReport[] memory reports, bytes memory reason) private {
        vm.expectRevert(reason);
        target.post(TU1D, DAY, 0, reports);
    }

    function _values(
        uint256 a,
        uint256 b,
        uint256 c,
        uint256 d,
        uint256 e
    ) private pure returns (uint256[] memory values) {
        values = new uint256[](5);
        (values[0], values[1], values[2], values[3], values[4]) = (a, b, c, d, e);
    }
}
