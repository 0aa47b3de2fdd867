// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What changes with every post of an index, in one slot. The newest day that has a print is later than the last
/// push's while the trailing mean has too few days.
/// | 0 16 | readers 8 | newest day 32 | Unix time of the push 40 | its day 32 | its sequence 32 | its value 96 |
type FeedSlot is uint256;

using FeedSlotLib for FeedSlot global;

/// @title FeedSlotLib
/// @notice Fields of a feed slot.
library FeedSlotLib {
    uint256 private constant SEQUENCE = 96;
    uint256 private constant PERIOD = 128;
    uint256 private constant PUSHED_AT = 160;
    uint256 private constant NEWEST = 200;
    uint256 private constant READERS = 232;

    function value(FeedSlot self) internal pure returns (uint256) {
        return uint96(FeedSlot.unwrap(self));
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
                    (self.readers() << READERS)
            );
    }

    function withNewest(FeedSlot self, uint32 newest_) internal pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ~(uint256(type(uint32).max) << NEWEST);
        return FeedSlot.wrap(rest | (uint256(newest_) << NEWEST));
    }

    /// @dev At most four readers.
    function withReaders(FeedSlot self, uint256 readers_) internal pure returns (FeedSlot) {
        uint256 rest = FeedSlot.unwrap(self) & ~(uint256(type(uint8).max) << READERS);
        return FeedSlot.wrap(rest | (readers_ << READERS));
    }
}
