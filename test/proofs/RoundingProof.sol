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

/// ⌈a × b / d⌉ is the smallest number that times d is not below a × b.
contract MulDivUpProof {
    function anyDenominator(uint64 a, uint64 b, uint64 d) external pure {
        require(d != 0);
        uint256 q = Rounding.mulDivUp(a, b, d);
        assert(q * d >= uint256(a) * b);
    }

    function notTooLarge(uint64 a, uint64 b, uint64 d) external pure {
        require(d != 0);
        uint256 q = Rounding.mulDivUp(a, b, d);
        assert(q * d < uint256(a) * b + d);
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

/// ⌊a / b⌋ also where a is below zero.
contract FloorDivProof {
    function floors(int96 a, int96 b) external pure {
        require(b > 0);
        int256 q = Rounding.floorDiv(a, b);
        assert(q * b <= a);
        assert(q * b > int256(a) - b);
    }
}

/// Half a tick and less goes down, more goes up, a tie to the even tick.
contract HalfEvenProof {
    function nearest(uint64 a, uint64 b) external pure {
        require(b != 0);
        uint256 q = Rounding.divHalfEven(a, b);
        assert(2 * (q * b) <= 2 * uint256(a) + b);
        assert(2 * (q * b) + b >= 2 * uint256(a));
    }

    function tie(uint64 q) external pure {
        uint256 result = Rounding.divHalfEven(uint256(q) * 14 + 7, 14);
        assert(result % 2 == 0);
        assert(result == q || result == uint256(q) + 1);
    }
}
