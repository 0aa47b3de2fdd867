// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeedId, MarketId} from "../../types/Identifiers.sol";
import {ClearingBase, Configuration} from "../ClearingBase.sol";
import {FeedListing, MarketListing} from "../interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../interfaces/IClearingEvents.sol";
import {IListing} from "../interfaces/IListing.sol";
import {ClearingStorage} from "../libraries/ClearingStorage.sol";
import {Listings} from "../libraries/Listings.sol";

/// @title ListingModule
/// @notice Listing of feeds and markets, behind the clearing house's fallback.
contract ListingModule is ClearingBase, IListing, IClearingEvents, IClearingErrors {
    constructor(Configuration memory configuration) ClearingBase(configuration) {}

    /// @inheritdoc IListing
    function addFeed(FeedListing calldata feed) external restricted returns (FeedId id) {
        return Listings.addFeed(ClearingStorage.load(), feed);
    }

    /// @inheritdoc IListing
    function listMarket(MarketListing calldata listing) external restricted returns (MarketId id) {
        return Listings.list(ClearingStorage.load(), listing);
    }
}
