// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IUsageIndex, Print} from "../interfaces/IUsageIndex.sol";
import {Cells} from "../types/Cells.sol";
import {PrintCell, PrintCellLib, PrintWord, PrintWordLib} from "../types/PrintWord.sol";
import {PrintRecord, PrintRecordLib} from "../types/PrintRecord.sol";
import {Tally, TallyLib} from "../types/Tally.sol";

/// @notice A print that the circuit breaker holds; see Holds.sol.
/// @param value Value, WAD, 83 bits.
/// @param revision Its revision.
/// @param heldAt Unix time from which it has been held with this value.
/// @param reporters Seats of the signers, one bit each.
/// @param over Revision of the print that stood when it was held.
/// @param overPrint Whether one stood.
/// @param vintage Vintage of the median report.
struct Hold {
    uint96 value;
    uint32 revision;
    uint40 heldAt;
    uint32 reporters;
    uint32 over;
    bool overPrint;
    bytes32 vintage;
}

/// @notice Prints of one index. The words are plain arrays over all days (2^32 / 3, rounded up), not mappings:
/// neighbouring days cost no hash.
/// @param records Ring of the records of the 66 days that end with the newest one, by day modulo 66: a post writes over one that an
/// older day has left, 5,000 gas instead of 22,100.
/// @param late Records of late prints, whose finality hangs on them, for ever. A print that is written when its day has left the
/// ring is late, so no place ever holds another day's record than it should.
/// @param holds Prints that the circuit breaker holds; a post of a later day than was ever held neither reads nor writes them.
struct PrintStore {
    PrintWord[1_431_655_766] prints;
    PrintRecord[66] records;
    mapping(uint256 period => PrintRecord) late;
    mapping(uint256 period => Hold) holds;
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
    /// @notice Days whose records are kept: a month, and the ten days after it in which it settles at the latest,
    /// are among them.
    uint256 internal constant RING = 66;

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
        PrintRecord last = recordOf(self, cell, period);
        uint256 time = _finalAt(cell, last, period);
        if (block.timestamp >= time) revert IUsageIndex.PrintIsFinal(index, period, time);
        if (revision <= last.revision()) revert IUsageIndex.StaleRevision(revision, last.revision());
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
        PrintRecord record = PrintRecordLib.pack(revision, block.timestamp.toUint40(), vintage);
        if (late) self.late[period] = record;
        else self.records[period % RING] = record;
    }

    /// @notice Writes the value of a day that has no print.
    function fill(PrintStore storage self, uint256 period, uint256 value) internal {
        _set(self, period, PrintCellLib.pack(value, false, true));
    }

    // -------------------------------------------------------------------------------------------------------- views

    function read(
        PrintStore storage self,
        uint32 period,
        uint256 newest
    ) internal view returns (Print memory result) {
        PrintCell cell = cellOf(self, period);
        if (!cell.isPresent()) return result;
        result.value = uint128(cell.value());
        result.isFinal = isFinal(self, cell, period);
        result.filled = cell.isFilled();
        if (result.filled) return result;
        if (period + RING > newest || cell.isLate()) {
            PrintRecord record = recordOf(self, cell, period);
            (result.revision, result.revisedAt) = (record.revision(), record.time());
            result.vintage = record.vintage();
        }
    }

    function cellOf(PrintStore storage self, uint256 period) internal view returns (PrintCell) {
        PrintWord[1_431_655_766] storage prints = self.prints;
        PrintWord word;
        // Assembly: no check of bounds, as in `tallyAt`.
        assembly ("memory-safe") {
            word := sload(add(prints.slot, div(period, 3)))
        }
        return word.get(period % Cells.COUNT);
    }

    /// @notice The record of a posted print that is late or among the newest `RING` days; every one that is not final is.
    function recordOf(
        PrintStore storage self,
        PrintCell cell,
        uint256 period
    ) internal view returns (PrintRecord) {
        return cell.isLate() ? self.late[period] : self.records[period % RING];
    }

    /// @notice Adds up the prints from `first` to `last`.
    /// @param ignored Flags of prints that are left out.
    /// @return all All prints.
    /// @return locked The final ones.
    function tally(
        PrintStore storage self,
        uint256 first,
        uint256 last,
        uint256 ignored
    ) internal view returns (Tally all, Tally locked) {
        return tallyAt(self, first, last, ignored, block.timestamp);
    }

    /// @notice As `tally`, with `locked` the prints that were final at `time`, which is not later than now. What was final
    /// then still stands, so the answer is the same whenever it is asked.
    function tallyAt(
        PrintStore storage self,
        uint256 first,
        uint256 last,
        uint256 ignored,
        uint256 time
    ) internal view returns (Tally all, Tally locked) {
        PrintWord[1_431_655_766] storage prints = self.prints;
        // Unchecked: at most 366 values of 83 bits, days of 32 bits.
        unchecked {
            // Days before this one are final unless they are late; no others are.
            uint256 finalBefore = time < FINALITY ? 0 : (time - FINALITY) / 1 days;
            uint256 dropped = (first % Cells.COUNT) * Cells.BITS;
            // From here on the first day of a word.
            for (first -= first % Cells.COUNT; first <= last; first += Cells.COUNT) {
                if (dropped == 0) {
                    Tally plain;
                    (plain, first) = _tallyPlain(prints, first, last, finalBefore);
                    (all, locked) = (all + plain, locked + plain);
                    if (first > last) break;
                }
                uint256 bits;
                // Assembly: the array holds every day of 32 bits, so that a check of its bounds could never fail.
                assembly ("memory-safe") {
                    bits := shl(dropped, shr(dropped, sload(add(prints.slot, div(first, 3)))))
                }
                dropped = 0;
                if (first + Cells.COUNT > last) bits = Cells.below(bits, last + 1 - first);
                if (bits & PrintWordLib.FLAGS != 0) {
                    (Tally some, Tally someLocked) = _tallyFlagged(
                        self,
                        PrintWord.wrap(bits),
                        first,
                        ignored,
                        time
                    );
                    (all, locked) = (all + some, locked + someLocked);
                    continue;
                }
                all = all + TallyLib.ofBits(bits);
                if (first >= finalBefore) continue;
                locked = locked + TallyLib.ofBits(Cells.below(bits, finalBefore - first));
            }
        }
    }

    /// @dev Whole words without a flag, all of whose days are final, as most of a past month's are: one loop over their slots.
    /// @param base First day of a word.
    /// @return sum Their prints.
    /// @return next First day of the next word, which is another kind.
    function _tallyPlain(
        PrintWord[1_431_655_766] storage prints,
        uint256 base,
        uint256 last,
        uint256 finalBefore
    ) private view returns (Tally sum, uint256 next) {
        uint256 flags = PrintWordLib.FLAGS;
        // Assembly: three additions and comparisons a word, without branches and copies between functions.
        assembly ("memory-safe") {
            let end := add(last, 1)
            if lt(finalBefore, end) {
                end := finalBefore
            }
            let slot := add(prints.slot, div(base, 3))
            next := base
            for {} iszero(gt(add(next, 3), end)) {} {
                let bits := sload(slot)
                if and(bits, flags) {
                    break
                }
                let a := and(bits, 0x1fffffffffffffffffffff)
                let b := and(shr(85, bits), 0x1fffffffffffffffffffff)
                let c := shr(170, bits)
                let missing := add(add(iszero(a), iszero(b)), iszero(c))
                sum := add(sum, or(add(add(a, b), c), shl(128, sub(3, missing))))
                slot := add(slot, 1)
                next := add(next, 3)
            }
        }
    }

    /// @notice Adds up the posted prints of three trailing windows of `days_` days in one pass: the one that ends with `end`, and
    /// those that end one day and four days before.
    function trailing(
        PrintStore storage self,
        uint256 end,
        uint256 days_
    ) internal view returns (Tally now_, Tally before, Tally four) {
        PrintWord[1_431_655_766] storage prints = self.prints;
        // Unchecked: at most 35 values of 83 bits, days of 32 bits.
        unchecked {
            uint256 span = days_ + 4 > end + 1 ? end + 1 : days_ + 4;
            uint256 place = end % Cells.COUNT;
            for (uint256 back; back < span; place = Cells.COUNT - 1) {
                uint256 bits;
                // Assembly: no check of bounds, as in `tallyAt`.
                assembly ("memory-safe") {
                    bits := sload(add(prints.slot, div(sub(end, back), 3)))
                }
                if (bits & PrintWordLib.FLAGS != 0) bits = PrintWordLib.posted(bits);
                // Assembly: a comparison gives 0 or 1 to multiply with, where Solidity branches, three times a day. A day after a
                // window's end wraps around and is in it no more than one before its beginning.
                assembly ("memory-safe") {
                    for {} 1 {} {
                        let cell := and(shr(mul(place, 85), bits), 0x1fffffffffffffffffffff)
                        if cell {
                            cell := or(cell, shl(128, 1))
                            now_ := add(now_, mul(cell, lt(back, days_)))
                            before := add(before, mul(cell, lt(sub(back, 1), days_)))
                            four := add(four, mul(cell, lt(sub(back, 4), days_)))
                        }
                        back := add(back, 1)
                        if or(iszero(place), eq(back, span)) {
                            break
                        }
                        place := sub(place, 1)
                    }
                }
            }
        }
    }

    /// @dev A word in which a print is late or filled, print by print.
    function _tallyFlagged(
        PrintStore storage self,
        PrintWord word,
        uint256 base,
        uint256 ignored,
        uint256 time
    ) private view returns (Tally all, Tally locked) {
        for (uint256 place; place < Cells.COUNT; ++place) {
            PrintCell cell = word.get(place);
            if (!cell.isPresent() || PrintCell.unwrap(cell) & ignored != 0) continue;
            Tally one = TallyLib.ofBits(cell.value());
            all = all + one;
            if (cell.isFilled() || time >= finalAt(self, cell, base + place)) locked = locked + one;
        }
    }

    /// @notice Whether a print that is present can no longer change.
    function isFinal(PrintStore storage self, PrintCell cell, uint256 period) internal view returns (bool) {
        return cell.isFilled() || block.timestamp >= finalAt(self, cell, period);
    }

    /// @notice Unix time of a present print's finality.
    function finalAt(
        PrintStore storage self,
        PrintCell cell,
        uint256 period
    ) internal view returns (uint256) {
        if (!cell.isLate()) return _finalAt(cell, PrintRecord.wrap(0), period);
        return _finalAt(cell, self.late[period], period);
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

    function _finalAt(PrintCell cell, PrintRecord record, uint256 period) private pure returns (uint256) {
        unchecked {
            if (cell.isFilled()) return fillableAt(period);
            return cell.isLate() ? record.time() + REVISION_FINALITY : endOf(period) + FINALITY;
        }
    }

    function _set(PrintStore storage self, uint256 period, PrintCell cell) private {
        uint256 word = period / Cells.COUNT;
        self.prints[word] = self.prints[word].with(period % Cells.COUNT, cell);
    }
}
