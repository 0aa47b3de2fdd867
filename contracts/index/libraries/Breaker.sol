// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IndexConfig} from "../interfaces/IUsageIndex.sol";
import {FeedSlot} from "../types/FeedSlot.sol";
import {Tally} from "../types/Tally.sol";
import {PrintStore, PrintStoreLib} from "./PrintStore.sol";

/// @title Breaker
/// @notice The circuit breaker on the trailing mean.
/// @dev A print is judged by the mean that it would make at the newest day, which markets follow, and, where it is of an
/// older day, by the mean at that day as well, which settlements come to use. A mean breaks the limits if it lies
///
/// - more than `breakerBps` from the mean one day before, or from the mean that stands at that day already, or
/// - more than `breakerFourBps` from the mean four days before,
///
/// unless the mean that stands (for a new day, the one of the day before) lies as far out on the same side: a print answers for
/// what it adds, not for what was confirmed before it. Means before are taken as they are stored, without the print: a
/// revision that lifts two days' means alike would otherwise hide behind itself.
/// Where there are fewer prints than a mean needs, on either side of the comparison, the mean of those that there are is
/// compared with the mean before, four days before, or the value pushed last, whichever exists first, and may lie twice
/// `breakerFourBps` away: single days vary with the weekday, and the ordinary rule allows one day of seven to lie 56 % off.
/// Without anything to compare with, nothing is held.
library Breaker {
    using PrintStoreLib for PrintStore;

    uint256 private constant BPS = 10_000;

    /// @dev A print and what its mean is compared with; zero is nothing.
    /// @param old Value that it would replace.
    /// @param pushed Value pushed last.
    /// @param before Mean one day before.
    /// @param four Mean four days before.
    /// @param standing Mean that stands.
    struct Case {
        uint256 period;
        uint256 value;
        uint256 old;
        uint256 pushed;
        uint256 before;
        uint256 four;
        uint256 standing;
    }

    /// @notice Judges a print that has not been written.
    /// @return breaks Whether it breaks the limits.
    /// @return mean The mean that it makes at the newest day; zero if it is not in that mean or the mean has too few prints.
    function judge(
        PrintStore storage prints,
        IndexConfig memory terms,
        FeedSlot feed,
        uint256 period,
        uint256 value
    ) internal view returns (bool breaks, uint256 mean) {
        Case memory c = Case(period, value, prints.cellOf(period).value(), feed.value(), 0, 0, 0);
        uint256 newest = Math.max(feed.newest(), period);
        if (newest < period + terms.trailingDays) (breaks, mean) = _judgeAt(prints, terms, c, newest);
        if (!breaks && period < newest) (breaks, ) = _judgeAt(prints, terms, c, period);
    }

    function _judgeAt(
        PrintStore storage prints,
        IndexConfig memory terms,
        Case memory c,
        uint256 end
    ) private view returns (bool breaks, uint256 mean) {
        (Tally stored, Tally before, Tally four) = prints.trailing(end, terms.trailingDays);
        uint256 least = terms.minTrailingDays;
        c.before = _mean(before, least);
        c.four = _mean(four, least);
        c.standing = c.old == 0 && end == c.period ? c.before : _mean(stored, least);
        // Unchecked: the old value is in the sum, and there is one print at least.
        unchecked {
            uint256 count = c.old == 0 ? stored.count() + 1 : stored.count();
            mean = (stored.sum() - c.old + c.value) / count;
            if (count < least) return (_thinBreaks(terms, c, mean), 0);
        }
        return (_breaks(terms, c, mean), mean);
    }

    function _mean(Tally all, uint256 least) private pure returns (uint256) {
        unchecked {
            return all.count() < least ? 0 : all.sum() / all.count();
        }
    }

    function _breaks(IndexConfig memory terms, Case memory c, uint256 mean) private pure returns (bool) {
        if (c.before == 0 && c.four == 0 && c.standing == 0) return _thinBreaks(terms, c, mean);
        return
            _beyond(mean, c.standing, 0, terms.breakerBps) ||
            _beyond(mean, c.before, c.standing, terms.breakerBps) ||
            _beyond(mean, c.four, c.standing, terms.breakerFourBps);
    }

    /// @dev The rule for too few prints, on either side of the comparison.
    function _thinBreaks(IndexConfig memory terms, Case memory c, uint256 mean) private pure returns (bool) {
        uint256 anchor = c.before != 0 ? c.before : (c.four != 0 ? c.four : c.pushed);
        return _beyond(mean, anchor, 0, 2 * uint256(terms.breakerFourBps));
    }

    /// @dev Whether a mean lies further from an anchor than the limit, and further than what stands. Exact: no division.
    function _beyond(
        uint256 mean,
        uint256 anchor,
        uint256 standing,
        uint256 limitBps
    ) private pure returns (bool) {
        if (anchor == 0) return false;
        // Unchecked: values of 83 bits.
        unchecked {
            bool up = mean > anchor;
            uint256 distance = up ? mean - anchor : anchor - mean;
            if (distance * BPS <= anchor * limitBps) return false;
            if (standing == 0) return true;
            return up ? mean > standing : mean < standing;
        }
    }
}
