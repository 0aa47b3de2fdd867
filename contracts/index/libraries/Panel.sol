// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUsageIndex} from "../interfaces/IUsageIndex.sol";

/// @notice Reporters whose signatures count.
/// @param seats Taken seats, one bit each.
/// @param seatOf A reporter's seat as a bit, zero without one.
struct Panel {
    uint32 seats;
    mapping(address reporter => uint32) seatOf;
}

/// @title Panel
/// @notice At most 32 reporters, each on a numbered seat; a seat that is left is given to the next newcomer.
library PanelLib {
    uint256 internal constant SEATS = 32;

    /// @return bit The seat taken, one bit.
    function seat(Panel storage self, address reporter) internal returns (uint32 bit) {
        if (reporter == address(0)) revert IUsageIndex.ReporterIsZero();
        if (self.seatOf[reporter] != 0) revert IUsageIndex.ReporterUnchanged(reporter, true);
        uint32 seats = self.seats;
        if (seats == type(uint32).max) revert IUsageIndex.PanelIsFull(SEATS);
        // The lowest zero bit.
        bit = ~seats & (seats + 1);
        self.seats = seats | bit;
        self.seatOf[reporter] = bit;
    }

    /// @return bit The seat left, one bit.
    function unseat(Panel storage self, address reporter) internal returns (uint32 bit) {
        bit = self.seatOf[reporter];
        if (bit == 0) revert IUsageIndex.ReporterUnchanged(reporter, false);
        self.seats &= ~bit;
        delete self.seatOf[reporter];
    }
}
