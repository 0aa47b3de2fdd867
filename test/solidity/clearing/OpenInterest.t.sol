// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClearingStorage, MarketTerms} from "../../../contracts/clearing/libraries/ClearingStorage.sol";
import {OpenInterest} from "../../../contracts/clearing/libraries/OpenInterest.sol";
import {MarketContext} from "../../../contracts/instruments/libraries/Markets.sol";
import {TestBase} from "../Vm.sol";

/// What a fund covers, and what it has to keep: each the other's inverse.
contract OpenInterestTest is TestBase {
    uint256 private constant BASE = 500;

    function test_leastFund_isNothingUpToTheBase() public {
        MarketTerms storage terms = _terms();
        MarketContext memory c = _market(10_000 << 16);
        vm.assertEq(OpenInterest.leastFund(terms, 0, c), 0);
        vm.assertEq(OpenInterest.leastFund(terms, BASE, c), 0);
        // 2 % of a lot of 10,000 ticks at 500 units.
        vm.assertEq(OpenInterest.leastFund(terms, BASE + 1, c), 100_000);
    }

    function test_fuzz_leastFund_isTheLeastThatCovers(uint256 lots, uint256 mark) public {
        MarketTerms storage terms = _terms();
        MarketContext memory c = _market(bound(mark, 1 << 16, 1 << 40));
        lots = bound(lots, BASE + 1, 1 << 35);
        uint256 least = OpenInterest.leastFund(terms, lots, c);
        vm.assertGe(OpenInterest.limit(terms, least, c), lots);
        vm.assertLe(OpenInterest.limit(terms, least - 1, c), lots - 1);
    }

    function _terms() private returns (MarketTerms storage terms) {
        terms = ClearingStorage.load().markets[1].terms;
        (terms.maxOpenInterestLots, terms.openInterestBaseLots, terms.fundCoverBps) = (1 << 35, 500, 200);
    }

    function _market(uint256 mark) private pure returns (MarketContext memory c) {
        (c.mark, c.tickValue) = (mark, 500);
    }
}
