// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What changes with every post of an index, in one slot. The newest day that has a print is later than the last
/// push's while the trailing mean has too few days.
/// | 0 2 | readers 3 | newest day held 32 | newest day 32 | Unix time of the push 40 | its day 32 | its sequence 32 | its value 83 |
type FeedSlot is uint256;

using FeedSlotLib for FeedSlot global;

/// @title FeedSlotLib
/// @notice Fields of a feed slot.
library FeedSlotLib {
    uint256 private constant SEQUENCE = 83;
    uint256 private constant PERIOD = 115;
    uint256 private constant PUSHED_AT = 147;
    uint256 private constant NEWEST = 187;
    uint256 private constant NEWEST_HELD = 219;
    uint256 private constant READERS = 251;

    function value(FeedSlot self) internal pure returns (uint256) {
        return FeedSlot.unwrap(self) & ((1 << SEQUENCE) - 1);
    }

    function sequence(FeedSlot self) internal pure returns (uint32) {
        return uint32(FeedSlot.unwrap(self) >> SEQUENCE);
    }

    function period(FeedSlot self) internal pure returns (uint32) {
        return uint32(FeedSlot.unwrap(self) >> PERIOD);
    }

    function pushedAt(FeedSlot self) internal pure returns (uint64) {
        return uint40(FeedSlot.unwrap(self) >> PUSHED_AT);
    }

    function newest(FeedSlot self) internal pure returns (uint32) {
        return uint32(FeedSlot.unwrap(self) >> NEWEST);
    }

    /// @notice The newest day that was ever held: no later one has a hold.
    function newestHeld(FeedSlot self) internal pure returns (uint32) {
        return uint32(FeedSlot.unwrap(self) >> NEWEST_HELD);
    }

    function readers(FeedSlot self) internal pure returns (uint256) {
        return FeedSlot.unwrap(self) >> READERS;
    }

    /// @notice After a push of the newest day. `value_` is a mean of values of 83 bits.
    function withPush(
        FeedSlot self,
        uint256 value_,
        uint32 sequence_,
        uint32 period_,
        uint40 pushedAt_
    ) internal pure returns (FeedSlot) {
        return
            FeedSlot.wrap(
                value_ |
                    (uint256(sequence_) << SEQUENCE) |
                    (uint256(period_) << PERIOD) |
                    (uint256(pushedAt_) << PUSHED_AT) |
                    (uint256(period_) << NEWEST) |
                    ((FeedSlot.unwrap(self) >> NEWEST_HELD) << NEWEST_HELD)
            );
    }

    function withNewest(FeedSlot self, uint32 newest_) internal pure returns (FeedSlot) {
        return _with(self, NEWEST, newest_);
    }

    function withNewestHeld(FeedSlot self, uint32 newestHeld_) internal pure returns (FeedSlot) {
        return _with(self, NEWEST_HELD, newestHeld_);
    }

    /// @dev At most four readers.
    function withReaders(FeedSlot self, uint256 readers_) internal pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ((1 << READERS) - 1);
        return FeedSlot.wrap(rest | (readers_ << READERS));
    }

    function _with(FeedSlot self, uint256 place, uint32 day) private pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ~(uint256(type(uint32).max) << place);
        return FeedSlot.wrap(rest | (uint256(day) << place));
    }
}
