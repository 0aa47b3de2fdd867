// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IUsageIndex} from "../interfaces/IUsageIndex.sol";

/// @notice A reporter that left its seat of itself.
/// @param reporter Who.
/// @param seatedAt Unix time at which it had been given the seat.
/// @param leftAt Unix time at which it left.
struct Departure {
    address reporter;
    uint40 seatedAt;
    uint40 leftAt;
}

/// @notice Reporters whose signatures count.
/// @param seats Taken seats, one bit each.
/// @param list Contract whose code is the list of them; zero before the first.
/// @param seatedAt Unix time at which a seat was given last.
/// @param quorum Largest quorum of a listed index.
/// @param superQuorum Largest super-quorum of one.
/// @param started Whether there is a print.
/// @param departures Who left a seat last, by the seat's bit. Seats that were taken away leave none.
struct Panel {
    uint32 seats;
    address list;
    uint40 seatedAt;
    uint8 quorum;
    uint8 superQuorum;
    bool started;
    mapping(uint256 bit => Departure) departures;
}

/// @title Panel
/// @notice At most 32 reporters, each on a numbered seat; seats are given again.
/// @dev The list is a word for each reporter, ascending by address: | Unix time of seating 64 | seat as a bit 32 | address 160 |. It is kept as
/// code, written anew with every change: a post reads all of it for the price of one account, not a slot for each signer.
library PanelLib {
    using SafeCast for uint256;

    uint256 internal constant SEATS = 32;
    /// @notice Least time between two seats that are given, once there is a print.
    uint256 internal constant SEATING_INTERVAL = 3 days;
    /// @notice Time for which a seat that was left is given to nobody while another is free: no hold that can still be released is older,
    /// and each may need to know who left.
    uint256 internal constant SEAT_REST = 10 days;
    uint256 private constant SEAT = 160;
    uint256 private constant SEATED = 192;

    /// @notice Refuses a seat that would be given too soon after another.
    function requireRested(Panel storage self) internal view {
        uint256 allowedFrom = self.seatedAt + SEATING_INTERVAL;
        if (self.started && block.timestamp < allowedFrom) {
            revert IUsageIndex.SeatingTooSoon(block.timestamp, allowedFrom);
        }
    }

    /// @notice Refuses to leave fewer seats than the largest quorum, once there is a print.
    function requireQuorum(Panel storage self) internal view {
        uint256 left = LibBit.popCount(self.seats);
        if (left < self.quorum && self.started) revert IUsageIndex.PanelTooSmall(left, self.quorum);
    }

    /// @notice Begins: refuses the first print of a panel that has fewer seats than the largest super-quorum of all indices, which is more
    /// than any quorum, so that every seat can be taken away.
    function start(Panel storage self) internal {
        uint256 count = LibBit.popCount(self.seats);
        if (count < self.superQuorum) revert IUsageIndex.PanelTooSmall(count, self.superQuorum);
        self.started = true;
    }

    /// @return bit The seat taken, one bit.
    function seat(Panel storage self, address reporter) internal returns (uint32 bit) {
        if (reporter == address(0)) revert IUsageIndex.ReporterIsZero();
        uint256[] memory old = members(self);
        uint256 place = _placeOf(old, reporter);
        if (_isAt(old, place, reporter)) revert IUsageIndex.ReporterUnchanged(reporter, true);
        uint32 seats = self.seats;
        if (seats == type(uint32).max) revert IUsageIndex.PanelIsFull(SEATS);
        bit = _freeSeat(self, ~seats);
        uint256[] memory list = new uint256[](old.length + 1);
        for (uint256 i; i < list.length; ++i) {
            if (i == place)
                list[i] = (block.timestamp << SEATED) | (uint256(bit) << SEAT) | uint160(reporter);
            else list[i] = old[i < place ? i : i - 1];
        }
        self.seatedAt = block.timestamp.toUint40();
        _write(self, seats | bit, list);
    }

    /// @notice Gives up the seat of a reporter that leaves of itself.
    /// @return bit The seat left, one bit.
    function leave(Panel storage self, address reporter) internal returns (uint32 bit) {
        uint256[] memory list = members(self);
        uint256 place = _placeOf(list, reporter);
        bit = unseat(self, reporter);
        uint40 seatedAt = uint40(list[place] >> SEATED);
        self.departures[bit] = Departure(reporter, seatedAt, block.timestamp.toUint40());
    }

    /// @notice Forgets that a reporter left of itself, so that it no longer stands behind what it signed.
    /// @return bit The seat that it had left, one bit; the last of several, zero for none.
    function forget(Panel storage self, address reporter) internal returns (uint32 bit) {
        for (uint256 i; i < SEATS; ++i) {
            if (self.departures[1 << i].reporter != reporter) continue;
            delete self.departures[1 << i];
            bit = uint32(1 << i);
        }
    }

    /// @return bit The seat left, one bit.
    function unseat(Panel storage self, address reporter) internal returns (uint32 bit) {
        uint256[] memory old = members(self);
        uint256 place = _placeOf(old, reporter);
        if (!_isAt(old, place, reporter)) revert IUsageIndex.ReporterUnchanged(reporter, false);
        bit = uint32(old[place] >> SEAT);
        uint256[] memory list = new uint256[](old.length - 1);
        for (uint256 i; i < list.length; ++i) list[i] = old[i < place ? i : i + 1];
        _write(self, self.seats & ~bit, list);
    }

    /// @notice The list as it stands.
    function members(Panel storage self) internal view returns (uint256[] memory list) {
        address pointer = self.list;
        if (pointer == address(0)) return list;
        bytes memory data = SSTORE2.read(pointer);
        // Assembly: the bytes are whole words, so that they are the array once their length counts words.
        assembly ("memory-safe") {
            mstore(data, shr(5, mload(data)))
            list := data
        }
    }

    /// @notice A reporter's seat as a bit, zero without one.
    /// @param from Place to begin at; the reporter must not stand before it.
    /// @return bit The seat.
    /// @return place Where the reporter stands or would stand: the next one, by address, is not before it.
    function seatFrom(
        uint256[] memory list,
        address reporter,
        uint256 from
    ) internal pure returns (uint256 bit, uint256 place) {
        uint256 count = list.length;
        // Unchecked: below the length.
        unchecked {
            for (place = from; place < count; ++place) {
                uint256 member;
                // Assembly: the place is below the length.
                assembly ("memory-safe") {
                    member := mload(add(list, shl(5, add(place, 1))))
                }
                // Seats stand above addresses: moved out of the way, what is left is the address.
                uint256 account = (member << 96) >> 96;
                if (account < uint160(reporter)) continue;
                if (account == uint160(reporter)) bit = uint32(member >> SEAT);
                break;
            }
        }
    }

    /// @notice Which of some seats are still with those who had them at a time.
    function seatedSince(
        Panel storage self,
        uint32 seats,
        uint256 time
    ) internal view returns (uint32 result) {
        uint256[] memory list = members(self);
        for (uint256 i; i < list.length; ++i) {
            if (list[i] >> SEATED <= time) result |= uint32(list[i] >> SEAT) & seats;
        }
    }

    /// @notice Of how many of some seats those who had them at a time stand behind what they signed then: all but those who lost their
    /// seats since. Whoever leaves of itself stands behind it, and for longer than any hold with its bond.
    function countBehind(
        Panel storage self,
        uint32 seats,
        uint256 time
    ) internal view returns (uint256 count) {
        uint32 stayed = seatedSince(self, seats, time);
        count = LibBit.popCount(stayed);
        for (uint256 rest = seats & ~stayed; rest != 0; rest &= rest - 1) {
            Departure memory gone = self.departures[rest & (~rest + 1)];
            if (gone.seatedAt <= time && time <= gone.leftAt) ++count;
        }
    }

    /// @dev The lowest free seat that nobody left lately, else the lowest one.
    function _freeSeat(Panel storage self, uint256 free) private view returns (uint32) {
        for (uint256 rest = free; rest != 0; rest &= rest - 1) {
            uint256 bit = rest & (~rest + 1);
            uint256 leftAt = self.departures[bit].leftAt;
            if (leftAt == 0 || block.timestamp >= leftAt + SEAT_REST) return uint32(bit);
        }
        return uint32(free & (~free + 1));
    }

    function _placeOf(uint256[] memory list, address reporter) private pure returns (uint256 place) {
        (, place) = seatFrom(list, reporter, 0);
    }

    function _isAt(uint256[] memory list, uint256 place, address reporter) private pure returns (bool) {
        return place < list.length && address(uint160(list[place])) == reporter;
    }

    function _write(Panel storage self, uint32 seats, uint256[] memory list) private {
        self.seats = seats;
        self.list = SSTORE2.write(abi.encodePacked(list));
    }
}
