// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {OrderParameters} from "./ClearingTypes.sol";

/// @notice Orders. Price-time priority; makers are settled in the taker's transaction.
/// @dev A fill happens at the resting order's tick and only inside the fill band. Dead orders (expired, own, retired
///      owner, no longer reducing, outside the band) are dropped where the matching loop meets them, and count
///      towards `maxFills`.
interface ITrading {
    /// @notice Places an order for an account: trades what crosses, then rests or drops the remainder.
    /// @dev Owner or operator. If the worst-side exposure of the account in the market rises, equity must cover IM
    ///      afterwards, and so it must if the position flips or what rests on the order's side could flip it; an order that
    ///      only lowers the exposure is allowed as long as its fills leave equity at or above zero, and where it rests worse
    ///      than mark, at or above what its side could lose at the edge of the band. While the index is
    ///      stale an order that takes must reduce. A reduce-only order larger than the position is refused, not cut.
    ///      Errors: NotAuthorised, UnknownMarket, MarketNotOpen, OnlyReducing, OrderTooSmall, OrderTooLarge,
    ///      TickOutOfRange, TickOutsideBand, ExpiryNotAligned, ExpiryInPast, ExpiryNotUsed, ZeroMaxFills, WouldCross,
    ///      NotFilled, WouldNotReduce, PositionLimit, OpenInterestLimit, TooManyOrders, TooManyMarkets, LevelFull,
    ///      InsufficientMargin, IndexStale, SwitchFired.
    /// @return id Id of the resting remainder; 0 when nothing rests.
    /// @return filledLots Lots traded, unsigned.
    function place(
        AccountId account,
        OrderParameters calldata order
    ) external returns (OrderId id, uint256 filledLots);

    /// @notice Cancels one resting order. Works in every phase of the market.
    /// @dev Owner or operator of the order's account. Errors: OrderNotFound, NotAuthorised.
    /// @return lots Lots that were still open.
    function cancel(OrderId id) external returns (uint256 lots);
}
