// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cells} from "./Cells.sol";

/// @dev The revisions of days 3w, 3w + 1 and 3w + 2, modulo the ring that they are kept in.
type RevisionWord is uint256;

/// @dev The revision that stands: | 0 13 | Unix time of its post 40 | number 32 |.
type RevisionCell is uint256;

using RevisionWordLib for RevisionWord global;
using RevisionCellLib for RevisionCell global;

/// @title RevisionWordLib
/// @notice Cells of a revision word.
library RevisionWordLib {
    /// @param place Day modulo 3.
    function get(RevisionWord self, uint256 place) internal pure returns (RevisionCell) {
        return RevisionCell.wrap(Cells.get(RevisionWord.unwrap(self), place));
    }

    function with(RevisionWord self, uint256 place, RevisionCell cell) internal pure returns (RevisionWord) {
        return RevisionWord.wrap(Cells.set(RevisionWord.unwrap(self), place, RevisionCell.unwrap(cell)));
    }
}

/// @title RevisionCellLib
/// @notice Fields of a revision.
library RevisionCellLib {
    function pack(uint32 number_, uint40 time_) internal pure returns (RevisionCell) {
        return RevisionCell.wrap((uint256(time_) << 32) | number_);
    }

    function number(RevisionCell self) internal pure returns (uint32) {
        return uint32(RevisionCell.unwrap(self));
    }

    function time(RevisionCell self) internal pure returns (uint64) {
        return uint40(RevisionCell.unwrap(self) >> 32);
    }
}
