// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketId} from "../../types/Identifiers.sol";

/// @notice What a market will be at this minute, for touches that come late. Views that the clearing house asks itself, since they are
///         too large and too rare for the contract that trades.
interface IClock {
    /// @notice The two hot words of a market brought to the current minute.
    /// @dev Anyone; changes nothing. Errors: UnknownMarket.
    /// @return top Word of the book's top (see Words.sol).
    /// @return risk Word of what margin needs (see Words.sol).
    function advanced(MarketId market) external view returns (uint256 top, uint256 risk);
}
