// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingErrors} from "../interfaces/IClearingErrors.sol";

/// @notice Division with a named direction, and narrowing that is always checked.
/// @dev Solidity's `/` truncates towards zero, which favours whoever is below zero; nothing signed uses it.
library Rounding {
    /// @dev ⌈a / b⌉ for b > 0.
    function mulDivUp(uint256 a, uint256 b, uint256 denominator) internal pure returns (uint256) {
        uint256 product = a * b;
        unchecked {
            // The remainder test cannot overflow and a quotient below the product can take one more.
            return product / denominator + (product % denominator == 0 ? 0 : 1);
        }
    }

    /// @dev ⌊a / b⌋ towards −∞, b > 0.
    function floorDiv(int256 a, int256 b) internal pure returns (int256 quotient) {
        unchecked {
            // Truncated, the quotient is above only where `a` is below zero; times `b` it never exceeds `a` in magnitude.
            quotient = a / b;
            if (quotient * b > a) quotient -= 1;
        }
    }

    /// @dev ⌊a / 2^bits⌋ towards −∞: the arithmetic shift does exactly that.
    function floorShift(int256 a, uint256 bits) internal pure returns (int256) {
        return a >> bits;
    }

    /// @dev ⌈a / 2^bits⌉ for unsigned a; a division, since no solver proves a shift.
    function ceilShift(uint256 a, uint256 bits) internal pure returns (uint256) {
        uint256 divisor = 1 << bits;
        return (a + divisor - 1) / divisor;
    }

    /// @dev `numerator / denominator` to the nearest integer, ties to the even one.
    function divHalfEven(uint256 numerator, uint256 denominator) internal pure returns (uint256 quotient) {
        quotient = numerator / denominator;
        uint256 twice = 2 * (numerator % denominator);
        if (twice > denominator || (twice == denominator && quotient % 2 == 1)) quotient += 1;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a : b;
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function abs(int256 a) internal pure returns (uint256) {
        unchecked {
            // −2^255 is its own negative, and as an unsigned number what is wanted.
            return uint256(a < 0 ? -a : a);
        }
    }

    function clamp(int256 a, int256 low, int256 high) internal pure returns (int256 clamped) {
        clamped = a;
        if (a < low) clamped = low;
        else if (a > high) clamped = high;
    }

    /// @dev Reverts with Overflow if `value` needs more than `bits` bits.
    function fit(uint256 value, uint256 bits) internal pure returns (uint256) {
        // The cast is for the report only.
        if (value >> bits != 0) revert IClearingErrors.Overflow(int256(value), bits);
        return value;
    }

    /// @dev Two's complement of `value` in `bits` bits; reverts with Overflow if it does not fit.
    function fitSigned(int256 value, uint256 bits) internal pure returns (uint256) {
        unchecked {
            // It fits if the sign survives the narrowing.
            uint256 up = 256 - bits;
            if ((value << up) >> up != value) revert IClearingErrors.Overflow(value, bits);
            return uint256(value << up) >> up;
        }
    }

    /// @dev The signed number in the low `bits` bits of `word`.
    function signed(uint256 word, uint256 bits) internal pure returns (int256) {
        unchecked {
            uint256 up = 256 - bits;
            return int256(word << up) >> up;
        }
    }
}
