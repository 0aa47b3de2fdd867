// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IUsageIndex} from "../interfaces/IUsageIndex.sol";
import {PrintCell} from "../types/PrintWord.sol";
import {PrintStore, PrintStoreLib} from "./PrintStore.sol";

/// @notice What settling a window takes.
/// @param sum Sum over its days, those to fill included.
/// @param readyAt Unix time from which it can be settled.
/// @param blocker Day that sets `readyAt`.
/// @param blockerMissing Whether that day waits to be filled, not to be final.
/// @param orphaned Whether a missing day has no known neighbour.
/// @param orphan The first such day.
/// @param fills Value of each day that is to be filled, zero for the others.
struct SettlementPlan {
    uint256 sum;
    uint256 readyAt;
    uint32 blocker;
    bool blockerMissing;
    bool orphaned;
    uint32 orphan;
    uint256[] fills;
}

/// @title Settlement
/// @notice The missing-day rule.
library Settlement {
    using PrintStoreLib for PrintStore;

    /// @notice Days that the search for a known neighbour goes each way: a month without a print still has its eve.
    uint256 internal constant MAX_DISTANCE = 31;

    /// @notice Plans the settlement of `first` to `last`.
    function plan(
        PrintStore storage prints,
        uint256 first,
        uint256 last
    ) internal view returns (SettlementPlan memory result) {
        result.fills = new uint256[](last - first + 1);
        for (uint256 period = first; period <= last; ++period) {
            PrintCell cell = prints.cellOf(period);
            if (cell.isFilled()) {
                result.sum += cell.value();
            } else if (cell.isPresent()) {
                result.sum += cell.value();
                _wait(result, period, prints.finalAt(cell, period), false);
            } else {
                _wait(result, period, PrintStoreLib.fillableAt(period), true);
                uint256 value = _missingValue(prints, result, period);
                result.sum += value;
                result.fills[period - first] = value;
            }
        }
    }

    /// @notice Reverts unless a plan can be carried out now.
    function requireReady(SettlementPlan memory self) internal view {
        if (block.timestamp < self.readyAt) {
            if (self.blockerMissing) revert IUsageIndex.DayStillMissing(self.blocker, self.readyAt);
            revert IUsageIndex.WindowNotFinal(self.blocker, self.readyAt);
        }
        if (self.orphaned) revert IUsageIndex.NoKnownNeighbour(self.orphan, MAX_DISTANCE);
    }

    /// @dev Zero, and an orphan in the plan, if no neighbour is known. Rounds down; the product of two values of 83 bits
    /// fits a word.
    function _missingValue(
        PrintStore storage prints,
        SettlementPlan memory result,
        uint256 period
    ) private view returns (uint256) {
        uint256 before = _neighbour(prints, result, period, false);
        uint256 later = _neighbour(prints, result, period, true);
        if (before != 0 && later != 0) return Math.sqrt(before * later);
        if (before == 0 && later == 0 && !result.orphaned) {
            result.orphaned = true;
            result.orphan = uint32(period);
        }
        return before + later;
    }

    /// @dev Value of the nearest known day on one side, zero if there is none near enough. Known is a day with a posted
    /// print: a filled one would hand on its own guess.
    function _neighbour(
        PrintStore storage prints,
        SettlementPlan memory result,
        uint256 period,
        bool forward
    ) private view returns (uint256) {
        for (uint256 distance = 1; distance <= MAX_DISTANCE; ++distance) {
            if (forward ? period + distance > type(uint32).max : distance > period) return 0;
            uint256 day = forward ? period + distance : period - distance;
            PrintCell cell = prints.cellOf(day);
            if (!cell.isPresent() || cell.isFilled()) continue;
            _wait(result, day, prints.finalAt(cell, day), false);
            return cell.value();
        }
        return 0;
    }

    function _wait(SettlementPlan memory result, uint256 period, uint256 until, bool missing) private pure {
        if (until <= result.readyAt) return;
        result.readyAt = until;
        result.blocker = uint32(period);
        result.blockerMissing = missing;
    }
}
