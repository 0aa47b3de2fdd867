// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

contract UsageIndexMeanTest is UsageIndexFixture {
    function test_trailingMean_ofSevenDays() public {
        _soloDays(DAY - 6, DAY);
        (uint256 mean, bool allFinal) = target.trailingMean(SOLO, DAY);
        vm.assertEq(mean, _usual(DAY - 3));
        vm.assertTrue(!allFinal);
        vm.warp(_end(DAY) + 3 days - 1);
        (, allFinal) = target.trailingMean(SOLO, DAY);
        vm.assertTrue(!allFinal);
        vm.warp(_end(DAY) + 3 days);
        (, allFinal) = target.trailingMean(SOLO, DAY);
        vm.assertTrue(allFinal);
    }

    function test_trailingMean_isNotFinalWhileALateRevisionIsNot() public {
        _soloDays(DAY - 6, DAY);
        vm.warp(_end(DAY - 2) + 3 days - 1);
        _solo(DAY - 2, 1, _usual(DAY - 2) + 7);
        vm.warp(_end(DAY - 2) + 4 days - 2);
        (, bool allFinal) = target.trailingMean(SOLO, DAY - 2);
        vm.assertTrue(!allFinal);
        vm.warp(block.timestamp + 1);
        (, allFinal) = target.trailingMean(SOLO, DAY - 2);
        vm.assertTrue(allFinal);
    }

    function test_trailingMean_skipsMissingDaysAndRoundsDown() public {
        _solo(DAY, 0, 1001);
        _solo(DAY - 2, 0, 1000);
        _solo(DAY - 3, 0, 1000);
        _solo(DAY - 5, 0, 1000);
        _solo(DAY - 6, 0, 1003);
        (uint256 mean, ) = target.trailingMean(SOLO, DAY);
        vm.assertEq(mean, 1000);
    }

    function test_trailingMean_revertsWith_TooFewDays() public {
        _soloDays(DAY - 3, DAY);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooFewDays.selector, 4, 5));
        target.trailingMean(SOLO, DAY);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooFewDays.selector, 0, 5));
        target.trailingMean(SOLO, DAY + 100);
        // At the ends of the type.
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooFewDays.selector, 0, 5));
        target.trailingMean(SOLO, 0);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.TooFewDays.selector, 0, 5));
        target.trailingMean(SOLO, type(uint32).max);
    }

    function test_trailingMean_revertsWith_IndexNotListed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("NONE")));
        target.trailingMean("NONE", DAY);
    }

    function test_latest_revertsWith_NoPrints() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.NoPrints.selector, SOLO));
        target.latest(SOLO);
    }

    /// Every placement of a window in its words, with gaps.
    function test_fuzz_windowMean_andLockedSum(uint256 seed) public {
        uint32 first = DAY - 12;
        uint256[12] memory values;
        for (uint32 i; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 4 == 0) continue;
            values[i] = 1 + ((seed >> 8) % MAX_VALUE);
            _solo(first + i, 0, values[i]);
        }
        // All were posted late, so that a revision of one makes that one alone not final.
        uint32 revised = uint32(seed % 12);
        vm.warp(block.timestamp + 12 hours);
        if (values[revised] != 0) _solo(first + revised, 1, values[revised] = 1 + ((seed >> 9) % MAX_VALUE));
        vm.warp(_end(DAY) + 4 days);
        vm.warp(block.timestamp - 1 days - 5 hours + ((seed >> 4) % 11 hours));
        for (uint32 a; a < 12; ++a) {
            for (uint32 b = a; b < 12; ++b) _checkWindow(first, a, b, values);
        }
    }

    function _checkWindow(uint32 first, uint32 a, uint32 b, uint256[12] memory values) private view {
        uint256 sum;
        uint256 present;
        uint256 finalSum;
        uint256 finalDays;
        for (uint32 i = a; i <= b; ++i) {
            if (values[i] == 0) continue;
            sum += values[i];
            ++present;
            if (block.timestamp >= target.finalAt(SOLO, first + i)) {
                finalSum += values[i];
                ++finalDays;
            }
        }
        (uint256 sum_, uint256 present_, bool allFinal) = target.windowMean(SOLO, first + a, first + b);
        vm.assertEq(sum_, sum);
        vm.assertEq(present_, present);
        vm.assertTrue(allFinal == (finalDays == present));
        (sum_, present_) = target.lockedSum(SOLO, first + a, first + b);
        vm.assertEq(sum_, finalSum);
        vm.assertEq(present_, finalDays);
    }

    function test_lockedSum_growsWithFinality() public {
        vm.warp(_due(DAY - 2));
        _solo(DAY - 2, 0, 100);
        vm.warp(_due(DAY));
        _solo(DAY, 0, 300);
        (uint256 sum, uint256 days_) = target.lockedSum(SOLO, DAY - 2, DAY);
        vm.assertEq(sum, 0);
        vm.assertEq(days_, 0);
        vm.warp(_end(DAY - 2) + 3 days);
        (sum, days_) = target.lockedSum(SOLO, DAY - 2, DAY);
        vm.assertEq(sum, 100);
        vm.assertEq(days_, 1);
        vm.warp(_end(DAY) + 3 days);
        (sum, days_) = target.lockedSum(SOLO, DAY - 2, DAY);
        vm.assertEq(sum, 400);
        vm.assertEq(days_, 2);
    }

    function test_windowMean_revertsWith_WindowReversed() public {
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.WindowReversed.selector, DAY, DAY - 1));
        target.windowMean(SOLO, DAY, DAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.WindowReversed.selector, DAY, DAY - 1));
        target.lockedSum(SOLO, DAY, DAY - 1);
    }

    function test_windowMean_revertsWith_WindowTooLong() public {
        target.windowMean(SOLO, DAY, DAY + 365);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.WindowTooLong.selector, 367, 366));
        target.windowMean(SOLO, DAY, DAY + 366);
        vm.expectRevert(abi.encodeWithSelector(IUsageIndex.WindowTooLong.selector, uint256(1) << 32, 366));
        target.windowMean(SOLO, 0, type(uint32).max);
    }

    function test_windowMean_atTheLastDayOfTheType() public view {
        (uint256 sum, uint256 present, bool allFinal) = target.windowMean(
            SOLO,
            type(uint32).max - 10,
            type(uint32).max
        );
        vm.assertTrue(sum == 0 && present == 0 && allFinal);
    }
}
