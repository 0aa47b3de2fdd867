// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarkPrice} from "../../contracts/instruments/libraries/MarkPrice.sol";

/// One minute's step of the moving average towards what was observed.
contract ObservedStepProof {
    /// Seen for the whole minute, with the time constant of the reference markets: the mean never leaves mean and mid, and
    /// moves by a thirtieth of the way.
    function staysBetween(uint40 mean, uint24 bid, uint24 ask) external pure {
        uint256 mid = (uint256(bid) + ask) * 32_768;
        uint256 moved = MarkPrice.advanceObserved(mean, (uint256(bid) + ask) * 60, 60, 30);
        assert(mean > mid ? moved <= mean : moved >= mean);
        assert(mean > mid ? moved + 1 >= mid : moved <= mid);
    }

    /// With a time constant of one minute the mean is the mid of the minute.
    function oneMinute(uint40 mean, uint24 bid, uint24 ask) external pure {
        uint256 moved = MarkPrice.advanceObserved(mean, (uint256(bid) + ask) * 60, 60, 1);
        assert(moved == (uint256(bid) + ask) * 32_768);
    }
}
