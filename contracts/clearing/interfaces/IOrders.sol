// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, OrderId} from "../../types/Identifiers.sol";
import {OrderParameters} from "./ClearingTypes.sol";

/// @notice Orders that are more than one step: several at once, or the change of one.
interface IOrders {
    /// @notice Cancels several orders of one account, then places several: all or nothing. Orders to cancel that are no
    ///         longer in the book are passed over; margin is checked once, after the last step.
    /// @dev Owner or operator. Errors: as `place`, and WrongAccount for an order of somebody else.
    /// @return ids Ids of the resting remainders, 0 where nothing rests.
    function batch(
        AccountId account,
        OrderId[] calldata cancels,
        OrderParameters[] calldata orders
    ) external returns (OrderId[] memory ids);
}
