// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Print, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

/// What one or two reporters of seven can do to a print that needs five: nothing beyond the honest ones' range.
contract UsageIndexCollusionTest is UsageIndexFixture {
    /// Honest reports spread over up to 2 %; colluders say what they like, keep silent, agree or not, and whoever posts chooses
    /// which five to seven reports to post, in the colluders' favour.
    /// hardhat-config: fuzz.runs = 1000
    function test_fuzz_post_oneOrTwoReportersCannotMoveAPrintBeyondTheHonestRange(uint256 seed) public {
        uint256 colluders = 1 + (seed % 2);
        uint256 first = (seed >> 8) % 7;
        uint256 second = colluders == 1 ? first : (first + 1 + ((seed >> 16) % 6)) % 7;
        uint256 low = type(uint256).max;
        uint256 high;
        uint256[7] memory values;
        for (uint256 i; i < 7; ++i) {
            bool bad = i == first || i == second;
            values[i] = bad ? _strategy(uint256(keccak256(abi.encode(seed, i)))) : _honest(seed, i);
            if (bad) continue;
            if (values[i] < low) low = values[i];
            if (values[i] > high) high = values[i];
        }
        // The sender keeps the colluders and drops up to two others, any of them.
        uint256 count = 5 + ((seed >> 40) % 3);
        SignedReport[] memory reports = new SignedReport[](count);
        uint256 drop = 7 - count;
        uint256 taken;
        for (uint256 i; i < 7; ++i) {
            bool bad = i == first || i == second;
            bool last = 7 - i == drop;
            if (drop != 0 && (last || (!bad && uint256(keccak256(abi.encode(seed, i, "drop"))) % 2 == 0))) {
                --drop;
                continue;
            }
            reports[taken++] = _report(keys[i], TU1D, DAY, 0, values[i], VINTAGE);
        }
        vm.assertEq(taken, count);
        try target.post(TU1D, DAY, 0, reports) {
            Print memory print = target.print(TU1D, DAY);
            vm.assertGe(print.value, low);
            vm.assertLe(print.value, high);
        } catch {
            // A strategy that is too far off costs the print its dispersion check: the day waits for a post without it.
            vm.assertEq(target.print(TU1D, DAY).value, 0);
            _postHonest(values, first, second);
            vm.assertGe(target.print(TU1D, DAY).value, low);
            vm.assertLe(target.print(TU1D, DAY).value, high);
        }
    }

    function test_post_ofFiveWithoutTheLiarStandsHoweverTheLiarLies() public {
        uint256[7] memory values;
        for (uint256 i; i < 7; ++i) values[i] = 1000e18 + i;
        for (uint256 i; i < 2; ++i) values[i] = MAX_VALUE;
        _postHonest(values, 0, 1);
        vm.assertEq(target.print(TU1D, DAY).value, 1000e18 + 4);
    }

    function _honest(uint256 seed, uint256 i) private pure returns (uint256) {
        return 1000e18 + (uint256(keccak256(abi.encode(seed, i, "honest"))) % 20e18);
    }

    function _strategy(uint256 seed) private pure returns (uint256) {
        uint256 kind = seed % 6;
        if (kind == 0) return 1;
        if (kind == 1) return MAX_VALUE;
        // As far as the dispersion lets through, on either side.
        if (kind == 2) return 1000e18 + ((seed >> 8) % 100e18);
        if (kind == 3) return 1000e18 - ((seed >> 8) % 90e18);
        if (kind == 4) return 1000e18 + ((seed >> 8) % 20e18);
        return 1 + ((seed >> 8) % 3000e18);
    }

    function _postHonest(uint256[7] memory values, uint256 first, uint256 second) private {
        SignedReport[] memory reports = new SignedReport[](5);
        uint256 taken;
        for (uint256 i; i < 7 && taken < 5; ++i) {
            if (i == first || i == second) continue;
            reports[taken++] = _report(keys[i], TU1D, DAY, 0, values[i], VINTAGE);
        }
        target.post(TU1D, DAY, 0, reports);
    }
}
