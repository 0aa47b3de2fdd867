// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketKind, MarketPhase} from "../../clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../clearing/interfaces/IClearingErrors.sol";
import {IClearingEvents} from "../../clearing/interfaces/IClearingEvents.sol";
import {ClearingState, Following, MarketTerms} from "../../clearing/libraries/ClearingStorage.sol";
import {Rounding} from "../../clearing/libraries/Rounding.sol";
import {Words} from "../../clearing/libraries/Words.sol";
import {Tick} from "../../types/Identifiers.sol";
import {Ladder} from "./Ladder.sol";
import {MarketContext} from "./Markets.sol";

/// @notice The price at which a market settles, written once.
/// @dev A dated future settles on the mean of its window. Once its index has been silent beyond the third limit it does so
///      at once, and days that are missing, those that have not come yet among them, take the value that a missing day takes
///      at a settlement. It settles at its last mark, as a perpetual does, where its window has no print at all, or where
///      one of its days has no print within reach. None of that hangs on when somebody calls: nothing changes meanwhile.
library FinalPrice {
    /// @dev Writes the settlement price of a touched market; the caller stores it.
    function settle(ClearingState storage s, MarketContext memory c) internal returns (uint256 tick) {
        uint256 sum = 0;
        uint256 periods = 0;
        uint256 feed = c.risk.feed();
        bool silent = Ladder.age(s, feed) >= s.feedTerms[feed].limit3;
        bool dated = c.risk.kind() == uint256(MarketKind.Dated);
        if (!silent && c.risk.phase() != uint256(MarketPhase.Expired)) {
            uint256 expiry = c.top.expiryPeriod() * 1 days;
            if (expiry == 0) revert IClearingErrors.NotDated(c.id);
            revert IClearingErrors.NotExpired(c.id, block.timestamp, expiry);
        }
        if (dated) (sum, periods) = window(s, c, silent);
        tick =
            periods == 0
                ? Rounding.divHalfEven(c.mark, 1 << 16)
                : Rounding.divHalfEven(sum, periods * s.markets[c.id.unwrap()].funding.indexPerTick);
        // A price beyond the last tick settles there: a revert would lock every position in for ever.
        if (tick > Words.MAX_TICK) tick = Words.MAX_TICK;
        s.markets[c.id.unwrap()].terms.settlementTick = uint24(tick);
        c.risk = c.risk.withAnchor(tick << 16);
        c.risk = c.risk.withPhase(uint256(MarketPhase.Settled));
        c.mark = c.risk.anchor();
        if (!dated) freePlace(s, c);
        emit IClearingEvents.MarketSettled(c.id, Tick.wrap(uint24(tick)), sum, periods);
        emit IClearingEvents.PhaseChanged(c.id, MarketPhase.Settled);
    }

    /// @dev What the window adds up to.
    /// @return sum WAD.
    /// @return periods Its days; 0 where the market settles at its last mark.
    function window(
        ClearingState storage s,
        MarketContext memory c,
        bool silent
    ) private returns (uint256 sum, uint256 periods) {
        MarketTerms storage terms = s.markets[c.id.unwrap()].terms;
        bytes32 index = s.feedTerms[c.risk.feed()].index;
        (uint32 first, uint32 last) = (terms.firstPeriod, terms.lastPeriod);
        if (silent) {
            (, uint256 present, bool allFinal) = s.index.windowMean(index, first, last);
            if (present == 0) return (0, 0);
            uint64 readyAt;
            (, sum, periods, readyAt) = s.index.previewSettlement(index, first, last);
            // Not even the silence of an index makes a print final that may still be revised.
            if (allFinal && readyAt > block.timestamp) {
                return readyAt == type(uint64).max ? (0, 0) : (sum, periods);
            }
        }
        return s.index.settleWindow(index, first, last);
    }

    /// @dev Frees the perpetual's place at its feed, for a successor of its successor.
    function freePlace(ClearingState storage s, MarketContext memory c) private {
        Following storage terms = s.following[s.feedTerms[c.risk.feed()].index];
        if (terms.perpetual == c.id.unwrap()) terms.perpetual = terms.successor;
        terms.successor = 0;
    }
}
