// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Health, Margin} from "../../../contracts/clearing/libraries/Margin.sol";
import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";

/// The one rounding of an account's sums: against whoever holds it, by less than a unit.
contract MarginTest is TestBase {
    uint256 private constant REQUIREMENT = 10_000 << 16;

    function test_close_ceilsWhatIsRequired() public view {
        _requires(0, 0);
        _requires(1, 1);
        _requires(REQUIREMENT - 1, 1);
        _requires(REQUIREMENT, 1);
        _requires(REQUIREMENT + 1, 2);
    }

    function test_close_floorsWhatThereIsAndCeilsExpiredGains() public view {
        Health memory h;
        (h.equity, h.expiredGain) = (-1, 1);
        Margin.close(h, AccountId.wrap(0), 7);
        vm.assertTrue(h.equity == 6 && h.expiredGain == 1);
        (h.equity, h.expiredGain) = ((1 << 20) - 1, 1 << 20);
        Margin.close(h, AccountId.wrap(0), 7);
        vm.assertTrue(h.equity == 7 && h.expiredGain == 1);
    }

    function _requires(uint256 sum, uint256 units) private view {
        Health memory h;
        (h.initial, h.maintenance) = (sum, sum);
        Margin.close(h, AccountId.wrap(0), 0);
        vm.assertEq(h.initial, units);
        vm.assertEq(h.maintenance, units);
    }
}
