// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cells} from "./Cells.sol";

/// @dev What the prints of some days add up to, in one word so that a day is one addition:
/// | number of prints 128 | sum of their values 128 |.
type Tally is uint256;

using {plus as +} for Tally global;
using TallyLib for Tally global;

/// @dev Unchecked: prints have 83 bits, and nobody adds up 2^45 of them.
function plus(Tally a, Tally b) pure returns (Tally) {
    unchecked {
        return Tally.wrap(Tally.unwrap(a) + Tally.unwrap(b));
    }
}

/// @title TallyLib
/// @notice Building and fields of a tally.
library TallyLib {
    /// @notice The prints of a word that carries no flag.
    function ofBits(uint256 bits) internal pure returns (Tally result) {
        uint256 a = bits & Cells.MASK;
        uint256 b = (bits >> Cells.BITS) & Cells.MASK;
        uint256 c = bits >> (2 * Cells.BITS);
        // Assembly: a comparison gives its 0 or 1 without a branch, three times for each word of a month's mean.
        assembly ("memory-safe") {
            let missing := add(add(iszero(a), iszero(b)), iszero(c))
            result := or(add(add(a, b), c), shl(128, sub(3, missing)))
        }
    }

    function sum(Tally self) internal pure returns (uint256) {
        return uint128(Tally.unwrap(self));
    }

    function count(Tally self) internal pure returns (uint256) {
        return Tally.unwrap(self) >> 128;
    }
}
