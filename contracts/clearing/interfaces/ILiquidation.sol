// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId} from "../../types/Identifiers.sol";

/// @notice Closing accounts below MM; anyone may call.
interface ILiquidation {
    /// @notice Closes lots of an account below MM into the book, no further than back to IM, no further from mark than
    ///         the smaller of 3 % and a quarter of MM, inside the fill band, and at most the lot's share of equity. The
    ///         fee is shared between the keeper's account and the market's fund and never exceeds the equity left.
    /// @param market Market whose position is closed.
    /// @param maxFills Most resting orders that the call walks over.
    /// @param keeper Account that earns the keeper's share; any account of an owner that is not the liquidated one.
    /// @dev Equality with MM is healthy. Errors: AccountHealthy (equity, maintenance margin), NoPosition,
    ///      MarketNotOpen, IndexStale, UnknownAccount, SelfLiquidation, NothingToFill, AccountBankrupt.
    /// @return closedLots Lots closed, unsigned.
    /// @return keeperFee Collateral units credited to `keeper`.
    function liquidate(
        AccountId account,
        MarketId market,
        uint16 maxFills,
        AccountId keeper
    ) external returns (uint256 closedLots, uint256 keeperFee);
}
