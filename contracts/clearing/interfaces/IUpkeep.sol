// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId, OrderId} from "../../types/Identifiers.sol";

/// @notice Keeping the book clean: orders that may no longer stand. Anyone may call.
interface IUpkeep {
    /// @notice Cancels resting orders of an account below IM: those on a side that could do more than close the position, those
    ///         that could take a leg of a calendar hedge away, and below MM those that would close it at a price worse than
    ///         mark. Stops as soon as the account is back at IM. Orders that are no longer in the book are
    ///         passed over.
    /// @dev Errors: AccountHealthy (equity ≥ IM), WrongAccount.
    /// @return lots Lots cancelled in all.
    function cancelRiskRaising(AccountId account, OrderId[] calldata ids) external returns (uint256 lots);

    /// @notice Takes dead orders off the top of one side of a book: expired ones, those of retired accounts and of fired
    ///         dead-man switches, and reduce-only ones that no longer reduce. Goes over at most `maxOrders` places of the queue
    ///         (a word of cancelled orders counts as one) and stops at the first order that may trade, or at a level on the
    ///         wrong side of the fill band: such orders count in the mark price and are removed by trading alone. What it
    ///         went over stays gone over, also where a FillOrKill order would revert.
    /// @dev Errors: UnknownMarket, MarketNotOpen, ZeroMaxFills.
    /// @return lots Lots that were dropped.
    function sweep(MarketId market, bool bids, uint16 maxOrders) external returns (uint256 lots);

    /// @notice Takes given orders out of the book where they are dead as `sweep` understands it, wherever they stand. Others are
    ///         passed over.
    /// @return lots Lots that were dropped.
    function sweepOrders(OrderId[] calldata ids) external returns (uint256 lots);

    /// @notice Takes orders out of the book whose account's dead-man switch has fired. Orders that are no longer in the book
    ///         are passed over.
    /// @dev Errors: SwitchNotFired (account, deadline), WrongAccount.
    /// @return lots Lots that were dropped.
    function cancelFired(AccountId account, OrderId[] calldata ids) external returns (uint256 lots);
}
