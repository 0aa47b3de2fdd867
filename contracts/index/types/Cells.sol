// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Cells
/// @notice Three cells of 85 bits a word, so that a month of 31 days lies in at most eleven words:
///
///   bit 255   254       170   169        85   84         0
///       | 0 | cell 2        | cell 1        | cell 0       |
library Cells {
    uint256 internal constant COUNT = 3;
    uint256 internal constant BITS = 85;
    uint256 internal constant MASK = (1 << BITS) - 1;

    /// @param place Below three.
    function get(uint256 word, uint256 place) internal pure returns (uint256) {
        unchecked {
            return (word >> (place * BITS)) & MASK;
        }
    }

    /// @param place Below three.
    function set(uint256 word, uint256 place, uint256 cell) internal pure returns (uint256) {
        unchecked {
            uint256 shift = place * BITS;
            return (word & ~(MASK << shift)) | (cell << shift);
        }
    }

    /// @notice The first `count` cells of a word; three or more are all of them.
    function below(uint256 word, uint256 count) internal pure returns (uint256) {
        unchecked {
            return word & ((1 << (count * BITS)) - 1);
        }
    }
}
