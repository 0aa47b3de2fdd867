// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketId} from "../../types/Identifiers.sol";

/// @notice What a market will be at this minute, for touches that come late or in a state that is not the plain one, and what
///         the stale ladder refuses. Views that the clearing house asks itself, since they are too large and too rare for
///         the contract that trades.
interface IClock {
    /// @notice The hot words of a market brought to the current minute.
    /// @dev Anyone; changes nothing. Errors: UnknownMarket.
    /// @return top Word of the book's top (see Words.sol).
    /// @return risk Word of what margin needs (see Words.sol).
    /// @return window Word of the delivery window (see DeliveryWindow.sol); zero outside of one.
    function advanced(MarketId market) external view returns (uint256 top, uint256 risk, uint256 window);

    /// @notice Reverts if the stage of a market's index does not allow an order.
    /// @dev Anyone; changes nothing. Errors: IndexStale with the limit that was passed, InGracePeriod.
    /// @param stage Of the stale ladder: 0 fresh, 1 stale, 2 halted, 3 grace.
    /// @param raises Whether the order may do more than reduce a position.
    /// @param postOnly Whether it only rests.
    /// @param crosses Whether it would take.
    function requireStage(
        MarketId market,
        uint256 stage,
        bool raises,
        bool postOnly,
        bool crosses
    ) external view;
}
