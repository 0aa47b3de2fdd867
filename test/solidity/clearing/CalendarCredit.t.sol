// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CalendarCredit} from "../../../contracts/clearing/libraries/CalendarCredit.sol";
import {TestBase} from "../Vm.sol";

/// How the lots of months on a path are paired: for the largest credit, beside one that tries everything.
contract CalendarCreditTest is TestBase {
    uint256 private constant MONTHS = 5;

    function test_pair_aMonthBetweenTwoGoesToTheOneThatGainsMore() public pure {
        uint256[] memory h = CalendarCredit.pair(_list(10, 10, 10), _list(3, 5));
        vm.assertTrue(h[0] == 0 && h[1] == 10);
        h = CalendarCredit.pair(_list(10, 10, 10), _list(5, 3));
        vm.assertTrue(h[0] == 10 && h[1] == 0);
        h = CalendarCredit.pair(_list(10, 15, 10), _list(3, 5));
        vm.assertTrue(h[0] == 5 && h[1] == 10);
    }

    function test_pair_givesAPairUpForTwoOthers() public pure {
        uint256[] memory lots = new uint256[](4);
        (lots[0], lots[1], lots[2], lots[3]) = (10, 10, 10, 4);
        // Four lots of the middle pair bring less than the two beside it: 5 < 3 + 3.
        uint256[] memory h = CalendarCredit.pair(lots, _list(3, 5, 3));
        vm.assertTrue(h[0] == 4 && h[1] == 6 && h[2] == 4);
    }

    function test_pair_ofNothing() public pure {
        vm.assertEq(CalendarCredit.pair(new uint256[](1), new uint256[](0)).length, 0);
        uint256[] memory h = CalendarCredit.pair(_list(7, 0, 7), _list(3, 5));
        vm.assertTrue(h[0] == 0 && h[1] == 0);
        h = CalendarCredit.pair(_list(7, 7, 7), _list(0, 0));
        vm.assertTrue(h[0] == 0 && h[1] == 0);
    }

    function test_fuzz_pair_isTheLargest(uint256 seed) public pure {
        (uint256[] memory lots, uint256[] memory gains) = _draw(seed);
        uint256[] memory h = CalendarCredit.pair(lots, gains);
        for (uint256 i = 0; i < MONTHS; ++i) {
            uint256 used = (i == 0 ? 0 : h[i - 1]) + (i + 1 == MONTHS ? 0 : h[i]);
            vm.assertLe(used, lots[i]);
        }
        vm.assertEq(_sum(h, gains), _best(lots, gains, 0, 0));
    }

    function test_fuzz_pair_moreLotsOfAMonthNeverBringLess(
        uint256 seed,
        uint256 month,
        uint256 more
    ) public pure {
        (uint256[] memory lots, uint256[] memory gains) = _draw(seed);
        uint256 before = _sum(CalendarCredit.pair(lots, gains), gains);
        lots[month % MONTHS] += more % 10;
        vm.assertGe(_sum(CalendarCredit.pair(lots, gains), gains), before);
    }

    /// The largest credit of the pairs from `i` on, `used` lots of month i being taken: by trying every number of lots.
    function _best(
        uint256[] memory lots,
        uint256[] memory gains,
        uint256 i,
        uint256 used
    ) private pure returns (uint256 best) {
        if (i == gains.length) return 0;
        for (uint256 h = 0; h <= lots[i] - used && h <= lots[i + 1]; ++h) {
            uint256 sum = h * gains[i] + _best(lots, gains, i + 1, h);
            if (sum > best) best = sum;
        }
    }

    function _draw(uint256 seed) private pure returns (uint256[] memory lots, uint256[] memory gains) {
        (lots, gains) = (new uint256[](MONTHS), new uint256[](MONTHS - 1));
        for (uint256 i = 0; i < MONTHS; ++i) {
            lots[i] = uint256(keccak256(abi.encode(seed, i))) % 5;
            if (i + 1 < MONTHS) gains[i] = uint256(keccak256(abi.encode(seed, "gain", i))) % 7;
        }
    }

    function _sum(uint256[] memory h, uint256[] memory gains) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < h.length; ++i) sum += h[i] * gains[i];
    }

    function _list(uint256 a, uint256 b) private pure returns (uint256[] memory l) {
        l = new uint256[](2);
        (l[0], l[1]) = (a, b);
    }

    function _list(uint256 a, uint256 b, uint256 c) private pure returns (uint256[] memory l) {
        l = new uint256[](3);
        (l[0], l[1], l[2]) = (a, b, c);
    }
}
