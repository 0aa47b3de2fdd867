// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Price step. Valid prices are 1 to 2^24 - 2; 0 and 2^24 - 1 stand for "no bid" and "no ask".
type Tick is uint24;

/// @dev Compact number of an account, below 2^28. 0 is nobody. The insurance fund of market m is account m,
///      its escrow is account 1024 + m; owners' accounts start at 2048.
type AccountId is uint32;

/// @dev Number of a market, 1 to 1023.
type MarketId is uint16;

/// @dev Number of an index that the clearing house follows, 1 to 63.
type FeedId is uint8;

/// @dev One order, never valid twice: an emptied level bumps its epoch, and within an epoch indices only grow.
///
///      | 127..104 market | 103..80 tick | 79..40 epoch | 39..0 index |
type OrderId is uint128;

using Identifiers for Tick global;
using Identifiers for AccountId global;
using Identifiers for MarketId global;
using Identifiers for FeedId global;
using Identifiers for OrderId global;

/// @notice Numbers inside the identifiers.
library Identifiers {
    function unwrap(Tick tick_) internal pure returns (uint256) {
        return Tick.unwrap(tick_);
    }

    function unwrap(AccountId account) internal pure returns (uint256) {
        return AccountId.unwrap(account);
    }

    function unwrap(MarketId market_) internal pure returns (uint256) {
        return MarketId.unwrap(market_);
    }

    function unwrap(FeedId feed) internal pure returns (uint256) {
        return FeedId.unwrap(feed);
    }

    /// @dev Composes an order id; every operand has been bounded by the word that it came from.
    function toOrderId(
        MarketId market_,
        uint256 tick_,
        uint256 epoch_,
        uint256 index_
    ) internal pure returns (OrderId) {
        return
            OrderId.wrap(
                uint128((uint256(MarketId.unwrap(market_)) << 104) | (tick_ << 80) | (epoch_ << 40) | index_)
            );
    }

    /// @dev Market of an order id.
    function market(OrderId order) internal pure returns (MarketId) {
        return MarketId.wrap(uint16(OrderId.unwrap(order) >> 104));
    }

    /// @dev Price level of an order id.
    function tick(OrderId order) internal pure returns (uint256) {
        return uint24(OrderId.unwrap(order) >> 80);
    }

    /// @dev Epoch of the level in which the order was placed.
    function epoch(OrderId order) internal pure returns (uint256) {
        return uint40(OrderId.unwrap(order) >> 40);
    }

    /// @dev Place of the order in its level's queue.
    function index(OrderId order) internal pure returns (uint256) {
        return uint40(OrderId.unwrap(order));
    }
}
