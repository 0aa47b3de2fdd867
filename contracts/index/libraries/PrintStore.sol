// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IUsageIndex, Print} from "../interfaces/IUsageIndex.sol";
import {Cells} from "../types/Cells.sol";
import {PrintCell, PrintCellLib, PrintWord} from "../types/PrintWord.sol";
import {RevisionCell, RevisionCellLib, RevisionWord} from "../types/RevisionWord.sol";

/// @notice Prints of one index. The words are plain arrays over all days (2^32 / 3, rounded up), not mappings:
/// neighbouring days cost no hash.
struct PrintStore {
    PrintWord[1_431_655_766] prints;
    RevisionWord[1_431_655_766] revisions;
    mapping(uint256 period => bytes32) vintages;
}

/// @notice What the prints of some days add up to.
/// @param sum Sum of the values.
/// @param present Number of prints.
/// @param finalSum Sum of the final ones.
/// @param finalDays Number of the final ones.
struct Tally {
    uint256 sum;
    uint256 present;
    uint256 finalSum;
    uint256 finalDays;
}

/// @title PrintStore
/// @notice Packing, revision and finality of prints. Periods are UTC day numbers, at most 2^32 − 1.
library PrintStoreLib {
    using SafeCast for uint256;

    /// @notice Time from a period's end to its finality, if it is not revised late.
    uint256 internal constant FINALITY = 3 days;
    /// @notice Time from a revision to finality.
    uint256 internal constant REVISION_FINALITY = 24 hours;
    /// @notice Time from a period's end to when a day that has no print may be filled.
    uint256 internal constant FILLABLE = FINALITY + 7 days;

    // -------------------------------------------------------------------------------------------------------- state

    /// @notice Reverts unless `revision` of `period` may be written.
    function requireRevisable(
        PrintStore storage self,
        bytes32 index,
        uint32 period,
        uint32 revision
    ) internal view {
        PrintCell cell = cellOf(self, period);
        if (!cell.isPresent()) return;
        if (cell.isFilled()) revert IUsageIndex.PeriodIsSettled(index, period);
        RevisionCell last = revisionOf(self, period);
        uint256 time = _finalAt(cell, last, period);
        if (block.timestamp >= time) revert IUsageIndex.PrintIsFinal(index, period, time);
        if (revision <= last.number()) revert IUsageIndex.StaleRevision(revision, last.number());
    }

    /// @notice Writes a print, now.
    function write(
        PrintStore storage self,
        uint32 period,
        uint32 revision,
        uint256 value,
        bytes32 vintage
    ) internal {
        bool late = block.timestamp + REVISION_FINALITY > endOf(period) + FINALITY;
        _set(self, period, PrintCellLib.pack(value, late, false));
        (uint256 word, uint256 place) = _revisionPlace(period);
        RevisionCell cell = RevisionCellLib.pack(revision, block.timestamp.toUint40());
        self.revisions[word] = self.revisions[word].with(place, cell);
        self.vintages[period] = vintage;
    }

    /// @notice Writes the value of a day that has no print.
    function fill(PrintStore storage self, uint256 period, uint256 value) internal {
        _set(self, period, PrintCellLib.pack(value, false, true));
    }

    // -------------------------------------------------------------------------------------------------------- views

    function read(PrintStore storage self, uint32 period) internal view returns (Print memory result) {
        PrintCell cell = cellOf(self, period);
        if (!cell.isPresent()) return result;
        RevisionCell revision = revisionOf(self, period);
        result.value = uint128(cell.value());
        result.revision = revision.number();
        result.revisedAt = revision.time();
        result.vintage = self.vintages[period];
        result.isFinal = isFinal(self, cell, period);
        result.filled = cell.isFilled();
    }

    function cellOf(PrintStore storage self, uint256 period) internal view returns (PrintCell) {
        return self.prints[period / Cells.COUNT].get(period % Cells.COUNT);
    }

    function revisionOf(PrintStore storage self, uint256 period) internal view returns (RevisionCell) {
        (uint256 word, uint256 place) = _revisionPlace(period);
        return self.revisions[word].get(place);
    }

    /// @notice Adds up the prints from `first` to `last`.
    /// @param withFilled Whether filled days count as prints.
    function tally(
        PrintStore storage self,
        uint256 first,
        uint256 last,
        bool withFilled
    ) internal view returns (Tally memory result) {
        // Unchecked: at most 366 values of 83 bits, days below 2^32.
        unchecked {
            uint256 period = first;
            while (period <= last) {
                uint256 place = period % Cells.COUNT;
                uint256 bits = PrintWord.unwrap(self.prints[period / Cells.COUNT]) >> (place * Cells.BITS);
                uint256 end = period + Cells.COUNT - place;
                if (end > last) end = last + 1;
                for (; period < end; ++period) {
                    PrintCell cell = PrintCell.wrap(bits & Cells.MASK);
                    bits >>= Cells.BITS;
                    if (!cell.isPresent() || (!withFilled && cell.isFilled())) continue;
                    uint256 value = cell.value();
                    result.sum += value;
                    ++result.present;
                    if (isFinal(self, cell, period)) {
                        result.finalSum += value;
                        ++result.finalDays;
                    }
                }
            }
        }
    }

    /// @notice Whether a print that is present can no longer change.
    function isFinal(PrintStore storage self, PrintCell cell, uint256 period) internal view returns (bool) {
        if (cell.isFilled()) return true;
        return block.timestamp >= finalAt(self, cell, period);
    }

    /// @notice Unix time of a present print's finality.
    function finalAt(
        PrintStore storage self,
        PrintCell cell,
        uint256 period
    ) internal view returns (uint256) {
        if (!cell.isLate()) return _finalAt(cell, RevisionCell.wrap(0), period);
        return _finalAt(cell, revisionOf(self, period), period);
    }

    /// @notice Unix time at which a missing day may be filled.
    function fillableAt(uint256 period) internal pure returns (uint256) {
        return endOf(period) + FILLABLE;
    }

    /// @notice Unix time of a period's end.
    function endOf(uint256 period) internal pure returns (uint256) {
        unchecked {
            return (period + 1) * 1 days;
        }
    }

    function _finalAt(PrintCell cell, RevisionCell revision, uint256 period) private pure returns (uint256) {
        unchecked {
            if (cell.isFilled()) return fillableAt(period);
            return cell.isLate() ? revision.time() + REVISION_FINALITY : endOf(period) + FINALITY;
        }
    }

    function _revisionPlace(uint256 period) private pure returns (uint256 word, uint256 place) {
        return ((period + 1) / Cells.COUNT, (period + 1) % Cells.COUNT);
    }

    function _set(PrintStore storage self, uint256 period, PrintCell cell) private {
        uint256 word = period / Cells.COUNT;
        self.prints[word] = self.prints[word].with(period % Cells.COUNT, cell);
    }
}
