// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice How the lots of a deleveraging round are shared over the winning side.
/// @dev Pure and small, so that it can be proven: with lots ≤ side it never falls in `total`, closed(0) = 0,
///      closed(side) = lots, and a position of n lots closes between ⌊n × lots / side⌋ and ⌈n × lots / side⌉, at most n.
library DeleveragingShares {
    /// @dev Lots closed once the first `total` lots of the side have been served: ⌊total × lots / side⌋. A position closes the
    ///      difference between after it and before it.
    /// @param total At most `side`, 40 bits.
    /// @param lots Lots that the round closes in all, 36 bits, at most `side`.
    /// @param side Lots that the winning side had, above zero.
    function closed(uint256 total, uint256 lots, uint256 side) internal pure returns (uint256) {
        unchecked {
            return (total * lots) / side;
        }
    }
}
