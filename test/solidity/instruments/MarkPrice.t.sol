// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarkPrice} from "../../../contracts/instruments/libraries/MarkPrice.sol";
import {TestBase} from "../Vm.sol";

/// The closed forms of the moving average against loops over its minutes.
contract MarkPriceTest is TestBase {
    uint256 private constant MOST = (uint256(type(uint24).max) - 1) << 16;

    function test_advance_oneMinute() public pure {
        // 1/30 of the distance; 1 − 1/30 is rounded at 27 digits, which may cost the last of 16 bits.
        vm.assertEq(MarkPrice.advance(10_000 << 16, 10_300 << 16, 30, 1), (10_010 << 16) - 1);
        vm.assertEq(MarkPrice.advance(10_300 << 16, 10_000 << 16, 30, 1), 10_290 << 16);
    }

    /// A minute moves the mean by exactly its share where that is whole: down for every time constant, since what the factor is
    /// rounded up by is floored away; up where the factor has no more than 27 digits.
    function test_advance_oneMinuteIsExactWhereTheShareIsWhole() public pure {
        uint256 mid = 10_000 << 16;
        for (uint256 tau = 2; tau <= 4095; ++tau) {
            vm.assertEq(MarkPrice.advance(mid + 77 * tau, mid, tau, 1), mid + 77 * (tau - 1));
            if (1e27 % tau != 0) continue;
            vm.assertEq(MarkPrice.advance(mid - 77 * tau, mid, tau, 1), mid - 77 * (tau - 1));
        }
    }

    function test_advance_standsAtItsMid() public pure {
        vm.assertEq(MarkPrice.advance(12_345, 12_345, 30, 100_000), 12_345);
    }

    function test_advance_tauOneIsTheMidAtOnce() public pure {
        vm.assertEq(MarkPrice.advance(1 << 16, 777 << 16, 1, 1), 777 << 16);
    }

    function test_advance_endsAtTheMid() public pure {
        uint256 mean = MarkPrice.advance(10_000 << 16, 12_000 << 16, 30, 30 * 64 + 1);
        vm.assertEq(mean, 12_000 << 16);
        mean = MarkPrice.advance(12_000 << 16, 10_000 << 16, 4095, type(uint32).max);
        vm.assertEq(mean, 10_000 << 16);
    }

    /// hardhat-config: fuzz.runs = 200
    function test_fuzz_advance_equalsTheLoop(uint256 mean, uint256 mid, uint256 tau, uint256 n) public pure {
        (mean, mid, tau, n) = _bounded(mean, mid, tau, n);
        uint256 step = mean;
        for (uint256 i = 0; i < n; ++i) step = MarkPrice.advance(step, mid, tau, 1);
        uint256 closed = MarkPrice.advance(mean, mid, tau, n);
        // Each minute of the loop floors once, by less than 2^-16 of a tick, and what it lost decays.
        vm.assertApproxEqAbs(closed, step, (n < tau ? n : tau) + 1);
    }

    function test_fuzz_advance_splitsAnywhere(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 n,
        uint256 split
    ) public pure {
        (mean, mid, tau, n) = _bounded(mean, mid, tau, n);
        split = bound(split, 0, n);
        uint256 twice = MarkPrice.advance(MarkPrice.advance(mean, mid, tau, split), mid, tau, n - split);
        vm.assertApproxEqAbs(MarkPrice.advance(mean, mid, tau, n), twice, 1);
    }

    function test_fuzz_advance_neverOvershoots(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 n
    ) public pure {
        mean = bound(mean, 0, MOST);
        mid = bound(mid, 0, MOST);
        tau = bound(tau, 1, 4095);
        n = bound(n, 1, 10_000_000);
        uint256 after_ = MarkPrice.advance(mean, mid, tau, n);
        if (mean <= mid) vm.assertTrue(after_ >= mean && after_ <= mid);
        else vm.assertTrue(after_ <= mean && after_ >= mid);
    }

    function test_step_isAnAdvanceOfOneMinute() public pure {
        uint256[5] memory taus = [uint256(1), 2, 3, 30, 4095];
        for (uint256 i = 0; i < 5; ++i) {
            vm.assertEq(
                MarkPrice.step(10_000 << 16, 10_300 << 16, taus[i]),
                MarkPrice.advance(10_000 << 16, 10_300 << 16, taus[i], 1)
            );
            vm.assertEq(
                MarkPrice.step(10_300 << 16, 10_000 << 16, taus[i]),
                MarkPrice.advance(10_300 << 16, 10_000 << 16, taus[i], 1)
            );
        }
        vm.assertEq(MarkPrice.step(10_000 << 16, 10_300 << 16, 1), 10_300 << 16);
        vm.assertEq(MarkPrice.step(10_000 << 16, 10_300 << 16, 2), 10_150 << 16);
    }

    function test_advanceObserved_aWholeMinuteIsAnAdvance() public pure {
        uint256 mean = 10_000 << 16;
        uint256 whole = MarkPrice.advanceObserved(mean, 2 * 10_300 * 60, 60, 30);
        vm.assertEq(whole, 10_010 << 16);
        // Half a minute of depth moves half as far.
        vm.assertEq(MarkPrice.advanceObserved(mean, 2 * 10_300 * 30, 30, 30), 10_005 << 16);
    }

    function test_fuzz_advanceObserved_isBetween(
        uint256 mean,
        uint256 bid,
        uint256 depth,
        uint256 tau
    ) public pure {
        mean = bound(mean, 0, MOST);
        bid = bound(bid, 1, MOST >> 17);
        depth = bound(depth, 1, 60);
        tau = bound(tau, 1, 4095);
        uint256 after_ = MarkPrice.advanceObserved(mean, 2 * bid * depth, depth, tau);
        uint256 mid = bid << 16;
        if (mean <= mid) vm.assertTrue(after_ >= mean && after_ <= mid);
        else vm.assertTrue(after_ <= mean && after_ >= mid);
    }

    /// hardhat-config: fuzz.runs = 200
    function test_fuzz_limitedSum_equalsTheLoop(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 n,
        uint256 low,
        uint256 width
    ) public pure {
        mean = bound(mean, 1 << 16, 200_000 << 16);
        mid = bound(mid, 1 << 16, 200_000 << 16);
        tau = bound(tau, 1, 1440);
        n = bound(n, 1, 300);
        int256 floor = int256(bound(low, 1 << 16, 200_000 << 16));
        int256 ceiling = floor + int256(bound(width, 0, 50_000 << 16));
        int256 sum = 0;
        uint256 step = mean;
        for (uint256 i = 0; i < n; ++i) {
            step = MarkPrice.advance(step, mid, tau, 1);
            int256 price = int256(step);
            sum += price < floor ? floor : (price > ceiling ? ceiling : price);
        }
        int256 closed = MarkPrice.limitedSum(mean, mid, tau, n, floor, ceiling);
        int256 off = closed > sum ? closed - sum : sum - closed;
        // Minute k of the loop has floored at most min(k, tau) times.
        vm.assertTrue(off <= int256(n * (n < tau ? n : tau) + n), "further than the roundings of the loop");
    }

    /// A limit at the mid itself is reached only once the rest of the distance is below the grid.
    function test_limitedSum_whereTheLimitIsTheMid() public pure {
        uint256 mean = 10_300 << 16;
        uint256 mid = 10_000 << 16;
        _expectLoop(mean, mid, 30, 1900, int256(mid) - 1, int256(mid));
        _expectLoop(mean, mid, 30, 1900, int256(mid), int256(mean) + 1);
    }

    function _expectLoop(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 n,
        int256 low,
        int256 high
    ) private pure {
        int256 sum = 0;
        for (uint256 k = 1; k <= n; ++k) {
            int256 price = int256(MarkPrice.advance(mean, mid, tau, k));
            sum += price < low ? low : (price > high ? high : price);
        }
        int256 off = MarkPrice.limitedSum(mean, mid, tau, n, low, high) - sum;
        vm.assertTrue(off >= -1 && off <= int256(n) + 1);
    }

    function test_fuzz_plainSum_isTheGeometricSum(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 n
    ) public pure {
        (mean, mid, tau, n) = _bounded(mean, mid, tau, n);
        int256 sum = 0;
        for (uint256 k = 1; k <= n; ++k) sum += int256(MarkPrice.advance(mean, mid, tau, k));
        int256 off = MarkPrice.plainSum(mean, mid, tau, n) - sum;
        // Every term of the sum is floored, the closed form once.
        vm.assertTrue(off >= -1 && off <= int256(n) + 1);
    }

    function _bounded(
        uint256 mean,
        uint256 mid,
        uint256 tau,
        uint256 n
    ) private pure returns (uint256, uint256, uint256, uint256) {
        return (bound(mean, 0, MOST), bound(mid, 0, MOST), bound(tau, 1, 4095), bound(n, 1, 200));
    }
}
