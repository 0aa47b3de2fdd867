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
/// gets a print, another revision, a filled value, or finality, the hold has lapsed; and so it has once the day may be filled, so that
/// nobody chooses between the two. So nothing that is posted later can be undone by an older hold.
library Holds {
    using PrintStoreLib for PrintStore;
    using SafeCast for uint256;

    /// @notice Time for which a value is public before it counts without a super-quorum.
    uint256 internal constant HOLD = 7 days;

    /// @notice Holds a print. A higher revision takes the place of an earlier one. With another value it waits anew: what is
    /// released has been public for the whole time. With the same value the wait goes on, since only the vintage changed.
    /// @return releasableAt Unix time from which anyone may release it (see `endsAt`).
    function hold(
        PrintStore storage self,
        uint32 period,
        uint32 revision,
        Verdict memory verdict
    ) internal returns (uint256 releasableAt) {
        Hold memory last = find(self, period);
        uint256 fillableAt = PrintStoreLib.fillableAt(period);
        if (block.timestamp >= fillableAt) revert IUsageIndex.TooLateToHold(block.timestamp, fillableAt);
        if (last.value != verdict.value) last.heldAt = block.timestamp.toUint40();
        last.value = uint256(verdict.value).toUint96();
        last.revision = revision;
        last.reporters = verdict.reporters;
        last.vintage = verdict.vintage;
        PrintCell cell = self.cellOf(period);
        last.overPrint = cell.isPresent();
        last.over = last.overPrint ? self.recordOf(cell, period).revision() : 0;
        self.holds[period] = last;
        return endsAt(last.heldAt, period);
    }

    /// @notice Unix time from which a print that is held since `heldAt` may be released; `type(uint64).max` where the day may be filled
    /// by then, so that only a super-quorum can bring it in.
    function endsAt(uint256 heldAt, uint32 period) internal pure returns (uint256) {
        uint256 time = heldAt + HOLD;
        return time < PrintStoreLib.fillableAt(period) ? time : type(uint64).max;
    }

    /// @notice Refuses a revision below the held one, and the held one itself where a super-quorum does not sign it: it has been
    /// signed over, and posting it late would end the hold.
    function requireAbove(
        PrintStore storage self,
        uint32 period,
        uint32 revision,
        bool isSuperQuorum
    ) internal view {
        Hold memory held = find(self, period);
        if (held.value == 0) return;
        if (isSuperQuorum ? revision < held.revision : revision <= held.revision) {
            revert IUsageIndex.StaleRevision(revision, held.revision);
        }
    }

    /// @notice Ends a hold whose time is up.
    function release(
        PrintStore storage self,
        bytes32 index,
        uint32 period
    ) internal returns (Hold memory held) {
        held = find(self, period);
        if (held.value == 0) revert IUsageIndex.NoHeldPrint(index, period);
        uint256 releasableAt = endsAt(held.heldAt, period);
        if (block.timestamp < releasableAt) {
            revert IUsageIndex.PrintStillHeld(block.timestamp, releasableAt);
        }
        delete self.holds[period];
    }

    /// @notice The hold of a day; all zero where there is none or it has lapsed.
    function find(PrintStore storage self, uint32 period) internal view returns (Hold memory held) {
        held = self.holds[period];
        Hold memory none;
        if (held.value == 0 || block.timestamp >= PrintStoreLib.fillableAt(period)) return none;
        PrintCell cell = self.cellOf(period);
        if (!cell.isPresent()) return held;
        bool stands = held.overPrint && !self.isFinal(cell, period);
        if (stands && self.recordOf(cell, period).revision() == held.over) return held;
        return none;
    }
}
