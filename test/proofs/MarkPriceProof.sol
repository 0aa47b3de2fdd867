// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarkPrice} from "../../contracts/instruments/libraries/MarkPrice.sol";

/// One minute of the moving average towards a standing mid, at the time constant of the reference markets: it never leaves
/// mean and mid, and goes a thirtieth of the way but for the floor and the cut of 1e27 / 30.
contract StepProof {
    function staysBetween(uint40 mean, uint40 mid) external pure {
        uint256 moved = MarkPrice.step(mean, mid, 30);
        assert(mean > mid ? moved <= mean && moved >= mid : moved <= mid && moved >= mean);
    }

    function goesAThirtieth(uint40 mean, uint40 mid) external pure {
        int256 moved = int256(MarkPrice.step(mean, mid, 30));
        int256 exact = 29 * int256(uint256(mean)) + int256(uint256(mid));
        assert(30 * moved <= exact + 1);
        assert(30 * moved > exact - 31);
    }
}

/// One minute towards what was observed in every second of it.
contract ObservedStepProof {
    function staysBetween(uint40 mean, uint24 bid, uint24 ask) external pure {
        uint256 mid = (uint256(bid) + ask) * 32_768;
        uint256 moved = MarkPrice.advanceObserved(mean, (uint256(bid) + ask) * 60, 60, 30);
        assert(mean > mid ? moved <= mean && moved >= mid : moved <= mid && moved >= mean);
    }

    function withATimeConstantOfOneMinuteItIsTheMid(uint40 mean, uint24 bid, uint24 ask) external pure {
        uint256 moved = MarkPrice.advanceObserved(mean, (uint256(bid) + ask) * 60, 60, 1);
        assert(moved == (uint256(bid) + ask) * 32_768);
    }
}
