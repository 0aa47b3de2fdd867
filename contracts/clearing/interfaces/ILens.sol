// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, FeedId, MarketId, OrderId} from "../../types/Identifiers.sol";
import {
    AccountView,
    FeedView,
    FundView,
    LevelView,
    MarketListing,
    MarketView,
    OrderParameters,
    OrderPreview,
    OrderView,
    RoundView
} from "./ClearingTypes.sol";

/// @notice Views for people and programs: nothing here is called by a trade. Markets are advanced to the current minute.
interface ILensViews {
    /// @notice Number of markets listed; ids run from 1 to it.
    function marketCount() external view returns (uint256);

    /// @notice Number of accounts opened by owners; their ids run from 2048.
    function accountCount() external view returns (uint256);

    /// @notice Number of feeds; ids run from 1 to it.
    function feedCount() external view returns (uint256);

    /// @notice State of a market. Errors: UnknownMarket.
    function market(MarketId id) external view returns (MarketView memory);

    /// @notice The listing of a market with its parameters as they stand. Errors: UnknownMarket.
    function listing(MarketId id) external view returns (MarketListing memory);

    /// @notice State of a feed. Errors: UnknownFeed.
    function feed(FeedId id) external view returns (FeedView memory);

    /// @notice An account with positions and health. Errors: UnknownAccount.
    function account(AccountId id) external view returns (AccountView memory);

    /// @notice Many accounts in one call.
    function accounts(AccountId[] calldata ids) external view returns (AccountView[] memory);

    /// @notice A market's insurance fund, what the market owes, and the rounds that are not finished. Errors: UnknownMarket.
    function fund(MarketId id) external view returns (FundView memory);

    /// @notice A deleveraging round of a market; all zero where none has that number.
    function round(MarketId id, uint256 number) external view returns (RoundView memory);

    /// @notice What all markets owe, what withdrawals left behind while they did, and one account's part of that, all in
    ///         collateral units.
    function owed(AccountId id) external view returns (uint256 deficits, uint256 claims, uint256 claim);

    /// @notice A position as stored, before its pending rounds: the word of Words.sol. For audits, whose sums are over what
    ///         is stored.
    function positionWord(MarketId id, AccountId account) external view returns (uint256 word);

    /// @notice Levels of one side from the best price away.
    /// @param bids Which side.
    /// @param most Most levels returned.
    function levels(MarketId id, bool bids, uint256 most) external view returns (LevelView[] memory);

    /// @notice Resting orders of one level in time priority, dead ones included as long as they are in the queue.
    function ordersAt(MarketId id, uint24 tick, uint256 most) external view returns (OrderView[] memory);

    /// @notice A resting order. Errors: OrderNotFound.
    function order(OrderId id) external view returns (OrderView memory);
}

/// @notice The views together with the preview of an order.
interface ILens is ILensViews {
    /// @notice What `place` would do now, or the error that it would revert with. Call it statically: it reverts always,
    ///         with `Previewed` when the order would be accepted, so nothing is changed.
    function previewOrder(AccountId account, OrderParameters calldata parameters) external;

    /// @notice Carries the result of `previewOrder`.
    error Previewed(OrderPreview preview);
}
