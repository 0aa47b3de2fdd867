// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, FeedId, MarketId} from "../../types/Identifiers.sol";

/// @notice The clock of the markets: marks, funding, daily settlement prices, expiry and final settlement. Anyone calls.
interface ISettlement {
    /// @notice Brings a market to the current minute: moving average, funding, day and month changes, and the end of
    ///         trading. Every touch of a market does the same, so calling seldom or often changes nothing.
    /// @dev Anyone. Errors: UnknownMarket.
    function sync(MarketId market) external;

    /// @notice Lets a feed catch up where its last push moved further than `maxMove` allows at once.
    /// @dev Anyone. Errors: UnknownFeed.
    function follow(FeedId feed) external;

    /// @notice Writes the settlement price of an expired market: the mean of its window's prints, rounded half-even to a
    ///         tick, once all of them are final.
    /// @dev Anyone. Errors: UnknownMarket, NotDated, NotExpired, AlreadySettled, and the index's WindowNotFinal and
    ///      DayStillMissing.
    /// @return settlementTick The price.
    function settle(MarketId market) external returns (uint256 settlementTick);

    /// @notice Converts positions of a settled market into cash. Accounts without one are passed over. What an account
    ///         without other positions is short is paid by the market's fund.
    /// @dev Anyone. Errors: UnknownMarket, NotSettled.
    /// @return converted Number of positions converted.
    function settleAccounts(
        MarketId market,
        AccountId[] calldata accounts
    ) external returns (uint256 converted);
}
