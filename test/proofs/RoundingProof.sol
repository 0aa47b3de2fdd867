// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Rounding} from "../../contracts/clearing/libraries/Rounding.sol";

/// Choosing between numbers.
contract RangeProof {
    function min(uint256 a, uint256 b) external pure {
        uint256 m = Rounding.min(a, b);
        assert(m <= a && m <= b && (m == a || m == b));
    }

    function max(uint256 a, uint256 b) external pure {
        uint256 m = Rounding.max(a, b);
        assert(m >= a && m >= b && (m == a || m == b));
    }

    function abs(int256 a) external pure {
        require(a > type(int256).min);
        uint256 m = Rounding.abs(a);
        assert(a < 0 ? int256(m) == -a : int256(m) == a);
    }

    function clamp(int256 a, int256 low, int256 high) external pure {
        require(low <= high);
        int256 c = Rounding.clamp(a, low, high);
        assert(c >= low && c <= high);
        assert(a < low || a > high || c == a);
    }
}

/// The denominator of every requirement: basis points of prices in 2^16 parts of a tick.
contract RequirementProof {
    function ceils(uint96 a, uint96 b) external pure {
        uint256 q = Rounding.mulDivUp(a, b, 655_360_000);
        uint256 product = uint256(a) * b;
        assert(q * 655_360_000 >= product);
        assert(q * 655_360_000 < product + 655_360_000);
    }
}

/// ⌊a / b⌋ also where a is below zero: the step of the moving average seen for a whole minute (60 × 30), and its closed form.
contract FloorDivProof {
    function minute(int96 a) external pure {
        int256 q = Rounding.floorDiv(a, 1800);
        assert(q * 1800 <= a);
        assert(q * 1800 > int256(a) - 1800);
    }

    function closedForm(int128 a) external pure {
        int256 q = Rounding.floorDiv(a, 1e27);
        assert(q * 1e27 <= a);
        assert(q * 1e27 > int256(a) - 1e27);
    }
}

/// From ticks × 2^16 to ticks, upwards.
contract CeilShiftProof {
    function ceils(uint128 a) external pure {
        uint256 q = Rounding.ceilShift(a, 16);
        assert(q * 65_536 >= a);
        assert(q * 65_536 < uint256(a) + 65_536);
    }
}

/// Half a tick and less goes down, more goes up, a tie to the even tick: a month of thirty days.
contract HalfEvenProof {
    function nearest(uint128 a) external pure {
        uint256 q = Rounding.divHalfEven(a, 30);
        assert(q * 60 <= 2 * uint256(a) + 30);
        assert(q * 60 + 30 >= 2 * uint256(a));
        assert(uint256(a) % 30 != 15 || q % 2 == 0);
    }
}
