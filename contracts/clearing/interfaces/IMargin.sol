// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId, MarketId} from "../../types/Identifiers.sol";
import {MarginChange} from "./ClearingTypes.sol";

/// @notice Calendar credit, and changes of margins that are announced a week ahead.
/// @dev A calendar hedge is a long in one dated month and a short in the month next to it, of one feed and both trading. It
///      needs the spread margin of its larger leg instead of both legs' margins; the difference is the credit. What may count
///      of a position is what every possible fill of its resting orders leaves, times the share of its delivery window that
///      is not locked. The months are paired so that the credit is the largest there is, so neither a fill nor a day can
///      lower it by pairing them in another way.
interface IMargin {
    /// @notice What calendar hedges take off an account's requirements.
    /// @dev Requirements use it before they are rounded.
    /// @return initial Off IM, collateral units × 2^16 × 10^4. Positions count less what their orders could close.
    /// @return maintenance Off MM, likewise. Positions count whole.
    function calendarCredit(AccountId account) external view returns (uint256 initial, uint256 maintenance);

    /// @notice MM of an account's positions in markets out of which it may be forced now, their calendar credit taken off. Markets whose
    ///         index is silent beyond the second limit, or was until half an hour ago, wait: what they need is left out, what they
    ///         were worth at their last valid mark stays part of equity.
    /// @dev As of the last touch of its markets. The clearing house asks it for accounts that hold lots in such a market.
    /// @return maintenance Collateral units, ceiled.
    function enforceableMaintenance(AccountId account) external view returns (uint256 maintenance);

    /// @notice Whether IM of an account would be higher with one position in a dated market than with another.
    /// @param before Word of the one position (see Words.sol).
    /// @param after_ Word of the other.
    function raisesInitial(
        AccountId account,
        MarketId market,
        uint256 before,
        uint256 after_
    ) external view returns (bool);

    /// @notice Lots of a position that a liquidation must leave: they are the leg of calendar hedges whose other leg has the
    ///         larger MM a lot.
    /// @return lots Unsigned.
    /// @return partner Market of the other leg, the one with the larger MM of two; 0 without a hedge.
    function hedgedLots(
        AccountId account,
        MarketId market
    ) external view returns (uint256 lots, MarketId partner);

    /// @notice Announces new margins of a market; what was announced before is void and the notice starts again. Nothing
    ///         else changes yet, so nobody becomes liquidatable by it.
    /// @param change The whole set; it must be safe together with the rest of the listing.
    /// @param fromPeriod UTC day at whose 00:00 it may be applied, at least seven days from now.
    /// @dev Risk role. Errors: UnknownMarket, MarketNotOpen (trading has ended), NoticeTooShort (fromPeriod, earliest),
    ///      ParameterOutOfRange, UnsafeParameters.
    function scheduleMargins(MarketId market, MarginChange calldata change, uint32 fromPeriod) external;

    /// @notice Takes an announced change back.
    /// @dev Risk role at once whatever its delay, or guardian. Errors: NothingScheduled.
    function cancelMargins(MarketId market) external;

    /// @notice Puts an announced change in force. Inside a delivery window margins and fill band follow at the next 00:00 UTC.
    /// @dev Anyone. The set must still be safe. Errors: NothingScheduled, NotYetDue (market, time, due), MarketNotOpen, IndexStale,
    ///      ParameterOutOfRange, UnsafeParameters.
    function applyMargins(MarketId market) external;

    /// @notice What is announced for a market.
    /// @return change All zero when nothing is.
    /// @return fromPeriod UTC day from which it may be applied; 0 when nothing is announced.
    function pendingMargins(
        MarketId market
    ) external view returns (MarginChange memory change, uint256 fromPeriod);
}
