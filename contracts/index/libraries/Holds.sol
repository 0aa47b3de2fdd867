// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IUsageIndex} from "../interfaces/IUsageIndex.sol";
import {PrintCell} from "../types/PrintWord.sol";
import {Panel, PanelLib} from "./Panel.sol";
import {Hold, PrintStore, PrintStoreLib} from "./PrintStore.sol";
import {Verdict} from "./Reports.sol";

/// @title Holds
/// @notice Prints that the circuit breaker holds, one a day at most.
/// @dev A hold stands beside the prints and changes none of them. It is good for the day as it was when it began: once the day
/// gets a print, another revision, a filled value, or finality, the hold has lapsed; and so it has once fewer than a quorum of its
/// signers stand behind it, since the others lost their seats. Neither ever comes back. It cannot be released any more once the day may be
/// filled, so that nobody chooses between the two; but what was signed before it still counts no more.
library Holds {
    using PanelLib for Panel;
    using PrintStoreLib for PrintStore;
    using SafeCast for uint256;

    /// @notice Time for which a value is public before it counts without a super-quorum.
    uint256 internal constant HOLD = 7 days;

    /// @notice Holds a print. A higher revision takes the place of an earlier one. With another value it waits anew: what is
    /// released has been public for the whole time. With the same value the wait goes on, and who signs it again joins those who signed it
    /// before, as far as it had its seat then: nobody can prolong a wait by choosing whose reports are posted.
    /// @return releasableAt Unix time from which anyone may release it (see `endsAt`).
    function hold(
        PrintStore storage self,
        Panel storage panel,
        uint256 quorum,
        uint32 period,
        uint32 revision,
        Verdict memory verdict
    ) internal returns (uint256 releasableAt) {
        Hold memory last = standing(self, panel, quorum, period);
        uint256 fillableAt = PrintStoreLib.fillableAt(period);
        if (block.timestamp >= fillableAt) revert IUsageIndex.TooLateToHold(block.timestamp, fillableAt);
        if (last.value == verdict.value) {
            last.reporters |= panel.seatedSince(verdict.reporters, last.heldAt);
        } else {
            last.value = uint256(verdict.value).toUint96();
            last.heldAt = block.timestamp.toUint40();
            last.reporters = verdict.reporters;
        }
        last.revision = revision;
        last.vintage = verdict.vintage;
        PrintCell cell = self.cellOf(period);
        last.overPrint = cell.isPresent();
        last.over = last.overPrint ? self.recordOf(cell, period).revision() : 0;
        self.holds[period] = last;
        return endsAt(last, period);
    }

    /// @notice Unix time from which a held print may be released; `type(uint64).max` where only a super-quorum can bring it in: its day may
    /// be filled by then, or the print that stands below it is final, seven days being more than any revision leaves open.
    function endsAt(Hold memory held, uint32 period) internal pure returns (uint256) {
        uint256 time = held.heldAt + HOLD;
        bool opens = !held.overPrint && time < PrintStoreLib.fillableAt(period);
        return opens ? time : type(uint64).max;
    }

    /// @notice Refuses a revision below the held one, and the held one itself where a super-quorum does not sign it: it has been
    /// signed over, and posting it late would end the hold.
    function requireAbove(
        PrintStore storage self,
        Panel storage panel,
        uint256 quorum,
        uint32 period,
        uint32 revision,
        bool isSuperQuorum
    ) internal view {
        Hold memory held = standing(self, panel, quorum, period);
        if (held.value == 0) return;
        if (isSuperQuorum ? revision < held.revision : revision <= held.revision) {
            revert IUsageIndex.StaleRevision(revision, held.revision);
        }
    }

    /// @notice Ends a hold whose time is up.
    function release(
        PrintStore storage self,
        Panel storage panel,
        uint256 quorum,
        bytes32 index,
        uint32 period
    ) internal returns (Hold memory held) {
        held = find(self, panel, quorum, period);
        if (held.value == 0) revert IUsageIndex.NoHeldPrint(index, period);
        uint256 releasableAt = endsAt(held, period);
        if (block.timestamp < releasableAt) {
            revert IUsageIndex.PrintStillHeld(block.timestamp, releasableAt);
        }
        delete self.holds[period];
    }

    /// @notice The hold of a day that may still be confirmed; all zero where there is none.
    function find(
        PrintStore storage self,
        Panel storage panel,
        uint256 quorum,
        uint32 period
    ) internal view returns (Hold memory held) {
        if (block.timestamp >= PrintStoreLib.fillableAt(period)) return held;
        return standing(self, panel, quorum, period);
    }

    /// @notice The hold of a day, whether or not the day may be filled by now; all zero where there is none or it has lapsed.
    function standing(
        PrintStore storage self,
        Panel storage panel,
        uint256 quorum,
        uint32 period
    ) internal view returns (Hold memory held) {
        Hold memory stored = self.holds[period];
        if (stored.value == 0) return held;
        PrintCell cell = self.cellOf(period);
        if (cell.isPresent()) {
            if (!stored.overPrint || self.isFinal(cell, period)) return held;
            if (self.recordOf(cell, period).revision() != stored.over) return held;
        }
        return panel.countBehind(stored.reporters, stored.heldAt) < quorum ? held : stored;
    }
}
