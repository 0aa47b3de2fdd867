// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex, Print, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexFinalityTest is UsageIndexFixture {
    function test_finalAt_isThreeDaysAfterThePeriodsEnd() public {
        _solo(DAY, 0, 1000e18);
        uint256 expected = _end(DAY) + 3 days;
        vm.assertEq(target.finalAt(SOLO, DAY), expected);
        vm.warp(expected - 1);
        vm.assertTrue(!target.print(SOLO, DAY).isFinal);
        vm.warp(expected);
        vm.assertTrue(target.print(SOLO, DAY).isFinal);
    }

    function test_finalAt_isADayAfterALateRevision() public {
        _solo(DAY, 0, 1000e18);
        // At period end + 2 days both terms are equal; a second later the revision's is the later one.
        vm.warp(_end(DAY) + 2 days);
        _solo(DAY, 1, 1001e18);
        vm.assertEq(target.finalAt(SOLO, DAY), _end(DAY) + 3 days);
        vm.warp(_end(DAY) + 2 days + 1);
        _solo(DAY, 2, 1002e18);
        vm.assertEq(target.finalAt(SOLO, DAY), _end(DAY) + 3 days + 1);
        vm.warp(_end(DAY) + 3 days);
        vm.assertTrue(!target.print(SOLO, DAY).isFinal);
        vm.warp(_end(DAY) + 3 days + 1);
        vm.assertTrue(target.print(SOLO, DAY).isFinal);
    }

    function test_finalAt_ofAGapFilledLateIsADayAfterItsPost() public {
        vm.warp(_due(DAY + 20));
        _solo(DAY, 0, 1000e18);
        vm.assertEq(target.finalAt(SOLO, DAY), block.timestamp + 1 days);
        vm.warp(block.timestamp + 1 days - 1);
        _solo(DAY, 1, 1001e18);
        vm.assertEq(target.finalAt(SOLO, DAY), block.timestamp + 1 days);
    }

    function test_finalAt_isNeverWithoutAPrint() public view {
        vm.assertEq(target.finalAt(SOLO, DAY), type(uint64).max);
        vm.assertEq(target.finalAt("NONE", DAY), type(uint64).max);
    }

    function test_post_revertsWith_PrintIsFinal() public {
        _solo(DAY, 0, 1000e18);
        uint256 time = _end(DAY) + 3 days;
        vm.warp(time - 1);
        _solo(DAY, 1, 1001e18);
        time = block.timestamp + 1 days;
        vm.warp(time);
        SignedReport[] memory reports = _soloReports(DAY, 2, 1002e18);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.PrintIsFinal.selector, SOLO, DAY, time));
        target.post(SOLO, DAY, 2, reports);
        vm.assertEq(target.print(SOLO, DAY).value, 1001e18);
    }

    function test_post_daysInAnyOrder() public {
        vm.warp(_due(DAY + 6));
        _solo(DAY + 4, 0, 1004e18);
        _solo(DAY + 6, 9, 1006e18);
        _solo(DAY, 0, 1000e18);
        _solo(DAY + 5, 1, 1005e18);
        vm.assertEq(target.print(SOLO, DAY).value, 1000e18);
        vm.assertEq(target.print(SOLO, DAY + 4).value, 1004e18);
        vm.assertEq(target.print(SOLO, DAY + 5).value, 1005e18);
        vm.assertEq(target.print(SOLO, DAY + 6).value, 1006e18);
        (uint256 value, uint32 period, , ) = target.latest(SOLO);
        vm.assertEq(value, 1006e18);
        vm.assertEq(period, DAY + 6);
    }

    /// Vintage and revision of the 66 newest days are kept, each with its own day whatever the order of the posts; older ones
    /// stand in their events alone, but for those of a late print.
    function test_print_ofTheSixtySixNewestDaysHasItsVintageAndRevision() public {
        uint32 first = DAY - 20;
        for (uint32 i; i < 70; ++i) {
            vm.warp(_due(first + i));
            // Some days are skipped.
            if (i % 9 != 4) _soloVintage(first + i);
        }
        // Day 4 is older than the newest by 65, day 13 by 56. Both come late.
        _soloVintage(first + 13);
        _soloVintage(first + 4);
        vm.warp(_due(first + 70));
        _soloVintage(first + 70);
        for (uint32 i; i <= 70; ++i) {
            bool present = i % 9 != 4 || i == 13 || i == 4;
            bool kept = present && i >= 5;
            bool late = i == 13 || i == 4;
            Print memory print = target.print(SOLO, first + i);
            vm.assertTrue((print.value != 0) == present);
            vm.assertTrue(print.vintage == (kept || late ? _numbered(first + i) : bytes23(0)));
            vm.assertEq(print.revision, kept || late ? i + 1 : 0);
            vm.assertEq(print.revisedAt, late ? _due(first + 69) : (kept ? _due(first + i) : 0));
        }
    }

    function _soloVintage(uint32 period) private {
        SignedReport[] memory reports = new SignedReport[](1);
        uint32 revision = period - (DAY - 20) + 1;
        reports[0] = _report(keys[0], SOLO, period, revision, 1000e18, _numbered(period));
        target.post(SOLO, period, revision, reports);
    }

    /// Nine days in three to five words: each write leaves all others as they were.
    function test_fuzz_post_packing(uint256 seed) public {
        uint32 first = DAY - uint32(bound(seed, 9, 11));
        uint256[9] memory values;
        uint256[9] memory times;
        uint32[9] memory revisions;
        for (uint256 step; step < 18; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 day = seed % 9;
            vm.warp(block.timestamp + ((seed >> 8) % 2 hours));
            if (values[day] != 0) revisions[day] += 1 + (uint32(seed >> 32) >> 8);
            else revisions[day] = uint32(seed >> 32) >> 8;
            // Both ends of the range among them.
            values[day] = step % 6 == 0 ? (step % 4 == 0 ? 1 : MAX_VALUE) : 1 + ((seed >> 64) % MAX_VALUE);
            times[day] = block.timestamp;
            _solo(first + uint32(day), revisions[day], values[day]);
            for (uint256 i; i < 9; ++i) {
                Print memory print = target.print(SOLO, first + uint32(i));
                vm.assertEq(print.value, values[i]);
                vm.assertEq(print.revision, revisions[i]);
                vm.assertEq(print.revisedAt, times[i]);
                vm.assertTrue(print.vintage == (values[i] == 0 ? bytes23(0) : bytes23(VINTAGE)));
            }
        }
    }
}
