// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TickBitmap} from "../../../contracts/book/libraries/TickBitmap.sol";
import {TestBase} from "../Vm.sol";

/// The bitmap against a plain list of ticks.
contract TickBitmapTest is TestBase {
    using TickBitmap for mapping(uint256 => uint256);

    uint256 private constant NONE = type(uint24).max;
    mapping(uint256 => uint256) private _words;
    uint256[] private _ticks;

    function test_emptyHasNoNeighbours() public view {
        vm.assertEq(_words.below(1, NONE), 0);
        vm.assertEq(_words.above(1, 0), NONE);
        vm.assertEq(_words.below(1, 0), 0);
    }

    function test_bordersOfWords() public {
        uint256[8] memory ticks = [uint256(1), 255, 256, 65_535, 65_536, 8_388_608, 16_777_213, 16_777_214];
        for (uint256 i = 0; i < 8; ++i) _words.set(7, ticks[i]);
        for (uint256 i = 0; i < 8; ++i) {
            vm.assertEq(_words.below(7, ticks[i]), i == 0 ? 0 : ticks[i - 1]);
            vm.assertEq(_words.above(7, ticks[i]), i == 7 ? NONE : ticks[i + 1]);
        }
        // Another market's ticks are its own.
        vm.assertEq(_words.above(8, 0), NONE);
        vm.assertEq(_words.below(6, NONE), 0);
    }

    function test_aLeafThatWasEmptiedIsDirtyAndCountsAsEmpty() public {
        _words.set(1, 1000);
        _words.clear(1, 1000);
        vm.assertEq(_words.above(1, 0), NONE);
        _words.set(1, 1001);
        vm.assertEq(_words.above(1, 0), 1001);
        vm.assertEq(_words.above(1, 1001), NONE);
        vm.assertEq(_words.below(1, 1001), 0);
    }

    function test_clear_theOnlyTickOfItsWordsLeavesNothingAbove() public {
        // Its bit in the middle word stands in the upper half.
        _words.set(1, 40_000);
        _words.clear(1, 40_000);
        vm.assertEq(_words.above(1, 0), NONE);
        vm.assertEq(_words.below(1, NONE), 0);
    }

    function test_clear_theLastTickOfAMiddleWordEmptiesItsPlaceInTheRoot() public {
        _words.set(1, 140_000);
        _words.set(1, 300_000);
        _words.clear(1, 140_000);
        vm.assertEq(_words.below(1, 300_000), 0);
        vm.assertEq(_words.above(1, 1), 300_000);
    }

    /// hardhat-config: fuzz.runs = 100
    function test_fuzz_neighboursAreThoseOfAList(uint256 seed, uint256 spread) public {
        // From ticks of one leaf to ticks all over the range.
        uint256 range = 1 << (8 + (spread % 17));
        for (uint256 i = 0; i < 40; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 tick = 1 + ((random % range) % 16_777_214);
            uint256 place = _find(tick);
            if (place == _ticks.length) {
                _words.set(3, tick);
                _ticks.push(tick);
            } else {
                _words.clear(3, tick);
                _ticks[place] = _ticks[_ticks.length - 1];
                _ticks.pop();
            }
            uint256 from = 1 + (((random >> 128) % range) % 16_777_214);
            vm.assertEq(_words.below(3, from), _below(from));
            vm.assertEq(_words.above(3, from), _above(from));
            vm.assertEq(_words.below(3, tick), _below(tick));
            vm.assertEq(_words.above(3, tick), _above(tick));
        }
    }

    function _find(uint256 tick) private view returns (uint256 i) {
        while (i < _ticks.length && _ticks[i] != tick) ++i;
    }

    function _below(uint256 tick) private view returns (uint256 found) {
        for (uint256 i = 0; i < _ticks.length; ++i) {
            if (_ticks[i] < tick && _ticks[i] > found) found = _ticks[i];
        }
    }

    function _above(uint256 tick) private view returns (uint256 found) {
        found = NONE;
        for (uint256 i = 0; i < _ticks.length; ++i) {
            if (_ticks[i] > tick && _ticks[i] < found) found = _ticks[i];
        }
    }
}
