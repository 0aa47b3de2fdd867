// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cells} from "./Cells.sol";

/// @dev The prints of days 3w, 3w + 1 and 3w + 2.
type PrintWord is uint256;

/// @dev One print: | filled 1 | late 1 | value 83 |. Zero is no print.
/// `late`: last revised more than two days after the period's end, so that its finality hangs on the time of that
/// revision. Every other print is final at period end + 3 days, without a look at its revision.
/// `filled`: set at a settlement by the missing-day rule.
type PrintCell is uint256;

using PrintWordLib for PrintWord global;
using PrintCellLib for PrintCell global;

/// @title PrintWordLib
/// @notice Cells of a print word.
library PrintWordLib {
    /// @notice Both flags of all three cells.
    uint256 internal constant FLAGS = (3 << 83) | (3 << 168) | (3 << 253);
    uint256 private constant FILLED = (1 << 84) | (1 << 169) | (1 << 254);

    /// @param place Day modulo 3.
    function get(PrintWord self, uint256 place) internal pure returns (PrintCell) {
        return PrintCell.wrap(Cells.get(PrintWord.unwrap(self), place));
    }

    /// @notice The bare values of a word's bits: without the filled prints, and without flags.
    function posted(uint256 bits) internal pure returns (uint256) {
        uint256 filled = bits & FILLED;
        // Cells do not overlap, so one product spreads each flag over its own cell.
        return bits & ~FLAGS & ~((filled >> (Cells.BITS - 1)) * Cells.MASK);
    }

    function with(PrintWord self, uint256 place, PrintCell cell) internal pure returns (PrintWord) {
        return PrintWord.wrap(Cells.set(PrintWord.unwrap(self), place, PrintCell.unwrap(cell)));
    }
}

/// @title PrintCellLib
/// @notice Fields of a print.
library PrintCellLib {
    uint256 internal constant MAX_VALUE = (1 << 83) - 1;
    uint256 private constant LATE = 1 << 83;
    uint256 internal constant FILLED = 1 << 84;

    /// @dev `value_` is at most `MAX_VALUE`: the terms of the index bound it.
    function pack(uint256 value_, bool late, bool filled) internal pure returns (PrintCell) {
        return PrintCell.wrap(value_ | (late ? LATE : 0) | (filled ? FILLED : 0));
    }

    function value(PrintCell self) internal pure returns (uint256) {
        return PrintCell.unwrap(self) & MAX_VALUE;
    }

    function isLate(PrintCell self) internal pure returns (bool) {
        return PrintCell.unwrap(self) & LATE != 0;
    }

    function isFilled(PrintCell self) internal pure returns (bool) {
        return PrintCell.unwrap(self) & FILLED != 0;
    }

    function isPresent(PrintCell self) internal pure returns (bool) {
        return PrintCell.unwrap(self) != 0;
    }
}
