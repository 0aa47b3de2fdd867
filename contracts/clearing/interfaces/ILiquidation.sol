// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId} from "../../types/Identifiers.sol";

/// @notice Closing accounts below MM, and what funds took over; anyone may call.
interface ILiquidation {
    /// @notice Closes lots of an account below MM, no further than back to IM: first into the book, no further from mark
    ///         than the smaller of 3 % and a quarter of MM, inside the fill band, and at most the lot's share of equity.
    ///         What the book does not take there, the sender's own account may: at mark less a discount that grows from 0
    ///         to that bound over ten minutes, rounded towards mark. The fee is shared between the keeper's account and
    ///         the market's fund and never exceeds the equity left.
    /// @param market Market whose position is closed. Of the two legs of a calendar hedge that is the one with the larger MM a
    ///        lot; in the other only lots beyond the hedge are.
    /// @param maxFills Most resting orders that the call walks over.
    /// @param keeper Account that earns the keeper's share; any account of an owner that is not the liquidated one.
    /// @param takeOverLots Most lots that `keeper` takes over itself; the sender must then be its owner or operator.
    ///        It needs IM afterwards and obeys the position limit. In a market whose trading has ended nothing but this
    ///        closes a position.
    /// @dev The ten minutes count from the first call that finds the account below MM, and again from the first one after
    ///      twenty, or after a call that brought it back to MM. The call that starts them does not revert where it closes nothing. Equality with MM is healthy.
    ///      An account that also holds lots in a market that waits (see IMargin.enforceableMaintenance) is judged by the MM of its
    ///      other markets, and only those are closed: back to their IM, and at mark without a fee where no equity is left.
    ///      Errors: AccountHealthy (equity, maintenance margin), AccountBankrupt, NoPosition, MarketNotOpen, IndexStale,
    ///      UnknownAccount, AccountIsRetired, SelfLiquidation, HedgedLeg, NothingToFill, ZeroMaxFills; with a takeover also
    ///      NotAuthorised, InsufficientMargin, PositionLimit, TooManyMarkets.
    /// @return closedLots Lots closed, unsigned.
    /// @return keeperFee Collateral units credited to `keeper`.
    function liquidate(
        AccountId account,
        MarketId market,
        uint16 maxFills,
        AccountId keeper,
        uint40 takeOverLots
    ) external returns (uint256 closedLots, uint256 keeperFee);

    /// @notice Trades a fund's position into the book, no further from mark than a liquidation, while the fund has lost at
    ///         most a tenth of what its equity was at the UTC day's first unwinding, measured against mark. No taker fee.
    /// @param maxFills Most resting orders that the call walks over.
    /// @dev Anyone. Errors: UnknownMarket, MarketNotOpen, IndexStale, NothingToUnwind (the fund's equity: without position, or
    ///      spent), UnwindingSpent (lost, allowed), NothingToFill, ZeroMaxFills.
    /// @return lots Lots closed, unsigned.
    /// @return lost Collateral units that the fills were worse than mark.
    function unwind(MarketId market, uint16 maxFills) external returns (uint256 lots, uint256 lost);
}
