// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedId, MarketId} from "../../types/Identifiers.sol";
import {FeedListing, MarketListing} from "./ClearingTypes.sol";

/// @notice Listing of feeds and markets. Each function is restricted by the AccessManager.
interface IListing {
    /// @notice Follows an index of the index contract. The clearing house must be added there as a reader.
    /// @dev Listing role. Errors: ParameterOutOfRange.
    function addFeed(FeedListing calldata feed) external returns (FeedId id);

    /// @notice Lists a market. A perpetual needs a feed with a value.
    /// @dev Listing role. Errors: ParameterOutOfRange, UnsafeParameters (the inequality that failed), UnknownFeed,
    ///      FeedEmpty, TooManyMarkets.
    function listMarket(MarketListing calldata listing) external returns (MarketId id);
}
