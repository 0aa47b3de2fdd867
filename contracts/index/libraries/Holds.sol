// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IUsageIndex} from "../interfaces/IUsageIndex.sol";
import {PrintCell} from "../types/PrintWord.sol";
import {Hold, PrintStore, PrintStoreLib} from "./PrintStore.sol";
import {Verdict} from "./Reports.sol";

/// @title Holds
/// @notice Prints that the circuit breaker holds, one a day at most.
/// @dev A hold stands beside the prints and changes none of them. It is good for the day as it was when it began: once the day
/// gets a print, another revision, a filled value, or finality, the hold has lapsed. So nothing that is posted later can be
/// undone by an older hold, and posts that are not held need not look for one.
library Holds {
    using PrintStoreLib for PrintStore;
    using SafeCast for uint256;

    /// @notice Time for which a value is public before it counts without a super-quorum.
    uint256 internal constant HOLD = 7 days;

    /// @notice Holds a print. A higher revision takes the place of an earlier one. With another value it waits anew: what is
    /// released has been public for the whole time. With the same value the wait goes on, since only the vintage changed.
    /// @return releasableAt Unix time from which anyone may release it.
    function hold(
        PrintStore storage self,
        uint32 period,
        uint32 revision,
        Verdict memory verdict
    ) internal returns (uint256 releasableAt) {
        Hold memory last = find(self, period);
        if (last.value != 0 && revision <= last.revision) {
            revert IUsageIndex.StaleRevision(revision, last.revision);
        }
        if (last.value != verdict.value) last.heldAt = block.timestamp.toUint40();
        last.value = uint256(verdict.value).toUint96();
        last.revision = revision;
        last.reporters = verdict.reporters;
        last.vintage = verdict.vintage;
        PrintCell cell = self.cellOf(period);
        last.overPrint = cell.isPresent();
        last.over = last.overPrint ? self.recordOf(cell, period).revision() : 0;
        self.holds[period] = last;
        return last.heldAt + HOLD;
    }

    /// @notice Ends a hold whose time is up.
    function release(
        PrintStore storage self,
        bytes32 index,
        uint32 period
    ) internal returns (Hold memory held) {
        held = find(self, period);
        if (held.value == 0) revert IUsageIndex.NoHeldPrint(index, period);
        uint256 releasableAt = held.heldAt + HOLD;
        if (block.timestamp < releasableAt) {
            revert IUsageIndex.PrintStillHeld(block.timestamp, releasableAt);
        }
        delete self.holds[period];
    }

    /// @notice The hold of a day; all zero where there is none or it has lapsed.
    function find(PrintStore storage self, uint32 period) internal view returns (Hold memory held) {
        held = self.holds[period];
        if (held.value == 0) return held;
        PrintCell cell = self.cellOf(period);
        if (!cell.isPresent()) return held;
        bool stands = held.overPrint && !self.isFinal(cell, period);
        if (stands && self.recordOf(cell, period).revision() == held.over) return held;
        Hold memory none;
        return none;
    }
}
