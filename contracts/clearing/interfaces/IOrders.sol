// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {Builder, OrderParameters} from "./ClearingTypes.sol";

/// @notice Orders that are more than one step: several at once, or the change of one.
interface IOrders {
    /// @notice Cancels several orders of one account, then places several: all or nothing. Orders to cancel that are no
    ///         longer in the book are passed over; margin is checked once, after the last step. Legs that are FillOrKill make
    ///         it atomic over markets: a spread, or a roll from one month into the next, trades both legs or none.
    /// @dev Owner or operator. Errors: as `place`, and WrongAccount for an order of somebody else.
    /// @return ids Ids of the resting remainders, 0 where nothing rests.
    function batch(
        AccountId account,
        OrderId[] calldata cancels,
        OrderParameters[] calldata orders
    ) external returns (OrderId[] memory ids);

    /// @notice Changes a resting order. Where market, tick, side, expiry and reduceOnly are those that it has and only its
    ///         lots are fewer (or as many), it keeps its id and its place in the queue; otherwise it is cancelled and
    ///         `order` placed, as one: if the new order is refused, the old one stands.
    /// @param order The order as it shall be; `lots` is what shall be open. Only Limit and PostOnly can rest.
    /// @dev Owner or operator of the order's account. Terms that `place` refuses are refused here in both cases; an order that only
    ///      becomes smaller needs no margin and is allowed where only reducing is. Errors: OrderNotFound, WrongMarket,
    ///      NeverRests, and as `place`.
    /// @return newId Id of the order as it rests now; 0 when nothing of it rests.
    /// @return filledLots Lots traded, unsigned.
    function amend(
        OrderId id,
        OrderParameters calldata order
    ) external returns (OrderId newId, uint256 filledLots);

    /// @notice Places an order that somebody else brought: as `place`, and the builder earns a share of what it takes.
    /// @dev Owner or operator. The fee is charged once per order, ceiled, in cash, on top of the taker fee. Errors: as
    ///      `place`, and BuilderFeeTooHigh (fee, allowed), AccountIsRetired (the builder's).
    function placeThrough(
        AccountId account,
        OrderParameters calldata order,
        Builder calldata builder
    ) external returns (OrderId id, uint256 filledLots);
}
