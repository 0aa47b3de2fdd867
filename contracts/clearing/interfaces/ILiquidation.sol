// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId, OrderId} from "../../types/Identifiers.sol";

/// @notice What happens to accounts that fall short; every step may be called by anyone.
interface ILiquidation {
    /// @notice Cancels resting orders of an account below IM: those on a side that could do more than close the position,
    ///         and below MM those that would close it at a price worse than mark. Stops as soon as the account is back at IM. Orders that are no longer in the book are
    ///         passed over.
    /// @dev Errors: AccountHealthy (equity ≥ IM), WrongAccount.
    /// @return lots Lots cancelled in all.
    function cancelRiskRaising(AccountId account, OrderId[] calldata ids) external returns (uint256 lots);

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

    /// @notice Hands an account with equity at or below zero to the funds of its markets: each fund takes the position
    ///         whole, the shortfall is shared by MM, the account is retired and its orders are dropped when met.
    /// @dev Errors: AccountNotBankrupt (equity), UnknownAccount, AccountIsRetired, NoPosition, IndexStale.
    function absorb(AccountId account) external;
}
