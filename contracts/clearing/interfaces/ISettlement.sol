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

    /// @notice Writes the settlement price of a market, rounded half-even to a tick, once. A dated future whose trading has
    ///         ended settles on the mean of its window's prints when all of them are final; a perpetual whose trading has
    ///         ended (EndSet) at its last mark. Any market whose index has been silent beyond the third limit settles at
    ///         once: perpetuals, and dated futures of whose window no print is known, at their last valid mark; other dated
    ///         futures on their window, its missing days filled by the missing-day rule.
    /// @dev Anyone. Errors: UnknownMarket, NotDated (a perpetual that does not end), NotExpired, AlreadySettled, and the
    ///      index's WindowNotFinal and DayStillMissing.
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

    /// @notice Converts the positions that an account holds in settled markets. Every touch of an account that needs it does
    ///         the same.
    /// @dev Anyone.
    /// @return converted Number of positions converted.
    function convertSettled(AccountId account) external returns (uint256 converted);
}
